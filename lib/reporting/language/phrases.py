"""What plots and reports say, in English and in Spanish side by side.

`{names}` are filled in by `texts.Words`, numbers already formatted. Both texts of a phrase have the same names.
"""

from lib.reporting.language.cautions import FINDINGS
from lib.reporting.language.report import COST, REPORT
from lib.search.families import FAMILIES

_PLOTS = {
    "random_score": ("random score", "puntuación al azar"),
    "area_is": ("area {area}", "área {area}"),
    "roc_label": ("model, {area}", "modelo, {area}"),
    "pr_label": ("model, {area}", "modelo, {area}"),
    "base_rate_is": ("base rate {share}", "tasa base {share}"),
    "base_rate": ("Base rate", "Tasa base"),
    "threshold_is": ("threshold {value}", "umbral {value}"),
    "false_positive_rate": ("False positive rate", "Tasa de falsos positivos"),
    "true_positive_rate": ("True positive rate (recall)", "Tasa de verdaderos positivos (exhaustividad)"),
    "recall_axis": ("Recall", "Exhaustividad"),
    "precision_axis": ("Precision", "Precisión"),
    "score_axis": ("Score (the model's value for class 1)", "Puntuación (valor del modelo para la clase 1)"),
    "share_of_class": ("Share of the class's rows", "Parte de las filas de la clase"),
    "class_is": ("Class {name}", "Clase {name}"),
    "class_rows": ("class {name} ({rows} rows)", "clase {name} ({rows} filas)"),
    "cell_share": ("{count}\n{share} of the class", "{count}\n{share} de la clase"),
    "predicted_class": ("Predicted class", "Clase predicha"),
    "true_class": ("True class", "Clase verdadera"),
    "importance_axis": (
        "Importance (share of the gain of all splits)",
        "Importancia (parte de la ganancia de todos los cortes)",
    ),
    "feature_axis": ("Feature", "Variable"),
    "first_of": ("The first {shown} of {all} features", "Las primeras {shown} de {all} variables"),
    "zone_axis": ("Zone", "Zona"),
    "zone_value_axis": (
        "Value in the zone (lines: over all rows)",
        "Valor en la zona (líneas: sobre todas las filas)",
    ),
    "zone_counts": ("{rows} rows, {positives} of class 1", "{rows} filas, {positives} de clase 1"),
    "one_class_only": ("one class only: no areas", "una sola clase: sin áreas"),
    "precision_label": ("precision", "precisión"),
    "recall_label": ("recall", "exhaustividad"),
    "f1_label": ("F1", "F1"),
    "threshold_axis": (
        "Threshold (rows scored above it are marked class 1)",
        "Umbral (lo que lo supera se marca como clase 1)",
    ),
    "class_1_value_axis": ("Value for class 1", "Valor para la clase 1"),
    "family_count": ("{model} ({count})", "{model} ({count})"),
    "best_is": ("best: {value} ({params})", "mejor: {value} ({params})"),
    "rank_axis": ("Rank within its family", "Puesto dentro de su familia"),
    "on_validation": ("{metric}, validation rows", "{metric}, filas de validación"),
    "rows_axis": ("Rows", "Filas"),
    "percent_class_1": ("{share} class 1", "{share} de clase 1"),
    "all_rows": ("All rows", "Todas las filas"),
    "feature_value_axis": ("Value of the feature", "Valor de la variable"),
    "correlation_axis": ("Correlation", "Correlación"),
}

_TERMS = {
    "and": ("and", "y"),
    "yes": ("yes", "sí"),
    "no": ("no", "no"),
    "areaUnderROC": ("Area under the ROC curve", "Área bajo la curva ROC"),
    "areaUnderPR": ("Area under the PR curve", "Área bajo la curva PR"),
    "areaUnderROC.in_text": ("area under the ROC curve", "área bajo la curva ROC"),
    "areaUnderPR.in_text": (
        "area under the precision-recall curve",
        "área bajo la curva de precisión y exhaustividad",
    ),
    "areaUnderROC.short": ("ROC area", "Área ROC"),
    "areaUnderPR.short": ("PR area", "Área PR"),
    "accuracy": ("Accuracy", "Exactitud"),
    "accuracy.short": ("Accuracy", "Exactitud"),
    "f1": ("F1, weighted", "F1 ponderada"),
    "f1.short": ("F1, weighted", "F1 ponderada"),
    "f1_plain": ("F1", "F1"),
    "weightedPrecision": ("Precision, weighted", "Precisión ponderada"),
    "weightedRecall": ("Recall, weighted", "Exhaustividad ponderada"),
    "average_precision": ("Average precision", "Precisión media"),
    "precision": ("Precision", "Precisión"),
    "recall": ("Recall", "Exhaustividad"),
    "part.val_metrics": ("validation", "validación"),
    "part.test_metrics": ("test", "prueba"),
    "part_name.train": ("training", "entrenamiento"),
    "part_name.val": ("validation", "validación"),
    "part_name.test": ("test", "prueba"),
    "step.load": ("Reading and checking the table", "Leer y comprobar la tabla"),
    "step.split": ("Splitting", "Partir la tabla"),
    "step.search": ("Search", "Búsqueda"),
    "step.retrain": ("Retraining the winner", "Reentrenar el modelo ganador"),
    "step.test": ("Testing", "Prueba"),
    "step.save": ("Saving", "Guardar"),
    "version.python": ("Python", "Python"),
    "version.spark": ("Spark", "Spark"),
    "version.java": ("Java", "Java"),
    "version.numpy": ("NumPy", "NumPy"),
    "version.numba": ("Numba", "Numba"),
    "version.lib": ("this project's code", "código de este proyecto"),
    "param.input_data": ("input", "entrada"),
    "param.label_col": ("column of the label", "columna de la etiqueta"),
    "param.zone_col": ("column of the zone", "columna de la zona"),
    "param.exclude_cols": ("columns left out", "columnas excluidas"),
    "param.missing": ("on missing values", "ante valores ausentes"),
    "param.test_frac": ("share of test rows", "parte de filas de prueba"),
    "param.val_frac": ("share of validation rows", "parte de filas de validación"),
    "param.split_by": ("what stays together in the split", "qué se mantiene junto en la partición"),
    "param.seed": ("seed of split and models", "semilla de la partición y los modelos"),
    "param.metric": ("metric that chooses", "métrica que decide"),
    "param.grid": (
        "values searched (none given: the full grid)",
        "valores buscados (si no se dan, la rejilla completa)",
    ),
    "param.candidates": ("candidates given one by one", "candidatos dados uno a uno"),
    "param.search": ("whole grid or a draw from it", "rejilla entera o un sorteo de ella"),
    "param.max_candidates": ("candidates at most", "candidatos como máximo"),
    "param.engine": ("engine asked for", "motor pedido"),
    "param.out": ("where results go", "destino de los resultados"),
    "param.run_id": ("name given to the run", "nombre dado a la ejecución"),
    "param.evaluate": ("evaluate after training", "evaluar tras entrenar"),
    "param.test_data": ("other rows to evaluate", "otras filas para evaluar"),
    "param.test_fraction": ("share of those rows evaluated", "parte de esas filas que se evalúa"),
    "param.language": ("language of the report", "idioma del informe"),
}

PHRASES: dict[str, tuple[str, str]] = {**_PLOTS, **_TERMS, **REPORT, **FINDINGS, **COST}


def phrase(key: str) -> tuple[str, str] | None:
    """The phrase under a key, in English and Spanish; None where there is none."""
    return PHRASES.get(key) or _of_families().get(key)


def _of_families() -> dict[str, tuple[str, str]]:
    """What the model families say of themselves."""
    found = {}
    for family in FAMILIES.values():
        found[f"model.{family.name}"] = family.words
        found[f"model.in_text.{family.name}"] = family.words_in_text
        found[f"model.importance.{family.name}"] = family.importance_words
        found.update({f"param.{name}": parameter.words for name, parameter in family.parameters.items()})
    return found

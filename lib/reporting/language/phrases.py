"""What plots and reports say, in English and in Spanish side by side.

`{names}` are filled in by `words.Words`, numbers already formatted. Both texts of a phrase have the same names.
Under `key[name=1]` is the form of a phrase for a `{name}` of 1.
"""

from lib.reporting.language.cautions import FINDINGS
from lib.reporting.language.ground import GROUND
from lib.reporting.language.maps import MAPS
from lib.reporting.language.report import COST, REPORT
from lib.reporting.language.scores import SCORES
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
    "recall_axis": ("Recall", "Exhaustividad (recall)"),
    "precision_axis": ("Precision", "Precisión"),
    "score_axis": ("Score (the model's value for class 1)", "Puntuación (valor del modelo para la clase 1)"),
    "share_of_class": ("Share of the class's rows", "Proporción de las filas de la clase"),
    "class_is": ("Class {name}", "Clase {name}"),
    "class_rows": ("class {name} ({rows} rows)", "clase {name} ({rows} filas)"),
    "class_rows[rows=1]": ("class {name} ({rows} row)", "clase {name} ({rows} fila)"),
    "cell_share": ("{count}\n{share} of the class", "{count}\n{share} de la clase"),
    "predicted_class": ("Predicted class", "Clase predicha"),
    "true_class": ("True class", "Clase real"),
    "importance_axis": (
        "Importance (share of the gain of all splits)",
        "Importancia (proporción de la ganancia de todas las divisiones)",
    ),
    "feature_axis": ("Feature", "Variable"),
    "some_features_axis": ("Feature (one in {step} is named)", "Variable (se nombra una de cada {step})"),
    "first_of": ("Top {shown} of {all} features", "Las {shown} variables más importantes de {all}"),
    "clearest_of": (
        "The {shown} of {all} features that separate the classes best",
        "Las {shown} variables de {all} que mejor separan las clases",
    ),
    "largest_of": ("The {shown} zones with the most rows, of {all}", "Las {shown} zonas con más filas, de {all}"),
    "zone_axis": ("Zone", "Zona"),
    "zone_value_axis": ("Value in the zone (lines: all rows)", "Valor en la zona (líneas: todas las filas)"),
    "zone_counts": ("{rows} rows, {positives} of class 1", "{rows} filas, {positives} de clase 1"),
    "zone_counts[rows=1]": ("{rows} row, {positives} of class 1", "{rows} fila, {positives} de clase 1"),
    "one_class_only": ("one class only: no areas", "una sola clase: sin áreas"),
    "precision_label": ("precision", "precisión"),
    "recall_label": ("recall", "exhaustividad"),
    "f1_label": ("F1", "F1"),
    "threshold_axis": (
        "Threshold (rows with a higher score are predicted as class 1)",
        "Umbral (las filas con puntuación mayor se predicen como clase 1)",
    ),
    "class_1_value_axis": ("Value for class 1", "Valor para la clase 1"),
    "family_count": ("{model} ({count})", "{model} ({count})"),
    "best_is": ("best: {value} ({params})", "mejor: {value} ({params})"),
    "rank_axis": ("Rank within its family", "Posición dentro de su familia"),
    "on_validation": ("{metric}, validation rows", "{metric}, filas de validación"),
    "rows_axis": ("Rows", "Filas"),
    "percent_class_1": ("{share} class 1", "{share} de clase 1"),
    "all_rows": ("All rows", "Todas las filas"),
    "feature_value_axis": ("Value of the feature", "Valor de la variable"),
    "correlation_axis": ("Correlation", "Correlación"),
}

_TERMS = {
    "and": ("and", "y"),
    "and_more": ("{names} and {more} more", "{names} y {more} más"),
    "empty_name": ("(empty)", "(vacío)"),
    "yes": ("yes", "sí"),
    "no": ("no", "no"),
    "areaUnderROC": ("Area under the ROC curve", "Área bajo la curva ROC"),
    "areaUnderPR": ("Area under the PR curve", "Área bajo la curva PR"),
    "areaUnderROC.in_text": ("area under the ROC curve", "área bajo la curva ROC"),
    "areaUnderPR.in_text": (
        "area under the precision-recall curve",
        "área bajo la curva de precisión-exhaustividad",
    ),
    "areaUnderROC.short": ("ROC area", "Área ROC"),
    "areaUnderPR.short": ("PR area", "Área PR"),
    "accuracy": ("Accuracy", "Exactitud"),
    "accuracy.short": ("Accuracy", "Exactitud"),
    "f1": ("F1, weighted", "F1 ponderado"),
    "f1.short": ("F1, weighted", "F1 ponderado"),
    "f1_plain": ("F1", "F1"),
    "weightedPrecision": ("Precision, weighted", "Precisión ponderada"),
    "weightedRecall": ("Recall, weighted", "Exhaustividad ponderada"),
    "average_precision": ("Average precision", "Precisión media"),
    "precision": ("Precision", "Precisión"),
    "recall": ("Recall", "Exhaustividad (recall)"),
    "part.val_metrics": ("validation", "validación"),
    "part.test_metrics": ("test", "prueba"),
    "part_name.train": ("training", "entrenamiento"),
    "part_name.val": ("validation", "validación"),
    "part_name.test": ("test", "prueba"),
    "step.load": ("Reading and checking the table", "Lectura y comprobación de la tabla"),
    "step.split": ("Splitting", "Partición de la tabla"),
    "step.search": ("Search", "Búsqueda"),
    "step.retrain": ("Retraining the winner", "Reentrenamiento del modelo ganador"),
    "step.test": ("Testing", "Prueba"),
    "step.save": ("Saving", "Guardado"),
    "version.python": ("Python", "Python"),
    "version.spark": ("Spark", "Spark"),
    "version.java": ("Java", "Java"),
    "version.numpy": ("NumPy", "NumPy"),
    "version.numba": ("Numba", "Numba"),
    "version.lib": ("this project's code", "código de este proyecto"),
    "param.input_data": ("input", "entrada"),
    "param.label_col": ("label column", "columna de la etiqueta"),
    "param.positive": ("values of the label that are class 1", "valores de la etiqueta que son clase 1"),
    "param.zone_col": ("zone column", "columna de la zona"),
    "param.exclude_cols": ("excluded columns", "columnas excluidas"),
    "param.missing": ("what to do with missing values", "qué hacer con los valores faltantes"),
    "param.csv": ("how text files are written", "cómo están escritos los archivos de texto"),
    "param.zone_from": ("where zones come from", "de dónde salen las zonas"),
    "param.nodata": ("values that stand for none", "valores que indican ausencia de dato"),
    "param.test_frac": ("share of test rows", "proporción de filas de prueba"),
    "param.val_frac": ("share of validation rows", "proporción de filas de validación"),
    "param.weight_col": ("column with the weight of each row", "columna con el peso de cada fila"),
    "param.class_weights": ("how much each class weighs in training", "cuánto pesa cada clase en el entrenamiento"),
    "param.metrics_weighted": ("whether metrics count rows by weight", "si las métricas cuentan filas según su peso"),
    "param.split_by": ("what stays together in the split", "qué se mantiene junto en la partición"),
    "param.seed": ("seed of the split and the models", "semilla de la partición y los modelos"),
    "param.metric": ("metric that selects the winner", "métrica con que se elige el ganador"),
    "param.grid": (
        "values to search (default: the full grid)",
        "valores de la búsqueda (por defecto, la rejilla completa)",
    ),
    "param.candidates": ("candidates listed individually", "candidatos indicados uno a uno"),
    "param.search": ("full grid or a random sample of it", "rejilla completa o una muestra aleatoria de ella"),
    "param.max_candidates": ("maximum number of candidates", "número máximo de candidatos"),
    "param.engine": ("requested engine", "motor solicitado"),
    "param.out": ("where results go", "destino de los resultados"),
    "param.run_id": ("name of the run", "nombre de la ejecución"),
    "param.evaluate": ("evaluate after training", "evaluar después de entrenar"),
    "param.test_data": ("other rows to evaluate", "otras filas para evaluar"),
    "param.test_fraction": ("share of those rows evaluated", "proporción de esas filas que se evalúa"),
    "param.language": ("language of the report", "idioma del informe"),
}

PHRASES: dict[str, tuple[str, str]] = {**_PLOTS, **_TERMS, **REPORT, **FINDINGS, **GROUND, **SCORES, **MAPS, **COST}


def phrase(key: str) -> tuple[str, str] | None:
    """The phrase under a key, in English and Spanish; None where there is none."""
    return PHRASES.get(key) or _of_families().get(key)


def _of_families() -> dict[str, tuple[str, str]]:
    """The phrases that the model families define."""
    found = {}
    for family in FAMILIES.values():
        found[f"model.{family.name}"] = family.words
        found[f"model.in_text.{family.name}"] = family.words_in_text
        found[f"model.importance.{family.name}"] = family.importance_words
        found.update({f"param.{name}": parameter.words for name, parameter in family.parameters.items()})
    return found

"""What the report says, in English and in Spanish side by side."""

_COLUMNS = {
    "metric": ("Metric", "Métrica"),
    "value": ("Value", "Valor"),
    "interval": ("95% interval", "Intervalo del 95 %"),
    "idle": ("Baseline", "Referencia"),
    "on_val": ("On validation", "En validación"),
    "class": ("Class", "Clase"),
    "rows": ("Rows", "Filas"),
    "predicted_is": ("Predicted {name}", "Predicha {name}"),
    "threshold": ("Threshold", "Umbral"),
    "marked": ("Predicted class 1", "Predichas clase 1"),
    "found": ("Correct", "Correctas"),
    "false_alarms": ("Incorrect", "Incorrectas"),
    "feature": ("Feature", "Variable"),
    "importance": ("Importance", "Importancia"),
    "running_share": ("Cumulative", "Acumulada"),
    "zone": ("Zone", "Zona"),
    "model": ("Model", "Modelo"),
    "part": ("Part", "Parte"),
    "share": ("Share of class 1", "Proporción de clase 1"),
    "zones_held": ("Zones", "Zonas"),
    "candidates": ("Candidates", "Candidatos"),
    "best": ("Best", "Mejor"),
    "median": ("Median", "Mediana"),
    "worst": ("Worst", "Peor"),
    "fit_time": ("Fitting time", "Tiempo de ajuste"),
    "best_params": ("Best parameters", "Mejores parámetros"),
    "parameter": ("Parameter", "Parámetro"),
    "meaning": ("Meaning", "Significado"),
    "step": ("Step", "Paso"),
    "time": ("Time", "Tiempo"),
    "what": ("Item", "Dato"),
    "run": ("Run", "Ejecución"),
    "started": ("Started", "Inicio"),
    "finished": ("Finished", "Fin"),
    "data": ("Table", "Tabla"),
    "table_rows": ("Rows in the table", "Filas de la tabla"),
    "features": ("Features", "Variables"),
    "missing_not_given": (
        "`error`: they stop the training (not given)",
        "`error`: detienen el entrenamiento (no se indicó)",
    ),
    "missing_inputs": ("Missing values", "Valores faltantes"),
    "filled_with": (
        "filled with medians of the training rows: {medians}; values filled: {values}",
        "rellenados con medianas de las filas de entrenamiento: {medians}; valores rellenados: {values}",
    ),
    "filled_if_any": (
        "the table had none; the model fills them with medians of the training rows",
        "la tabla no tenía; el modelo los rellena con medianas de las filas de entrenamiento",
    ),
    "data_fingerprint": ("Fingerprint of the table", "Huella de la tabla"),
    "engine": ("Engine", "Motor"),
    "versions": ("Versions", "Versiones"),
    "commit": ("Commit", "Commit"),
    "measured_rows": ("Evaluated rows", "Filas evaluadas"),
    "measured_fingerprint": ("Fingerprint of the evaluated rows", "Huella de las filas evaluadas"),
    "model_verified": (
        "Verified that the model is the one that was trained",
        "Verificado que el modelo es el que se entrenó",
    ),
    "not_known": ("not known", "no se sabe"),
    "verified": (
        "Verified as the rows held out in training",
        "Verificado que son las reservadas en el entrenamiento",
    ),
}

_HEADINGS = {
    "title": ("Evaluation report", "Informe de evaluación"),
    "heading.verdict": ("Summary", "En resumen"),
    "heading.watch": ("What to watch", "A qué prestar atención"),
    "heading.metrics": ("Metrics", "Métricas"),
    "heading.decisions": ("Decisions at threshold {threshold}", "Decisiones con umbral {threshold}"),
    "heading.curves": ("ROC and precision-recall curves", "Curvas ROC y de precisión-exhaustividad"),
    "heading.scores": ("Scores by class", "Puntuaciones por clase"),
    "heading.thresholds": ("Other thresholds", "Otros umbrales"),
    "heading.importances": ("Feature importances", "Importancia de las variables"),
    "heading.zones": ("By zone", "Por zona"),
    "heading.families": ("Comparison of the model families", "Comparación de las familias de modelos"),
    "heading.search": ("The search", "La búsqueda"),
    "heading.parameters": ("Parameters", "Parámetros"),
    "heading.model_params": ("Model", "Modelo"),
    "heading.run_params": ("Run", "Ejecución"),
    "heading.provenance": ("Provenance", "Procedencia"),
    "heading.split": ("Split", "Partición"),
    "heading.timings": ("Time taken", "Tiempo empleado"),
    "heading.reproduce": ("How to reproduce it", "Cómo reproducirlo"),
    "roc_head": ("ROC curve, area {area}", "Curva ROC, área {area}"),
    "pr_head": ("Precision-recall curve, area {area}", "Curva de precisión-exhaustividad, área {area}"),
    "alt.confusion": (
        "Confusion matrix with counts and shares of the true class",
        "Matriz de confusión con recuentos y proporciones de la clase real",
    ),
    "alt.roc": ("ROC curve with area {area}", "Curva ROC con área {area}"),
    "alt.pr": ("Precision-recall curve with area {area}", "Curva de precisión-exhaustividad con área {area}"),
    "alt.scores": (
        "Distribution of the scores of each class",
        "Distribución de las puntuaciones de cada clase",
    ),
    "alt.thresholds": ("Precision, recall and F1 by threshold", "Precisión, exhaustividad y F1 por umbral"),
    "alt.importances": (
        "Feature importances; the highest is {feature}",
        "Importancia de las variables; la mayor es {feature}",
    ),
    "alt.zones": ("ROC area, PR area and base rate of each zone", "Área ROC, área PR y tasa base de cada zona"),
    "alt.search": (
        "Metric of every candidate by model family",
        "Métrica de cada candidato por familia de modelos",
    ),
}

_SECTIONS = {
    "subtitle": ("{model}, run {run}, model in {folder}.", "{model}, ejecución {run}, modelo en {folder}."),
    "verdict.held_out": (
        "The search chose **{model}** by {metric} on the validation rows. On **{rows} held-out rows**, which "
        "neither the search nor the training had seen, the model reaches **{value}**; a random score would "
        "reach {chance}.",
        "La búsqueda eligió **{model}** según el {metric} en las filas de validación. En **{rows} filas "
        "reservadas**, que ni la búsqueda ni el entrenamiento habían visto, el modelo alcanza **{value}**; una "
        "puntuación al azar alcanzaría {chance}.",
    ),
    "verdict.held_out_one": (
        "One candidate was trained: **{model}**. On **{rows} held-out rows**, which the training had not seen, "
        "it reaches an {metric} of **{value}**; a random score would reach {chance}.",
        "Se entrenó un candidato: **{model}**. En **{rows} filas reservadas**, que el entrenamiento no había "
        "visto, alcanza un {metric} de **{value}**; una puntuación al azar alcanzaría {chance}.",
    ),
    "verdict.other_rows": (
        "The model, **{model}**, was evaluated on **all {rows} rows** of {inputs}. It reaches an {metric} of "
        "**{value}**; a random score would reach {chance}.",
        "El modelo, **{model}**, se evaluó en **todas las {rows} filas** de {inputs}. Alcanza un {metric} de "
        "**{value}**; una puntuación al azar alcanzaría {chance}.",
    ),
    "verdict.share": (
        "The model, **{model}**, was measured on **{rows} rows, a share of those** of {inputs}. It reaches an "
        "{metric} of **{value}**; a random score would reach {chance}.",
        "El modelo, **{model}**, se midió en **{rows} filas, una parte de las** de {inputs}. Alcanza un "
        "{metric} de **{value}**; una puntuación al azar alcanzaría {chance}.",
    ),
    "verdict.plain": ("In plain words:", "En palabras sencillas:"),
    "verdict.base": (
        "{base} of these rows are of class 1 ({label}).",
        "El {base} de estas filas es de clase 1 ({label}).",
    ),
    "verdict.precision": (
        "At threshold {threshold}, of every 100 rows the model predicts as class 1, about **{right} are right**.",
        "Con umbral {threshold}, de cada 100 filas que el modelo predice como clase 1, **acierta unas {right}**.",
    ),
    "verdict.precision[right=1]": (
        "At threshold {threshold}, of every 100 rows the model predicts as class 1, about **{right} is right**.",
        "Con umbral {threshold}, de cada 100 filas que el modelo predice como clase 1, **acierta aproximadamente "
        "{right}**.",
    ),
    "verdict.none_marked": (
        "At threshold {threshold} the model predicts **no row** as class 1.",
        "Con umbral {threshold} el modelo **no predice ninguna fila** como clase 1.",
    ),
    "verdict.recall": (
        "Of every 100 rows of class 1, it **finds about {found}**.",
        "De cada 100 filas de clase 1, **encuentra unas {found}**.",
    ),
    "verdict.recall[found=1]": (
        "Of every 100 rows of class 1, it **finds about {found}**.",
        "De cada 100 filas de clase 1, **encuentra aproximadamente {found}**.",
    ),
    "verdict.ranking": (
        "Given one row of each class, it gives the class 1 row the higher score about {better} times in 100.",
        "Ante una fila de cada clase, da la puntuación más alta a la de clase 1 unas {better} veces de cada 100.",
    ),
    "verdict.ranking[better=1]": (
        "Given one row of each class, it gives the class 1 row the higher score about once in 100 times.",
        "Ante una fila de cada clase, da la puntuación más alta a la de clase 1 cerca de una vez de cada 100.",
    ),
    "nothing_to_watch": (
        "The checks found nothing out of the ordinary.",
        "Las comprobaciones no encontraron nada fuera de lo común.",
    ),
    "rows_weighted": (
        "Rows count by their weight in {column}, here and in all metrics of this report, also where it says rows; they "
        "are worth {worth} rows of equal weight. Partial dependence, drift, applicability and the histograms of scores "
        "count every row once.",
        "Las filas cuentan según su peso en {column}, aquí y en todas las métricas de este informe, también donde dice "
        "filas; equivalen a {worth} filas de igual peso. La dependencia parcial, la deriva, la aplicabilidad y los "
        "histogramas de puntuaciones cuentan cada fila una vez.",
    ),
    "weight_of_rows": ("Weight", "Peso"),
    "note.cells_are_weights": (
        "The cells are sums of the rows' weights in {column}.",
        "Las celdas son sumas de los pesos de las filas en {column}.",
    ),
    "note.columns_are_weights": (
        "The last three columns are sums of the rows' weights in {column}.",
        "Las tres últimas columnas son sumas de los pesos de las filas en {column}.",
    ),
    "metrics_weighted": (
        "Metrics count rows by their own weight, never by that of their class.",
        "Las métricas cuentan las filas según su propio peso, nunca según el de su clase.",
    ),
    "metrics_not_weighted": (
        "Metrics count every row once.",
        "Las métricas cuentan cada fila una vez.",
    ),
    "rows_measured": ("Measured on {rows} rows: {what}.", "Medidas en {rows} filas: {what}."),
    "rows_distinct": (
        "{distinct} of them are different; the others have the features of one of these.",
        "{distinct} de ellas son distintas; las demás tienen las mismas variables que una de estas.",
    ),
    "note.baseline": (
        "*Baseline*: what a model that learned nothing would get, which is a random score for the areas and "
        "the average precision, and always the more frequent class for the accuracy. Weighted figures are means "
        "over both classes, weighted by their numbers of rows.",
        "*Referencia*: lo que obtendría un modelo que no aprendió nada, es decir, una puntuación al azar para "
        "las áreas y la precisión media, y siempre la clase más frecuente para la exactitud. Las cifras "
        "ponderadas son medias de ambas clases, ponderadas por su número de filas.",
    ),
    "note.pr_area": (
        "The area under the PR curve is Spark's `areaUnderPR`: trapezoids between the distinct scores, "
        "starting at recall 0 with the precision at the highest score. Average precision, which other tools "
        "call AUC-PR, is a sum of steps instead of trapezoids; do not compare one with the other.",
        "El área bajo la curva PR es el `areaUnderPR` de Spark: trapecios entre las puntuaciones distintas, "
        "desde exhaustividad 0 con la precisión de la puntuación más alta. La precisión media, que otras "
        "herramientas llaman AUC-PR, suma escalones en vez de trapecios; no compare una con la otra.",
    ),
    "note.decisions": (
        "A row is predicted as class 1 when its score is above {threshold}. Percentages are of the true class.",
        "Una fila se predice como clase 1 cuando su puntuación supera {threshold}. Los porcentajes son "
        "respecto de la clase real.",
    ),
    "note.per_class": (
        "Precision: the share of the rows predicted as the class that belong to it. Recall: the share of the "
        "rows of the class that are predicted as it. F1: the harmonic mean of the two.",
        "Precisión: proporción de las filas predichas como la clase que pertenecen a ella. Exhaustividad: "
        "proporción de las filas de la clase que se predicen como tales. F1: la media armónica de ambas.",
    ),
    "note.curves": (
        "True positive rate and recall: the share of class 1 rows predicted as class 1. False positive rate: "
        "the share of class 0 rows predicted as class 1. Precision: the share of rows predicted as class 1 "
        "that are class 1. The diamond is the decision threshold. The closer the ROC curve is to the upper "
        "left corner, and the PR curve to the upper right, the better; the dashed lines show a random score.",
        "Tasa de verdaderos positivos y exhaustividad: proporción de las filas de clase 1 predichas como clase "
        "1. Tasa de falsos positivos: proporción de las filas de clase 0 predichas como clase 1. Precisión: "
        "proporción de las filas predichas como clase 1 que son de clase 1. El rombo es el umbral de decisión. "
        "Cuanto más cerca esté la curva ROC de la esquina superior izquierda, y la PR de la superior derecha, "
        "mejor; las líneas discontinuas corresponden a una puntuación al azar.",
    ),
    "note.scores": (
        "Each class adds up to 100%, so that a rare class can be compared with a frequent one. The less they "
        "overlap, the better the model separates them.",
        "Cada clase suma 100 %, para poder comparar una clase poco frecuente con una frecuente. Cuanto menos "
        "se solapan, mejor las separa el modelo.",
    ),
    "note.thresholds": (
        "A higher threshold predicts class 1 for fewer rows, usually with fewer false alarms; a lower one "
        "finds more rows of class 1. In bold: this report's threshold, {threshold}.",
        "Un umbral más alto predice clase 1 en menos filas, normalmente con menos falsas alarmas; uno más bajo "
        "encuentra más filas de clase 1. En negrita, el umbral de este informe, {threshold}.",
    ),
    "first_features": ("The top {shown} of {all} features.", "Las {shown} variables más importantes de {all}."),
    "note.importances": (
        "The importances add up to 1. Features that carry the same information share it, so a low value does "
        "not mean that a feature is useless.",
        "Las importancias suman 1. Las variables con la misma información se la reparten, así que un valor "
        "bajo no significa que la variable sea inútil.",
    ),
    "note.zones": (
        "The PR area depends on the share of class 1, so it is comparable only between zones where that share "
        "is similar; the ROC area does not.",
        "El área PR depende de la proporción de clase 1, así que solo es comparable entre zonas donde esa "
        "proporción es similar; el área ROC no depende de ella.",
    ),
    "note.more_zones": (
        "These are the zones with the most rows, and {more} more zones are in `metrics.json`.",
        "Estas son las zonas con más filas; hay {more} zonas más en `metrics.json`.",
    ),
    "note.more_zones[more=1]": (
        "These are the zones with the most rows, and {more} more zone is in `metrics.json`.",
        "Estas son las zonas con más filas; hay {more} zona más en `metrics.json`.",
    ),
    "note.small_zones": (
        "† Too few rows of one class for reliable figures.",
        "† Muy pocas filas de una clase para obtener cifras fiables.",
    ),
    "note.families": (
        "The best candidate of each family, trained on the training rows. The winner was chosen by {metric} on "
        "{on} and then retrained on the training and validation rows: the last line, which is the saved model.",
        "El mejor candidato de cada familia, entrenado con las filas de entrenamiento. El ganador se eligió "
        "según el {metric} en {on} y se reentrenó con las filas de entrenamiento y validación: es la última "
        "línea, el modelo guardado.",
    ),
    "note.one_family": (
        "Only one family was searched. Its best candidate was chosen by {metric} on {on} and then retrained on "
        "the training and validation rows: the last line, which is the saved model.",
        "Solo se buscó en una familia. Su mejor candidato se eligió según el {metric} en {on} y se reentrenó con "
        "las filas de entrenamiento y validación: es la última línea, el modelo guardado.",
    ),
    "winner_row": ("{model}, retrained", "{model}, reentrenado"),
    "note.search": (
        "Candidates scored: {count}. They were compared by {metric} on {on}; so are the figures here.",
        "Candidatos evaluados: {count}. Se compararon según el {metric} en {on}; así son también las cifras de aquí.",
    ),
    "held_out_rows": ("the held-out part of the table", "la parte reservada de la tabla"),
    "share_of_rows": (
        "a sample of the rows of the test data",
        "una muestra de las filas de los datos de prueba",
    ),
    "other_rows": ("all rows of the test data", "todas las filas de los datos de prueba"),
    "rows_of_classes": (
        "{rows} ({zeros} of class 0, {ones} of class 1)",
        "{rows} ({zeros} de clase 0, {ones} de clase 1)",
    ),
    "no_commit": ("not recorded", "sin registrar"),
    "dirty": ("with uncommitted changes", "con cambios sin confirmar"),
    "note.compared.validation": (
        "Candidates are fitted on the training rows and compared on the validation rows.",
        "Los candidatos se ajustan con las filas de entrenamiento y se comparan en las de validación.",
    ),
    "note.compared.zones": (
        "Candidates are compared by leave-one-zone-out on the training and validation rows together.",
        "Los candidatos se comparan dejando fuera cada zona por turno, con las filas de entrenamiento y de validación "
        "juntas.",
    ),
    "note.split.rows": (
        "The winner is then retrained on both and tested on the test rows. The part a row belongs to depends on its "
        "content and the seed, not on its position in the table.",
        "Después, el ganador se reentrena con ambas y se prueba en las de prueba. La parte a la que pertenece una fila "
        "depende de su contenido y de la semilla, no de su posición en la tabla.",
    ),
    "note.split.zone": (
        "The winner is then retrained on both and tested on the test rows. Whole zones are held out: the part a row "
        "belongs to depends on its zone and the seed.",
        "Después, el ganador se reentrena con ambas y se prueba en las de prueba. Se reservan zonas enteras: la parte "
        "a la que pertenece una fila depende de su zona y de la semilla.",
    ),
    "class_weights": (
        "Class weights in training: {zero} for class 0 and {one} for class 1.",
        "Pesos de clase en el entrenamiento: {zero} para la clase 0 y {one} para la clase 1.",
    ),
    "row_weights": (
        "In training, each row weighs its class weight times its own weight in {column}, which is from {least} to "
        "{most}. Effective sample size (the number of rows of equal weight that a part is worth, by Kish): {worth}.",
        "En el entrenamiento, cada fila pesa el peso de su clase multiplicado por su propio peso en {column}, que va "
        "de {least} a {most}. Tamaño efectivo de la muestra (el número de filas de igual peso a las que equivale una "
        "parte, según Kish): {worth}.",
    ),
    "reproduce": (
        "At the commit above, with the table that has the fingerprint above:",
        "En el commit indicado arriba, con la tabla que tiene la huella indicada arriba:",
    ),
    "reproduce_no_commit": (
        "With the code of that time, with the table that has the fingerprint above:",
        "Con el código de entonces, con la tabla que tiene la huella indicada arriba:",
    ),
    "reproduce_by_hand": (
        "The command was not recorded. Run notebook `02_train` at the commit above with the run parameters above.",
        "No se registró el comando. Ejecute el notebook `02_train` en el commit indicado arriba con los "
        "parámetros de la ejecución.",
    ),
}

REPORT = {**_COLUMNS, **_HEADINGS, **_SECTIONS}

COST = {
    "heading.cost": ("What it cost", "Lo que costó"),
    "cost.unknown": (
        "What it cost is not known: {reason}.",
        "No se sabe lo que costó: {reason}.",
    ),
    "cost.until": (
        "From {start} to {end} the run used cluster {cluster} for **{usd} USD** at list prices.",
        "Del {start} al {end} la ejecución usó el clúster {cluster} por **{usd} USD** a precios de lista.",
    ),
    "cost.bound": (
        "From {start} to {end} the run used cluster {cluster} for **at most {usd} USD** at list prices: Spot "
        "nodes are counted at their highest possible price.",
        "Del {start} al {end} la ejecución usó el clúster {cluster} por **{usd} USD como máximo** a precios de "
        "lista: los nodos Spot se cuentan al precio más alto posible.",
    ),
    "cost.beside": (
        "{names} ran at the same time; concurrent runs share the nodes in equal parts.",
        "Al mismo tiempo se ejecutó {names}; las ejecuciones simultáneas se reparten los nodos a partes iguales.",
    ),
    "cost.nodes": ("Nodes", "Nodos"),
    "cost.type": ("Type", "Tipo"),
    "cost.hours": ("Node-hours", "Horas de nodo"),
    "cost.sum": ("Total", "Total"),
    "cost.role.MASTER": ("primary", "principal"),
    "cost.role.CORE": ("core", "núcleo"),
    "cost.role.TASK": ("task", "tareas"),
    "cost.apart": (
        "Not included: the cluster's start-up, {startup} USD, and its idle time until then, {idle} USD.",
        "No incluye el arranque del clúster, {startup} USD, ni el tiempo que llevaba inactivo, {idle} USD.",
    ),
    "cost.estimate_of_runs": (
        "The estimate before the run was {usd} USD for {time}, from earlier runs ({runs}).",
        "La estimación previa era de {usd} USD por {time}, según ejecuciones anteriores ({runs}).",
    ),
    "cost.estimate_guessed": (
        "The estimate before the run was {usd} USD for {time}, a rough guess because there were no earlier runs.",
        "La estimación previa era de {usd} USD por {time}, un cálculo aproximado sin ejecuciones anteriores.",
    ),
    "cost.not_the_bill": (
        "Instances, EMR's fee and disks at the list prices of {as_of} for {region}. This is not the bill: it leaves "
        "out S3, data transfer, public addresses, tax, discounts and Savings Plans, and AWS rounds in its own way.",
        "Instancias, tarifa de EMR y discos a los precios de lista del {as_of} para {region}. No es la factura: faltan "
        "S3, transferencia de datos, direcciones públicas, impuestos, descuentos y Savings Plans, y AWS redondea a su "
        "manera.",
    ),
}

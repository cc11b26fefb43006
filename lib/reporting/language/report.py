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
    "marked": ("Rows marked", "Filas marcadas"),
    "found": ("of them right", "acertadas"),
    "false_alarms": ("of them wrong", "erradas"),
    "feature": ("Feature", "Variable"),
    "importance": ("Importance", "Importancia"),
    "running_share": ("Sum so far", "Suma hasta aquí"),
    "zone": ("Zone", "Zona"),
    "model": ("Model", "Modelo"),
    "part": ("Part", "Parte"),
    "share": ("Share of class 1", "Parte de clase 1"),
    "zones_held": ("Zones", "Zonas"),
    "candidates": ("Candidates", "Candidatos"),
    "best": ("Best", "Mejor"),
    "median": ("Median", "Mediana"),
    "worst": ("Worst", "Peor"),
    "fit_time": ("Time fitting", "Tiempo de ajuste"),
    "best_params": ("Parameters of the best", "Parámetros del mejor"),
    "parameter": ("Parameter", "Parámetro"),
    "meaning": ("Meaning", "Significado"),
    "step": ("Step", "Paso"),
    "time": ("Time", "Tiempo"),
    "what": ("What", "Qué"),
    "run": ("Run", "Ejecución"),
    "started": ("Started", "Inicio"),
    "finished": ("Finished", "Fin"),
    "data": ("Table", "Tabla"),
    "table_rows": ("Rows in the table", "Filas de la tabla"),
    "features": ("Features", "Variables"),
    "data_fingerprint": ("Fingerprint of the table", "Huella de la tabla"),
    "engine": ("Engine", "Motor"),
    "versions": ("Versions", "Versiones"),
    "commit": ("Commit", "Commit"),
    "measured_rows": ("Rows measured", "Filas medidas"),
    "measured_fingerprint": ("Fingerprint of those rows", "Huella de esas filas"),
    "verified": (
        "Proved to be those that training set aside",
        "Comprobado que son las que apartó el entrenamiento",
    ),
}

_HEADINGS = {
    "title": ("Evaluation report", "Informe de evaluación"),
    "heading.verdict": ("In short", "En resumen"),
    "heading.watch": ("What to watch", "A qué prestar atención"),
    "heading.metrics": ("Metrics", "Métricas"),
    "heading.decisions": ("Decisions at threshold {threshold}", "Decisiones con umbral {threshold}"),
    "heading.curves": ("ROC and precision-recall curves", "Curvas ROC y de precisión y exhaustividad"),
    "heading.scores": ("Scores by class", "Puntuaciones por clase"),
    "heading.thresholds": ("Other thresholds", "Otros umbrales"),
    "heading.importances": ("Feature importances", "Importancia de las variables"),
    "heading.zones": ("By zone", "Por zona"),
    "heading.families": ("The model families compared", "Comparación de las familias de modelos"),
    "heading.search": ("The search", "La búsqueda"),
    "heading.parameters": ("Parameters", "Parámetros"),
    "heading.model_params": ("Of the model", "Del modelo"),
    "heading.run_params": ("Of the run", "De la ejecución"),
    "heading.provenance": ("Provenance", "Procedencia"),
    "heading.split": ("Split", "Partición"),
    "heading.timings": ("Time taken", "Tiempo empleado"),
    "heading.reproduce": ("How to have it again", "Cómo repetirlo"),
    "roc_head": ("ROC curve, area {area}", "Curva ROC, área {area}"),
    "pr_head": ("Precision-recall curve, area {area}", "Curva de precisión y exhaustividad, área {area}"),
    "alt.confusion": (
        "Confusion matrix with counts and shares of the true class",
        "Matriz de confusión con recuentos y partes de la clase verdadera",
    ),
    "alt.roc": ("ROC curve with area {area}", "Curva ROC con área {area}"),
    "alt.pr": ("Precision-recall curve with area {area}", "Curva de precisión y exhaustividad con área {area}"),
    "alt.scores": (
        "Distribution of the scores of each class",
        "Distribución de las puntuaciones de cada clase",
    ),
    "alt.thresholds": ("Precision, recall and F1 by threshold", "Precisión, exhaustividad y F1 por umbral"),
    "alt.importances": (
        "Feature importances, the first is {feature}",
        "Importancia de las variables, la primera es {feature}",
    ),
    "alt.zones": ("ROC area, PR area and base rate of each zone", "Área ROC, área PR y tasa base de cada zona"),
    "alt.search": (
        "Validation metric of every candidate by model family",
        "Métrica de validación de cada candidato por familia",
    ),
}

_SECTIONS = {
    "subtitle": ("{model}, run {run}, model in {folder}.", "{model}, ejecución {run}, modelo en {folder}."),
    "verdict.held_out": (
        "The search chose **{model}**, by {metric} on validation rows. On **{rows} held-out rows**, which "
        "neither the search nor the training had seen, the model reaches **{value}**; a random score would "
        "reach {chance}.",
        "La búsqueda eligió **{model}**, por el {metric} en filas de validación. En **{rows} filas "
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
        "The model, **{model}**, was measured on **all {rows} rows** of {inputs}. It reaches an {metric} of "
        "**{value}**; a random score would reach {chance}.",
        "El modelo, **{model}**, se midió en **todas las {rows} filas** de {inputs}. Alcanza un {metric} de "
        "**{value}**; una puntuación al azar alcanzaría {chance}.",
    ),
    "verdict.share": (
        "The model, **{model}**, was measured on **{rows} rows, a share of those** of {inputs}. It reaches an "
        "{metric} of **{value}**; a random score would reach {chance}.",
        "El modelo, **{model}**, se midió en **{rows} filas, una parte de las** de {inputs}. Alcanza un "
        "{metric} de **{value}**; una puntuación al azar alcanzaría {chance}.",
    ),
    "verdict.plain": ("In plain words:", "En palabras llanas:"),
    "verdict.base": (
        "{base} of these rows are of class 1 ({label}).",
        "El {base} de estas filas son de clase 1 ({label}).",
    ),
    "verdict.precision": (
        "At threshold {threshold}, of every 100 rows the model marks as class 1, about **{right} are right**.",
        "Con umbral {threshold}, de cada 100 filas que el modelo marca como clase 1, **acierta unas {right}**.",
    ),
    "verdict.none_marked": (
        "At threshold {threshold} the model marks **no row** as class 1.",
        "Con umbral {threshold} el modelo **no marca ninguna fila** como clase 1.",
    ),
    "verdict.recall": (
        "Of every 100 rows that are class 1, it **finds about {found}**.",
        "De cada 100 filas que son de clase 1, **halla unas {found}**.",
    ),
    "verdict.ranking": (
        "Given one row of each class, it scores the one of class 1 higher about {better} times in 100.",
        "Ante una fila de cada clase, da más puntuación a la de clase 1 unas {better} veces de cada 100.",
    ),
    "nothing_to_watch": (
        "The checks found nothing out of the ordinary.",
        "Las comprobaciones no hallaron nada fuera de lo común.",
    ),
    "rows_measured": ("Measured on {rows} rows: {what}.", "Medidas en {rows} filas: {what}."),
    "note.metrics": (
        "*Baseline*, what a model that learnt nothing gets: a random score for the areas and the average "
        "precision, the more frequent class for the accuracy. The intervals (Hanley and McNeil; Boyd, Eng and "
        "Page; Wilson) say what chance does with so many rows if the rows are independent. Neighbouring pixels "
        "are not, so the true intervals are wider. Weighted figures are the means over both classes, weighted "
        "by their rows.",
        "*Referencia*, lo que obtiene un modelo que no aprendió nada: una puntuación al azar para las áreas y "
        "la precisión media, la clase más frecuente para la exactitud. Los intervalos (Hanley y McNeil; Boyd, "
        "Eng y Page; Wilson) dicen lo que hace el azar con tantas filas si las filas son independientes. Los "
        "píxeles vecinos no lo son, así que los intervalos verdaderos son más anchos. Las cifras ponderadas "
        "son medias de ambas clases según sus filas.",
    ),
    "note.pr_area": (
        "The area under the PR curve is Spark's `areaUnderPR`: trapezoids between the distinct scores, from "
        "recall 0 with the precision at the highest score. Average precision, which other tools call AUC-PR, "
        "is a sum of steps instead of trapezoids; do not compare the one with the other.",
        "El área bajo la curva PR es el `areaUnderPR` de Spark: trapecios entre las puntuaciones distintas, "
        "desde exhaustividad 0 con la precisión de la puntuación más alta. La precisión media, que otras "
        "herramientas llaman AUC-PR, suma escalones en vez de trapecios; no compare la una con la otra.",
    ),
    "note.decisions": (
        "A row is marked as class 1 when its score is above {threshold}. Percentages are of the true class.",
        "Una fila se marca como clase 1 cuando su puntuación supera {threshold}. Los porcentajes son de la "
        "clase verdadera.",
    ),
    "note.per_class": (
        "Precision: of the rows marked so, the share that is right. Recall: of the rows that are so, the share "
        "found. F1: their harmonic mean. In brackets, 95% intervals.",
        "Precisión: de las filas marcadas así, la parte que acierta. Exhaustividad: de las filas que son así, "
        "la parte hallada. F1: su media armónica. Entre paréntesis, intervalos del 95 %.",
    ),
    "note.curves": (
        "True positive rate and recall: of the rows of class 1, the share found. False positive rate: of the "
        "rows of class 0, the share marked as 1. Precision: of the rows marked as 1, the share that is right. "
        "The diamond is the decision threshold. The closer the ROC curve to the upper left corner and the PR "
        "curve to the upper right one, the better; the dashed lines are what a random score gives.",
        "Tasa de verdaderos positivos y exhaustividad: de las filas de clase 1, la parte hallada. Tasa de "
        "falsos positivos: de las de clase 0, la parte marcada como 1. Precisión: de las marcadas como 1, la "
        "parte que acierta. El rombo es el umbral de decisión. Cuanto más cerca pase la curva ROC de la "
        "esquina superior izquierda y la PR de la superior derecha, mejor; las líneas discontinuas son lo que "
        "da una puntuación al azar.",
    ),
    "note.scores": (
        "Each class adds up to 100%, so that a rare class compares with a frequent one. The less they overlap, "
        "the better the model tells them apart.",
        "Cada clase suma 100 %, para que una clase rara se compare con una frecuente. Cuanto menos se solapan, "
        "mejor las distingue el modelo.",
    ),
    "note.thresholds": (
        "A higher threshold marks fewer rows and errs less often; a lower one finds more. In bold, the "
        "threshold {threshold} of this report.",
        "Un umbral más alto marca menos filas y yerra menos; uno más bajo halla más. En negrita, el umbral "
        "{threshold} de este informe.",
    ),
    "first_features": ("The first {shown} of {all} features.", "Las primeras {shown} de {all} variables."),
    "note.importances": (
        "Together the importances make 1. Features that carry the same information share it among them, so a low "
        "figure does not say that a feature is useless.",
        "Juntas, las importancias suman 1. Las variables con la misma información se la reparten, así que una cifra "
        "baja no dice que la variable sea inútil.",
    ),
    "note.zones": (
        "The PR area depends on the share of class 1, so it compares between zones only where that share is "
        "similar; the ROC area does not.",
        "El área PR depende de la parte de clase 1, así que solo se compara entre zonas donde esa parte es "
        "similar; el área ROC no depende de ella.",
    ),
    "note.small_zones": (
        "† Too few rows of one class for the figures to say much.",
        "† Muy pocas filas de una clase para que las cifras digan mucho.",
    ),
    "note.families": (
        "The best candidate of each family, trained on the training rows. The winner was chosen by {metric} on "
        "validation and then trained again on training and validation rows: that is the saved model, the last "
        "line.",
        "El mejor candidato de cada familia, entrenado con las filas de entrenamiento. El ganador se eligió "
        "por el {metric} en validación y se entrenó otra vez con las filas de entrenamiento y validación: es "
        "el modelo guardado, la última línea.",
    ),
    "note.one_family": (
        "Only one family was searched. Its best candidate was chosen by {metric} on validation and then "
        "trained again on training and validation rows: that is the saved model, the last line.",
        "Solo se buscó en una familia. Su mejor candidato se eligió por el {metric} en validación y se entrenó "
        "otra vez con las filas de entrenamiento y validación: es el modelo guardado, la última línea.",
    ),
    "winner_row": ("{model}, retrained", "{model}, tras reentrenar"),
    "note.search": (
        "Candidates scored: {count}. Figures are {metric} on validation rows.",
        "Candidatos puntuados: {count}. Las cifras son {metric} en filas de validación.",
    ),
    "held_out_rows": ("the held-out part of the table", "la parte reservada de la tabla"),
    "share_of_rows": ("a share of the rows of the test data", "una parte de las filas de los datos de prueba"),
    "other_rows": ("all rows of the test data", "todas las filas de los datos de prueba"),
    "rows_of_classes": (
        "{rows} ({zeros} of class 0, {ones} of class 1)",
        "{rows} ({zeros} de clase 0, {ones} de clase 1)",
    ),
    "no_commit": ("not recorded", "sin registrar"),
    "dirty": ("with uncommitted changes", "con cambios sin confirmar"),
    "note.split": (
        "Candidates are fitted on training rows and compared on validation rows; the winner is then trained on "
        "both and tested on test rows. Which part a row falls in follows from its content and the seed, not "
        "from its place in the table.",
        "Los candidatos se ajustan con filas de entrenamiento y se comparan en filas de validación; el ganador "
        "se entrena después con ambas y se prueba en filas de prueba. La parte en que cae una fila depende de "
        "su contenido y de la semilla, no de su lugar en la tabla.",
    ),
    "class_weights": (
        "Class weights in training: {zero} for class 0 and {one} for class 1.",
        "Pesos de clase en el entrenamiento: {zero} para la clase 0 y {one} para la clase 1.",
    ),
    "reproduce": (
        "At the commit above, on the table with the fingerprint above:",
        "En el commit de arriba, con la tabla de la huella de arriba:",
    ),
    "reproduce_no_commit": (
        "With the code of that time, on the table with the fingerprint above:",
        "Con el código de entonces, con la tabla de la huella de arriba:",
    ),
    "reproduce_by_hand": (
        "The command was not recorded. Run notebook `02_train` at the commit above with the parameters of the "
        "run above.",
        "No se registró la orden. Ejecute el cuaderno `02_train` en el commit de arriba con los parámetros de "
        "la ejecución.",
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
        "From {start} to {end} the run used cluster {cluster} for **at most {usd} USD** at list prices: Spot nodes "
        "count with the most they may cost.",
        "Del {start} al {end} la ejecución usó el clúster {cluster} por **{usd} USD como máximo** a precios de lista: "
        "los nodos Spot cuentan con lo más que pueden costar.",
    ),
    "cost.beside": (
        "At the same time ran {names}: what ran together shares the nodes in equal parts.",
        "Al mismo tiempo se ejecutó {names}: lo que coincide se reparte los nodos a partes iguales.",
    ),
    "cost.nodes": ("Nodes", "Nodos"),
    "cost.type": ("Type", "Tipo"),
    "cost.hours": ("Node-hours", "Horas de nodo"),
    "cost.sum": ("All", "Todos"),
    "cost.role.MASTER": ("primary", "principal"),
    "cost.role.CORE": ("core", "núcleo"),
    "cost.role.TASK": ("task", "tareas"),
    "cost.apart": (
        "Not in it: the cluster's start-up, {startup} USD, and its idle time until then, {idle} USD.",
        "No incluye el arranque del clúster, {startup} USD, ni el tiempo que llevaba inactivo, {idle} USD.",
    ),
    "cost.estimate_of_runs": (
        "The estimate before it started was {usd} USD for {time}, from earlier runs ({runs}).",
        "La estimación previa era de {usd} USD por {time}, según ejecuciones anteriores ({runs}).",
    ),
    "cost.estimate_guessed": (
        "The estimate before it started was {usd} USD for {time}, a rough guess with no earlier run to go by.",
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

"""What a report on scored rows says, in English and in Spanish side by side."""

SCORES = {
    "scores.title": ("Scoring report", "Informe de puntuación"),
    "scores.subtitle": (
        "{rows} rows of {inputs}, scored by the model in {model}; run {run}.",
        "{rows} filas de {inputs}, puntuadas con el modelo de {model}; ejecución {run}.",
    ),
    "scores.marked": (
        "**{share} of the rows are marked:** their score is above the threshold of {threshold} ({rule}).",
        "**Se marca el {share} de las filas:** su puntuación supera el umbral de {threshold} ({rule}).",
    ),
    "scores.rule_given": ("given as a number", "dado como número"),
    "scores.rule_chosen": ("chosen on validation rows: {rule}", "elegido en las filas de validación: {rule}"),
    "scores.applicable": (
        "**The model should not be asked about {share} of the rows:** they lie outside its area of applicability. Of "
        "all rows, {both} are marked and inside it.",
        "**No debería preguntarse al modelo por el {share} de las filas:** quedan fuera de su área de aplicabilidad. "
        "Del total, el {both} se marca y queda dentro.",
    ),
    "scores.all_applicable": (
        "All rows lie inside the model's area of applicability.",
        "Todas las filas quedan dentro del área de aplicabilidad del modelo.",
    ),
    "scores.no_area": (
        "How unlike the training rows these are is not known: the model keeps no sample of them.",
        "No se sabe cuánto difieren de las filas de entrenamiento: el modelo no guarda una muestra de ellas.",
    ),
    "scores.dropped": (
        "{rows} rows were left out for missing values.",
        "Se dejaron fuera {rows} filas por valores faltantes.",
    ),
    "heading.columns": ("The columns of `scores/`", "Las columnas de `scores/`"),
    "column": ("Column", "Columna"),
    "column.score": (
        "the model's score of class 1; it ranks rows",
        "puntuación de clase 1 del modelo; ordena las filas",
    ),
    "column.calibrated": (
        "the score as a probability, as calibrated on validation rows",
        "la puntuación como probabilidad, calibrada en las filas de validación",
    ),
    "column.class": ("1 where the score is above the threshold", "1 donde la puntuación supera el umbral"),
    "column.spread": (
        "standard deviation of the trees' votes: how far they disagree",
        "desviación típica de los votos de los árboles: cuánto discrepan",
    ),
    "column.dissimilarity": (
        "distance to the nearest training row (dissimilarity index)",
        "distancia a la fila de entrenamiento más próxima (índice de disimilitud)",
    ),
    "column.applicable": (
        "whether the row is inside the area of applicability",
        "si la fila está dentro del área de aplicabilidad",
    ),
    "rows_with_score": ("Rows", "Filas"),
    "alt.score_histogram": (
        "Distribution of the scores, with the threshold",
        "Distribución de las puntuaciones, con el umbral",
    ),
    "note.labels": (
        "The table has labels. Rows that the model has seen in training may be among them; `run_experiment.py "
        "--test-data` measures a model on a table and leaves those out.",
        "La tabla tiene etiquetas. Puede contener filas que el modelo ya vio en el entrenamiento; `run_experiment.py "
        "--test-data` mide un modelo en una tabla y las deja fuera.",
    ),
}

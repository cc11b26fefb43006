"""What a report on scored rows says, in English and in Spanish side by side."""

SCORES = {
    "scores.title": ("Scoring report", "Informe de puntuación"),
    "scores.subtitle": (
        "{rows} {unit} of {inputs}, scored by the model in {model}; run {run}.",
        "{rows} {unit} de {inputs}; modelo: {model}; ejecución {run}.",
    ),
    "unit.rows": ("rows", "filas"),
    "unit.pixels": ("pixels", "píxeles"),
    "of_the.rows": ("of the rows", "de las filas"),
    "of_the.pixels": ("of the pixels", "de los píxeles"),
    "of_the.ground": ("of the hectares", "de las hectáreas"),
    "scores.marked": (
        "**{share} {of_the} are marked{ground}:** their score is above the threshold of {threshold} ({rule}).",
        "**Se marca el {share} {of_the}{ground}:** su puntuación supera el umbral de {threshold} ({rule}).",
    ),
    "scores.rule_given": ("given as a number", "dado como número"),
    "scores.rule_chosen": ("chosen on validation rows: {rule}", "elegido en las filas de validación: {rule}"),
    "scores.uncertain": (
        "**The model should not be asked about {share} {of_the}.** {reasons}",
        "**No debería preguntarse al modelo por el {share} {of_the}.** {reasons}",
    ),
    "scores.outside": (
        "{share} lie outside its area of applicability: they are unlike the training rows. {both} are marked and "
        "inside it.",
        "El {share} queda fuera de su área de aplicabilidad: no se parece a las filas de entrenamiento. El {both} se "
        "marca y queda dentro.",
    ),
    "scores.disagree": (
        "In {share}, its trees disagree more than they do on training rows (spread above {limit}).",
        "En el {share} sus árboles discrepan más que en las filas de entrenamiento (dispersión superior a {limit}).",
    ),
    "scores.certain": (
        "The model may be asked about all of them: none is unlike the training rows.",
        "Puede preguntarse al modelo por todas: ninguna se aparta de las filas de entrenamiento.",
    ),
    "scores.no_area": (
        "How unlike the training rows these are is not known: there is no `reference.parquet`, which has a sample of "
        "them, beside the model.",
        "No se sabe cuánto difieren de las filas de entrenamiento: junto al modelo no está `reference.parquet`, que "
        "tiene una muestra de ellas.",
    ),
    "scores.no_spread": (
        "How far the trees disagree is not known: those of a GBT correct each other and do not vote.",
        "No se sabe cuánto discrepan los árboles: los de un GBT se corrigen entre sí y no votan.",
    ),
    "scores.unverified_model": (
        "Whether this model is the one that was trained is not known: nothing was recorded of its content.",
        "No se sabe si este modelo es el que se entrenó: no se registró nada de su contenido.",
    ),
    "scores.dropped": (
        "{rows} rows were left out for missing values.",
        "Se dejaron fuera {rows} filas por valores faltantes.",
    ),
    "scores.filled.rows": (
        "**Values were missing in {rows} rows** ({share}), and the model filled them, in: {features}.",
        "**En {rows} filas faltaban valores** ({share}) y el modelo los rellenó, en: {features}.",
    ),
    "scores.filled.pixels": (
        "**Values were missing in {rows} pixels** ({share}), and the model filled them, in: {features}.",
        "**En {rows} píxeles faltaban valores** ({share}) y el modelo los rellenó, en: {features}.",
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
    "pixels_with_score": ("Pixels", "Píxeles"),
    "alt.score_histogram": (
        "Distribution of the scores, with the threshold",
        "Distribución de las puntuaciones, con el umbral",
    ),
    "note.labels": (
        "The table has labels. Rows that the model has seen in training may be among them; `python run_experiment.py "
        "--test-data` measures a model on a table and leaves those out.",
        "La tabla tiene etiquetas. Puede contener filas que el modelo ya vio en el entrenamiento; `python "
        "run_experiment.py --test-data` mide un modelo en una tabla y las deja fuera.",
    ),
}

"""What the report says of the ground a model stands on, in English and in Spanish side by side.

Zones never seen, intervals, calibration, thresholds, capture, importances, and the likeness of new rows.
"""

_HEAD = {
    "card": ("Model card", "Ficha del modelo"),
    "card.owner": ("Owner", "Responsable"),
    "card.purpose": ("Purpose", "Finalidad"),
    "card.not_for": ("Not to be used for", "No debe usarse para"),
    "card.licence": ("Licence", "Licencia"),
    "gate.passed": ("**Gate: passed.** Asked for: {asked}.", "**Control: superado.** Se exigía: {asked}."),
    "gate.failed": ("**Gate: failed.** {reasons}.", "**Control: no superado.** {reasons}."),
    "gate.at_least": ("{figure} at least {least}", "{figure} de al menos {least}"),
    "gate.below": ("{figure}: {value}, below {least}", "{figure}: {value}, por debajo de {least}"),
    "gate.unknown": (
        "{figure}: not measured (at least {least} asked for)",
        "{figure}: no se midió (se exigía al menos {least})",
    ),
    "gate.all_small": (
        "{figure}: not known, for no zone has so many",
        "{figure}: no se sabe, pues ninguna zona tiene tantas",
    ),
    "gate.drift": ("The table has drifted: {features}", "La tabla presenta deriva: {features}"),
    "gate.drift_not_known": (
        "Whether the table has drifted is not known: the model keeps no sample of its training rows",
        "No se sabe si la tabla presenta deriva: el modelo no guarda una muestra de sus filas de entrenamiento",
    ),
    "gate.no_drift": ("no drift", "que no haya deriva"),
    "gate.drift_unknown": (
        "no drift (not measured: these rows are of the training table)",
        "que no haya deriva (no se midió: estas filas son de la tabla de entrenamiento)",
    ),
    "gate.mean_zone": ("{metric}, mean of zones left out", "{metric}, media de las zonas dejadas fuera"),
    "gate.worst_zone": (
        "{metric}, worst of the zones left out with at least {rows} rows of each class",
        "{metric}, peor de las zonas dejadas fuera con al menos {rows} filas de cada clase",
    ),
}

_VERDICT = {
    "figure": ("What was measured", "Qué se midió"),
    "by_chance": ("Random score", "Al azar"),
    "figure.rows": ("New rows of known zones ({rows})", "Filas nuevas de zonas conocidas ({rows})"),
    "figure.mixed": ("New rows, most of known zones ({rows})", "Filas nuevas, la mayoría de zonas conocidas ({rows})"),
    "figure.by_zone": ("Rows of the zones held out ({rows})", "Filas de las zonas reservadas ({rows})"),
    "figure.held_out": ("Held-out rows ({rows})", "Filas reservadas ({rows})"),
    "figure.other": ("These rows ({rows})", "Estas filas ({rows})"),
    "figure.mean": ("Zones never seen, mean of {count}", "Zonas nunca vistas, media de {count}"),
    "figure.worst": ("Zones never seen, the worst: {zone}", "Zonas nunca vistas, la peor: {zone}"),
    "figure.nested": (
        "Zones never seen, not even by the search, mean of {count}",
        "Zonas nunca vistas, tampoco por la búsqueda, media de {count}",
    ),
    "question.rows": (
        "The first line answers how good the model is on new rows of zones it knows; the others, how good it is in a "
        "zone it has never seen. To decide on new ground, go by the others.",
        "La primera línea responde qué rendimiento tiene el modelo en filas nuevas de zonas que conoce; las demás, "
        "cuál tiene en una zona que nunca ha visto. Para decidir sobre terreno nuevo, guíese por las demás.",
    ),
    "question.mixed": (
        "The first line mixes new rows of zones the model knows with zones it has never seen; the others answer how "
        "good it is in a zone it has never seen. To decide on new ground, go by the others.",
        "La primera línea mezcla filas nuevas de zonas que el modelo conoce con zonas que nunca ha visto; las demás "
        "responden qué rendimiento tiene en una zona que nunca ha visto. Para decidir sobre terreno nuevo, guíese por "
        "las demás.",
    ),
    "question.by_zone": (
        "All lines answer how good the model is in a zone it has never seen: the first on the zones held out, taken "
        "together, and the others on every zone in turn, scored by a model of the other zones.",
        "Todas las líneas responden qué rendimiento tiene el modelo en una zona que nunca ha visto: la primera, en el "
        "conjunto de las zonas reservadas; las demás, en cada zona por turno, evaluada por un modelo de las otras.",
    ),
    "question.held_out": (
        "The first line answers how good the model is on new rows like those it was trained on; the others, how good "
        "it is in a zone it has never seen.",
        "La primera línea responde qué rendimiento tiene el modelo en filas nuevas como las de entrenamiento; las "
        "demás, cuál tiene en una zona que nunca ha visto.",
    ),
    "question.other": (
        "The first line answers how good the model is on these rows. The others were measured in training and answer "
        "how good it is in a zone of the training table that it has never seen.",
        "La primera línea responde qué rendimiento tiene el modelo en estas filas. Las demás se midieron en el "
        "entrenamiento y responden cuál tiene en una zona de la tabla de entrenamiento que nunca ha visto.",
    ),
    "question.by_zone_alone": (
        "This figure is for zones that the model has never seen, and rests on these zones alone.",
        "Esta cifra es para zonas que el modelo nunca ha visto y se basa solo en estas zonas.",
    ),
    "question.nested": (
        "Only the line *not even by the search* is free of any choice: there, each zone was left out of the choice of "
        "the candidate, too.",
        "Solo la línea *tampoco por la búsqueda* está libre de toda elección: en ella, cada zona quedó fuera también "
        "de la elección del candidato.",
    ),
    "question.chosen_by_zones": (
        "The candidate was chosen by zones left out, so their mean is a little too good; `nested: true` measures it "
        "without the choice.",
        "El candidato se eligió según las zonas dejadas fuera, así que su media es algo optimista; `nested: true` la "
        "mide sin esa elección.",
    ),
    "question.no_zones": (
        "**How good the model is in a zone it has never seen was not measured:** the table names no zones. Train "
        "again with `zone_col`, or with coordinates in `block_cols` and a `block_size`, and the report shows it.",
        "**No se midió el rendimiento del modelo en una zona que nunca ha visto:** la tabla no indica zonas. "
        "Entrene de nuevo con `zone_col`, o con coordenadas en `block_cols` y un `block_size`, y el informe lo "
        "mostrará.",
    ),
    "question.few_zones": (
        "**How good the model is in zones left out one by one was not measured.** That takes three zones with rows of "
        "both classes, from `zone_col` or from `block_cols` and `block_size`, and a model trained with "
        "this version of the project or a later one.",
        "**No se midió el rendimiento del modelo en zonas dejadas fuera una a una.** Para ello hacen falta tres "
        "zonas con filas de ambas clases, de `zone_col` o de `block_cols` y `block_size`, y un modelo entrenado con "
        "esta versión del proyecto o una posterior.",
    ),
    "verdict.by_zones": (
        "The search chose **{model}** by {metric} on zones left out of training. On **{rows} held-out rows**, which "
        "neither the search nor the training had seen, the model reaches **{value}**; a random score would reach "
        "{chance}.",
        "La búsqueda eligió **{model}** según el {metric} en zonas dejadas fuera del entrenamiento. En **{rows} filas "
        "reservadas**, que ni la búsqueda ni el entrenamiento habían visto, el modelo alcanza **{value}**; una "
        "puntuación al azar alcanzaría {chance}.",
    ),
    "selected_on.validation": ("the validation rows", "las filas de validación"),
    "selected_on.zones": (
        "zones left out of training (the mean over the zones)",
        "zonas dejadas fuera del entrenamiento (la media de las zonas)",
    ),
    "on_zones_left_out": ("{metric}, mean of zones left out", "{metric}, media de zonas dejadas fuera"),
    "note.families_at_half": (
        "In this table, accuracy and F1 are at threshold 0.5, that of training.",
        "En esta tabla, la exactitud y F1 son con umbral 0,5, el del entrenamiento.",
    ),
}

_INTERVALS = {
    "note.intervals_zones": (
        "The 95% intervals come from a bootstrap over the {zones} zones of these rows ({draws} draws of whole zones): "
        "they show how the figures would vary if other zones like these had been measured. With few zones they are "
        "rough. “–”: no interval can be given.",
        "Los intervalos del 95 % proceden de un bootstrap sobre las {zones} zonas de estas filas ({draws} sorteos de "
        "zonas enteras): muestran cuánto variarían las cifras si se hubieran medido otras zonas como estas. Con pocas "
        "zonas son aproximados. “–”: no se puede dar un intervalo.",
    ),
    "note.intervals_none": (
        "There are no 95% intervals: the formulas for them are for rows that count alike, and a bootstrap takes at "
        "least three zones.",
        "No hay intervalos del 95 %: las fórmulas valen para filas que cuentan igual, y un bootstrap necesita al menos "
        "tres zonas.",
    ),
    "note.intervals_rows": (
        "The 95% intervals come from formulas (Hanley and McNeil; Boyd, Eng and Page; Wilson) that take the rows as "
        "independent. Neighbouring pixels are not, so the true intervals are wider. “–”: there is no formula, or too "
        "few rows for it.",
        "Los intervalos del 95 % proceden de fórmulas (Hanley y McNeil; Boyd, Eng y Page; Wilson) que suponen filas "
        "independientes. Los píxeles vecinos no lo son, así que los intervalos verdaderos son más anchos. “–”: no hay "
        "fórmula, o hay muy pocas filas para ella.",
    ),
    "note.intervals_distinct": (
        "Rows with the same features count once in them.",
        "Las filas con las mismas variables cuentan una sola vez en ellos.",
    ),
    "note.in_parentheses": (
        "In parentheses: 95% intervals, as under Metrics.",
        "Entre paréntesis, intervalos del 95 %, como en Métricas.",
    ),
}

_UNSEEN = {
    "heading.unseen": ("Zones never seen", "Zonas nunca vistas"),
    "heading.unseen_families": ("The families in zones never seen", "Las familias en zonas nunca vistas"),
    "heading.two_choices": ("Zones and validation disagree", "Las zonas y la validación no coinciden"),
    "heading.nested": ("The whole search without the zone", "Toda la búsqueda sin la zona"),
    "alt.unseen": (
        "ROC area, PR area and base rate of each zone left out, and the means",
        "Área ROC, área PR y tasa base de cada zona dejada fuera, y las medias",
    ),
    "no_zones_left_out": (
        "No zones were left out: there are fewer than three with both classes.",
        "No se dejaron zonas fuera: hay menos de tres con ambas clases.",
    ),
    "area_and_mean": ("{area} (line: mean {mean})", "{area} (línea: media {mean})"),
    "left_out_axis": (
        "Value in the zone, scored by a model of the other zones",
        "Valor en la zona, evaluada por un modelo de las otras zonas",
    ),
    "left_out_zone_axis": ("Zone left out", "Zona dejada fuera"),
    "weakest_of": ("The {shown} weakest zones of {all}", "Las {shown} zonas más débiles de {all}"),
    "left_out_zone": ("Zone left out", "Zona dejada fuera"),
    "rows_of_1": ("Of class 1", "De clase 1"),
    "unseen.how": (
        "Leave-one-zone-out: the rows of each zone were scored by a model with the winner's parameters that was "
        "trained on the other zones only. The weakest zone comes first.",
        "Dejando fuera una zona (*leave-one-zone-out*): las filas de cada zona las evaluó un modelo con los "
        "parámetros del ganador, entrenado solo con las otras zonas. Primero, la zona más débil.",
    ),
    "unseen.groups": (
        "The {zones} zones were left out in {folds} groups of whole zones, so the model of a zone had not seen the "
        "other zones of its group either.",
        "Las {zones} zonas se dejaron fuera en {folds} grupos de zonas enteras, así que el modelo de una zona tampoco "
        "había visto las demás zonas de su grupo.",
    ),
    "unseen.mean": ("Mean", "Media"),
    "unseen.worst": ("Worst", "Peor"),
    "unseen.more": (
        "These are the weakest zones, and {more} more are in `metrics.json`.",
        "Estas son las zonas más débiles; hay {more} más en `metrics.json`.",
    ),
    "unseen.more[more=1]": (
        "These are the weakest zones, and {more} more is in `metrics.json`.",
        "Estas son las zonas más débiles; hay {more} más en `metrics.json`.",
    ),
    "unseen.never_pooled": (
        "The areas are measured in each zone and then averaged, each zone counting once. They are never taken over "
        "the rows of all zones together: these were scored by different models, whose scores do not compare, and the "
        "pooled area would mislead (Airola et al., 2019).",
        "Las áreas se miden en cada zona y después se promedian; cada zona cuenta una vez. Nunca se calculan sobre "
        "las filas de todas las zonas juntas: las evaluaron modelos distintos, cuyas puntuaciones no son comparables, "
        "y el área conjunta engañaría (Airola et al., 2019).",
    ),
    "unseen.one_class": (
        "All rows of {zones} are of one class: no area can be measured there, and neither the mean nor the worst "
        "counts them.",
        "Todas las filas de {zones} son de una sola clase: ahí no se puede medir ningún área, y ni la media ni la peor "
        "las incluyen.",
    ),
    "unseen.base_rate": (
        "Compare zones by their ROC area; the PR area also depends on the zone's share of class 1.",
        "Compare las zonas por su área ROC; el área PR depende también de la proporción de clase 1 de la zona.",
    ),
    "unseen.all_rows": (
        "All rows of a zone count here, not only the held-out ones, but for those that repeat a row of another zone.",
        "Aquí cuentan todas las filas de una zona, no solo las reservadas, salvo las que repiten una de otra zona.",
    ),
    "unseen.repeated": (
        "So many rows are left out because rows with the same features stand in the other zones: {zones}.",
        "Se deja fuera este número de filas porque en las otras zonas hay filas con las mismas variables: {zones}.",
    ),
    "unseen.rough": (
        "† Too few rows of one class for a reliable area: the worst zone may be only the smallest.",
        "† Muy pocas filas de una clase para un área fiable: la peor zona puede ser solo la más pequeña.",
    ),
    "unseen.mean_of": ("{metric}, mean", "{metric}, media"),
    "unseen.worst_of": ("{metric}, worst", "{metric}, peor"),
    "unseen.same_family": (
        "The zones agree with the search: of the families' best candidates, {winner} has the highest mean {metric} "
        "({ours}).",
        "Las zonas coinciden con la búsqueda: entre los mejores candidatos de las familias, {winner} tiene la mayor "
        "media de {metric} ({ours}).",
    ),
    "unseen.other_family": (
        "**The zones would prefer {other}:** its mean {metric} is {theirs}, that of {winner}, which the search chose, "
        "is {ours}. If the model is meant for new zones, search with `select_by: zones`.",
        "**A juzgar por las zonas, convendría {other}:** su media de {metric} es {theirs}; la de {winner}, que eligió "
        "la búsqueda, es {ours}. Si el modelo es para zonas nuevas, busque con `select_by: zones`.",
    ),
    "unseen.other_family_by_rows": (
        "**The zones would prefer {other}:** its mean {metric} is {theirs}, that of {winner}, which the search chose, "
        "is {ours}. If the model is meant for new zones, search with `select_by: zones` and `split_by: rows`: without "
        "the zones held out there are too few to search by.",
        "**A juzgar por las zonas, convendría {other}:** su media de {metric} es {theirs}; la de {winner}, que eligió "
        "la búsqueda, es {ours}. Si el modelo es para zonas nuevas, busque con `select_by: zones` y `split_by: rows`: "
        "sin las zonas reservadas hay demasiado pocas para buscar por ellas.",
    ),
    "unseen.other_on_all_rows": (
        "**On all rows, {other} is ahead:** its mean {metric} is {theirs}, that of {winner} is {ours}. The search "
        "looked at training and validation rows alone, where {winner} was ahead. That is no reason to switch: rows "
        "used to choose a model can no longer evaluate it.",
        "**En todas las filas va por delante {other}:** su media de {metric} es {theirs}; la de {winner} es {ours}. La "
        "búsqueda solo miró las filas de entrenamiento y validación, donde iba por delante {winner}. No es razón para "
        "cambiar: las filas que sirven para elegir un modelo ya no sirven para evaluarlo.",
    ),
    "unseen.two_choices": (
        "The search compared the candidates by their mean {metric} on zones left out, on training and validation rows "
        "alone. The validation rows would have chosen another one.",
        "La búsqueda comparó los candidatos por su media de {metric} en zonas dejadas fuera, solo en filas de "
        "entrenamiento y validación. Las filas de validación habrían elegido otro.",
    ),
    "unseen.chosen_by": ("Chosen by", "Elegido por"),
    "unseen.candidate": ("Candidate", "Candidato"),
    "unseen.by_zones": ("zones left out (this model)", "zonas dejadas fuera (este modelo)"),
    "unseen.by_validation": ("validation rows", "filas de validación"),
    "unseen.on_validation": ("{metric} on validation", "{metric} en validación"),
    "unseen.on_zones": ("{metric} in zones left out", "{metric} en zonas dejadas fuera"),
    "unseen.nested": (
        "Nested leave-one-zone-out: each zone was left out of both the choice of the candidate and its training, so "
        "nothing in these figures has seen the zone. Different candidates chosen: {count}.",
        "Dejando fuera una zona, anidado: cada zona quedó fuera tanto de la elección del candidato como de su "
        "entrenamiento, así que nada en estas cifras ha visto la zona. Candidatos distintos elegidos: {count}.",
    ),
}

_THRESHOLD = {
    "threshold.chosen": (
        "**How the threshold was chosen:** {rule}, on the validation rows. Exactly, it is {exact}.",
        "**Cómo se eligió el umbral:** {rule}, en las filas de validación. Exactamente, es {exact}.",
    ),
    "threshold.given": (
        "**The threshold was given** as a parameter: {rule}.",
        "**El umbral se indicó** como parámetro: {rule}.",
    ),
    "threshold.not_reached": (
        "**No threshold reaches that precision there:** the one with the highest was taken, {precision}.",
        "**Ningún umbral alcanza ahí esa precisión:** se tomó el de la más alta, {precision}.",
    ),
    "threshold.sparks": (
        "The column `prediction` that Spark writes keeps to 0.5: to decide as in this report, compare the score with "
        "the threshold.",
        "La columna `prediction` que escribe Spark se queda en 0,5: para decidir como en este informe, compare la "
        "puntuación con el umbral.",
    ),
    "threshold.validation": ("Validation rows", "Filas de validación"),
    "threshold.here": ("These rows", "Estas filas"),
    "threshold.here_at_half": ("These rows at 0.5", "Estas filas con 0,5"),
    "threshold.found": ("Class 1 found", "Clase 1 encontrada"),
    "threshold.missed": ("Class 1 missed", "Clase 1 perdida"),
    "threshold.alarms": ("False alarms", "Falsas alarmas"),
    "threshold.cost": ("Cost", "Costo"),
    "rule.f1": ("the highest F1 of class 1", "el F1 más alto de la clase 1"),
    "rule.recall": (
        "the highest threshold that finds at least a share of {share} of class 1",
        "el umbral más alto que encuentra al menos una proporción de {share} de la clase 1",
    ),
    "rule.precision": (
        "the most class 1 found with a precision of at least {share}",
        "la mayor parte de la clase 1 encontrada con una precisión de al menos {share}",
    ),
    "rule.costs": (
        "the lowest cost, if a missed row of class 1 costs {missed} and a false alarm {alarm}",
        "el menor costo, si una fila de clase 1 perdida cuesta {missed} y una falsa alarma {alarm}",
    ),
}

_CALIBRATION = {
    "heading.calibration": ("Calibration", "Calibración"),
    "alt.reliability": (
        "Share of class 1 by the value the model gives, before and after calibration, and rows of each bin",
        "Proporción de clase 1 según el valor que da el modelo, antes y después de calibrar, y filas de cada intervalo",
    ),
    "no_reliability": ("The reliability of the scores was not measured.", "No se midió la fiabilidad de los valores."),
    "as_promised": ("perfect calibration", "calibración perfecta"),
    "true_share_axis": ("Share of class 1 in the bin", "Proporción de clase 1 en el intervalo"),
    "reliability.score": ("Score", "Puntuación"),
    "reliability.calibrated": ("Calibrated value", "Valor calibrado"),
    "reliability.score_axis": ("Score, mean of the bin", "Puntuación, media del intervalo"),
    "reliability.calibrated_axis": ("Calibrated value, mean of the bin", "Valor calibrado, media del intervalo"),
    "calibration.score": ("Score", "Puntuación"),
    "calibration.calibrated": ("Calibrated value", "Valor calibrado"),
    "calibration.constant": ("The base rate for every row", "La tasa base para todas las filas"),
    "calibration.brier": ("Brier score", "Puntuación de Brier"),
    "calibration.log_loss": ("Log loss", "Pérdida logarítmica"),
    "note.calibration": (
        "In the diagram, a point is a tenth of the range of values: how many of its rows are of class 1, with a 95% "
        "interval. On the diagonal, of the rows given 0.3, 30% are of class 1. Hollow points have fewer than {few} "
        "rows and show little. Below: the rows of each bin (the axis grows tenfold from line to line). Brier score "
        "(mean squared error of the probability) and log loss: the lower, the better.",
        "En el diagrama, un punto es una décima parte del rango de valores: cuántas de sus filas son de clase 1, con "
        "un intervalo del 95 %. Sobre la diagonal, de las filas con 0,3, el 30 % es de clase 1. Los puntos huecos "
        "tienen menos de {few} filas y dicen poco. Abajo, las filas de cada intervalo (el eje crece diez veces de "
        "línea en línea). Puntuación de Brier (error cuadrático medio de la probabilidad) y pérdida logarítmica: "
        "cuanto más bajas, mejor.",
    ),
    "note.calibrated": (
        "The score ranks the rows; the calibrated value is the one to read as a probability. The calibration was "
        "learned from the validation rows and keeps the order, but rows with different scores may get the same "
        "calibrated value, so rank by the score. It holds where the share of class 1 is as in training.",
        "La puntuación ordena las filas; el valor calibrado es el que se lee como probabilidad. La calibración se "
        "aprendió en las filas de validación y conserva el orden, pero filas con puntuaciones distintas pueden "
        "recibir el mismo valor calibrado, así que ordene por la puntuación. Vale donde la proporción de clase 1 es "
        "como en el entrenamiento.",
    ),
    "note.not_calibrated": (
        "The model has no calibration: its score ranks the rows, and is not a probability.",
        "El modelo no tiene calibración: su puntuación ordena las filas y no es una probabilidad.",
    ),
}

_CAPTURE = {
    "heading.capture": ("How much in how few rows", "Cuánto se encuentra en pocas filas"),
    "alt.success_rate": (
        "Success-rate curve: share of class 1 found by share of the rows looked at",
        "Curva de tasa de éxito: proporción de clase 1 encontrada según la proporción de filas examinadas",
    ),
    "alt.prediction_area": (
        "Prediction-area plot: class 1 found and rows marked above each score, and where the two meet",
        "Gráfico predicción-área: clase 1 encontrada y filas marcadas por encima de cada puntuación, y su cruce",
    ),
    "success_rate_head": ("Success-rate curve, area {area}", "Curva de tasa de éxito, área {area}"),
    "prediction_area_head": ("Prediction-area plot", "Gráfico predicción-área"),
    "no_capture": ("There are no rows of class 1.", "No hay filas de clase 1."),
    "perfect_score": ("perfect score", "puntuación perfecta"),
    "best_rows_marked": ("best 1, 2, 5, 10, 20%", "mejores 1, 2, 5, 10, 20 %"),
    "share_of_rows_axis": ("Share of the rows, best score first", "Proporción de filas, de mayor a menor puntuación"),
    "share_found_axis": ("Share of class 1 found", "Proporción de clase 1 encontrada"),
    "score_short_axis": ("Score", "Puntuación"),
    "rows_above_axis": ("Share of the rows marked", "Proporción de filas marcadas"),
    "found_above": ("class 1 found (left)", "clase 1 encontrada (izquierda)"),
    "rows_above": ("rows marked (right, downward)", "filas marcadas (derecha, hacia abajo)"),
    "meeting_point": ("they meet: {found} in {rows} of the rows", "se cruzan: {found} en el {rows} de las filas"),
    "capture.best": (
        "**The best {rows} of the rows hold {found} of class 1.**",
        "**El mejor {rows} de las filas contiene el {found} de la clase 1.**",
    ),
    "capture.best_rows": ("Best rows", "Mejores filas"),
    "capture.rows": ("Rows", "Filas"),
    "capture.found": ("Class 1 found", "Clase 1 encontrada"),
    "capture.most": ("At most", "Como máximo"),
    "capture.times": ("Times random", "Veces el azar"),
    "note.success_rate": (
        "*At most*: what a perfect order would find in so many rows. *Times random*: how much more of class 1 is "
        "found than in as many rows drawn at random. A share of the rows is a share of the ground only where every "
        "row stands for as much ground.",
        "*Como máximo*: lo que un orden perfecto encontraría en ese número de filas. *Veces el azar*: cuánta más clase "
        "1 se encuentra que en otras tantas filas elegidas al azar. Una proporción de filas es una proporción de "
        "terreno solo si cada fila representa la misma superficie.",
    ),
    "note.prediction_area": (
        "In the prediction-area plot (Yousefi and Carranza, 2015) the curves meet at a score of {threshold}: above it "
        "lies {found} of class 1 in {rows} of the rows. The higher they meet, the better; a random score meets at 50% "
        "in 50%.",
        "En el gráfico predicción-área (Yousefi y Carranza, 2015) las curvas se cruzan en una puntuación de "
        "{threshold}: por encima está el {found} de la clase 1 en el {rows} de las filas. Cuanto más arriba se cruzan, "
        "mejor; al azar se cruzan en 50 % y 50 %.",
    ),
}

_LEANING = {
    "heading.dependence": ("How the score follows the strongest features", "Cómo sigue la puntuación a las variables"),
    "alt.dependence": (
        "Mean score by the value of each of the strongest features",
        "Puntuación media según el valor de cada una de las variables más fuertes",
    ),
    "gain_axis": ("Importance by gain", "Importancia por ganancia"),
    "permutation_axis": ("Drop if permuted ({metric})", "Caída al permutar ({metric})"),
    "the_metric": ("the metric", "la métrica"),
    "mean_score_axis": ("Mean score", "Puntuación media"),
    "no_permutation": (
        "Permutation importances are measured for models of trees, on rows of both classes.",
        "La importancia por permutación se mide en modelos de árboles, con filas de ambas clases.",
    ),
    "no_partial_dependence": (
        "Partial dependence is measured for models of trees, on rows of both classes.",
        "La dependencia parcial se mide en modelos de árboles, con filas de ambas clases.",
    ),
    "first_by_both": (
        "{shown} of {all} features: the first by gain and the first by permutation.",
        "{shown} de {all} variables: las primeras por ganancia y las primeras por permutación.",
    ),
    "drop_of": ("Drop ({metric})", "Caída ({metric})"),
    "group": ("Group", "Grupo"),
    "group_is": ("Group {number}: {names}", "Grupo {number}: {names}"),
    "note.groups": (
        "Features that move together were permuted together: the drop is that of the whole group, the same for each "
        "member.",
        "Las variables que se mueven juntas se permutaron juntas: la caída es la de todo el grupo, igual para cada "
        "miembro.",
    ),
    "note.permutation": (
        "*Drop*: how much the {metric} falls on these rows if the feature's values are shuffled (mean ± standard "
        "deviation of the repeats). A drop within the deviation of 0 shows no use of the feature here. Gain comes from "
        "the training rows, the drop from these.",
        "*Caída*: cuánto baja el {metric} en estas filas si se barajan los valores de la variable (media ± desviación "
        "estándar de las repeticiones). Una caída que no se distingue de 0 dentro de la desviación indica que la "
        "variable no sirve aquí. La ganancia viene de las filas de entrenamiento; la caída, de estas.",
    ),
    "note.dependence": (
        "Partial dependence: the mean score of these rows if the feature had the same value in all of them. Where two "
        "features go together, some of these rows cannot exist; read the direction, not the height.",
        "Dependencia parcial: la puntuación media de estas filas si la variable tuviera el mismo valor en todas. Donde "
        "dos variables van juntas, algunas de esas filas no pueden existir; lea la dirección, no la altura.",
    ),
}

_LIKENESS = {
    "heading.likeness": ("These rows against the training rows", "Estas filas frente a las de entrenamiento"),
    "heading.likeness_held_out": (
        "The held-out rows against the training rows",
        "Las filas reservadas frente a las de entrenamiento",
    ),
    "heading.drift": ("Drift, feature by feature", "Deriva, variable por variable"),
    "heading.distance": ("Distance to the nearest training row", "Distancia a la fila de entrenamiento más cercana"),
    "alt.drift": (
        "How far each feature has moved, and the share of new rows beyond the training values",
        "Cuánto se ha movido cada variable y qué proporción de filas nuevas sale de los valores de entrenamiento",
    ),
    "seen.unknown": (
        "**Rows seen before: not known.** The model keeps no record of the rows it was trained on.",
        "**Filas ya vistas: no se sabe.** El modelo no guarda registro de las filas con las que se entrenó.",
    ),
    "seen.none": (
        "**Rows seen before: none.** No row of this table stood in training or validation.",
        "**Filas ya vistas: ninguna.** Ninguna fila de esta tabla estuvo en el entrenamiento ni en la validación.",
    ),
    "seen.dropped": (
        "**Rows seen before: {seen}, left out.** They stood in training or validation, and no figure here counts them.",
        "**Filas ya vistas: {seen}, excluidas.** Estuvieron en el entrenamiento o la validación, y ninguna cifra de "
        "aquí las cuenta.",
    ),
    "seen.kept": (
        "**Rows seen before: {seen}, kept.** They stood in training or validation, so the figures are too good.",
        "**Filas ya vistas: {seen}, incluidas.** Estuvieron en el entrenamiento o la validación, así que las cifras "
        "son demasiado buenas.",
    ),
    "applicable": (
        "**Area of applicability:** {inside} of these rows are inside it, that is, no more unlike the training rows "
        "than nearly all of those are among themselves. Of the others, no measured error says anything.",
        "**Área de aplicabilidad:** el {inside} de estas filas está dentro, es decir, no se diferencian de las filas "
        "de entrenamiento más que casi todas estas entre sí. De las demás, ningún error medido dice nada.",
    ),
    "applicable.sample": (
        "**Area of applicability:** {inside} of a sample of {rows} of these rows are inside it, that is, no more "
        "unlike the training rows than nearly all of those are among themselves. Of the others, no measured error "
        "says anything.",
        "**Área de aplicabilidad:** el {inside} de una muestra de {rows} de estas filas está dentro, es decir, no se "
        "diferencian de las filas de entrenamiento más que casi todas estas entre sí. De las demás, ningún error "
        "medido dice nada.",
    ),
    "applicable.index": (
        "The dissimilarity index is at most {half} for half of them and {most} for 95%; the limit is {limit}.",
        "El índice de disimilitud es como máximo {half} en la mitad y {most} en el 95 %; el límite es {limit}.",
    ),
    "told_apart": (
        "**A model can tell these rows from the training rows:** area {area} under its ROC curve. With 0.5 it could "
        "not; above 0.6 the tables differ by more than chance.",
        "**Un modelo puede distinguir estas filas de las de entrenamiento:** área {area} bajo su curva ROC. Con 0,5 no "
        "podría; por encima de 0,6 las tablas difieren más de lo que explica el azar.",
    ),
    "not_told_apart": (
        "**A model can hardly tell these rows from the training rows:** area {area} under its ROC curve. With 0.5 it "
        "could not at all; above 0.6 the tables differ by more than chance.",
        "**Un modelo apenas distingue estas filas de las de entrenamiento:** área {area} bajo su curva ROC. Con 0,5 no "
        "podría en absoluto; por encima de 0,6 las tablas difieren más de lo que explica el azar.",
    ),
    "told_apart.by": (
        "It tells them by {features} (shares of its importance).",
        "Las distingue por {features} (proporciones de su importancia).",
    ),
    "no_drift": (
        "Drift is measured for another table only.",
        "La deriva solo se mide en otra tabla.",
    ),
    "no_unit": ("no unit", "sin unidad"),
    "moved_axis": (
        "Distance in standard\ndeviations (line: {mark})",
        "Distancia en desviaciones\nestándar (línea: {mark})",
    ),
    "outside_axis": ("New rows beyond\nthe training values", "Filas nuevas fuera del rango\nde entrenamiento"),
    "drift_first_of": ("The first {shown} of {all}", "Las primeras {shown} de {all}"),
    "drift.drifted": (
        "**The table has drifted:** {marked} of {all} features have moved, and those that moved farther than chance "
        "explains carry {share} of the importance (the limit is {limit}).",
        "**La tabla presenta deriva:** se han movido {marked} de {all} variables, y las que se movieron más de lo que "
        "explica el azar llevan el {share} de la importancia (el límite es {limit}).",
    ),
    "drift.not_drifted": (
        "The table as a whole has not drifted: {marked} of {all} features have moved, and those that moved farther "
        "than chance explains carry {share} of the importance (the limit is {limit}).",
        "La tabla en conjunto no presenta deriva: se han movido {marked} de {all} variables, y las que se movieron más "
        "de lo que explica el azar llevan el {share} de la importancia (el límite es {limit}).",
    ),
    "drift.rows": (
        "Compared: all {new} rows with {training} training rows.",
        "Se comparan las {new} filas con {training} de entrenamiento.",
    ),
    "drift.rows_sample": (
        "Compared: {new} of these rows with {training} training rows.",
        "Se comparan {new} de estas filas con {training} de entrenamiento.",
    ),
    "drift.distance": ("Distance (s.d.)", "Distancia (d. e.)"),
    "drift.by_chance": ("By chance", "Por azar"),
    "drift.ks": ("KS", "KS"),
    "drift.psi": ("PSI", "PSI"),
    "drift.change": ("Change", "Cambio"),
    "drift.outside": ("Beyond training values", "Fuera del rango de entrenamiento"),
    "drift.level.none": ("none", "ninguno"),
    "drift.level.some": ("some", "algo"),
    "drift.level.strong": ("strong", "fuerte"),
    "drift.more": (
        "And {more} more features in `metrics.json`, of which moved: {marked}.",
        "Y {more} variables más en `metrics.json`, de las cuales se han movido: {marked}.",
    ),
    "drift.more[more=1]": (
        "And {more} more feature in `metrics.json`, of which moved: {marked}.",
        "Y {more} variable más en `metrics.json`, de las cuales se han movido: {marked}.",
    ),
    "note.drift": (
        "In bold: the features that have moved, by 0.1 standard deviations of the training rows or more; the first "
        "are those whose distance × importance is largest. *Distance*: 1-Wasserstein, from training to new rows. *By "
        "chance*: the distance to expect of as many rows like the training rows; up to twice that is no news. "
        "*KS*: the largest difference of the cumulative shares. *PSI*: population stability index, and *change* its "
        "usual reading. *No unit*: the feature was constant in training.",
        "En negrita, las variables que se han movido 0,1 desviaciones estándar de las filas de entrenamiento o más; "
        "primero, las de mayor distancia × importancia. *Distancia*: Wasserstein-1, de las filas de entrenamiento a "
        "las nuevas. *Por azar*: la distancia que cabe esperar de otras tantas filas como las de entrenamiento; hasta "
        "el doble no es novedad. *KS*: la mayor diferencia entre proporciones acumuladas. *PSI*: índice de estabilidad "
        "poblacional, y *cambio*, su lectura habitual. *Sin unidad*: la variable era constante en el entrenamiento.",
    ),
    "distance.half": (
        "Half of these rows lie within {half} of a training row, and 95% within {most}, in the unit of the "
        "coordinates. Rows so near are alike: for ground farther away, the figures of these rows promise nothing.",
        "La mitad de estas filas está a menos de {half} de una fila de entrenamiento, y el 95 %, a menos de {most}, en "
        "la unidad de las coordenadas. Filas tan cercanas se parecen: para terreno más lejano, las cifras de estas "
        "filas no prometen nada.",
    ),
    "distance.0": ("Nearest", "La más cercana"),
    "distance.0.25": ("25% within", "25 % hasta"),
    "distance.0.5": ("50% within", "50 % hasta"),
    "distance.0.75": ("75% within", "75 % hasta"),
    "distance.0.95": ("95% within", "95 % hasta"),
    "distance.1": ("Farthest", "La más lejana"),
}

_PARAMETERS = {
    "param.block_cols": ("columns of coordinates", "columnas de coordenadas"),
    "param.block_size": ("side of the square blocks that serve as zones", "lado de los bloques que sirven de zonas"),
    "param.select_by": ("what candidates are compared on", "en qué se comparan los candidatos"),
    "param.nested": (
        "whether zones are left out of the search, too",
        "si las zonas se dejan fuera también de la búsqueda",
    ),
    "param.threshold": (
        "decision threshold, or the rule that chooses it",
        "umbral de decisión, o la regla que lo elige",
    ),
    "param.seen": ("what to do with rows seen before", "qué hacer con las filas ya vistas"),
    "param.fail_below": ("least values that the gate asks for", "valores mínimos que exige el control"),
    "param.fail_on_drift": ("whether drift fails the gate", "si la deriva hace fallar el control"),
    "step.zones": ("Leaving zones out", "Dejar zonas fuera"),
}

GROUND = {
    **_HEAD,
    **_VERDICT,
    **_INTERVALS,
    **_UNSEEN,
    **_THRESHOLD,
    **_CALIBRATION,
    **_CAPTURE,
    **_LEANING,
    **_LIKENESS,
    **_PARAMETERS,
}

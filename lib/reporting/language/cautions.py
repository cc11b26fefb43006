"""What the checks of `lib.reporting.cautions` say, in English and in Spanish side by side."""

FINDINGS = {
    "find.suspect_zone": (
        "**The column {column} is used as a feature, not as the zone:** its name differs in capital letters. If it "
        "names the zones, train with `zone_col: {option}`.",
        "**La columna {column} se usa como variable, no como zona:** su nombre difiere en mayúsculas y minúsculas. Si "
        "indica las zonas, entrene con `zone_col: {option}`.",
    ),
    "find.suspect_label": (
        "**These columns give the label away: {columns}.** Each class has values of its own there. "
        "Leave out what is not known of new rows, with `exclude_cols: {option}`.",
        "**Estas columnas delatan la etiqueta: {columns}.** Cada clase tiene en ellas valores propios. Deje "
        "fuera lo que no se conoce de filas nuevas, con `exclude_cols: {option}`.",
    ),
    "find.suspect_no_feature": (
        "**These columns may be no features: {columns}.** Row numbers, identifiers and coordinates tell rows apart, "
        "but do not hold for new ground. `exclude_cols: {option}` leaves them out.",
        "**Estas columnas quizá no sean variables: {columns}.** Los números de fila, identificadores y coordenadas "
        "distinguen filas, pero no sirven en terreno nuevo. `exclude_cols: {option}` las deja fuera.",
    ),
    "find.suspect_nodata": (
        "**Some values may stand for none:** {columns}. The model has learnt from them as numbers; `nodata: {option}` "
        "makes them missing.",
        "**Algunos valores quizá indiquen ausencia de dato:** {columns}. El modelo los ha aprendido como números; "
        "`nodata: {option}` los trata como faltantes.",
    ),
    "find.too_good": (
        "**Too good to be true?** An area under the ROC curve of {area} is rare in real data. Check that no "
        "feature leaks the label; start with {feature}, the most important one.",
        "**¿Demasiado bueno?** Un área bajo la curva ROC de {area} es rara en datos reales. Compruebe que "
        "ninguna variable filtre la etiqueta; empiece por {feature}, la más importante.",
    ),
    "find.unverified": (
        "**The rows could not be verified as those held out in training.** If the table has changed since, the "
        "model may have been trained on some of them.",
        "**No se pudo verificar que las filas son las reservadas en el entrenamiento.** Si la tabla ha "
        "cambiado desde entonces, el modelo pudo haberse entrenado con algunas de ellas.",
    ),
    "find.unverified_model": (
        "**The model could not be verified as the one that was trained.** Nothing was recorded of its content; an "
        "earlier version trained it, or Spark ML alone scores it.",
        "**No se pudo verificar que el modelo es el que se entrenó.** No se registró nada de su contenido: lo entrenó "
        "una versión anterior, o solo Spark ML puede aplicarlo.",
    ),
    "find.other_rows": (
        "**These rows come from outside the experiment's split.** It is not known whether the model was trained on "
        "some of them, for the model keeps no record of its rows.",
        "**Estas filas no proceden de la partición del experimento.** No se sabe si el modelo se entrenó con algunas "
        "de ellas, pues el modelo no guarda registro de sus filas.",
    ),
    "find.seen_dropped": (
        "**{rows} rows of this table were left out:** the model has seen them in training or validation. With"
        " `seen: keep` they would count, and the figures would be too good.",
        "**Se dejaron fuera {rows} filas de esta tabla:** el modelo ya las vio en el entrenamiento o la "
        "validación. Con `seen: keep` contarían, y las cifras serían demasiado buenas.",
    ),
    "find.seen_kept": (
        "**The model has seen {rows} of these rows** in training or validation. The figures are too good; "
        "`seen: drop` leaves those rows out.",
        "**El modelo ya vio {rows} de estas filas** en el entrenamiento o la validación. Las cifras son "
        "demasiado buenas; `seen: drop` deja fuera esas filas.",
    ),
    "find.new_ground": (
        "**Expect less in a new zone.** The area under the ROC curve is {here} for new rows of known zones, "
        "but {mean} on average in zones left out, and {worst} in {zone}.",
        "**Espere menos en una zona nueva.** El área bajo la curva ROC es {here} para filas nuevas de zonas "
        "conocidas, pero {mean} en promedio en las zonas dejadas fuera, y {worst} en {zone}.",
    ),
    "find.not_applicable": (
        "**{share} of these rows lie outside the model's area of applicability:** they are unlike all rows it"
        " was trained on, and nothing measured elsewhere says how good it is there.",
        "**El {share} de estas filas queda fuera del área de aplicabilidad del modelo:** no se parecen a "
        "ninguna de las filas con las que se entrenó, y nada medido en otra parte indica qué rendimiento tiene ahí.",
    ),
    "find.drifted": (
        "**This table has drifted.** Features with {share} of the importance have moved away from the "
        "training rows, first of all {features}.",
        "**Esta tabla presenta deriva.** Variables con el {share} de la importancia se han alejado de las filas "
        "de entrenamiento, sobre todo {features}.",
    ),
    "find.repeated": (
        "**Only {distinct} of the {rows} rows are different.** A row with the features of another is no further "
        "evidence: the figures are less certain than their number of rows suggests.",
        "**Solo {distinct} de las {rows} filas son distintas.** Una fila con las mismas variables que otra no aporta "
        "más evidencia: las cifras son menos seguras de lo que sugiere su número de filas.",
    ),
    "find.repeated_zones": (
        "**{rows} rows were left out of validation and test,** because rows with the same features also stand in a "
        "zone the model was trained on.",
        "**Se dejaron fuera de validación y prueba {rows} filas,** porque en una zona con la que se entrenó el modelo "
        "también hay filas con las mismas variables.",
    ),
    "find.zones_share": ("Zones that share rows: {zones}.", "Zonas que comparten filas: {zones}."),
    "find.zone_shares": ("{zone} with {others} ({rows})", "{zone} con {others} ({rows})"),
    "find.base_rates": (
        "(The ROC areas are compared because the share of class 1 differs: {val} on validation, {test} on "
        "test, and the PR area rises with it.)",
        "(Se comparan las áreas ROC porque la proporción de clase 1 difiere: {val} en validación, {test} en "
        "prueba, y el área PR sube con ella.)",
    ),
    "find.retraining": (
        "**Retraining made the winner worse here.** {metric}: {before} on the held-out rows as trained in the"
        " search, {after} after retraining with the validation rows. The saved model is the retrained one.",
        "**El reentrenamiento empeoró aquí al ganador.** {metric}: {before} en las filas reservadas tal como "
        "se entrenó en la búsqueda, {after} tras reentrenarlo con las filas de validación. El modelo guardado"
        " es el reentrenado.",
    ),
    "find.some_new_zones": (
        "**{unseen} of the {count} zones of these rows have no row in training.** The figures mix new rows of"
        " known zones with zones that the model has never seen.",
        "**{unseen} de las {count} zonas de estas filas no tienen ninguna fila en el entrenamiento.** Las "
        "cifras mezclan filas nuevas de zonas conocidas con zonas que el modelo nunca ha visto.",
    ),
    "find.gap_agree": (
        "**Validation and test agree.** {metric}: {val} on the validation rows, {test} on the held-out rows. "
        "Chance alone can explain a difference of up to {margin} between parts of this size.",
        "**Validación y prueba concuerdan.** {metric}: {val} en las filas de validación, {test} en las "
        "reservadas. El azar por sí solo puede explicar una diferencia de hasta {margin} entre partes de este "
        "tamaño.",
    ),
    "find.gap_weaker": (
        "**Weaker on the held-out rows than on validation.** {metric} falls from {val} to {test}; chance alone "
        "explains up to {margin}. The search may have adapted to the validation rows: trust the lower figure, "
        "and try a larger `val_frac` or fewer candidates.",
        "**Peor en las filas reservadas que en validación.** {metric}: baja de {val} a {test}; el azar por sí "
        "solo explica hasta {margin}. La búsqueda pudo sobreajustarse a las filas de validación: confíe en la "
        "cifra más baja y pruebe con un `val_frac` mayor o con menos candidatos.",
    ),
    "find.gap_better": (
        "**Better on the held-out rows than on validation.** {metric} rises from {val} to {test}; chance alone "
        "explains up to {margin}. The two parts may not be alike: repeat with another `seed` before relying on "
        "the higher figure.",
        "**Mejor en las filas reservadas que en validación.** {metric}: sube de {val} a {test}; el azar por sí "
        "solo explica hasta {margin}. Puede que las dos partes no se parezcan: repita con otro `seed` antes de "
        "confiar en la cifra más alta.",
    ),
    "find.split_by_rows": (
        "**Every zone is in both the training and the test rows.** The figures hold for new rows of these "
        "zones. Expect lower figures for a zone the model has never seen; `split_by: zone` measures that.",
        "**Cada zona está tanto en las filas de entrenamiento como en las de prueba.** Las cifras valen para "
        "filas nuevas de estas zonas. En una zona que el modelo nunca ha visto, espere cifras más bajas; "
        "`split_by: zone` lo mide.",
    ),
    "find.few_zones": (
        "**The figures hold for new rows of these zones.** Expect lower figures for a zone the model has never seen. "
        "Measuring that takes three zones with rows of both classes: give more of them with `zone_col`, or squares of "
        "coordinates with `block_cols` and `block_size`.",
        "**Las cifras valen para filas nuevas de estas zonas.** En una zona que el modelo nunca ha visto, espere "
        "cifras más bajas. Para medirlo hacen falta tres zonas con filas de ambas clases: indique más con `zone_col`, "
        "o bloques cuadrados de coordenadas con `block_cols` y `block_size`.",
    ),
    "find.split_by_zone": (
        "**Whole zones were held out:** {zones}. The figures are for zones the model has never seen, and are "
        "based on these zones alone.",
        "**Se reservaron zonas enteras:** {zones}. Las cifras son para zonas que el modelo nunca ha visto y se "
        "basan solo en estas.",
    ),
    "find.weak_zones": (
        "**Weaker in {zones}.** The figure is the area under the ROC curve there, against {area} over all "
        "rows: a larger difference than chance explains.",
        "**Peor en {zones}.** La cifra es el área bajo la curva ROC allí, frente a {area} en todas las filas: "
        "una diferencia mayor de la que explica el azar.",
    ),
    "find.small_zones": (
        "**Too few rows to judge {zones}.** With fewer than {least} rows of one class, a zone's figures are "
        "not reliable.",
        "**Muy pocas filas para evaluar {zones}.** Con menos de {least} filas de una clase, las cifras de una "
        "zona no son fiables.",
    ),
    "find.all_zones_small": (
        "**Too few rows to judge any zone by itself.** None of the {count} zones has {least} rows of each class, so "
        "their figures are not reliable.",
        "**Demasiado pocas filas para evaluar ninguna zona por separado.** Ninguna de las {count} zonas tiene {least} "
        "filas de cada clase, así que sus cifras no son fiables.",
    ),
    "find.small_class": (
        "**Only {rows} rows of class {name}.** Every figure about that class is imprecise; see the intervals.",
        "**Solo {rows} filas de clase {name}.** Toda cifra sobre esa clase es imprecisa; vea los intervalos.",
    ),
    "find.small_class[rows=1]": (
        "**Only {rows} row of class {name}.** Every figure about that class is imprecise; see the intervals.",
        "**Solo {rows} fila de clase {name}.** Toda cifra sobre esa clase es imprecisa; vea los intervalos.",
    ),
    "find.idle_accuracy": (
        "**Accuracy says little here.** Always answering class {name} would be right for {constant} of the "
        "rows; the model is right for {accuracy}. Look at precision and recall of class 1 instead.",
        "**La exactitud dice poco aquí.** Predecir siempre la clase {name} acertaría en el {constant} de las "
        "filas; el modelo acierta en el {accuracy}. Fíjese mejor en la precisión y la exhaustividad de la "
        "clase 1.",
    ),
    "find.scores": (
        "**A score is not a probability.** The mean score is {mean}, while {base} of the rows are of class 1: "
        "class weights shift the scores. Use them to rank rows, and the calibrated value as a probability.",
        "**Una puntuación no es una probabilidad.** La puntuación media es {mean}, mientras que el {base} de "
        "las filas son de clase 1: los pesos de clase desplazan las puntuaciones. Úselas para ordenar filas, y el "
        "valor calibrado como probabilidad.",
    ),
    "find.threshold": (
        "**{now} is not the best threshold for F1.** At {best}, F1 of class 1 is {f1_best} instead of "
        "{f1_now}. Before adopting it, confirm it on rows other than these.",
        "**{now} no es el mejor umbral para F1.** Con {best}, el F1 de la clase 1 es {f1_best} en vez de "
        "{f1_now}. Antes de adoptarlo, confírmelo en filas distintas de estas.",
    ),
    "find.close": (
        "**Two families are too close to call.** On validation: {ours} ({winner}) against {theirs} "
        "({other}), a difference that chance alone can explain. Speed and size may decide between them.",
        "**Dos familias están demasiado cerca para distinguirlas.** En validación: {ours} ({winner}) "
        "frente a {theirs} ({other}), una diferencia que el azar por sí solo puede explicar. La rapidez y el "
        "tamaño pueden decidir entre ellas.",
    ),
    "find.other_ahead": (
        "On the held-out rows of the training table the other family is ahead ({theirs} against {ours}). That is "
        "no reason to switch: rows used to choose a model can no longer evaluate it.",
        "En las filas reservadas de la tabla de entrenamiento va por delante la otra familia ({theirs} frente a "
        "{ours}). No es razón para cambiar: las filas que sirven para elegir un modelo ya no sirven para evaluarlo.",
    ),
    "find.edge": (
        "**The winner is at the edge of its grid:** {edges}. There may be a better model beyond it; widen the "
        "grid there.",
        "**El ganador está en el borde de su rejilla:** {edges}. Puede haber un modelo mejor más allá; amplíe "
        "ahí la rejilla.",
    ),
    "find.largest": ("{name} {value} (largest tried)", "{name} {value} (el mayor probado)"),
    "find.smallest": ("{name} {value} (smallest tried)", "{name} {value} (el menor probado)"),
    "find.ties": (
        "**{count} candidates share the best figure.** The first of them in the grid was chosen.",
        "**{count} candidatos comparten la mejor cifra.** Se eligió el primero de la rejilla.",
    ),
    "find.same_subsets": (
        "**`sqrt` and `log2` are the same here.** With {features} features both draw {drawn} for a node, so "
        "each such pair is the same model twice: remove one of the two from the grid.",
        "**`sqrt` y `log2` son lo mismo aquí.** Con {features} variables, ambas eligen {drawn} por nodo, así "
        "que cada par es dos veces el mismo modelo: quite una de las dos de la rejilla.",
    ),
    "find.same_subsets[features=1]": (
        "**`sqrt` and `log2` are the same here.** With {features} feature both draw {drawn} for a node, so each "
        "such pair is the same model twice: remove one of the two from the grid.",
        "**`sqrt` y `log2` son lo mismo aquí.** Con {features} variable, ambas eligen {drawn} por nodo, así que "
        "cada par es dos veces el mismo modelo: quite una de las dos de la rejilla.",
    ),
    "find.few_scored": (
        "**The search is not complete:** {scored} of {planned} candidates were scored.",
        "**La búsqueda no está completa:** se evaluaron {scored} de {planned} candidatos.",
    ),
    "find.few_scored[scored=1]": (
        "**The search is not complete:** {scored} of {planned} candidates was scored.",
        "**La búsqueda no está completa:** se evaluó {scored} de {planned} candidatos.",
    ),
    "find.dropped": (
        "**{rows} rows were dropped** for missing values ({share} of the table). If the values are not missing "
        "at random, the figures do not hold for such rows.",
        "**Se descartaron {rows} filas** por valores faltantes ({share} de la tabla). Si los valores no faltan "
        "al azar, las cifras no valen para esas filas.",
    ),
    "find.dropped[rows=1]": (
        "**{rows} row was dropped** for missing values ({share} of the table). If the values are not missing at "
        "random, the figures do not hold for such rows.",
        "**Se descartó {rows} fila** por valores faltantes ({share} de la tabla). Si los valores no faltan al "
        "azar, las cifras no valen para esas filas.",
    ),
    "find.filled": (
        "**{rows} rows had missing values** ({share} of the table), in: {features}. Medians of the training rows stand "
        "for them; so they do in {here} of the evaluated rows. If the values are not missing at random, the figures "
        "may not hold for such rows.",
        "**A {rows} filas les faltaban valores** ({share} de la tabla), en: {features}. En su lugar están las medianas "
        "de las filas de entrenamiento; también en el {here} de las filas evaluadas. Si los valores no faltan al azar, "
        "las cifras pueden no valer para esas filas.",
    ),
    "find.filled[rows=1]": (
        "**{rows} row had missing values** ({share} of the table), in: {features}. Medians of the training rows stand "
        "for them; so they do in {here} of the evaluated rows. If the values are not missing at random, the figures "
        "may not hold for such rows.",
        "**A {rows} fila le faltaban valores** ({share} de la tabla), en: {features}. En su lugar están las medianas "
        "de las filas de entrenamiento; también en el {here} de las filas evaluadas. Si los valores no faltan al azar, "
        "las cifras pueden no valer para esas filas.",
    ),
    "find.changed_code": (
        "**The code had uncommitted changes.** The commit alone does not reproduce this result.",
        "**El código tenía cambios sin confirmar.** El commit por sí solo no reproduce este resultado.",
    ),
}

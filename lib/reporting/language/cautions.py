"""What the checks of `lib.reporting.cautions` say, in English and in Spanish side by side."""

FINDINGS = {
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
    "find.other_rows": (
        "**These rows come from outside the experiment's split.** The report does not check whether the model "
        "was trained on some of them.",
        "**Estas filas no proceden de la partición del experimento.** El informe no comprueba si el modelo se "
        "entrenó con algunas de ellas.",
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
        "class weights shift the scores. Use them to rank rows, or calibrate them first.",
        "**Una puntuación no es una probabilidad.** La puntuación media es {mean}, mientras que el {base} de "
        "las filas son de clase 1: los pesos de clase desplazan las puntuaciones. Úselas para ordenar filas, o "
        "calíbrelas antes.",
    ),
    "find.threshold": (
        "**{now} is not the best threshold for F1.** At {best}, F1 of class 1 is {f1_best} instead of "
        "{f1_now}. Before adopting it, confirm it on rows other than these.",
        "**{now} no es el mejor umbral para F1.** Con {best}, el F1 de la clase 1 es {f1_best} en vez de "
        "{f1_now}. Antes de adoptarlo, confírmelo en filas distintas de estas.",
    ),
    "find.close": (
        "**The two families are too close to call.** On validation: {ours} ({winner}) against {theirs} "
        "({other}), a difference that chance alone can explain. Speed and size may decide between them.",
        "**Las dos familias están demasiado cerca para distinguirlas.** En validación: {ours} ({winner}) "
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
    "find.changed_code": (
        "**The code had uncommitted changes.** The commit alone does not reproduce this result.",
        "**El código tenía cambios sin confirmar.** El commit por sí solo no reproduce este resultado.",
    ),
}

"""What the checks of `lib.reporting.cautions` say, in English and in Spanish side by side."""

FINDINGS = {
    "find.too_good": (
        "**Too good to be true?** An area under the ROC curve of {area} is rare in real data. Make sure that "
        "no feature knows the label; begin with {feature}, the most important one.",
        "**¿Demasiado bueno?** Un área bajo la curva ROC de {area} es rara en datos reales. Compruebe que "
        "ninguna variable conoce la etiqueta; empiece por {feature}, la más importante.",
    ),
    "find.unverified": (
        "**The rows could not be proved to be those that training set aside.** If the table has changed since, "
        "some of them may have been trained on.",
        "**No se pudo comprobar que las filas son las que apartó el entrenamiento.** Si la tabla ha cambiado, "
        "el modelo pudo haberse entrenado con algunas de ellas.",
    ),
    "find.other_rows": (
        "**These rows come from outside the experiment's split.** Nothing here checks whether the model was "
        "trained on some of them.",
        "**Estas filas no proceden de la partición del experimento.** Aquí nada comprueba si el modelo se "
        "entrenó con algunas de ellas.",
    ),
    "find.gap_agree": (
        "**Validation and test agree.** {metric}: {val} on validation rows, {test} on the held-out rows. "
        "Chance alone can make a difference of up to {margin} between parts of this size.",
        "**Validación y prueba concuerdan.** {metric}: {val} en las filas de validación, {test} en las "
        "reservadas. El azar solo puede causar una diferencia de hasta {margin} entre partes de este tamaño.",
    ),
    "find.gap_weaker": (
        "**Weaker on the held-out rows than on validation.** {metric} falls from {val} to {test}; chance alone "
        "explains up to {margin}. The search may have adapted to the validation rows: trust the lower figure, "
        "and try a larger `val_frac` or fewer candidates.",
        "**Más débil en las filas reservadas que en validación.** {metric}: baja de {val} a {test}; el azar "
        "solo explica hasta {margin}. La búsqueda pudo adaptarse a las filas de validación: fíese de la cifra "
        "más baja y pruebe con una `val_frac` mayor o menos candidatos.",
    ),
    "find.gap_better": (
        "**Better on the held-out rows than on validation.** {metric} rises from {val} to {test}; chance alone "
        "explains up to {margin}. The two parts may not be alike: repeat with another `seed` before relying on "
        "the higher figure.",
        "**Mejor en las filas reservadas que en validación.** {metric}: sube de {val} a {test}; el azar solo "
        "explica hasta {margin}. Puede que las dos partes no se parezcan: repita con otra `seed` antes de "
        "fiarse de la cifra más alta.",
    ),
    "find.split_by_rows": (
        "**Every zone stands on both sides of the split.** The figures hold for new rows of these zones. For a "
        "zone the model has never seen expect less; `split_by: zone` measures that.",
        "**Cada zona está a ambos lados de la partición.** Las cifras valen para filas nuevas de estas zonas. "
        "En una zona que el modelo nunca ha visto espere menos; `split_by: zone` lo mide.",
    ),
    "find.split_by_zone": (
        "**Whole zones were held out:** {zones}. The figures are for zones the model has never seen, and rest "
        "on these alone.",
        "**Se reservaron zonas enteras:** {zones}. Las cifras son para zonas que el modelo nunca ha visto, y "
        "se basan solo en estas.",
    ),
    "find.weak_zones": (
        "**Weaker in {zones}.** That is the area under the ROC curve there, against {area} over all rows: more "
        "than chance explains.",
        "**Más débil en {zones}.** Es el área bajo la curva ROC allí, frente a {area} sobre todas las filas: "
        "más de lo que explica el azar.",
    ),
    "find.small_zones": (
        "**Too few rows to judge {zones}.** With fewer than {least} rows of one class a zone's figures say little.",
        "**Muy pocas filas para juzgar {zones}.** Con menos de {least} filas de una clase, las cifras de una "
        "zona dicen poco.",
    ),
    "find.small_class": (
        "**Only {rows} rows of class {name}.** Every figure about that class is a rough one; see the intervals.",
        "**Solo {rows} filas de clase {name}.** Toda cifra sobre esa clase es aproximada; vea los intervalos.",
    ),
    "find.idle_accuracy": (
        "**Accuracy says little here.** Always answering class {name} would be right for {constant} of the "
        "rows; the model is right for {accuracy}. Look at precision and recall of class 1 instead.",
        "**La exactitud dice poco aquí.** Responder siempre clase {name} acertaría en el {constant} de las "
        "filas; el modelo acierta en el {accuracy}. Mire mejor la precisión y la exhaustividad de la clase 1.",
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
        "**{now} no es el mejor umbral para F1.** Con {best}, la F1 de la clase 1 es {f1_best} en vez de "
        "{f1_now}. Antes de adoptarlo, confírmelo en filas distintas de estas.",
    ),
    "find.close": (
        "**The two families are too close to call.** On validation: {ours} ({winner}) against {theirs} "
        "({other}), less than chance alone can make. Speed and size may decide between them.",
        "**Las dos familias están demasiado cerca.** En validación: {ours} ({winner}) frente a {theirs} "
        "({other}), menos de lo que puede causar el azar solo. La rapidez y el tamaño pueden decidir entre "
        "ellas.",
    ),
    "find.other_ahead": (
        "On test rows the other family is ahead ({theirs} against {ours}); that is no reason to switch, "
        "because rows used to choose can no longer judge.",
        "En las filas de prueba va por delante la otra familia ({theirs} frente a {ours}); no es razón para "
        "cambiar, porque las filas que sirven para elegir ya no pueden juzgar.",
    ),
    "find.edge": (
        "**The winner stands at the edge of its grid:** {edges}. A better model may lie beyond; widen the grid there.",
        "**El ganador está en el borde de su rejilla:** {edges}. Puede haber un modelo mejor más allá; amplíe "
        "ahí la rejilla.",
    ),
    "find.largest": ("{name} {value} (largest tried)", "{name} {value} (el mayor probado)"),
    "find.smallest": ("{name} {value} (smallest tried)", "{name} {value} (el menor probado)"),
    "find.ties": (
        "**{count} candidates share the best figure.** The first of them in the grid was taken.",
        "**{count} candidatos comparten la mejor cifra.** Se tomó el primero de la rejilla.",
    ),
    "find.same_subsets": (
        "**`sqrt` and `log2` are the same here.** With {features} features both draw {drawn} for a node, so "
        "each such pair is one model fitted twice: one of the two can leave the grid.",
        "**`sqrt` y `log2` son lo mismo aquí.** Con {features} variables ambas sortean {drawn} por nodo, así "
        "que cada par es un modelo ajustado dos veces: una de las dos puede salir de la rejilla.",
    ),
    "find.few_scored": (
        "**The search is not complete:** {scored} of {planned} candidates were scored.",
        "**La búsqueda no está completa:** se puntuaron {scored} de {planned} candidatos.",
    ),
    "find.dropped": (
        "**{rows} rows were dropped** for missing values ({share} of the table). If they are not missing at "
        "random, the figures do not hold for rows like them.",
        "**Se descartaron {rows} filas** por valores ausentes ({share} de la tabla). Si no faltan al azar, las "
        "cifras no valen para filas como esas.",
    ),
    "find.changed_code": (
        "**The code had uncommitted changes.** The commit alone does not give this result again.",
        "**El código tenía cambios sin confirmar.** El commit por sí solo no vuelve a dar este resultado.",
    ),
}

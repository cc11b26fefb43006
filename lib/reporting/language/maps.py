"""What a report on maps says, in English and in Spanish side by side."""

MAPS = {
    "maps.no_value": (
        "{pixels} pixels have no score: they lack a value in at least one band.",
        "{pixels} píxeles no tienen puntuación: les falta un valor en al menos una banda.",
    ),
    "maps.no_value_at_all": (
        "{pixels} pixels have no score: they have no value in any band.",
        "{pixels} píxeles no tienen puntuación: no tienen valor en ninguna banda.",
    ),
    "heading.maps": ("Maps", "Mapas"),
    "maps.more": (
        "Maps of {count} more tiles are in `maps/`.",
        "En `maps/` están los mapas de {count} teselas más.",
    ),
    "maps.alt": (
        "Map of {tile}: the score, and which pixels are marked or uncertain",
        "Mapa de {tile}: la puntuación, y qué píxeles se marcan o son inciertos",
    ),
    "maps.score": ("Score of class 1", "Puntuación de clase 1"),
    "maps.decision": ("Marked, and where not to trust the model", "Marcado, y dónde no fiarse del modelo"),
    "map.unmarked": ("not marked", "sin marcar"),
    "map.marked": ("marked", "marcado"),
    "map.disagree": ("trees disagree", "los árboles discrepan"),
    "map.outside": ("unlike the training rows", "distinto de las filas de entrenamiento"),
    "map.no_value": ("no value", "sin valor"),
    "note.maps": (
        "Numbers are those of the best areas. The pictures show overviews; the GeoTIFFs have every pixel.",
        "Los números son los de las mejores áreas. Las imágenes muestran vistas generales; los GeoTIFF tienen todos "
        "los píxeles.",
    ),
    "heading.best_areas": ("The best areas", "Las mejores áreas"),
    "areas.none": (
        "No pixel is above the threshold.",
        "Ningún píxel supera el umbral.",
    ),
    "areas.note": (
        "An area is a set of connected pixels above the threshold (by sides or corners). The best have the highest "
        "mean score × size, counting only what the model applies to. Their outlines are in `best_areas.geojson`, "
        "which every GIS and many phone apps open. *Applicable*: the share of its pixels inside the model's area of "
        "applicability.",
        "Un área es un conjunto de píxeles conectados por lados o esquinas que superan el umbral. Las mejores tienen "
        "la mayor puntuación media × tamaño, contando solo aquello a lo que se aplica el modelo. Sus contornos están "
        "en `best_areas.geojson`, que abre cualquier SIG y muchas aplicaciones de móvil. *Aplicable*: la parte de sus "
        "píxeles dentro del área de aplicabilidad del modelo.",
    ),
    "areas.rank": ("No.", "N.º"),
    "areas.tile": ("Tile", "Tesela"),
    "areas.lon": ("Longitude", "Longitud"),
    "areas.lat": ("Latitude", "Latitud"),
    "areas.x": ("x", "x"),
    "areas.y": ("y", "y"),
    "areas.pixels": ("Pixels", "Píxeles"),
    "areas.size": ("Size", "Tamaño"),
    "areas.mean": ("Mean score", "Puntuación media"),
    "areas.highest": ("Highest", "Máxima"),
    "areas.applicable": ("Applicable", "Aplicable"),
    "heading.map_files": ("The files in `maps/`", "Los archivos de `maps/`"),
    "maps.file": ("File", "Archivo"),
    "maps.cogs": (
        "Cloud Optimized GeoTIFFs on the grid of the input.",
        "GeoTIFF optimizados para la nube (COG), en la misma malla que la entrada.",
    ),
}

"""The rules for tables: files and formats, columns and which of them are features, and why a table is rejected.

It needs no Spark. Reading a table (`lib.dataset`), exploring it (`lib.explore`) and checking the headers of its files
before a run all follow the rules here and give the same messages.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lib.errors import InputError, MissingInputError, not_among, some

# Names that Spark ML or the split add to the table; Spark does not distinguish upper and lower case.
RESERVED = ("features", "rawPrediction", "probability", "prediction")
# The zone column that is used if a table has it, without being asked for.
USUAL_ZONE = "zone"
_WILDCARD = re.compile(r"[*?\[{]")
CATALOGUE = "table://"
_NOTE = re.compile(
    r"(^|/)(readme|l[eé]eme|licen[cs]e|notice|changelog)[^/]*$|\.(md|rst|html?|pdf|docx?|xml)$", re.IGNORECASE
)
# A column's name that may be a value: a number, or what stands for none.
_VALUE = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?|na|n/a|nan|null|none", re.IGNORECASE)
# What pandas calls an index without a name when it writes a table.
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True, eq=False)
class Format:
    """A table format: its name in messages, Spark's reader, and its file extensions.

    `arrow` is the class of pyarrow.dataset that reads the types and the number of rows from a file's footer; None for
    a format without a footer: text, whose first line names the columns. A format that Spark does not read has instead
    a `module` that reads whole files, as `lib.reading.geopackage` does: `look` describes one, `batches` gives its rows.
    """

    name: str
    spark: str
    arrow: str | None
    suffixes: tuple[str, ...]
    module: str = ""


PARQUET = Format("parquet", "parquet", "ParquetFileFormat", (".parquet",))
_PACKED = (".gz", ".bz2", ".zip")
_TEXT_SUFFIXES = tuple(f"{text}{packed}" for text in (".csv", ".tsv", ".txt") for packed in ("", *_PACKED))
# Through a library that need not be installed.
GEOPACKAGE = Format("GeoPackage", "", None, (".gpkg",), "lib.reading.geopackage")
# A file with none of these extensions is read as parquet.
FORMATS = (
    PARQUET,
    Format("CSV", "csv", None, (*_TEXT_SUFFIXES, ".zip")),
    Format("ORC", "orc", "OrcFileFormat", (".orc",)),
    GEOPACKAGE,
)

# Files of geometries that GDAL makes GeoParquet of, and that are not read.
_VECTORS = (".shp", ".geojson", ".kml")

# What GDAL reads and a table is never called. Pictures (.png, .jpg) often stand beside rasters as previews.
RASTER_SUFFIXES = (
    *(".tif", ".tiff", ".vrt", ".jp2", ".img", ".nc", ".bil", ".bip", ".bsq", ".dat", ".asc", ".grd", ".hgt", ".dem"),
    *(".ers", ".sdat", ".rst", ".pix", ".mrf"),
)


@dataclass(frozen=True)
class Column:
    """A column as described by its file or its reader; `is_number` is None if that is not known.

    `is_place` marks a file's geometries, and the coordinates that were taken from them.
    """

    name: str
    type: str
    is_number: bool | None
    is_place: bool = False


def places(given: str | Sequence[str] | None) -> list[str]:
    """The given places as a list, whether none, one or several were given."""
    if not given:
        return []
    return [given] if isinstance(given, str) else list(given)


def catalogue_name(place: str) -> tuple[str, ...] | None:
    """The parts of the name of a table in Spark's catalogue, as in `table://geology.pixels`; None for other places.

    Raises:
        InputError: the name is none.
    """
    if not is_in_catalogue(place):
        return None
    parts = tuple(place[len(CATALOGUE) :].split("."))
    if len(parts) > 3 or not all(re.fullmatch(r"[^`/\s]+", part) for part in parts):
        raise InputError(f"input {place}: give a table of Spark's catalogue as {CATALOGUE}database.table")
    return parts


def is_in_catalogue(place: str) -> bool:
    """Whether a place is a table of Spark's catalogue, and no file or folder."""
    return place.lower().startswith(CATALOGUE)


def is_raster(place: str) -> bool:
    """Whether a file is a raster, by its name, and no table."""
    if is_in_catalogue(place):
        return False
    return place.startswith("/vsi") or place.lower().endswith(RASTER_SUFFIXES)


def rasters_among(
    matches: Sequence[str], names: Callable[[str], Sequence[str]], opens: Callable[[str], bool]
) -> list[str]:
    """The raster files at what a place matches: files, or what is directly in folders; `names` lists a folder.

    A file is one by its ending. Where none has such an ending, `opens` is asked of files that have no table's either:
    of the first, and if that is a raster, of the others. It is not asked of what is in folders, which may be thousands
    of files, and pictures beside rasters.
    """
    found, untold = [], []
    for place in matches:
        folder = place.rstrip("/")
        if is_raster(place):
            found.append(place)
        elif (below := names(folder)) not in ([], [folder.rpartition("/")[2]]):  # Hadoop lists a file as itself
            found += [f"{folder}/{name}" for name in below if is_raster(name) and not _is_hidden(name)]
        elif not has_table_ending(place):
            untold.append(place)
    if found or not untold or not opens(untold[0]):
        return found
    return [untold[0], *filter(opens, untold[1:])]


def has_table_ending(place: str) -> bool:
    """Whether a file's ending is that of a table, or of geometries."""
    return place.lower().endswith((*_VECTORS, *(suffix for known in FORMATS for suffix in known.suffixes)))


def start_of(place: str) -> str:
    """The folder that files' paths are relative to: the place itself, or the part of a pattern that has no wildcard."""
    parts = place.split("/")
    wild = next((i for i, part in enumerate(parts) if _WILDCARD.search(part)), None)
    return place if wild is None else "/".join(parts[:wild]) or ("/" if place.startswith("/") else ".")


def data_files(paths: Mapping[str, str]) -> dict[str, str]:
    """Choose the files of a table: all but hidden ones, in the folder and in all folders below it.

    `paths` gives each file's path below `start_of` the place that was given, or its name if the file itself was given.
    """
    return {file: path for file, path in paths.items() if not any(map(_is_hidden, path.split("/")))}


def notes(paths: Iterable[str]) -> list[str]:
    """The files beside a table that only speak of it, such as a README; none if there is nothing else."""
    known = list(paths)
    found = [path for path in known if _NOTE.search(path)]
    return [] if len(found) == len(known) else found


def partition_values(path: str) -> dict[str, str]:
    """What a file's folders say of its rows, as in `zone=north/1.parquet`."""
    folders = (folder.partition("=") for folder in path.split("/")[:-1])
    return {name: value for name, equals, value in folders if equals and name}


def partitions_of(uri: str, paths: Iterable[str]) -> dict[str, Column]:
    """The columns that are taken from folder names. Their values stay the text that they are (`007`), unless all are 0
    and 1, as a label's.

    Raises:
        InputError: only some files are in such folders.
    """
    values: dict[str, set[str]] = {}
    first: tuple[str, list[str]] | None = None
    for path in paths:
        found = partition_values(path)
        first = first or (path, sorted(found))
        if sorted(found) != first[1]:
            differing = some(sorted(set(found) ^ set(first[1])))
            raise InputError(
                f"{uri}: of the files {first[0]} and {path}, only one is in a folder that names a value of "
                f"{differing}; move the other into one"
            )
        for name, value in found.items():
            values.setdefault(name, set()).add(value)
    return {
        name: Column(name, "int", True) if texts <= {"0", "1"} else Column(name, "string", False)
        for name, texts in values.items()
    }


def quoted(name: str) -> str:
    """A column's name in an expression of Spark."""
    return "`" + name.replace("`", "``") + "`"


def format_of(uri: str, files: Iterable[str]) -> Format:
    """The format of a table, according to the names of its files.

    Raises:
        InputError: there is no file, or there are several formats, or one that is not read.
    """
    known = list(files)
    if vectors := [path for path in known if path.lower().endswith(_VECTORS)]:
        name = vectors[0].rpartition("/")[2]
        raise InputError(
            f"{uri}: {name} is a file of geometries of a format that is not read: write it as GeoParquet, with "
            f"ogr2ogr {name.rpartition('.')[0]}.parquet {name}"
        )
    of_formats = {_format_of_file(path): path for path in known}
    if not of_formats:
        raise InputError(
            f"input {uri} is an empty folder, or has only empty and hidden files: choose another with --input-data"
        )
    if len(of_formats) > 1:
        examples = " and ".join(sorted(path.rpartition("/")[2] for path in of_formats.values()))
        raise InputError(f"{uri} contains files of more than one format ({examples}); {what_is_read()}")
    return next(iter(of_formats))


def what_is_read() -> str:
    """One sentence on how the format of a table is recognised."""
    plain = {known: [ending for ending in known.suffixes if not ending.endswith(_PACKED)] for known in FORMATS[1:]}
    by_ending = [f"as {known.name} if all files end in {' or '.join(endings)}" for known, endings in plain.items()]
    packed = f"packed text files end in {' or '.join(_PACKED)}"
    return f"a table is read {', '.join(by_ending)}, and as {FORMATS[0].name} otherwise; {packed}"


def absent(uri: str) -> InputError:
    """There is nothing at `uri`."""
    return MissingInputError(f"input {uri} does not exist: check --input-data")


def unreadable(uri: str, table_format: Format) -> InputError:
    """A file does not have the format that its name implies."""
    raster = "" if has_table_ending(uri) else "; a raster to score is given by its own name, and must be one for GDAL"
    return InputError(
        f"{uri} is not valid {table_format.name}: it is damaged or has another format{raster}; {what_is_read()}"
    )


def check_names(uri: str, names: Sequence[str]) -> None:
    """Check the names of a table's columns. Spark does not distinguish upper and lower case.

    Raises:
        InputError: there are no names, or a name occurs twice.
    """
    if not names:
        raise InputError(f"{uri} has no header line with the column names")
    lower = [name.lower() for name in names]
    twice = sorted({name for name in lower if lower.count(name) > 1})
    if twice:
        raise ambiguous(uri, twice)


def ambiguous(uri: str, names: Sequence[str]) -> InputError:
    """Several columns have the same name."""
    what = f"{uri} has more than one column named {some(names)}: names must differ (case is ignored)"
    return InputError(f"{what}{_without_header(names)}")


def require(columns: Sequence[Column], name: str, parameter: str, table: str = "the table") -> None:
    """Check that the table has the column that a parameter names.

    Raises:
        InputError: it does not.
    """
    names = [column.name for column in columns]
    if name not in names:
        what = not_among(f"{parameter}: {table} has no column {name!r}", name, names, "it has", most=12)
        raise InputError(f"{what}{_without_header(names)}")


def _without_header(names: Iterable[str]) -> str:
    """What to do if a text file's first line has values, which then became the names."""
    values = [name for name in names if _VALUE.fullmatch(name.strip())]
    if not values:
        return ""
    return (
        f"; {', '.join(map(repr, values[:3]))} may be no name: if this is a text file without a header line, name its "
        "columns with csv: {header: [...]}, or csv: {header: false} calls them c1, c2, ..."
    )


def require_features(columns: Sequence[Column], features: Sequence[str], table: str = "the table") -> list[Column]:
    """Check that a table has the columns that a model reads; returns those of them that are not numbers.

    Raises:
        InputError: it lacks some.
    """
    types = {column.name: column for column in columns}
    lacking = [name for name in features if name not in types]
    if lacking:
        raise InputError(f"{table} lacks columns that the model needs: {some(lacking)}; add or rename them")
    return [types[name] for name in features if types[name].is_number is False]


def require_numbers(columns: Sequence[Column], features: Sequence[str], table: str) -> None:
    """Check that a table has the columns that a model reads, and that they are numbers where their types are known.

    Raises:
        InputError: it has not, or they are not.
    """
    wrong = require_features(columns, features, table)
    if wrong:
        named = some([f"{column.name} ({column.type})" for column in wrong])
        raise InputError(f"{table}: columns that the model needs are not numbers: {named}; convert them")


def without_rows(uri: str) -> InputError:
    """There is nothing to score."""
    return InputError(f"{uri} has no rows: choose another with --input-data")


def check_ids(names: Sequence[str], parameter: str = "id_cols") -> None:
    """Check the names of columns that are to be kept beside scores.

    Raises:
        InputError: Spark cannot write one of that name.
    """
    for name in names:
        if _is_refused(name, beside_scores=True):
            raise InputError(
                f"{parameter}: column {name!r} cannot be kept (no name, a leading __, or a backtick): rename it"
            )


def check_kept(names: Sequence[str], renamed: Callable[[str], str], parameter: str = "id_cols") -> None:
    """Check the columns that are kept beside scores, where each has the name that `renamed` gives it.

    Raises:
        InputError: Spark cannot write one of that name, or two would have the same.
    """
    check_ids(names, parameter)
    of_new: dict[str, str] = {}
    for name in names:
        other = of_new.setdefault(renamed(name).lower(), name)
        if other != name:
            raise InputError(f"{parameter}: {other!r} and {name!r} would both be named {renamed(name)!r}: rename one")


def check_block_cols(
    columns: Sequence[Column], block_cols: Sequence[str], block_size: float | None, table: str = "the table"
) -> None:
    """Check the columns of coordinates.

    Raises:
        InputError: there are not two of them, one is missing or not a number, or there is a size without columns.
    """
    if not block_cols and block_size is None:
        return
    if len(set(block_cols)) != 2:
        raise InputError(f"block_cols={list(block_cols)}: give two columns, such as [x, y]")
    if block_size is not None and not block_size > 0:
        raise InputError(f"block_size={block_size:g}: give a number above 0, in the unit of {' and '.join(block_cols)}")
    for name in block_cols:
        require(columns, name, "block_cols", table)
        column = next(column for column in columns if column.name == name)
        if column.is_number is False:
            raise InputError(f"{table}: column {name!r} of block_cols is of type {column.type}, not a number")


def role(
    column: Column,
    label_col: str,
    zone_col: str | None,
    exclude_cols: Sequence[str],
    block_cols: Sequence[str] = (),
    weight_col: str | None = None,
) -> str:
    """The role of a column: label, weight, zone, coordinate, excluded, feature, index (of a pandas table, no feature),
    place (a geometry or its coordinates, no feature), text (not a number), or reserved (a number whose name Spark ML
    uses itself or does not accept). A column of unknown type counts as a number. `feature_columns` also checks the
    names of those with another role.
    """
    if column.name in block_cols:
        return "coordinate"
    if column.name in exclude_cols:
        return "excluded"
    if column.name in (label_col, zone_col):
        return "label" if column.name == label_col else "zone"
    if column.name == weight_col:
        return "weight"
    if column.is_place:
        return "place"
    if is_pandas_index(column.name):
        return "index"
    if column.is_number is False:
        return "text"
    return "reserved" if _is_refused(column.name) else "feature"


def zone_of(
    columns: Sequence[Column], zone_col: str | None, exclude_cols: Sequence[str], table: str = "the table"
) -> str | None:
    """The zone column, None if there is none.

    Raises:
        InputError: the table lacks one that was asked for; only `USUAL_ZONE` may be absent.
    """
    if zone_col is None or zone_col in exclude_cols:
        return None
    if zone_col in [column.name for column in columns]:
        return zone_col
    if zone_col != USUAL_ZONE:
        require(columns, zone_col, "zone_col", table)
    return None


def is_pandas_index(name: str) -> bool:
    """Whether a column is the index of a pandas table that was written with it, and has no name."""
    return bool(_PANDAS_INDEX.fullmatch(name))


def feature_columns(
    columns: Sequence[Column],
    label_col: str,
    zone_col: str | None,
    exclude_cols: Sequence[str],
    table: str = "the table",
    block_cols: Sequence[str] = (),
    weight_col: str | None = None,
) -> tuple[str, ...]:
    """The columns to learn from, in the table's order.

    Raises:
        InputError: the label, the weight or an excluded column is missing, a feature is not a number, a column that is
            used has a name that Spark ML does not accept, or no feature is left.
    """
    require(columns, label_col, "label_col", table)
    for name in exclude_cols:
        require(columns, name, "exclude_cols", table)
    if weight_col is not None:
        _check_weight_col(columns, weight_col, (label_col, zone_col, *block_cols, *exclude_cols), table)
    roles = {column.name: role(column, label_col, zone_col, exclude_cols, block_cols, weight_col) for column in columns}
    for column in columns:
        if roles[column.name] == "text":
            as_zone = f"make it the zone with zone_col: {column.name}, " if column.name.lower() == USUAL_ZONE else ""
            raise InputError(
                f"{table}: column {column.name!r} is of type {column.type}, not a number: convert it, {as_zone}or "
                f"exclude it with exclude_cols: {as_list([column.name])}"
            )
        if roles[column.name] in ("reserved", "zone", "label", "coordinate", "weight"):
            _check_name(column.name, roles[column.name].replace("reserved", "feature"), table)
    features = tuple(name for name, kind in roles.items() if kind == "feature")
    if not features:
        raise InputError(
            f"no numeric feature is left in {table} apart from the label, the zone, the weight and the excluded "
            f"columns; its columns are: {some(list(roles))}"
        )
    return features


def _check_weight_col(columns: Sequence[Column], weight_col: str, others: Sequence[str | None], table: str) -> None:
    """The column of weights must be there, a number, and have no other use."""
    require(columns, weight_col, "weight_col", table)
    if weight_col in others:
        raise InputError(
            f"weight_col={weight_col!r} is also the label, the zone, a coordinate or an excluded column: choose another"
        )
    column = next(column for column in columns if column.name == weight_col)
    if column.is_number is False:
        raise InputError(f"{table}: column {weight_col!r} of weight_col is of type {column.type}, not a number")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith("._COPYING_")


def _format_of_file(path: str) -> Format:
    return next((known for known in FORMATS if path.lower().endswith(known.suffixes)), PARQUET)


def _is_refused(name: str, beside_scores: bool = False) -> bool:
    """The rule for names, whatever the column is used for. Beside scores nothing else is in the way, and Spark ML reads
    nothing: a name that it uses itself gets an underscore there, and dots do no harm.
    """
    if not name.strip() or name.startswith("__") or "`" in name:
        return True
    return not beside_scores and ("." in name or name.lower() in [reserved.lower() for reserved in RESERVED])


def _check_name(name: str, used_as: str, table: str) -> None:
    if _is_refused(name):
        other = f", or exclude it with exclude_cols: {as_list([name])}" if used_as == "feature" else ""
        raise InputError(
            f"{table}: {used_as} column {name!r} has a name that Spark ML uses itself or does not accept "
            f"({', '.join(RESERVED)}, no name, a leading __, a dot or a backtick): rename it{other}"
        )


def as_list(names: Sequence[str]) -> str:
    """Names as they are given to a parameter, in YAML."""
    plain = re.compile(r"[^\W\d]\w*")
    as_yaml = [name if plain.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in names]
    return f"[{', '.join(as_yaml)}]"

"""What a scoring needs, looked at before anything starts: a model of trees, and tables or rasters with its features."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from launcher.parameters.schema import Parameters
from launcher.support.files import LocalFiles, files_at, local_path, matching
from lib import artifacts
from lib.errors import InputError
from lib.records import model_files
from lib.records.model import EXPERIMENT, SUMMARY
from lib.records.model_files import Folders
from lib.scoring.to_score import check_options, rasters_alone
from lib.support import tables
from lib.support.s3_uri import is_s3

if TYPE_CHECKING:
    from lib.reading.outline import Outline


def chosen(parameters: Parameters) -> Parameters:
    """The parameters with the model that `latest` is at this moment.

    Raises:
        InputError: there is no complete model in the output folder.
    """
    if parameters.model != artifacts.LATEST:
        return parameters
    out = parameters.out
    found = model_files.newest(_folders(out), artifacts.models_dir(out), artifacts.SUMMARY)
    if found is None:
        raise InputError(
            f"there is no complete model in {artifacts.models_dir(out)}: train one first, name one, or give the --out "
            "of the experiment that trained it"
        )
    return parameters.model_copy(update={"model": found})


def model_of(parameters: Parameters) -> model_files.Outline | None:
    """The model to score with, from its small files; None if it is where only a cluster can look.

    Raises:
        InputError: there is none, it is not whole, or it is none of trees.
    """
    model = parameters.model
    if local_path(model) is None and not is_s3(model):
        return None
    folders = _folders(model)
    try:
        place = model_files.locate(folders, model)
        if place.is_ours:
            for name, kind in ((artifacts.EXPERIMENT, EXPERIMENT), (artifacts.SUMMARY, SUMMARY)):
                record = kind.parse(folders.text(f"{place.folder}/{name}"), f"{place.folder}/{name}")
                if kind is EXPERIMENT:
                    model_files.require_decision(folders.exists, place.folder, record)
        return model_files.outline(folders, place.pipeline)
    except OSError as error:
        raise InputError(f"the model at {model} cannot be read ({error.strerror}); check its permissions") from None


def check_missing(parameters: Parameters, model: model_files.Outline) -> None:
    """Check that what a model does with missing values is what is asked for.

    Raises:
        InputError: they are to be filled, and it has nothing to fill them with.
    """
    model_files.rule_for_missing(parameters.model, parameters.missing, model.imputer is not None)


def check_table(place: str, table: "Outline", model: model_files.Outline, id_cols: Sequence[str]) -> None:
    """Check that a model can score a table.

    Raises:
        InputError: the table has no rows, lacks columns, or has some that are no numbers or cannot be kept.
    """
    tables.require_numbers(table.columns, model.features, place)
    for name in id_cols:
        tables.require(table.columns, name, "id_cols")
    tables.check_ids(id_cols)
    if table.rows == 0 and table.looked_at == table.files:
        raise tables.without_rows(place)


def rasters_at(place: str) -> list[str] | None:
    """The raster files at a place, none if it is a table; None if that is not known before Spark looks at it."""
    if (path := local_path(place)) is not None and (found := matching(path)):
        return tables.rasters_among([str(match) for match in found], LocalFiles().names, _opens)
    if tables.is_in_catalogue(place):
        return []
    return [place] if tables.is_raster(place) else None


def check_kind(rasters: Mapping[str, Sequence[str]], parameters: Parameters) -> list[str]:
    """Check that the inputs are of one kind, for which what is asked makes sense; returns all raster files.

    `rasters` are the raster files of each input.

    Raises:
        InputError: tables and rasters are mixed, or an option is for the other kind.
    """
    files = rasters_alone(rasters)
    of_rasters = (parameters.bands, parameters.resample, parameters.resume)
    check_options(bool(files), parameters.id_cols, *of_rasters)
    return files


def check_bands(files: Sequence[str], parameters: Parameters, model: model_files.Outline) -> None:
    """Check that raster files of this machine have the model's features.

    Raises:
        InputError: a band is missing, or they make no tiles for other reasons.
    """
    if files:
        # GDAL takes a while to import.
        from lib.rasters.tile_set import named_tiles

        named_tiles(files, model.features, parameters.bands, parameters.resample)


def _opens(place: str) -> bool:
    from lib.rasters.files import is_raster

    return is_raster(place)


def _folders(place: str) -> Folders:
    files = files_at(place)

    def text(file: str) -> str:
        return files.read_text(file) or ""

    return Folders(files.names, text, files.exists)

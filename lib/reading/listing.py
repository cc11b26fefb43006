"""The files of a table: those of all its inputs, each once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lib.errors import InputError
from lib.reading import outline
from lib.reading.options import Options
from lib.reading.outline import FileOutline
from lib.storage import Storage
from lib.support import tables
from lib.support.tables import Format


@dataclass(frozen=True)
class File:
    """A file: its URI, its path below the input, its size in bytes, and the input that it was first given with."""

    uri: str
    path: str
    size: int
    format: Format
    given: str


@dataclass(frozen=True)
class Input:
    """One input: its new files (a table of the catalogue counts as one), how many of its files were given before, and
    those that are no tables.
    """

    uri: str
    files: tuple[str, ...]
    repeated: int
    passed_over: tuple[str, ...]


@dataclass
class Listing:
    """All files by URI, the inputs, and the folders that were given, each with all files in it."""

    files: dict[str, File] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    folders: dict[str, set[str]] = field(default_factory=dict)

    @property
    def catalogue(self) -> list[str]:
        """The inputs that are tables of Spark's catalogue."""
        return [each.uri for each in self.inputs if each.files and tables.is_in_catalogue(each.uri)]

    @property
    def places(self) -> str:
        """All inputs, to people."""
        return ", ".join(each.uri for each in self.inputs)

    def look(self, storage: Storage, options: Options, known: Mapping[str, FileOutline]) -> dict[str, FileOutline]:
        """What each file says of itself, in the order of the inputs; `known` is what tables of the catalogue are.

        Raises:
            InputError: one does not have its format, or names a column twice, or they do not have the same columns.
        """
        formats = {uri: file.format for uri, file in self.files.items()}
        looked_at = {**known, **outline.look(formats, self.opener(storage), options.text)}
        seen = {file: looked_at[file] for each in self.inputs for file in each.files}
        outline.one_schema(seen.values(), options.exclude)  # names are compared before rows are read
        return seen

    def opener(self, storage: Storage) -> Callable[[str], outline.TableFile]:
        """A function that opens a file by its URI."""
        return lambda uri: storage.open(uri, self.files[uri].size)


def listed(storage: Storage, inputs: str | Sequence[str]) -> Listing:
    """The files of a table.

    Raises:
        InputError: no input is given, or one does not exist or has no file of a table.
    """
    uris = tables.places(inputs)
    if not uris:
        raise InputError("no input was given: name at least one file or folder with --input-data")
    found = Listing()
    for uri in uris:
        if tables.is_in_catalogue(uri):
            again = uri in found.catalogue
            found.inputs.append(Input(uri, () if again else (uri,), int(again), ()))
        else:
            _add(found, uri, storage.files(uri))
    return found


def _add(found: Listing, uri: str, roots: Mapping[str, Mapping[str, tuple[str, int]]]) -> None:
    if not roots:
        raise tables.absent(uri)
    here = {file: each for of_root in roots.values() for file, each in of_root.items()}
    found.folders |= {root: set(of_root) for root, of_root in roots.items() if root not in of_root}
    paths, table_format = outline.chosen(uri, here)
    new = tuple(file for file in paths if file not in found.files)
    found.files |= {file: File(file, paths[file], here[file][1], table_format, uri) for file in new}
    passed_over = tuple(tables.notes([path for path, _ in here.values()]))
    found.inputs.append(Input(uri, new, len(paths) - len(new), passed_over))

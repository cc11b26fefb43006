"""What is said of suspicious columns (`lib.measures.suspects`), with the option that leaves them out."""

from collections.abc import Mapping, Sequence
from typing import Any

from lib.measures.suspects import LABEL, NODATA, ZONE
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import code
from lib.support import tables


def suspicious_columns(found: Sequence[Mapping[str, Any]], words: Words) -> str | None:
    """One paragraph, or None if there is nothing to say."""
    label = [each["column"] for each in found if each["kind"] == LABEL]
    no_features = [each["column"] for each in found if each["kind"] not in (LABEL, NODATA, ZONE)]
    said = []
    for zone in (each["column"] for each in found if each["kind"] == ZONE):
        said.append(words("find.suspect_zone", column=code(zone), option=zone))
    for key, names in (("label", label), ("no_feature", no_features)):
        if names:
            named = words.listing([code(name) for name in names], NAMED)
            said.append(words(f"find.suspect_{key}", columns=named, option=tables.as_list(names)))
    nodata = [each for each in found if each["kind"] == NODATA]
    if nodata:
        named = words.listing([f"{code(each['column'])} ({each['value']:g})" for each in nodata], NAMED)
        values = ", ".join(f"{value:g}" for value in dict.fromkeys(each["value"] for each in nodata))
        said.append(words("find.suspect_nodata", columns=named, option=f"[{values}]"))
    return " ".join(said) or None

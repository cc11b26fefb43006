"""The section on importances: the features that the model leans on, by gain and by permutation."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from lib.reporting import feature_plots, plots
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import bullets, plain, section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.report_data import Record, ReportData
from lib.search.families import FAMILIES

TOP_FEATURES = 15


def importances(facts: ReportData, words: Words, images: Images) -> str:
    """Both importances of the first features, their groups, and how the score follows the strongest."""
    drops = facts.metrics.get("permutation_importances") or []
    shown = first_features(facts.importances, drops)
    groups = _numbered_groups(shown)
    alt = words("alt.importances", feature=plain(shown[0]["feature"]) if shown else "")
    counts = {"shown": words.count(len(shown)), "all": words.count(len(facts.importances))}
    return section(
        words("heading.importances"),
        words("first_features" if not drops else "first_by_both", **counts)
        if len(facts.importances) > len(shown)
        else "",
        picture(images, "feature_importances", _figure(facts, shown, bool(drops), words), alt),
        _table(shown, groups, bool(drops), facts, words),
        _named_groups(groups, words),
        _notes(facts, bool(drops), words),
        *_dependence(facts, words, images),
    )


def first_features(gains: Sequence[Record], drops: Sequence[Record], top: int = TOP_FEATURES) -> list[dict[str, Any]]:
    """The features to show, in falling order of their gain: the first by gain, and those first by permutation.

    A record has `place` and `running` (its gain and that of all before it), and, if known, the `mean`, `std` and
    `group` of its permutation.
    """
    by_name = {record["feature"]: record for record in drops}
    strongest = {record["feature"] for record in drops[: top // 2]}
    found, running = [], 0.0
    for place, entry in enumerate(gains, 1):
        running += entry["importance"]
        if place <= top or entry["feature"] in strongest:
            found.append({**by_name.get(entry["feature"], {}), **entry, "place": place, "running": running})
    return found


def _figure(facts: ReportData, shown: Sequence[Record], permuted: bool, words: Words) -> Figure:
    if not permuted or not all("mean" in entry for entry in shown):
        return plots.feature_importances(shown, words.language)
    return feature_plots.importances(shown, facts.metric, words.language)


def _table(
    shown: Sequence[Record], groups: Mapping[frozenset[str], int], permuted: bool, facts: ReportData, words: Words
) -> str:
    rows = []
    for entry in shown:
        cells = [words.count(entry["place"]), words.name(entry["feature"])]
        cells += [words.number(entry["importance"]), words.percent(entry["running"], 0)]
        if permuted:
            number = groups.get(_members(entry))
            cells += [_drop(entry, words), words.count(number) if number else "–"]
        rows.append(cells)
    header = ["#", words("feature"), words("importance"), words("running_share")]
    if permuted:
        header += [words("drop_of", metric=words(f"{facts.metric}.short")), words("group")]
    return table(header, rows, "rlrrrr"[: len(header)])


def _drop(entry: Record, words: Words) -> str:
    if "mean" not in entry:
        return words.number(None)
    return f"{words.number(entry['mean'])} ± {words.number(entry['std'])}"


def _members(entry: Record) -> frozenset[str]:
    return frozenset([entry["feature"], *entry.get("group", ())])


def _numbered_groups(shown: Sequence[Record]) -> dict[frozenset[str], int]:
    """The groups of several features among those shown, by a number for the table."""
    together = dict.fromkeys(_members(entry) for entry in shown if entry.get("group"))
    return {members: number for number, members in enumerate(together, 1)}


def _named_groups(groups: Mapping[frozenset[str], int], words: Words) -> str:
    if not groups:
        return ""
    items = [
        words("group_is", number=words.count(number), names=words.some([words.name(n) for n in sorted(members)], NAMED))
        for members, number in groups.items()
    ]
    return f"{words('note.groups')}\n\n{bullets(items)}"


def _notes(facts: ReportData, permuted: bool, words: Words) -> str:
    model = facts.metrics["model"]
    meaning = words(f"model.importance.{model}") if model in FAMILIES else ""
    notes = [meaning, words("note.importances")]
    if permuted:
        notes.append(words("note.permutation", metric=words(f"{facts.metric}.in_text")))
    return " ".join(notes).strip()


def _dependence(facts: ReportData, words: Words, images: Images) -> list[str]:
    records = facts.curves.get("partial_dependence")
    if not records:
        return []
    figure = feature_plots.partial_dependence(records, words.language)
    shown = picture(images, "partial_dependence", figure, words("alt.dependence"))
    return [f"### {words('heading.dependence')}", words("note.dependence"), shown]

"""The section on zones that the model had not seen: leave-one-zone-out, of the model and of the whole search."""

from collections.abc import Sequence

from lib.artifacts import SEARCH_METRICS, ZONES, selecting
from lib.measures.zones import is_small
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED, ZONES_LISTED
from lib.reporting.markdown import code, section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.report_data import Record, ReportData, zone_base_rate
from lib.reporting.zone_plots import weakest, zones_left_out
from lib.search.folds import FEWEST_ZONES

AREAS = tuple(reversed(SEARCH_METRICS))  # in the order of the report's other tables


def unseen_zones(facts: ReportData, words: Words, images: Images) -> str:
    """Each zone as scored by a model of the other zones, and what that says of the choice of the model."""
    record = facts.zones_left_out
    if not record:
        return ""
    figure = zones_left_out(record, words.language)
    return section(
        words("heading.unseen"),
        _how(record, words),
        picture(images, "zones_left_out", figure, words("alt.unseen")),
        _zones(record, words),
        _notes(record, words),
        _families(facts, record, words),
        _other_choice(facts, words),
        nested_search(record, words),
    )


def _how(record: Record, words: Words) -> str:
    zones, folds = len(record["zones"]), record["folds"]
    sentences = [words("unseen.how")]
    if folds < zones:
        sentences.append(words("unseen.groups", zones=words.count(zones), folds=words.count(folds)))
    return " ".join(sentences)


def _zones(record: Record, words: Words) -> str:
    listed = weakest(record["zones"], ZONES_LISTED)
    rows = [
        [
            words.name(zone["zone"]) + (" †" if _is_rough(zone) else ""),
            words.count(zone["rows"]),
            words.count(zone["positives"]),
            words.percent(zone_base_rate(zone)),
            *_areas(zone, words),
        ]
        for zone in listed
    ]
    for of in ("mean", "worst"):
        rows.append(
            [f"**{words(f'unseen.{of}')}**", "", "", "", *(f"**{cell}**" for cell in _areas(record[of], words))]
        )
    header = [words(key) for key in ("left_out_zone", "rows", "rows_of_1", "share")] + [*_titles(words)]
    return _with_more(table(header, rows, "lrrrrr"), len(record["zones"]) - len(listed), words)


def _with_more(shown: str, more: int, words: Words) -> str:
    return f"{shown}\n\n{words('unseen.more', more=words.count(more))}" if more else shown


def _notes(record: Record, words: Words) -> str:
    sentences = [words("unseen.never_pooled")]
    one_class = [words.name(zone["zone"]) for zone in record["zones"] if zone["areaUnderROC"] is None]
    if one_class:
        sentences.append(words("unseen.one_class", zones=words.listing(one_class, NAMED)))
    sentences += [words("unseen.base_rate"), words("unseen.all_rows")]
    if repeated := record.get("repeated"):
        most_first = sorted(repeated, key=lambda each: (-each["rows"], each["zone"]))
        named = [f"{words.name(each['zone'])} ({words.count(each['rows'])})" for each in most_first]
        sentences.append(words("unseen.repeated", zones=words.listing(named, NAMED)))
    if any(_is_rough(zone) for zone in weakest(record["zones"], ZONES_LISTED)):
        sentences.append(words("unseen.rough"))
    return " ".join(sentences)


def _is_rough(zone: Record) -> bool:
    """Whether a zone has areas, but too few rows of one class for them to say much."""
    return zone["areaUnderROC"] is not None and is_small(zone)


def _families(facts: ReportData, record: Record, words: Words) -> str:
    """The families' means, and whether the zones would prefer another one than the search."""
    models = record.get("models") or {}
    if len(models) < 2:
        return ""
    winner, metric = facts.metrics["model"], facts.metric
    rows = []
    for name, of in models.items():
        cells = [words.term("model", name), *_areas(of["mean"], words), *_areas(of["worst"], words)]
        rows.append([f"**{cell}**" for cell in cells] if name == winner else cells)
    header = [words("model"), *(words(f"unseen.{of}_of", metric=t) for of in ("mean", "worst") for t in _titles(words))]
    means = {name: of["mean"][metric] for name, of in models.items() if of["mean"][metric] is not None}
    best = max(means, key=lambda name: means[name], default=winner)
    prefers_other = winner in means and means[best] > means[winner]
    names = {"winner": words.term("model.in_text", winner), "other": words.term("model.in_text", best)}
    values = {"ours": words.number(means.get(winner)), "theirs": words.number(means.get(best))}
    if not prefers_other:
        key = "unseen.same_family"
    elif facts.chosen_by_zones:
        key = "unseen.other_on_all_rows"
    else:
        key = "unseen.other_family" if _can_choose_by_zones(facts) else "unseen.other_family_by_rows"
    said = words(key, metric=words(f"{metric}.in_text"), **names, **values)
    return f"### {words('heading.unseen_families')}\n\n{table(header, rows, 'lrrrr')}\n\n{said}"


def _can_choose_by_zones(facts: ReportData) -> bool:
    """Whether the same split leaves zones enough in training and validation to search by them."""
    zones = facts.experiment.get("split", {}).get("zones")
    return not zones or len({*zones["train"], *zones["val"]}) >= FEWEST_ZONES


def _other_choice(facts: ReportData, words: Words) -> str:
    """The candidate that the validation rows would have chosen, where the zones chose another.

    Both with the figures of the search: those of `leave_one_zone_out` count the test rows, too.
    """
    other, metric = facts.summary.get("best_on_validation"), facts.metric
    if not other or not facts.search:
        return ""
    chosen = max(facts.search, key=lambda searched: (selecting(searched, metric), -searched["index"]))
    rows = [
        [
            words(f"unseen.by_{by}"),
            f"{words.term('model', each['model'])}: {words.params(each['params'])}",
            words.number(each["val_metrics"][metric]),
            words.number((each.get(ZONES) or {}).get(metric)),
        ]
        for by, each in (("zones", chosen), ("validation", other))
    ]
    short = words(f"{metric}.short")
    header = [words("unseen.chosen_by"), words("unseen.candidate")]
    header += [words(f"unseen.{on}", metric=short) for on in ("on_validation", "on_zones")]
    said = words("unseen.two_choices", metric=words(f"{metric}.in_text"))
    return f"### {words('heading.two_choices')}\n\n{said}\n\n{table(header, rows, 'llrr')}"


def nested_search(record: Record, words: Words) -> str:
    """What the whole search finds without each zone; "" if that was not asked for."""
    nested = record.get("nested")
    if not nested:
        return ""
    listed = weakest(nested["zones"], ZONES_LISTED)
    rows = [[words.name(zone["zone"]), code(zone["chosen"]), *_areas(zone, words)] for zone in listed]
    for of in ("mean", "worst"):
        rows.append([f"**{words(f'unseen.{of}')}**", "", *(f"**{cell}**" for cell in _areas(nested[of], words))])
    header = [words("left_out_zone"), words("unseen.candidate"), *_titles(words)]
    different = len({zone["chosen"] for zone in nested["zones"]})
    said = words("unseen.nested", count=words.count(different))
    shown = _with_more(table(header, rows, "llrr"), len(nested["zones"]) - len(listed), words)
    return f"### {words('heading.nested')}\n\n{said}\n\n{shown}"


def _areas(values: Record, words: Words) -> list[str]:
    return [words.number(values.get(name)) for name in AREAS]


def _titles(words: Words) -> Sequence[str]:
    return [words(f"{name}.short") for name in AREAS]

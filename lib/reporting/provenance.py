"""The last sections of an evaluation report: the parameters, and the provenance of the results."""

import json
from typing import Any

from lib.reporting.filled_values import by_medians, of_features
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import code, plain, section, table
from lib.reporting.report_data import Record, ReportData


def parameters(facts: ReportData, words: Words) -> str:
    """The winner's parameters and those of the run."""
    blocks = []
    if facts.summary:
        best = facts.summary["models"][facts.summary["winner"]["name"]]["best_params"]
        rows = [[code(name), words.term("param", name), words.value(value)] for name, value in best.items()]
        header = [words("parameter"), words("meaning"), words("value")]
        blocks += [f"### {words('heading.model_params')}", table(header, rows, "llr")]
    if facts.experiment:
        used = facts.experiment["parameters"]
        # The card is at the head of the report.
        rows = [row for name, value in used.items() if name != "card" for row in _parameter_rows(name, value, words)]
        header = [words("parameter"), words("meaning"), words("value")]
        blocks += [f"### {words('heading.run_params')}", table(header, rows, "lll")]
    return section(words("heading.parameters"), *blocks) if blocks else ""


def provenance(facts: ReportData, words: Words) -> str:
    """The data, code and time of the run, and how to reproduce it."""
    measured = facts.metrics["measured_on"]
    rows = [
        [words("measured_rows"), rows_measured(facts, words)],
        [words("measured_fingerprint"), code(measured["fingerprint"])],
    ]
    rows.append([words("model_verified"), words("yes" if facts.metrics.get("model_verified") else "not_known")])
    if facts.held_out:
        rows.append([words("verified"), words("yes" if measured["verified"] else "no")])
    blocks = []
    if facts.experiment:
        rows = [*_experiment_rows(facts.experiment, words), *rows]
        blocks += [f"### {words('heading.split')}", _how_split(facts, words), _split_table(facts, words)]
        blocks += [f"### {words('heading.timings')}", _timings(facts.experiment, words)]
        if "cost" in facts.experiment:
            blocks += [f"### {words('heading.cost')}", cost(facts.experiment["cost"], words)]
        blocks += [f"### {words('heading.reproduce')}", _reproduce(facts.experiment, words)]
    return section(words("heading.provenance"), table([words("what"), words("value")], rows, "ll"), *blocks)


def _how_split(facts: ReportData, words: Words) -> str:
    compared = words("note.compared.zones" if facts.chosen_by_zones else "note.compared.validation")
    return f"{compared} {words('note.split.zone' if facts.by_zone else 'note.split.rows')}"


def rows_measured(facts: ReportData, words: Words) -> str:
    """Which rows the evaluation measured, in a few words."""
    if facts.held_out:
        return words("held_out_rows")
    return words("other_rows" if facts.whole_table else "share_of_rows")


def weighted_by(facts: ReportData, words: Words) -> str:
    """That metrics count rows by their weights, and how many rows of equal weight these are worth; "" if not so."""
    if not facts.weights:
        return ""
    worth = words.count(round(facts.weights["effective"]))
    return words("rows_weighted", column=code(facts.weights["column"]), worth=worth)


def _experiment_rows(experiment: Record, words: Words) -> list[list[str]]:
    data, commit, engine = experiment["data"], experiment.get("commit"), experiment["engine"]
    counts = data["class_counts"]
    table_text = words("rows_of_classes", rows=words.count(data["rows"]), **_class_words(counts, words))
    # The reason is recorded in English, whatever the language of the report.
    engine_text = code(engine["name"]) + (f": {plain(engine['reason'])}" if words.language == "en" else "")
    sha = words("no_commit")
    if commit:
        sha = code(commit["sha"]) + (f" ({words('dirty')})" if commit["dirty"] else "")
    return [
        [words("run"), code(experiment["run_id"])],
        [words("started"), words.moment(experiment["started_at"])],
        *([[words("finished"), words.moment(experiment["finished_at"])]] if experiment.get("finished_at") else []),
        [words("data"), words.listing([code(uri) for uri in data["inputs"]])],
        [words("table_rows"), table_text],
        [words("features"), words.count(len(data["features"]))],
        *_filling_rows(experiment, words),
        [words("data_fingerprint"), code(data["fingerprint"])],
        [words("engine"), engine_text],
        [words("versions"), ", ".join(f"{words.term('version', k)} {v}" for k, v in experiment["versions"].items())],
        [words("commit"), sha],
    ]


def _filling_rows(experiment: Record, words: Words) -> list[list[str]]:
    """What the model puts in place of missing inputs."""
    filling = experiment.get("filling")
    if not filling:
        return []
    if not filling["values"]:
        return [[words("missing_inputs"), words("filled_if_any")]]
    medians = by_medians(filling["medians"], filling["values"], words)
    values = of_features(filling["values"], words)
    return [[words("missing_inputs"), words("filled_with", medians=medians, values=values)]]


def _class_words(counts: Record, words: Words) -> dict[str, str]:
    return {"zeros": words.count(counts["0"]), "ones": words.count(counts["1"])}


def _split_table(facts: ReportData, words: Words) -> str:
    by_part = facts.experiment["split"].get("zones", {})
    rows = []
    for part, counts in facts.parts.items():
        row = [words.term("part_name", part), words.count(counts["rows"]), words.count(counts["positives"])]
        row.append(words.percent(counts["positives"] / counts["rows"]))
        if by_part:
            row.append(words.some([words.name(zone) for zone in by_part[part]], NAMED))
        rows.append(row)
    header = [words("part"), words("rows"), words("class_is", name="1"), words("share")]
    header += [words("zones_held")] if by_part else []
    text = table(header, rows, "lrrr" + ("l" if by_part else ""))
    weights = facts.summary.get("class_weights")
    if not weights:
        return text
    values = {"zero": words.number(weights["0.0"]), "one": words.number(weights["1.0"])}
    return "\n\n".join([text, words("class_weights", **values), *_row_weights(facts, words)])


def _row_weights(facts: ReportData, words: Words) -> list[str]:
    """Of a table with weights: their column and range, and how many rows of equal weight each part is worth."""
    weights = facts.summary.get("weights")
    if not weights:
        return []
    worth = [
        f"{words.term('part_name', part)} {words.count(round(found['effective']))}"
        for part, found in weights["parts"].items()
    ]
    column, least, most = code(weights["column"]), words.short(weights["least"]), words.short(weights["most"])
    said = words("metrics_weighted" if weights["metrics_weighted"] else "metrics_not_weighted")
    return [f"{words('row_weights', column=column, least=least, most=most, worth=', '.join(worth))} {said}"]


def _timings(experiment: Record, words: Words) -> str:
    rows = [[words.term("step", step), words.duration(seconds)] for step, seconds in experiment["timings"].items()]
    return table([words("step"), words("time")], rows, "lr")


def _reproduce(experiment: Record, words: Words) -> str:
    command = experiment.get("command")
    if not command:
        return words("reproduce_by_hand")
    intro = words("reproduce" if experiment.get("commit") else "reproduce_no_commit")
    return f"{intro}\n\n```sh\n{command}\n```"


def _parameter_rows(name: str, value: Any, words: Words) -> list[list[str]]:
    """A run's parameter; a grid takes a row for each of its axes."""
    if name != "grid" or not value:
        return [[code(name), words.term("param", name), _parameter(name, value, words)]]
    rows = []
    for model, axes in value.items():
        for axis, values in axes.items():
            meaning = f"{words.term('model', model)}, {code(axis)}: {words.term('param', axis)}"
            rows.append([code(name), meaning, ", ".join(words.value(v) for v in values)])
    return rows


def _parameter(name: str, value: Any, words: Words) -> str:
    """A run's parameter as a cell: numbers and names as they are, lists as JSON, a dash for none."""
    if name == "missing" and value is None:
        return words("missing_not_given")
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if isinstance(value, int | float):
        return words.short(value)
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def cost(record: Record, words: Words) -> str:
    """The `cost` of an experiment.json, which the launcher writes for runs on a cluster; in Markdown."""
    if "unknown" in record:
        return words("cost.unknown", reason=record["unknown"])
    actual, so_far = record["actual"], record["cluster_so_far"]
    key = "cost.bound" if actual["is_bound"] else "cost.until"
    span = {"start": words.moment(actual["from"]), "end": words.moment(actual["to"])}
    intro = words(key, usd=words.number(actual["usd"], 2), cluster=code(record["cluster"]), **span)
    beside = actual["beside"]
    if beside:
        intro += " " + words("cost.beside", names=words.listing([code(name) for name in beside]))
    rows = [
        [words.term("cost.role", group["role"]), code(group["instance_type"]), *_numbers(group, words)]
        for group in actual["groups"]
    ]
    rows.append([words("cost.sum"), "", *_numbers(actual, words)])
    header = [words("cost.nodes"), words("cost.type"), words("cost.hours"), "EC2", "EMR", "EBS", "USD"]
    apart = {part: words.number(so_far[f"{part}_usd"], 2) for part in ("startup", "idle")}
    blocks = [intro, table(header, rows, "llrrrrr"), words("cost.apart", **apart), *_estimated(record, words)]
    prices = record["prices"]
    blocks.append(words("cost.not_the_bill", as_of=prices["as_of"], region=code(prices["region"])))
    return "\n\n".join(blocks)


def _estimated(record: Record, words: Words) -> list[str]:
    estimate = record.get("estimate", {})
    if "usd" not in estimate:
        return []
    usd, time = words.number(estimate["usd"], 2), words.duration(estimate["seconds"])
    key = "cost.estimate_of_runs" if estimate["earlier_runs"] else "cost.estimate_guessed"
    return [words(key, usd=usd, time=time, runs=words.count(estimate["earlier_runs"]))]


def _numbers(usage: Record, words: Words) -> list[str]:
    names = ("node_hours", "ec2_usd", "emr_usd", "ebs_usd", "usd")
    return [words.number(usage[name], 2) for name in names]

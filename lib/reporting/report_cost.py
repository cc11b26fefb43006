"""What a run cost, as the section about provenance says it."""

from lib.reporting.language.words import Words
from lib.reporting.markdown import code, table
from lib.reporting.report_data import Record


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

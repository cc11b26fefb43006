"""What a run costs, as it stands in `experiment.json` and in what programs read.

The record is plain JSON: USD, UTC, and shares of a cluster's hours by kind of node.
"""

from collections.abc import Mapping
from typing import Any

from launcher.emr.cost.account import Usage, total
from launcher.emr.cost.estimates import Estimate
from launcher.emr.cost.spending import NOT_INCLUDED, Spending
from launcher.support.command_lines import command_line
from launcher.support.files import Files
from lib import artifacts
from lib.records.model import EXPERIMENT
from lib.records.scores import SCORES

_DIGITS = 4


def kept(files: Files, place: str) -> dict[str, Any]:
    """What the record of a run (`Plan.record`) says of its cost; nothing where it ran on no cluster.

    Raises:
        InputError: the record is damaged.
    """
    text = files.read_text(place)
    kind = SCORES if place.endswith(artifacts.SCORES_RECORD) else EXPERIMENT
    return dict(kind.parse(text, place).get("cost", {})) if text else {}


def sentence(cost: Mapping[str, Any]) -> str:
    """Such a record on one line."""
    if "unknown" in cost:
        return f"not known: {cost['unknown']}"
    actual, whole = cost["actual"], cost["cluster_so_far"]
    word = "at most " if actual["is_bound"] else ""
    shared = f", the nodes shared with {', '.join(actual['beside'])}" if actual["beside"] else ""
    details = command_line("cluster", "cost", cluster=cost.get("cluster", ""))
    return (
        f"{word}{actual['usd']:.2f} USD{shared}; plus {whole['startup_usd']:.2f} for the cluster's start and "
        f"{whole['idle_usd']:.2f} for its idle time so far; not the bill (details: {details})"
    )


def of_run(spent: Spending, name: str) -> dict[str, Any]:
    """What the activity of this name cost, and what else ran at the same time."""
    spans = [each.span for each in spent.activities if each.name == name]
    return {
        "from": min(span.start for span in spans).isoformat(timespec="seconds"),
        "to": max(span.end for span in spans).isoformat(timespec="seconds"),
        **of_usage(spent.account.runs[name]),
        "beside": spent.beside(name),
        "is_bound": spent.has_spot,
    }


def of_cluster(spent: Spending) -> dict[str, Any]:
    """What the cluster has cost, by what it did."""
    account = spent.account
    parts = {"startup": account.startup, "runs": account.running, "idle": account.idle, "whole": account.whole}
    return {f"{part}_usd": round(total(usage).amount.total, _DIGITS) for part, usage in parts.items()}


def of_usage(usage: Usage) -> dict[str, Any]:
    """The sums, then each kind of node."""
    groups = [
        {"role": kind.role, "instance_type": kind.instance_type, "market": kind.market, **_numbers({kind: used})}
        for kind, used in sorted(usage.items())
    ]
    return {**_numbers(usage), "groups": groups}


def of_prices(spent: Spending) -> dict[str, Any]:
    """Where the prices are from."""
    prices = spent.prices
    return {"as_of": prices.as_of.isoformat(), "region": prices.region, "source": prices.source}


def of_estimate(estimate: Estimate) -> dict[str, Any]:
    """An estimate and what it rests on."""
    time = estimate.duration
    return {
        "usd": round(estimate.usd, _DIGITS),
        "usd_per_hour": round(estimate.hourly.total, _DIGITS),
        "seconds": round(time.seconds),
        "earlier_runs": time.runs,
        "basis": time.basis,
        "is_bound": estimate.is_bound,
    }


def record(spent: Spending, name: str, step: str | None, estimate: Mapping[str, Any]) -> dict[str, Any]:
    """The `cost` of an experiment.json."""
    return {
        "currency": "USD",
        "cluster": spent.cluster.id,
        "step": step,
        "estimate": dict(estimate),
        "actual": of_run(spent, name),
        "cluster_so_far": of_cluster(spent),
        "prices": of_prices(spent),
        "not_included": NOT_INCLUDED,
    }


def _numbers(usage: Usage) -> dict[str, float]:
    used = total(usage)
    parts = {"node_hours": used.hours, "ec2_usd": used.amount.ec2, "emr_usd": used.amount.emr}
    parts |= {"ebs_usd": used.amount.ebs, "usd": used.amount.total}
    return {part: round(value, _DIGITS) for part, value in parts.items()}

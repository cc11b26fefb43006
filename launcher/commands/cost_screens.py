"""What `cluster cost` prints for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from launcher.emr.cost.account import Usage, total
from launcher.emr.cost.spending import NOT_INCLUDED, SPOT, Spending
from launcher.support.console import duration

_MARKETS = {SPOT: "Spot", "ON_DEMAND": "on demand"}


def show_cluster(console: Console, spent: Spending, names: Mapping[str, str]) -> None:
    """All that a cluster has cost; `names` says what its activities are."""
    cluster, account = spent.cluster, spent.account
    whole = total(account.whole).amount.total
    going_on = "" if cluster.has_ended else f", plus {spent.hourly.total:.2f} USD per further hour"
    up = f", up {duration(cluster.life.seconds)}" if cluster.life.seconds is not None else ""
    _say(console, f"{cluster.name} ({cluster.id}), {cluster.life.state}{up}: {_usd(whole, spent)}{going_on}\n")
    _show_nodes(console, account.whole)
    runs = [(f"  {name}", names.get(name, ""), usage) for name, usage in account.runs.items()]
    parts = [("start-up", "", account.startup), ("runs", "", account.running), *runs, ("idle", "", account.idle)]
    table = _table("for", "what", "node-hours>", "USD>", "share>")
    for part, what, usage in parts:
        used = total(usage)
        share = f"{used.amount.total / whole:.0%}" if whole else "–"
        table.add_row(part, what, f"{used.hours:.2f}", f"{used.amount.total:.2f}", share)
    console.print(table)
    _show_notes(console, spent)


def show_run(console: Console, spent: Spending, name: str, what: str) -> None:
    """What one activity cost."""
    seconds = sum((each.span.end - each.span.start).total_seconds() for each in spent.activities if each.name == name)
    usage = spent.account.runs[name]
    label = f"{name} ({what})" if what else name
    _say(console, f"{label} on {spent.cluster.id}, {duration(seconds)}: {_usd(total(usage).amount.total, spent)}\n")
    _show_nodes(console, usage)
    beside = spent.beside(name)
    if beside:
        _say(console, f"{', '.join(beside)} ran at the same time; concurrent runs share the nodes equally.")
    account = spent.account
    startup, idle = (total(part).amount.total for part in (account.startup, account.idle))
    _say(console, f"Not included: the cluster's start-up, {startup:.2f} USD, and its idle time so far, {idle:.2f} USD.")
    _show_notes(console, spent)


def _show_nodes(console: Console, usage: Usage) -> None:
    table = _table("nodes", "type", "", "node-hours>", "EC2>", "EMR>", "EBS>", "USD>")
    for kind, used in sorted(usage.items()):
        table.add_row(kind.role, kind.instance_type, _MARKETS.get(kind.market, kind.market), *_numbers({kind: used}))
    table.add_row("all", "", "", *_numbers(usage), style="bold")
    console.print(table)
    console.print()


def _numbers(usage: Usage) -> Sequence[str]:
    used = total(usage)
    amount = used.amount
    return [f"{value:.2f}" for value in (used.hours, amount.ec2, amount.emr, amount.ebs, amount.total)]


def _show_notes(console: Console, spent: Spending) -> None:
    prices = spent.prices
    _say(console, f"\nPrices as of {prices.as_of} for {prices.region}, from {prices.source}.")
    if prices.problem:
        _say(console, f"AWS's price list could not be read: {prices.problem}")
    if spent.has_spot:
        _say(console, "Spot nodes are counted at their maximum price (the bid or the on-demand price): an upper bound.")
    _say(console, f"{NOT_INCLUDED[0].upper()}{NOT_INCLUDED[1:]}.")


def _usd(value: float, spent: Spending) -> str:
    return f"{'at most ' if spent.has_spot else ''}{value:.2f} USD"


def _table(*columns: str) -> Table:
    """A table without borders; a column whose name ends in `>` holds numbers."""
    table: Any = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", no_wrap=True)
    return table


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)

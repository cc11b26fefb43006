"""What `cluster cost` prints for people."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from launcher.commands.cluster_screens import MARKETS, ROLES
from launcher.emr.cost.account import Usage, summed, total
from launcher.emr.cost.spending import NOT_INCLUDED, Spending
from launcher.emr.steps import PROBE_NAME
from launcher.support.console import duration, print_table, say


def show_cluster(console: Console, spent: Spending, names: Mapping[str, str], show_checks: bool = False) -> None:
    """All that a cluster has cost; `names` says what its activities are. Checks share a line, unless wanted."""
    cluster, account = spent.cluster, spent.account
    whole = total(account.whole).amount.total
    going_on = "" if cluster.has_ended else f", plus {spent.hourly.total:.2f} USD per further hour"
    up = f", up {duration(cluster.life.seconds)}" if cluster.life.seconds is not None else ""
    say(f"{cluster.name} ({cluster.id}), {cluster.life.state}{up}: {_usd(whole, spent)}{going_on}\n", console)
    _show_nodes(console, account.whole)
    runs = list(_runs(account.runs, names, show_checks))
    parts = [("start-up", "", account.startup), ("runs", "", account.running), *runs, ("idle", "", account.idle)]
    rows = [(part, what, *_sum(usage, whole)) for part, what, usage in parts]
    print_table(("for", "what", "node-hours>", "USD>", "share>"), rows, console)
    _show_notes(console, spent)


def _runs(runs: Mapping[str, Usage], names: Mapping[str, str], show_checks: bool) -> Iterator[tuple[str, str, Usage]]:
    """A line each: what it is, its name, and what it used."""
    checks = [] if show_checks else [name for name in runs if names.get(name) == PROBE_NAME]
    yield from ((f"  {name}", names.get(name, ""), usage) for name, usage in runs.items() if name not in checks)
    if checks:
        yield (
            f"  {len(checks)} check{'s' if len(checks) > 1 else ''}",
            PROBE_NAME,
            summed(*(runs[name] for name in checks)),
        )


def show_run(console: Console, spent: Spending, name: str, what: str) -> None:
    """What one activity cost."""
    seconds = sum((each.span.end - each.span.start).total_seconds() for each in spent.activities if each.name == name)
    usage = spent.account.runs[name]
    label = f"{name} ({what})" if what else name
    say(f"{label} on {spent.cluster.id}, {duration(seconds)}: {_usd(total(usage).amount.total, spent)}\n", console)
    _show_nodes(console, usage)
    beside = spent.beside(name)
    if beside:
        say(f"{', '.join(beside)} ran at the same time; concurrent runs share the nodes equally.", console)
    account = spent.account
    startup, idle = (total(part).amount.total for part in (account.startup, account.idle))
    say(f"Not included: the cluster's start-up, {startup:.2f} USD, and its idle time so far, {idle:.2f} USD.", console)
    _show_notes(console, spent)


def _show_nodes(console: Console, usage: Usage) -> None:
    rows: list[Sequence[str | Text]] = [
        (ROLES[kind.role], kind.instance_type, MARKETS.get(kind.market, kind.market), *_numbers({kind: used}))
        for kind, used in sorted(usage.items())
    ]
    rows.append([Text(each, "bold") for each in ("all", "", "", *_numbers(usage))])
    print_table(("nodes", "type", "", "node-hours>", "EC2>", "EMR>", "EBS>", "USD>"), rows, console)
    console.print()


def _sum(usage: Usage, whole: float) -> tuple[str, str, str]:
    """Node-hours, USD and their share of the whole."""
    used = total(usage)
    share = f"{used.amount.total / whole:.0%}" if whole else "–"
    return f"{used.hours:.2f}", f"{used.amount.total:.2f}", share


def _numbers(usage: Usage) -> Sequence[str]:
    used = total(usage)
    amount = used.amount
    return [f"{value:.2f}" for value in (used.hours, amount.ec2, amount.emr, amount.ebs, amount.total)]


def _show_notes(console: Console, spent: Spending) -> None:
    prices = spent.prices
    say(f"\nPrices as of {prices.as_of} for {prices.region}, from {prices.source}.", console)
    if prices.problem:
        say(f"AWS's price list could not be read: {prices.problem}", console)
    if spent.has_spot:
        say("Spot nodes are counted at their maximum price (the bid or the on-demand price): an upper bound.", console)
    say(f"{NOT_INCLUDED[0].upper()}{NOT_INCLUDED[1:]}.", console)


def _usd(value: float, spent: Spending) -> str:
    return f"{'at most ' if spent.has_spot else ''}{value:.2f} USD"

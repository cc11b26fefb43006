"""The arithmetic of cost."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.emr.cost.account import Activity, Amount, Kind, Node, Span, account, total
from launcher.emr.cost.prices import Prices

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LISTED = Prices(
    "us-east-1",
    date(2026, 11, 25),
    "a test",
    instance_hour={"m5.xlarge": 0.192, "m5.2xlarge": 0.384},
    emr_hour={"m5.xlarge": 0.048, "m5.2xlarge": 0.096},
    gb_month=0.08,
)
MASTER, CORE = Kind("MASTER", "m5.xlarge", "ON_DEMAND"), Kind("CORE", "m5.2xlarge", "ON_DEMAND")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def span(start: float, end: float) -> Span:
    return Span(at(start), at(end))


def nodes(minutes: float, gb: tuple[int, int] = (0, 0)) -> list[Node]:
    """The project's cluster for so long: one m5.xlarge, two m5.2xlarge."""
    kinds = (MASTER, CORE, CORE)
    disks = (gb[0], gb[1], gb[1])
    there = span(0, minutes)
    return [Node(k, there, LISTED.hourly(k.instance_type, d)) for k, d in zip(kinds, disks, strict=True)]


def test_the_projects_cluster_costs_1_20_an_hour():
    used = total(account(nodes(60), [], None).whole)
    assert used.hours == pytest.approx(3)
    assert used.amount.ec2 == pytest.approx(0.96)
    assert used.amount.emr == pytest.approx(0.24)
    assert used.amount.total == pytest.approx(1.20)


def test_its_disks_cost_some_seven_cents_more():
    used = total(account(nodes(60, gb=(64 + 30, 256 + 30)), [], None).whole)
    assert used.amount.ebs == pytest.approx(666 * 0.08 / 730)
    assert used.amount.total == pytest.approx(1.273, abs=0.0005)


def test_startup_runs_and_idle_time_stand_apart():
    done = account(nodes(60), [Activity("s-1", span(20, 35)), Activity("s-2", span(35, 40))], at(10))
    assert total(done.startup).amount.total == pytest.approx(0.20)
    assert total(done.runs["s-1"]).amount.total == pytest.approx(0.30)
    assert total(done.runs["s-2"]).amount.total == pytest.approx(0.10)
    assert total(done.idle).amount.total == pytest.approx(0.60)
    assert done.runs["s-1"][CORE].hours == pytest.approx(0.5)


def test_what_runs_at_the_same_time_shares_the_nodes():
    done = account(nodes(60), [Activity("s-1", span(0, 30)), Activity("s-2", span(20, 40))], at(0))
    assert total(done.runs["s-1"]).amount.total == pytest.approx(0.40 + 0.10)
    assert total(done.runs["s-2"]).amount.total == pytest.approx(0.10 + 0.20)
    assert total(done.idle).amount.total == pytest.approx(0.40)


def test_a_node_counts_while_it_is_there():
    late = Node(CORE, span(30, 60), Amount(ec2=1.0))
    done = account([late], [Activity("s-1", span(0, 45))], at(0))
    assert total(done.runs["s-1"]).amount.total == pytest.approx(0.25)
    assert total(done.idle).amount.total == pytest.approx(0.25)


def test_a_cluster_that_never_got_ready_only_started():
    done = account(nodes(12), [], None)
    assert total(done.startup).amount.total == pytest.approx(0.24)
    assert not done.idle


_minutes = st.integers(0, 500)
_spans = st.tuples(_minutes, _minutes).map(lambda pair: span(min(pair), max(pair)))
_dollars = st.floats(0, 5, allow_nan=False)
_nodes = st.builds(Node, st.sampled_from([MASTER, CORE]), _spans, st.builds(Amount, _dollars, _dollars, _dollars))
_activities = st.builds(Activity, st.sampled_from(["s-1", "s-2", "s-3"]), _spans)


@given(st.lists(_nodes, max_size=5), st.lists(_activities, max_size=4), st.none() | _minutes.map(at))
def test_parts_sum_to_the_whole_and_none_is_negative(there, activities, ready_at):
    done = account(there, activities, ready_at)
    lasted = [(each, (each.span.end - each.span.start).total_seconds() / 3600) for each in there]
    whole = total(done.whole)
    assert whole.hours == pytest.approx(sum(hours for _, hours in lasted))
    assert whole.amount.total == pytest.approx(sum(each.hourly.total * hours for each, hours in lasted))
    parts = [done.startup, done.idle, *done.runs.values()]
    assert sum(total(part).amount.total for part in parts) == pytest.approx(whole.amount.total)
    used = [used for part in parts for used in part.values()]
    assert all(min(u.hours, u.amount.ec2, u.amount.emr, u.amount.ebs) >= 0 for u in used)
    assert set(done.runs) == {each.name for each in activities}

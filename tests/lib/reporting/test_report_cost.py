"""What the report says of a run's cost."""

import copy

import pytest
from markdown_it import MarkdownIt

from lib.reporting.language.words import Words
from lib.reporting.provenance import provenance
from lib.reporting.report_data import ReportData
from tests.lib.reporting.report_facts import make_facts

MASTER = {"role": "MASTER", "instance_type": "m5.xlarge", "market": "ON_DEMAND"}
CORE = {"role": "CORE", "instance_type": "m5.2xlarge", "market": "ON_DEMAND"}
COST = {
    "currency": "USD",
    "cluster": "j-2AXXXXXXGAPLF",
    "step": "s-1AAAAAAAAAAAA",
    "estimate": {"usd": 0.3366, "seconds": 960, "earlier_runs": 3, "basis": "from 3 earlier runs"},
    "actual": {
        "from": "2026-11-25T12:00:00+00:00",
        "to": "2026-11-25T12:17:00+00:00",
        "node_hours": 0.85,
        "ec2_usd": 0.272,
        "emr_usd": 0.068,
        "ebs_usd": 0.0199,
        "usd": 0.3599,
        "groups": [
            {**MASTER, "node_hours": 0.2833, "ec2_usd": 0.0544, "emr_usd": 0.0136, "ebs_usd": 0.0, "usd": 0.068},
            {**CORE, "node_hours": 0.5667, "ec2_usd": 0.2176, "emr_usd": 0.0544, "ebs_usd": 0.0199, "usd": 0.2919},
        ],
        "beside": [],
        "is_bound": False,
    },
    "cluster_so_far": {"startup_usd": 0.11, "runs_usd": 0.72, "idle_usd": 1.26, "whole_usd": 2.09},
    "prices": {"as_of": "2026-11-25", "region": "us-east-1", "source": "AWS's price list"},
    "not_included": "not the bill",
}


@pytest.fixture(scope="module")
def raw():
    return make_facts()


def section(raw, cost, language="en"):
    facts = copy.deepcopy(raw)
    if cost is not None:
        facts["experiment"]["cost"] = cost
    return provenance(ReportData(**facts), Words(language))


def test_a_run_on_a_cluster_says_what_it_cost_and_what_that_is_not(raw):
    text = section(raw, COST)
    assert "### What it cost" in text
    assert "From 2026-11-25 12:00:00 UTC to 2026-11-25 12:17:00 UTC the run used cluster `j-2AXXXXXXGAPLF`" in text
    assert "**0.36 USD** at list prices" in text
    assert "| core | `m5.2xlarge` | 0.57 | 0.22 | 0.05 | 0.02 | 0.29 |" in text
    assert "| Total |  | 0.85 | 0.27 | 0.07 | 0.02 | 0.36 |" in text
    assert "start-up, 0.11 USD, and its idle time until then, 1.26 USD" in text
    assert "was 0.34 USD for 16\u00a0min\u00a00\u00a0s, from earlier runs (3)" in text
    assert "list prices of 2026-11-25 for `us-east-1`. This is not the bill" in text
    assert "at the same time" not in text
    assert MarkdownIt("gfm-like", {"linkify": False}).render(text).count("<table>") == 4


def test_it_says_so_in_spanish(raw):
    text = section(raw, COST, "es")
    assert "### Lo que costó" in text
    assert "**0,36 USD** a precios de lista" in text
    assert "| núcleo | `m5.2xlarge` | 0,57 | 0,22 | 0,05 | 0,02 | 0,29 |" in text
    assert "No es la factura" in text


def test_what_ran_beside_it_is_named_and_a_bound_is_one(raw):
    text = section(raw, {**COST, "actual": {**COST["actual"], "beside": ["s-2", "s-3"], "is_bound": True}})
    assert "`s-2` and `s-3` ran at the same time" in text
    assert "**at most 0.36 USD**" in text


def test_an_estimate_without_earlier_runs_is_called_a_guess(raw):
    text = section(raw, {**COST, "estimate": {**COST["estimate"], "earlier_runs": 0}})
    assert "a rough guess because there were no earlier runs" in text
    assert "The estimate" not in section(raw, {**COST, "estimate": {"unknown": "no price"}})


def test_what_is_not_known_is_said_to_be(raw):
    unknown = {"cluster": "j-2AXXXXXXGAPLF", "unknown": "access denied to ListInstances"}
    assert "What it cost is not known: access denied to ListInstances." in section(raw, unknown)
    assert "No se sabe lo que costó" in section(raw, unknown, "es")


def test_a_run_on_no_cluster_says_nothing_of_cost(raw):
    assert "cost" not in section(raw, None)
    assert "USD" not in section(raw, None)

"""What a run will cost: the cluster's hourly price times the duration of similar runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import boto3

from launcher.emr.cost.account import Amount
from launcher.emr.cost.earlier_runs import Duration, earlier_runs, expected
from launcher.emr.cost.spending import spending
from launcher.experiment.plan import Plan
from launcher.parameters.schema import Parameters
from launcher.support.console import duration
from launcher.support.files import files_at
from lib.errors import ExperimentError, InputError
from lib.search.candidates import candidates_of


@dataclass(frozen=True)
class Estimate:
    """An hour of the cluster as it is now, and how long the run is taken to need it, with nothing beside."""

    hourly: Amount
    duration: Duration
    is_bound: bool  # Spot nodes count at their maximum price

    @property
    def usd(self) -> float:
        """The product."""
        return self.hourly.total * self.duration.seconds / 3600

    def __str__(self) -> str:
        """The estimate in a line, with what it rests on and what it is not."""
        word = "at most about" if self.is_bound else "about"
        time = duration(60 * max(1, round(self.duration.seconds / 60))).replace(" 00 s", "")
        return (
            f"{word} {self.usd:.2f} USD ({self.hourly.total:.2f} USD/h × {time}, {self.duration.basis}); "
            "not the bill: no S3, data transfer, tax or discounts"
        )


def estimate(
    parameters: Parameters,
    session: boto3.Session,
    cluster_id: str,
    rows: int | None = None,
    given: Mapping[str, float] | None = None,
) -> Estimate:
    """Estimate a run of these parameters on a cluster; `rows` of its table if known, prices `given` over all others.

    Raises:
        ExperimentError: the cluster or a price is not known, or earlier runs cannot be read.
    """
    spent = spending(session, cluster_id, given=given)
    if spent.hourly.total == 0:
        raise InputError(f"cluster {cluster_id} is {spent.cluster.life.state} and has no nodes")
    before = earlier_runs(files_at(parameters.out), parameters.out)
    time = expected(before, len(candidates_of(parameters)), parameters.engine, rows)
    return Estimate(spent.hourly, time, spent.has_spot)


NOT_OF_SCORINGS = "not estimated for a scoring; what it costs stands in its record"


def estimate_line(plan: Plan, session: boto3.Session) -> str:
    """An estimate on one line, or why there is none: a run should not fail for that."""
    if plan.is_scoring:
        return NOT_OF_SCORINGS
    try:
        return str(estimate(plan.parameters, session, plan.parameters.cluster.id))
    except ExperimentError as error:
        return f"not known: {error}"

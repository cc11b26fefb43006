"""What a report is written from: the files of an evaluation and, where there are any, of the model it measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib import artifacts
from lib.errors import InputError
from lib.measures.intervals import pr_area_error, roc_area_error
from lib.records import search_log
from lib.records.door import Kind
from lib.records.evaluation import BY_NAME as KINDS
from lib.records.model import EXPERIMENT, SUMMARY
from lib.storage import Storage, join

Record = Mapping[str, Any]


@dataclass(frozen=True)
class ReportData:
    """The content of those files, parsed.

    `summary`, `experiment` and `search` are empty where the model has none beside it, as one trained elsewhere.
    """

    metrics: Record
    curves: Record
    importances: Sequence[Record]
    summary: Record = field(default_factory=dict)
    experiment: Record = field(default_factory=dict)
    search: Sequence[Record] = ()

    @property
    def held_out(self) -> bool:
        """Whether the rows measured are the held-out part of the model's own split."""
        return self.metrics["measured_on"]["rows"] == artifacts.HELD_OUT

    @property
    def whole_table(self) -> bool:
        """Whether they are all rows of another table (not a share of them)."""
        return self.metrics["measured_on"]["rows"] == artifacts.WHOLE_TABLE

    @property
    def rows(self) -> int:
        """How many rows the evaluation measured."""
        return self.metrics["measured_on"]["count"]

    @property
    def positives(self) -> int:
        """How many of them are of class 1."""
        return self.metrics["measured_on"]["positives"]

    @property
    def base_rate(self) -> float:
        """The share of class 1 among them; by weight, if metrics are weighted."""
        return base_rate(self.metrics)

    @property
    def weights(self) -> Record:
        """What weights the metrics count rows by; empty if they do not."""
        return self.metrics.get("weights") or {}

    @property
    def distinct(self) -> int:
        """How many of the rows are different; all, if an earlier version did not count them."""
        found: int = self.metrics["measured_on"].get("distinct", self.rows)
        return found

    @property
    def different(self) -> float:
        """The share of the rows that are different."""
        return self.distinct / self.rows

    @property
    def metric(self) -> str:
        """The metric that chose the winner; areaUnderPR where no search is known."""
        return self.summary.get("metric_used", "areaUnderPR")

    @property
    def label_col(self) -> str | None:
        """The name of the label column, if known."""
        return self.experiment.get("data", {}).get("label_col")

    @property
    def positive(self) -> Any:
        """The values of the label that are class 1, if they were given."""
        return self.experiment.get("parameters", {}).get("positive")

    @property
    def parts(self) -> Record:
        """The parts of the split with their rows and positives; empty if unknown."""
        return self.experiment.get("split", {}).get("parts", {})

    @property
    def by_zone(self) -> bool:
        """Whether whole zones were held out."""
        return bool(self.experiment.get("split", {}).get("split_by") == "zone")

    @property
    def has_zones(self) -> bool:
        """Whether the rows belong to zones."""
        return bool(self.metrics.get("zones") or self.experiment.get("data", {}).get("zone_col"))

    @property
    def zones_left_out(self) -> Record:
        """The record of leave-one-zone-out; empty if it was not measured."""
        return self.metrics.get("leave_one_zone_out") or {}

    @property
    def chosen_by_zones(self) -> bool:
        """Whether the search compared its candidates on zones left out, not on the validation rows."""
        return any(record.get(artifacts.ZONES) for record in self.search)

    @property
    def card(self) -> Record:
        """What the run's parameters say about the model; only what was given."""
        given = self.experiment.get("parameters", {}).get("card") or {}
        return {name: value for name, value in given.items() if value}

    def error_of(self, part: str, value: float, metric: str = "") -> float | None:
        """Standard error of an area on a part of the split (by default of `metric`).

        Rows that repeat others count once. None if the part is unknown or of one class, if the area is 0 or 1, where
        the formulas have no error to give, or if rows are weighted, for which there are no formulas.
        """
        counts = self.parts.get(part)
        if self.weights or not counts or not 0 < counts["positives"] < counts["rows"] or not 0 < value < 1:
            return None
        of_class = {"1": counts["positives"], "0": counts["rows"] - counts["positives"]}
        of_class = counts.get("distinct_by_class", of_class)
        if (metric or self.metric) == "areaUnderROC":
            return roc_area_error(value, of_class["1"], of_class["0"])
        return pr_area_error(value, of_class["1"])


def base_rate(metrics: Record) -> float:
    """The share of class 1 in the rows of an evaluation, from its metrics.json; by weight, if metrics are weighted."""
    if weights := metrics.get("weights"):
        return weights["base_rate"]
    return metrics["measured_on"]["positives"] / metrics["measured_on"]["count"]


def zone_base_rate(zone: Record) -> float:
    """The share of class 1 in a zone's record; by weight, if metrics are weighted."""
    return zone["base_rate"] if "base_rate" in zone else zone["positives"] / zone["rows"]


def read_facts(storage: Storage, eval_dir: str, model_dir: str | None = None) -> ReportData:
    """Read them; `model_dir` is where the model is now, if not where the evaluation says it was.

    Raises:
        InputError: the folder holds no complete evaluation, or one of the files is damaged.
    """
    missing = [name for name in KINDS if not storage.exists(join(eval_dir, name))]
    if missing:
        raise InputError(
            f"{eval_dir} holds no {', '.join(missing)}: evaluate the model first (notebook 03_evaluate), "
            "then write its report"
        )
    metrics, curves, importances = (storage.read_record(join(eval_dir, name), KINDS[name]) for name in KINDS)
    model_dir = model_dir or metrics["model_dir"]
    summary = _beside(storage, join(model_dir, artifacts.SUMMARY), SUMMARY)
    experiment = _beside(storage, join(model_dir, artifacts.EXPERIMENT), EXPERIMENT)
    log = join(model_dir, artifacts.SEARCH_LOG)
    search = search_log.read(storage.read_text(log), log).records if storage.exists(log) else ()
    return ReportData(metrics, curves, importances, summary, experiment, search)


def _beside(storage: Storage, uri: str, kind: Kind) -> Record:
    """A record of the model, empty where there is none."""
    found: Record = storage.read_record(uri, kind) if storage.exists(uri) else {}
    return found

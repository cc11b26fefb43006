"""What is kept beside a model."""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from lib.records.door import Count, Figure, Kind, Number, Record, Seconds
from lib.records.parts import AtThreshold, Confusion, Filled, Importance, LeftOut, Metrics, Moment, Rule, Suspect

REMEDY = "restore the model's folder from a copy, or train again"
_AGAIN = "restore it from a copy, or start a new experiment"


class Parameters(Record):
    """The run's parameters, as far as later runs need them."""

    missing: str | None = None
    nodata: list[Number] | None = None
    metrics_weighted: bool = False
    block_size: Figure = None
    card: dict[str, str | None] | None = None
    grid: dict[str, dict[str, list[Any]]] | None = None


class Classes(Record):
    """Rows of each class."""

    zeros: Count = Field(alias="0")
    ones: Count = Field(alias="1")


class Weights(Record):
    """The column of the weights, and their range."""

    column: str
    least: Number
    most: Number


class Data(Record):
    """The table."""

    inputs: Annotated[list[str], Field(min_length=1)]
    rows: Count
    features: Annotated[list[str], Field(min_length=1)]
    label_col: str
    zone_col: str | None
    coordinates: list[str] = Field([])
    class_counts: Classes
    fingerprint: str
    weights: Weights | None = None
    suspects: list[Suspect] = Field([])


class Part(Record):
    """A part of the split."""

    rows: Annotated[int, Field(ge=1)]
    positives: Count
    fingerprint: str
    distinct: Count | None = None
    distinct_by_class: Classes | None = None


class Parts(Record):
    """The three parts."""

    train: Part
    val: Part
    test: Part


class SharedZone(Record):
    """A zone with rows that others have, too."""

    zone: str
    rows: Count
    shared_with: list[str]


class SplitRecord(Record):
    """How the table was split."""

    test_frac: Number
    val_frac: Number
    split_by: Literal["rows", "zone"]
    seed: int
    parts: Parts
    zones: dict[str, list[str]] | None = None
    repeated: Count | None = None
    repeated_zones: list[SharedZone] = Field([])


class Filling(Filled):
    """What fills missing values."""

    medians: dict[str, Number]


class Engine(Record):
    """Which engine fitted the candidates, and why."""

    name: str
    reason: str


class Versions(Record):
    """The software; `lib` is the hash of the code."""

    lib: str


class Commit(Record):
    """Where the project stood."""

    sha: str
    dirty: bool


class Usage(Record):
    """What nodes cost."""

    node_hours: Number
    ec2_usd: Number
    emr_usd: Number
    ebs_usd: Number
    usd: Number


class NodeGroup(Usage):
    """What nodes of one kind cost."""

    role: str
    instance_type: str


class Actual(Usage):
    """What a run has cost."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    beside: list[str]
    is_bound: bool
    groups: list[NodeGroup]


class ClusterSoFar(Record):
    """What its cluster has cost beside runs."""

    startup_usd: Number
    idle_usd: Number


class Prices(Record):
    """Where the prices are from."""

    as_of: str
    region: str


class Cost(Record):
    """What a run on a cluster has cost."""

    cluster: str
    actual: Actual
    cluster_so_far: ClusterSoFar
    prices: Prices
    estimate: dict[str, Any] = Field({})


class UnknownCost(Record):
    """Why that is not known."""

    unknown: str


class Experiment(Record):
    """experiment.json."""

    run_id: str
    parameters: Parameters
    command: str | None = None
    commit: Commit | None = None
    after_training: dict[str, Any] = Field({})
    data: Data
    split: SplitRecord
    filling: Filling | None = None
    engine: Engine
    candidates: Count
    versions: Versions
    timings: dict[str, Seconds]
    started_at: Moment
    finished_at: Moment | None = None
    cost: UnknownCost | Cost | None = None


class Family(Record):
    """The best candidate of a family."""

    val_metrics: Metrics
    test_metrics: Metrics
    best_params: dict[str, str]


class Winner(Record):
    """The model that was kept."""

    name: str
    val_metrics: Metrics
    test_metrics_retrained: Metrics


class ClassWeights(Record):
    """The weight of a row of each class."""

    zeros: Number = Field(alias="0.0")
    ones: Number = Field(alias="1.0")


class Worth(Record):
    """What the rows of a part are worth."""

    weight: Number
    effective: Number


class WeightsOfParts(Weights):
    """The same, and what each part is worth."""

    metrics_weighted: bool
    parts: dict[str, Worth]


class ValidationsChoice(Record):
    """The candidate that validation would have chosen."""

    index: Count
    model: str
    params: dict[str, Any]
    val_metrics: Metrics


class Content(Record):
    """What the trees and inputs of a saved pipeline are known by (`lib.trees.content.Content`)."""

    kind: str
    features: list[str]
    trees: Count
    nodes: Count
    digest: str


class Summary(Record):
    """metrics/summary.json."""

    run_id: str
    metric_used: Literal["areaUnderPR", "areaUnderROC"]
    train_samples: Count
    val_samples: Count
    test_samples: Count
    n_features: Count
    class_weights: ClassWeights
    weights: WeightsOfParts | None = None
    models: dict[str, Family]
    winner: Winner
    confusion_matrix: Confusion
    feature_importances: list[Importance]
    leave_one_zone_out: LeftOut | None = None
    best_on_validation: ValidationsChoice | None = None
    suspects: list[Suspect] = Field([])
    filling: Filling | None = None
    pipeline: Content | None = None


class Knots(Record):
    """The knots of an isotonic calibration."""

    scores: Annotated[list[Number], Field(min_length=1)]
    probabilities: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1)]


def _rising(knots: Knots) -> Knots:
    scores, probabilities = knots.scores, knots.probabilities
    if len(scores) != len(probabilities):
        raise ValueError(f"it has {len(scores)} scores and {len(probabilities)} probabilities")
    if any(a >= b for a, b in pairwise(scores)) or any(a > b for a, b in pairwise(probabilities)):
        raise ValueError("its scores or probabilities fall")
    return knots


class Calibration(Record):
    """calibration.json."""

    isotonic: Annotated[Knots, AfterValidator(_rising)]
    threshold: Number
    rule: Rule
    validation: AtThreshold


EXPERIMENT = Kind(Experiment, _AGAIN)
SUMMARY = Kind(Summary, REMEDY)
CALIBRATION = Kind(Calibration, REMEDY)

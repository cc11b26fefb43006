"""The same files as `report_facts` makes, with all that this version measures; also of another table."""

import copy
import functools
import json
from typing import Any

import numpy as np

from lib.measures import figures, intervals
from lib.measures.decision import Decision
from lib.measures.drift import drift, is_beyond_chance
from lib.metrics import ScoreCounts
from tests.lib.reporting.report_facts import BANDS, FEATURES, SEED, make_facts, predictions, table

CARD = {"owner": "Ana", "purpose": "Choose where to drill | first", "not_for": None, "licence": "CC BY 4.0"}


def make_ground(rule: Any = "f1") -> dict[str, Any]:
    """The content of every file, of an evaluation of the held-out rows."""
    return copy.deepcopy(_ground(json.dumps(rule)))


@functools.cache
def _ground(rule_as_json: str) -> dict[str, Any]:
    rule = json.loads(rule_as_json)
    facts = make_facts()
    made = predictions()
    labels, zones = made["labels"], made["zones"]["test"]
    scores = made[facts["metrics"]["model"]]
    chosen = Decision.fit(ScoreCounts.from_arrays(labels["val"], scores["val"]), rule)
    by_zone = {
        str(zone): ScoreCounts.from_arrays(labels["test"][zones == zone], scores["test"][zones == zone])
        for zone in sorted(set(zones))
    }
    counts = ScoreCounts.sum(by_zone.values())
    metrics = facts["metrics"]
    metrics |= figures.describe(counts, chosen) | intervals.describe(by_zone, chosen.threshold, SEED)
    metrics["zones"] = [figures.describe_zone(zone, of, chosen.threshold) for zone, of in by_zone.items()]
    metrics["measured_on"] |= {"distinct": 1190, "zones": 6, "new_zones": 0}
    metrics["leave_one_zone_out"] = zones_left_out([str(zone) for zone in by_zone])
    metrics["permutation_importances"] = permutations(FEATURES)
    metrics["nearest_training_row"] = {"0": 0.0, "0.25": 30.0, "0.5": 42.426, "0.75": 90.0, "0.95": 210.5, "1": 1830.0}
    metrics["applicability"] = applicability(0.972)
    facts["curves"] = figures.describe_curves(counts, chosen)
    facts["curves"]["partial_dependence"] = dependence(metrics["permutation_importances"])
    facts["summary"]["leave_one_zone_out"] = metrics["leave_one_zone_out"]
    facts["experiment"]["parameters"] |= {
        "threshold": rule,
        "block_cols": [],
        "block_size": None,
        "select_by": "validation",
        "nested": False,
        "card": CARD,
    }
    return facts


def another_table(facts: dict[str, Any], features: tuple[str, ...] = FEATURES) -> dict[str, Any]:
    """The facts of an evaluation of another table, most of whose features have moved."""
    x, _, _ = table()
    train = x[:3000, np.arange(len(features)) % 15]
    new = x[3000:5000, np.arange(len(features)) % 15] + np.linspace(1.5, 0, len(features))
    train[:, 1:2] = 4.0  # constant in training
    gains = {entry["feature"]: entry["importance"] for entry in facts["importances"]}
    records = drift(train, new, features, gains)
    metrics = facts["metrics"]
    metrics["measured_on"] |= {
        "rows": "all rows of test_data",
        "inputs": ["s3://b/2025.parquet"],
        "verified": False,
        "seen": 41,
        "seen_rows": "drop",
    }
    moved = sum(gains.get(record["feature"], 0.0) for record in records if is_beyond_chance(record))
    metrics["drift"] = {
        "features": records,
        "importance_moved": moved,
        "drifted": moved >= 0.5,
        "rows": {"training": 3000, "new": 2000},
    }
    shares = [0.5, 0.2, 0.1, 0.1, 0.05, 0.05, *[0.0] * len(features)]
    told = [{"feature": feature, "importance": share} for feature, share in zip(features, shares, strict=False)]
    metrics["adversarial"] = {"area": 0.93, "rows": 5000, "features": told}
    metrics["applicability"] = applicability(0.61)
    metrics.pop("nearest_training_row", None)
    return facts


def zones_left_out(zones: list[str]) -> dict[str, Any]:
    """A record of leave-one-zone-out with one zone of one class."""
    generator = np.random.default_rng(3)
    records = []
    for place, zone in enumerate(zones):
        roc, pr = float(generator.uniform(0.6, 0.95)), float(generator.uniform(0.2, 0.8))
        record = {"zone": zone, "rows": 400 + 100 * place, "positives": 40 + 30 * place}
        records.append(record | {"areaUnderROC": roc, "areaUnderPR": pr})
    if len(records) > 3:
        records[1] |= {"positives": 0, "areaUnderROC": None, "areaUnderPR": None}
    both = [record for record in records if record["areaUnderROC"] is not None]
    areas = ("areaUnderROC", "areaUnderPR")
    worst = {name: min(both, key=lambda record: record[name]) for name in areas}
    mean = {name: float(np.mean([record[name] for record in both])) for name in areas}
    lowest = {name: worst[name][name] for name in areas}
    other = {"mean": {name: value - 0.05 for name, value in mean.items()}, "worst": lowest}
    return {
        "folds": len(zones),
        "zones": records,
        "mean": mean,
        "worst": lowest,
        "worst_zone": {name: worst[name]["zone"] for name in areas},
        "models": {"RandomForest": {"mean": mean, "worst": lowest}, "GBT": other},
    }


def nested(record: dict[str, Any]) -> dict[str, Any]:
    """A nested record beside one of leave-one-zone-out."""
    chosen = "GBT maxDepth=3, maxIter=20"
    zones = [{**zone, "chosen": chosen} for zone in record["zones"]]
    mean = {name: value - 0.02 for name, value in record["mean"].items()}
    return {**{key: record[key] for key in ("folds", "worst", "worst_zone")}, "zones": zones, "mean": mean}


def permutations(features: tuple[str, ...]) -> list[dict[str, Any]]:
    """Falling drops; two features move together, and the last ones are of no use."""
    together = {features[2]: [features[3]], features[3]: [features[2]]} if len(features) > 3 else {}
    drops = [0.12 / (1 + place) - 0.01 for place in range(len(features))]
    if len(features) > 3:
        drops[3] = drops[2]
    return [
        {"feature": feature, "mean": drop, "std": 0.004, "group": together.get(feature, [])}
        for feature, drop in zip(features, drops, strict=True)
    ]


def dependence(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Curves of the six strongest features."""
    grid = np.linspace(-0.2, 0.9, 20)
    return [
        {"feature": record["feature"], "values": grid.tolist(), "mean": (0.3 + 0.2 * np.tanh(grid * (3 - i))).tolist()}
        for i, record in enumerate(records[:6])
    ]


def applicability(inside: float) -> dict[str, Any]:
    """A record of applicability."""
    quantiles = {"0": 0.0, "0.25": 0.1, "0.5": 0.18, "0.75": 0.31, "0.95": 0.58, "1": 1.9}
    return {"threshold": 0.62, "inside": inside, "rows": 1201, "quantiles": quantiles}


def many_features(count: int) -> tuple[str, ...]:
    """As real tables have them: long, and alike but for a number and the end."""
    return tuple(
        f"{BANDS[i % 15]}_{i:03d}_median_of_the_dry_season_reflectance_after_masking_p{i:03d}" for i in range(count)
    )

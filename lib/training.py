"""Training, step by step: load, split, search, then retrain, test and save the winner.

The steps are a notebook's cells; `train` runs them all. The order of the files shows whether a model is complete:
`experiment.json` is written first, `search.jsonl` grows, and `metrics/summary.json` is written last.
"""

import csv
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession

from lib import artifacts, dataset, runs
from lib.dataset import Table
from lib.engines.choice import choose_engine
from lib.engines.saved_models import SCORE_COL, TreeScorer, load_scorer
from lib.errors import InputError
from lib.measures import reference, suspects, zones
from lib.measures.decision import Decision
from lib.measures.rows import load_other
from lib.metrics import ScoreCounts, count_scores
from lib.records import mlmodel
from lib.records.door import Kind
from lib.records.model import CALIBRATION, EXPERIMENT, SUMMARY
from lib.search import resume
from lib.search.candidates import candidates_of
from lib.search.engine import Score, in_order
from lib.search.families import Candidate, family_of
from lib.search.search import Search, SearchLog, as_record, check_metric, search, zone_folds
from lib.split import TEST, TRAIN, VAL, Split, ZoneCounts, split
from lib.storage import Storage, join
from lib.support import filling, tables, threshold_rule
from lib.support.spreadsheets import as_cell
from lib.support.version import versions
from lib.support.weights import BALANCED


@dataclass(frozen=True)
class Settings:
    """The parameters of a training run, with the names used in params files and notebooks."""

    input_data: str | Sequence[str]
    csv: Mapping[str, Any] = field(default_factory=dict)
    label_col: str = "label"
    positive: Any = None
    zone_col: str | None = "zone"
    zone_from: str | None = None
    exclude_cols: Sequence[str] = ()
    missing: str | None = None
    nodata: Sequence[float] = ()
    block_cols: Sequence[str] = ()
    block_size: float | None = None
    weight_col: str | None = None
    class_weights: str = BALANCED
    metrics_weighted: bool = False
    test_frac: float = 0.15
    val_frac: float = 0.15
    split_by: str = "rows"
    seed: int = 42
    metric: str = "areaUnderPR"
    select_by: str = "validation"
    nested: bool = False
    threshold: float | str | Mapping[str, Any] = 0.5
    grid: Mapping[str, Mapping[str, Sequence[Any]]] | None = None
    candidates: Sequence[Mapping[str, Any]] = ()
    search: str = "grid"
    max_candidates: int | None = None
    engine: str = "auto"
    card: Mapping[str, str] = field(default_factory=dict)


class Training:
    """One training run; its folder is `<out>/models/model_<run_id>`, or the `folder` that is named for it alone.

    Call its steps in this order: `load`, `split`, `search`, `leave_zones_out`, `retrain`, `finish`.
    `provenance` is what only the launcher knows (the command, the commit, what the evaluation is told) and is kept in
    experiment.json. `continues` resumes the interrupted run with this id: what it scored is not fitted again. A named
    `folder` says itself whether there is one to resume.

    Raises:
        InputError: settings out of range, an output that exists already or cannot be written, nothing to resume.
    """

    def __init__(
        self,
        spark: SparkSession,
        settings: Settings,
        out: str = "",
        run_id: str = "",
        provenance: Mapping[str, Any] | None = None,
        continues: bool = False,
        folder: str = "",
    ):
        self.spark, self.settings, self.out = spark, settings, out or folder
        self.provenance, self.continues = provenance or {}, continues
        self.run_id = run_id or artifacts.new_run_id()
        self.storage = Storage(spark)
        self.timings: dict[str, float] = {}
        self.started_at = _now()
        check_metric(settings.metric)
        threshold_rule.check(settings.threshold)
        if settings.metrics_weighted and settings.weight_col is None:
            raise InputError("metrics_weighted: true needs weight_col, the column with the weights")
        self.candidates = candidates_of(settings)
        if folder:
            self._take(folder)
            return
        self.folder = artifacts.model_dir(out, self.run_id)
        if continues:
            resume.check_unfinished(self.storage, self.folder)
        elif self.storage.exists(self.folder):
            raise InputError(f"{self.folder} already exists: choose another --out, or start again in a second")
        else:
            self.storage.check_writable(out)

    def _take(self, named: str) -> None:
        """Use the folder that is named for this model; the same command again goes on with what it had begun there."""
        place = join(named, artifacts.EXPERIMENT)
        self.continues = self.storage.exists(place)
        parts = self.storage.list(named) if self.continues else ()
        self.folder = runs.own_folder(self.storage, named, "model", artifacts.SUMMARY, parts)
        if self.continues:
            self.run_id = self.storage.read_record(place, EXPERIMENT)["run_id"]
        else:
            self.storage.check_writable(self.folder)

    def load(self, test_data: str | Sequence[str] | None = None) -> Table:
        """Read and check the input, and the table that the model is to be evaluated on, if that is another one.

        Raises:
            InputError: one of them cannot be used.
        """
        s = self.settings
        with self._timed("load"):
            self.table = dataset.load(
                self.spark,
                s.input_data,
                csv=s.csv,
                label_col=s.label_col,
                positive=s.positive,
                zone_col=s.zone_col,
                zone_from=s.zone_from,
                exclude_cols=s.exclude_cols,
                missing=s.missing,
                nodata=s.nodata,
                block_cols=s.block_cols,
                block_size=s.block_size,
                weight_col=s.weight_col,
            )
            other = tables.places(test_data)
            if other and other != list(self.table.inputs):
                load_other(self.spark, other, self._data(), asdict(s))
        return self.table

    def split(self) -> Split:
        """Split the table into training, validation and test rows.

        Raises:
            InputError: it cannot be split so, or has too few zones for what is asked of them.
        """
        s = self.settings
        with self._timed("split"):
            self.parts = split(
                self.table,
                test_frac=s.test_frac,
                val_frac=s.val_frac,
                split_by=s.split_by,
                seed=s.seed,
                classes=s.class_weights,
                metrics_weighted=s.metrics_weighted,
            )
            label, features = self.table.label_col, self.table.features
            some_rows = reference.sample(self.parts.frame, [*features, label])
            self.suspects = suspects.find(some_rows, features, label)
            if s.select_by == artifacts.ZONES:
                zone_folds(self.parts.count_by_zone())
            if s.nested:
                zones.check_nested(self.parts.count_by_zone())
        return self.parts

    def search(self) -> Search:
        """Score all candidates on the validation rows, recording each score as it arrives."""
        self.engine, self.engine_reason = choose_engine(self.settings.engine, self.parts, self.candidates)
        record = self._record()
        earlier = self._scores_so_far(record)
        done = earlier.scores
        self._begin(record)
        log = SearchLog(self.storage, join(self.folder, artifacts.SEARCH_LOG), done)
        with self._timed("search"):
            s = self.settings
            found = search(self.parts, self.candidates, self.engine, s.metric, log, done, s.select_by)
        self.found = replace(found, is_cut=earlier.is_cut)
        return self.found

    def leave_zones_out(self) -> dict[str, Any] | None:
        """Measure the best of each family in zones that it has not seen, and the winner on the validation part.

        Returns the record of leave-one-zone-out as in `metrics/summary.json`, None if there are fewer than three zones
        with both classes.
        """
        best = [self.found.best(name).candidate for name in self.found.models]
        winner = self.found.best().candidate
        counts = self.parts.count_by_zone()
        with self._timed("zones"):
            unseen = zones.score_unseen(self.engine, best, self.parts, counts)
            self.on_validation = unseen.validation[winner.index]
            self.unseen_zones = self._describe_zones(unseen, best, winner, counts) if unseen.zones else None
        return self.unseen_zones

    def _describe_zones(
        self, unseen: zones.Unseen, best: Sequence[Candidate], winner: Candidate, counts: ZoneCounts
    ) -> dict[str, Any]:
        s = self.settings
        described = {c.model: zones.describe(unseen.zones[c.index], unseen.groups, s.seed, counts) for c in best}
        record = dict(described[winner.model])
        record["models"] = {name: {key: each[key] for key in ("mean", "worst")} for name, each in described.items()}
        if s.nested:
            record["nested"] = zones.nested(self.engine, self.candidates, self.parts, s.metric, s.select_by)
        return record

    def retrain(self) -> PipelineModel:
        """Train the winner on training and validation rows, save it and load it back."""
        pipeline = join(self.folder, artifacts.PIPELINE)
        self.storage.delete(pipeline)  # left over from an interrupted run
        with self._timed("retrain"):
            self.model = self.engine.retrain(self.found.best().candidate, self.parts, pipeline)
        return self.model

    def finish(self) -> dict[str, Any]:
        """Test the model on the held-out rows, write the records, and return the content of `metrics/summary.json`."""
        with self._timed("test"):
            best = [self.found.best(name) for name in self.found.models]
            tested = self._test([score.candidate for score in best])
            scorer = load_scorer(self.spark, join(self.folder, artifacts.PIPELINE))
            held_out = scorer.with_score(self.parts.as_given(TEST))
            retrained = count_scores(held_out, self.parts.label_col, SCORE_COL, weights=self.parts.measuring)[""]
            ranked = importances(self.found.best().candidate, self.model, self.parts.features)
            decision = Decision.fit(self.on_validation, self.settings.threshold)
            summary = self._summarize(best, tested, retrained, ranked)
            if isinstance(scorer, TreeScorer):
                summary["pipeline"] = scorer.content.as_dict()
        rows = io.StringIO()
        writer = csv.DictWriter(rows, ["feature", "importance"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**each, "feature": as_cell(each["feature"])} for each in summary["feature_importances"])
        self.storage.write_text(join(self.folder, artifacts.IMPORTANCES), rows.getvalue())
        self._write(artifacts.CALIBRATION, CALIBRATION, decision.as_dict())
        reference.write(self.storage, self.folder, self.parts)
        finished = {**self._record(), "reused_candidates": self.found.reused, "finished_at": _now()}
        self._write(artifacts.EXPERIMENT, EXPERIMENT, finished)
        for name, content in mlmodel.files(self.spark.version, finished["finished_at"]).items():
            self.storage.write_text(join(self.folder, name), content)
        return self._write(artifacts.SUMMARY, SUMMARY, summary)

    def _test(self, candidates: Sequence[Candidate]) -> list[Score]:
        """Fit candidates on the training part and score them on the held-out rows, in their order."""
        return in_order(self.engine.score(candidates, self.parts, TEST), candidates)

    def _scores_so_far(self, record: Mapping[str, Any]) -> resume.Earlier:
        if not self.continues:
            return resume.Earlier()
        return resume.scores_so_far(self.storage, self.folder, record, self.candidates)

    def _summarize(
        self,
        best: Sequence[Score],
        tested: Sequence[Score],
        retrained: ScoreCounts,
        feature_importances: list[dict[str, Any]],
    ) -> dict[str, Any]:
        winner = self.found.best()
        rows = {part: facts["rows"] for part, facts in self.parts.parts.items()}
        return {
            "run_id": self.run_id,
            "metric_used": self.settings.metric,
            "train_samples": rows[TRAIN],
            "val_samples": rows[VAL],
            "test_samples": rows[TEST],
            "n_features": len(self.parts.features),
            "class_weights": self.parts.class_weights,
            **({"weights": self._weights()} if self.parts.weights else {}),
            "models": {
                on_val.candidate.model: {
                    "val_metrics": dict(on_val.metrics),
                    "test_metrics": dict(on_test.metrics),
                    "best_params": {name: str(value) for name, value in on_val.candidate.params.items()},
                }
                for on_val, on_test in zip(best, tested, strict=True)
            },
            "winner": {
                "name": winner.candidate.model,
                "val_metrics": dict(winner.metrics),
                "test_metrics_retrained": retrained.summary(),
            },
            "confusion_matrix": retrained.confusion().as_dict(),
            "feature_importances": feature_importances,
            **({"leave_one_zone_out": self.unseen_zones} if self.unseen_zones else {}),
            **self._other_choice(),
            **({"suspects": self.suspects} if self.suspects else {}),
            **self._filling(),
        }

    def _filling(self) -> dict[str, Any]:
        """What stands for missing values, and how many there were; nothing where none is filled."""
        if self.parts.medians is None:
            return {}
        lacking = {"rows": self.table.lacking_rows, "values": dict(self.table.lacking)}
        return {"filling": {"by": filling.MEDIAN, **lacking, "medians": dict(self.parts.medians)}}

    def _weights(self) -> dict[str, Any]:
        """What `metrics/summary.json` says of the weights: their column and range, and what each part is worth."""
        assert self.table.weights is not None  # only tables with weights are asked
        return {
            **asdict(self.table.weights),
            "metrics_weighted": self.parts.metrics_weighted,
            "parts": self.parts.weights,
        }

    def _other_choice(self) -> dict[str, Any]:
        """The candidate that validation would have chosen, where the search selected another by zones."""
        winner, other = self.found.best(), self.found.best_on_validation()
        if other.candidate == winner.candidate:
            return {}
        # How long it took would make the summaries of two runs alike differ.
        return {"best_on_validation": {name: value for name, value in as_record(other).items() if name != "seconds"}}

    def _record(self) -> dict[str, Any]:
        """The content of `experiment.json`: everything needed to judge, repeat or resume this run."""
        return {
            "run_id": self.run_id,
            "parameters": {**asdict(self.settings), "out": self.out},
            "command": self.provenance.get("command"),
            "commit": self.provenance.get("commit"),
            "after_training": self.provenance.get("after_training", {}),
            "data": {**self._data(), "suspects": self.suspects},
            "split": self.parts.record(),
            **self._filling(),
            "engine": {"name": self.engine.name, "reason": self.engine_reason},
            "candidates": len(self.candidates),
            "versions": versions(self.spark),
            "timings": {step: round(seconds, 3) for step, seconds in self.timings.items()},
            "started_at": self.started_at,
        }

    def _data(self) -> dict[str, Any]:
        """What `experiment.json` says of the table."""
        table = self.table
        return {
            "inputs": list(table.inputs),
            "sources": [asdict(source) for source in table.sources],
            "rows": table.rows,
            "dropped": table.dropped,
            "features": list(table.features),
            "label_col": table.label_col,
            "zone_col": table.zone_col,
            "coordinates": list(table.coordinates),
            "class_counts": table.class_counts,
            "fingerprint": table.fingerprint,
            **({"weights": asdict(table.weights)} if table.weights else {}),
        }

    def _begin(self, record: Mapping[str, Any]) -> None:
        """Write the first file of the folder, which is its claim: of two runs that found it empty, one goes on.

        Raises:
            InputError: another has begun there.
        """
        if self.continues:
            self._write(artifacts.EXPERIMENT, EXPERIMENT, record)
        elif not self.storage.claim_record(join(self.folder, artifacts.EXPERIMENT), EXPERIMENT, record):
            raise InputError(f"another run has begun a model in {self.folder} meanwhile: name another folder")

    def _write(self, name: str, kind: Kind, content: Mapping[str, Any]) -> dict[str, Any]:
        return self.storage.write_record(join(self.folder, name), kind, content)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.timings[step] = time.monotonic() - started


def train(
    spark: SparkSession,
    settings: Settings,
    out: str = "",
    run_id: str = "",
    provenance: Mapping[str, Any] | None = None,
    folder: str = "",
) -> Training:
    """Run all steps of a training run, below `out` or in a `folder` of its own; the model is in `Training.folder`."""
    training = Training(spark, settings, out, run_id, provenance, folder=folder)
    training.load()
    training.split()
    training.search()
    training.leave_zones_out()
    training.retrain()
    training.finish()
    return training


def importances(candidate: Candidate, model: PipelineModel, features: Sequence[str]) -> list[dict[str, Any]]:
    """Feature importances of a candidate's model, in descending order (ties in the table's order)."""
    values = family_of(candidate).importances(model.stages[-1])
    ranked = sorted(zip(features, values, strict=True), key=lambda pair: -pair[1])
    return [{"feature": feature, "importance": float(value)} for feature, value in ranked]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

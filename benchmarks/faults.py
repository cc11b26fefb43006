"""A fault campaign: experiments that are stopped, killed and run out of disk, and models whose files are damaged.

python -m benchmarks.faults [KIND ...]

Each case is a real process on every sixth row of the sample table. A case is right if nothing that is left looks whole
and is not, no process is left after five seconds, what people are told is one sentence with the right exit code, and
what is resumed ends with the figures of a run that nothing disturbed.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from pyspark.ml import Pipeline
from pyspark.ml.classification import RandomForestClassifier
from pyspark.sql import SparkSession

from benchmarks.records import Figure, store
from benchmarks.runs import SAMPLE, session
from launcher.support.project import PROJECT
from lib import artifacts
from lib.engines.saved_models import check_trained, load_scorer, vector_assembler
from lib.errors import InputError
from lib.records.evaluation import METRICS
from lib.records.model import EXPERIMENT, SUMMARY
from lib.records.scores import SCORES
from tests.aws import s3a
from tests.aws.moto_server import REGION, client, moto_process

AT_ONCE, TOGETHER = 2, 10
HEAP = "1g"  # ten runs at once share one machine's memory
PATIENCE = 5.0  # seconds after which no process of a run may be left
GRID = {"RandomForest": {"numTrees": [10, 20], "maxDepth": [6]}, "GBT": {"maxIter": [5, 10], "maxDepth": [3]}}
# Of what a model and its evaluation say, the part that is the same in every run.
FIGURES = ("areaUnderROC", "areaUnderPR", "confusion_matrix", "fingerprint")
MARK = "FAULT_CAMPAIGN_CASE"
TAKEN_UP_AT = 0.5
# The file that says that a model, an evaluation or a scoring is complete.
PROOFS = (
    (f"models/model_*/{artifacts.SUMMARY}", SUMMARY),
    (f"results/eval_*/{artifacts.EVAL_METRICS}", METRICS),
    (f"scores/score_*/{artifacts.SCORES_RECORD}", SCORES),
)


@dataclass
class Verdict:
    """What became of a case: `wrong` says what was not right, and is empty if all was."""

    wrong: list[str] = field(default_factory=list)
    left_over: int = 0


@dataclass(frozen=True)
class Case:
    """One fault of a kind, and what tries it."""

    kind: str
    name: str
    check: Callable[[], Verdict]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    left_over: int

    def complaints(self, code: int) -> list[str]:
        """What is wrong with how it ended, if it had to end with a code, and a sentence if that is not 0."""
        found = [] if self.code == code else [f"exit code {self.code} instead of {code}"]
        if "Traceback (most recent call last)" in self.output or "Unexpected error" in self.output:
            found.append("a raw error")
        if self.left_over:
            found.append(f"{self.left_over} processes left after {PATIENCE:.0f} s")
        return [f"{each}: {self.output.strip()[-300:]}" for each in found]


class Command:
    """A command of the project as a process whose descendants are known by a mark in their environment."""

    def __init__(self, *arguments: str, prefix: Sequence[str] = (), environment: Mapping[str, str] | None = None):
        self._mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(PROJECT / "run_experiment.py"), *arguments],
            cwd=PROJECT,
            env={**os.environ, **(environment or {}), MARK: self._mark, "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def kill_java(self) -> None:
        """Kill the Java that Spark runs in, once it is there."""
        deadline = time.monotonic() + 60
        while not (found := [each for each in self._family() if each.name() == "java"]):
            assert time.monotonic() < deadline, "there is no Java"
            time.sleep(0.1)
        found[0].kill()

    def ended(self, timeout: float = 300) -> Ended:
        """Wait for its end, and then for that of all its processes; what is left of them is killed."""
        try:
            output, _ = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output = f"no end within {timeout:.0f} s"
        deadline = time.monotonic() + PATIENCE
        while (left := list(self._family())) and time.monotonic() < deadline:
            time.sleep(0.1)
        for process in left:
            process.kill()
        return Ended(self.process.returncode if self.process.returncode is not None else -1, output, len(left))

    def _family(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE:
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue


class Campaign:
    """The cases, on one table, held against one run that nothing disturbs."""

    def __init__(self, folder: Path, spark: SparkSession):
        self.folder, self.table, self.spark = folder, folder / "table.parquet", spark
        pd.read_parquet(SAMPLE).iloc[::6].to_parquet(self.table)
        self.whole = folder / "whole"
        started = time.monotonic()
        ended = Command(*self.experiment(self.whole)).ended()
        self.seconds = time.monotonic() - started
        assert ended.code == 0, ended.output
        (self.model,) = (self.whole / "models").iterdir()
        ended = Command("score", str(self.model), "--input-data", str(self.table), "--out", str(self.whole)).ended()
        assert ended.code == 0, ended.output
        self.scores = scores(self.whole)
        self.other = folder / "other_pipeline"
        self._save_other()

    def _save_other(self) -> None:
        """A model of the same features that is another one."""
        features = json.loads((self.model / artifacts.SUMMARY).read_text())["pipeline"]["features"]
        forest = RandomForestClassifier(labelCol="label", numTrees=10, maxDepth=6, seed=1)
        rows = self.spark.read.parquet(str(self.table))
        Pipeline(stages=[vector_assembler(features), forest]).fit(rows).save(str(self.other))

    def experiment(self, out: Path | str) -> list[str]:
        """The arguments of the experiment that all cases run."""
        options = ["-p", f"grid={json.dumps(GRID)}", "-p", f"spark.driver_memory={HEAP}"]
        return ["--input-data", str(self.table), "--out", str(out), *options]

    def cases(self) -> Iterator[Case]:
        """All of them."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for share in (0.15, TAKEN_UP_AT, 0.85):
                yield Case("signal", f"{number.name} at {share:.0%}", partial(self.stopped, number, share))
        for tenth in range(10):
            share = (tenth + 0.5) / 10
            yield Case("kill", f"SIGKILL at {share:.0%}", partial(self.killed, share))
        yield Case("kill", "Java, at 50%", self.java_killed)
        yield Case("together", f"{TOGETHER} runs started in one second", self.together)
        yield Case("together", f"{TOGETHER} runs started in one second, in S3", self.together_in_s3)
        yield Case("together", "a killed run, resumed twice at once", self.resumed_twice)
        for megabytes in (1, 3) if os.geteuid() == 0 else ():  # only root may mount a small disk
            yield Case("disk", f"a disk of {megabytes} MB", partial(self.full_disk, megabytes))
        for use, name, how in self.damages():
            yield Case("damage", f"{use}: {name} {how}", partial(self.damaged, use, name, how))

    def damages(self) -> Iterator[tuple[str, str, str]]:
        """What is done with a model of which one file is damaged, which, and how."""
        trees, about_trees, metadata = (
            min(str(file.relative_to(self.model)) for file in self.model.glob(f"{artifacts.PIPELINE}/{pattern}"))
            for pattern in ("stages/*/data/part-*", "stages/*/treesMetadata/part-*", "**/metadata/part-*")
        )
        for name in (artifacts.SUMMARY, artifacts.EXPERIMENT, metadata, trees):
            for how in DAMAGE:
                yield "score", name, how
        for use in ("score", "evaluate"):
            yield from ((use, artifacts.CALIBRATION, how) for how in ("cut in half", "missing"))
            yield from ((use, about_trees, how) for how in ("cut in half", "missing", "one bit flipped"))
            yield use, artifacts.PIPELINE, "of another model"
        yield from (("evaluate", name, "cut in half") for name in (artifacts.SUMMARY, artifacts.EXPERIMENT, trees))
        yield from (("resume", artifacts.SEARCH_LOG, how) for how in DAMAGE)
        yield "resume", artifacts.EXPERIMENT, "cut in half"

    def stopped(self, number: signal.Signals, share: float) -> Verdict:
        """A signal to the command alone, as `kill` sends it; of each signal, one run is taken up."""
        out, ended = self._cut_short(share, lambda command: command.process.send_signal(number))
        verdict = Verdict(ended.complaints(128 + number) + self.looks_whole(out), ended.left_over)
        return self._taken_up(out, verdict) if share == TAKEN_UP_AT else verdict

    def killed(self, share: float) -> Verdict:
        """SIGKILL, and then what takes the run up, or begins it again where there was nothing yet."""
        out, ended = self._cut_short(share, lambda command: command.process.kill())
        wrong = ended.complaints(-signal.SIGKILL) + self.looks_whole(out)
        return self._taken_up(out, Verdict(wrong, ended.left_over))

    def java_killed(self) -> Verdict:
        """SIGKILL to Spark's Java, as the system does that runs out of memory: the message names it."""
        out, ended = self._cut_short(TAKEN_UP_AT, Command.kill_java)
        wrong = ended.complaints(1) + self.looks_whole(out)
        if "Java" not in ended.output:
            wrong.append(f"Java is not named: {ended.output.strip()[-300:]}")
        return self._taken_up(out, Verdict(wrong, ended.left_over))

    def _cut_short(self, share: float, fault: Callable[[Command], object]) -> tuple[Path, Ended]:
        """A run to which something happens at a share of its time: its output, and how it ended."""
        out = self._out()
        command = Command(*self.experiment(out))
        time.sleep(share * self.seconds)
        fault(command)
        return out, command.ended()

    def _taken_up(self, out: Path, before: Verdict) -> Verdict:
        """The verdict once a run that was cut short is resumed, or begun again: it ends with the same figures."""
        begun = sorted(out.glob(f"models/model_*/{artifacts.EXPERIMENT}"))
        resume = ["--out", str(out), "--resume", begun[0].parent.name] if begun else self.experiment(out)
        after = Command(*resume).ended()
        wrong = before.wrong + after.complaints(0)
        if after.code == 0 and figures(out) != figures(self.whole):
            wrong.append(f"other figures: {figures(out)}")
        return Verdict(wrong, before.left_over + after.left_over)

    def resumed_twice(self) -> Verdict:
        """Of two that take up a run at once, one does, and the other is told who has it."""
        out, ended = self._cut_short(TAKEN_UP_AT, lambda command: command.process.kill())
        (model,) = out.glob(f"models/model_*/{artifacts.EXPERIMENT}")
        commands = [Command("--out", str(out), "--resume", model.parent.name) for _ in range(2)]
        first, second = sorted((command.ended() for command in commands), key=lambda one: one.code)
        wrong = ended.complaints(-signal.SIGKILL) + first.complaints(0) + second.complaints(2)
        if "belongs to process" not in second.output:
            wrong.append(f"who has it is not said: {second.output.strip()[-300:]}")
        if first.code == 0 and figures(out) != figures(self.whole):
            wrong.append(f"other figures: {figures(out)}")
        return Verdict(wrong, sum(one.left_over for one in (ended, first, second)))

    def together(self) -> Verdict:
        """Runs that start at the same time and share their output: each has a model and an evaluation of its own."""
        out = self._out()
        return self._of_its_own(self._at_once(out, {}), out)

    def together_in_s3(self) -> Verdict:
        """The same in a bucket of a server on this machine, which Spark and the launcher use as they use S3."""
        out = self._out()
        spark_conf = self.folder / "spark conf"
        spark_conf.mkdir()
        with moto_process() as endpoint:
            properties = "".join(f"{name} {value}\n" for name, value in s3a.settings(endpoint).items())
            (spark_conf / "spark-defaults.conf").write_text(properties)
            keys = {f"AWS_{name}": "testing" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}
            place = {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": REGION, "SPARK_CONF_DIR": str(spark_conf)}
            s3 = client("s3", endpoint)
            s3.create_bucket(Bucket="bucket")
            ended = self._at_once("s3://bucket/out", {**keys, **place})
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix="out/"):
                for each in page["Contents"]:
                    file = out / each["Key"].removeprefix("out/")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    if not each["Key"].endswith("/"):
                        s3.download_file("bucket", each["Key"], str(file))
        return self._of_its_own(ended, out)

    def _at_once(self, out: Path | str, environment: Mapping[str, str]) -> list[Ended]:
        arguments = [*self.experiment(out), "-p", "spark.driver_memory=1g"]
        commands = [Command(*arguments, environment=environment) for _ in range(TOGETHER)]
        return [command.ended(900) for command in commands]

    def _of_its_own(self, ended: Sequence[Ended], out: Path) -> Verdict:
        wrong = [each for one in ended for each in one.complaints(0)] + self.looks_whole(out)
        made = len(list(out.glob("models/model_*")))
        if made != TOGETHER:
            wrong.append(f"{made} models of {TOGETHER} runs")
        elif not wrong and any(of != figures(self.whole)[0] for of in figures(out)):
            wrong.append("other figures than those of a run alone")
        return Verdict(wrong, sum(one.left_over for one in ended))

    def full_disk(self, megabytes: int) -> Verdict:
        """`out` on a disk that is too small."""
        out = self._out()
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(out)], check=True)
        try:
            ended = Command(*self.experiment(out)).ended()
            wrong = ended.complaints(1) + self.looks_whole(out)
            for what in (str(out), "this takes about"):
                if what not in ended.output:
                    wrong.append(f"{what!r} is not said: {ended.output.strip()[-300:]}")
            return Verdict(wrong, ended.left_over)
        finally:
            subprocess.run(["umount", "--lazy", str(out)], check=True)

    def damaged(self, use: str, name: str, how: str) -> Verdict:
        """Use of a model of which one file is damaged: refused by a sentence, or it comes to the same."""
        out = self._out()
        model = out / "models" / self.model.name
        shutil.copytree(self.model, model)
        if use == "resume":  # as a run leaves it that was killed after its search
            (model / artifacts.SUMMARY).unlink()
            shutil.rmtree(model / artifacts.PIPELINE)
        if name == artifacts.PIPELINE:
            shutil.rmtree(model / name)
            shutil.copytree(self.other, model / name)
        else:
            DAMAGE[how](model / name)
        scoring = ["score", str(model), "--input-data", str(self.table), "--out", str(out)]
        ended = Command(*(scoring if use == "score" else ["--out", str(out), "--resume", model.name])).ended()
        if ended.code != 0:
            return Verdict(ended.complaints(2), ended.left_over)
        wrong = ended.complaints(0)
        is_same = scores(out).equals(self.scores) if use == "score" else figures(out) == figures(self.whole)
        if not is_same:
            wrong.append("it comes to something else than with the model as it was, and no word of it")
        return Verdict(wrong, ended.left_over)

    def looks_whole(self, out: Path) -> list[str]:
        """What is in `out` that looks complete and is not: a file that does not fit, or another model's trees."""
        wrong = []
        for proof, kind in PROOFS:
            for file in out.glob(proof):
                try:
                    record = kind.parse(file.read_text(), str(file))
                    if kind is SUMMARY:
                        self._check_model(file.parents[1], record)
                except (InputError, OSError) as error:
                    wrong.append(f"it looks whole and is not: {error}")
        return wrong

    def _check_model(self, folder: Path, summary: dict[str, Any]) -> None:
        EXPERIMENT.parse((folder / artifacts.EXPERIMENT).read_text(), str(folder))
        pipeline = str(folder / artifacts.PIPELINE)
        check_trained(load_scorer(self.spark, pipeline), summary, pipeline)

    def _out(self) -> Path:
        return self.folder / uuid.uuid4().hex[:8]


def figures(out: Path) -> list[Any]:
    """What is the same in every run, of each run in `out`: figures of the model and of its evaluation."""
    found = []
    for summary in sorted(out.glob("models/model_*/metrics/summary.json")):
        metrics = out / "results" / summary.parents[1].name.replace("model_", "eval_") / "metrics.json"
        files = [json.loads(file.read_text()) for file in (summary, metrics)]
        found.append([{name: content.get(name) for name in FIGURES} for content in files])
    return found


def scores(out: Path) -> pd.DataFrame:
    """The scores that a scoring left, in an order of their own."""
    (folder,) = out.glob("scores/score_*/scores")
    found = pd.read_parquet(folder)
    return found.sort_values(list(found.columns), ignore_index=True)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _without_checksum(damage: Callable[[Path], object]) -> Callable[[Path], None]:
    """Hadoop keeps a checksum beside a local file; a copy from S3 has none."""

    def done(file: Path) -> None:
        damage(file)
        (file.parent / f".{file.name}.crc").unlink(missing_ok=True)

    return done


DAMAGE = {
    "cut in half": _without_checksum(_cut),
    "empty": _without_checksum(lambda file: file.write_bytes(b"")),
    "missing": _without_checksum(Path.unlink),
    "a folder": _without_checksum(_folder),
    "one bit flipped": _without_checksum(_flipped),
}


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Tries faults on real runs, and says which were answered rightly.")
    parser.add_argument(
        "kinds", nargs="*", metavar="KIND", help="signal, kill, together, disk, damage; all if none is given"
    )
    kinds = parser.parse_args().kinds
    # What ignores a signal (a background job Ctrl-C, what nohup starts SIGHUP) hands that on to all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, session(cores=1) as spark:
        campaign = Campaign(Path(folder), spark)
        cases = [case for case in campaign.cases() if not kinds or case.kind in kinds]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            apart = {case.name: pool.submit(_tried, case) for case in cases if case.kind != "together"}
            wait(apart.values())
            verdicts = [apart[case.name].result() if case.name in apart else _tried(case) for case in cases]
    measure(cases, verdicts, time.monotonic() - started)


def _tried(case: Case) -> Verdict:
    try:
        verdict = case.check()
    except Exception as error:  # a case that cannot be judged is a wrong one, and must not end the others
        verdict = Verdict([f"{type(error).__name__}: {error}"])
    print(
        f"{'wrong' if verdict.wrong else 'right'}  {case.kind:10}{case.name}",
        *verdict.wrong,
        sep="\n       ",
        flush=True,
    )
    return verdict


def measure(cases: Sequence[Case], verdicts: Sequence[Verdict], seconds: float) -> dict[str, Any]:
    """Count by kind and store."""
    rows, details = [], []
    for kind in dict.fromkeys(case.kind for case in cases):
        found = [verdict for case, verdict in zip(cases, verdicts, strict=True) if case.kind == kind]
        wrong, left = sum(bool(each.wrong) for each in found), sum(each.left_over for each in found)
        value = f"{len(found)} tried, {len(found) - wrong} right, {wrong} wrong, {left} processes left over"
        rows.append(Figure(kind, value, "0 wrong, 0 left over", wrong == left == 0))
    for case, verdict in zip(cases, verdicts, strict=True):
        details.append({"kind": case.kind, "name": case.name, "wrong": verdict.wrong})
    notes = [
        f"{seconds / 60:.0f} min, {AT_ONCE} cases at once, on every sixth row of the sample, with four candidates.",
        "Signals and SIGKILL go to the command alone, at shares of the time that a run takes which nothing disturbs. "
        "Files are damaged in a copy of its model, without the checksums that Hadoop keeps beside local files.",
    ]
    return store("faults", rows, notes, details)


if __name__ == "__main__":
    main()

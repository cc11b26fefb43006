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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from benchmarks.records import Figure, store
from benchmarks.runs import SAMPLE
from launcher.support.project import PROJECT

AT_ONCE, TOGETHER = 2, 10
PATIENCE = 5.0  # seconds after which no process of a run may be left
GRID = {"RandomForest": {"numTrees": [10, 20], "maxDepth": [6]}, "GBT": {"maxIter": [5, 10], "maxDepth": [3]}}
# Of what a model and its evaluation say, the part that is the same in every run.
FIGURES = ("areaUnderROC", "areaUnderPR", "confusion_matrix", "fingerprint")
MARK = "FAULT_CAMPAIGN_CASE"


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

    def __init__(self, *arguments: str, prefix: Sequence[str] = ()):
        self._mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(PROJECT / "run_experiment.py"), *arguments],
            cwd=PROJECT,
            env={**os.environ, MARK: self._mark, "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

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

    def __init__(self, folder: Path):
        self.folder, self.table = folder, folder / "table.parquet"
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

    def experiment(self, out: Path) -> list[str]:
        """The arguments of the experiment that all cases run."""
        return ["--input-data", str(self.table), "--out", str(out), "-p", f"grid={json.dumps(GRID)}"]

    def cases(self) -> Iterator[Case]:
        """All of them."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for share in (0.15, 0.5, 0.85):
                yield Case("signal", f"{number.name} at {share:.0%}", partial(self.stopped, number, share))
        for tenth in range(10):
            share = (tenth + 0.5) / 10
            yield Case("kill", f"SIGKILL at {share:.0%}", partial(self.killed, share))
        yield Case("together", f"{TOGETHER} runs started in one second", self.together)
        for megabytes in (1, 3) if os.geteuid() == 0 else ():  # only root may mount a small disk
            yield Case("disk", f"a disk of {megabytes} MB", partial(self.full_disk, megabytes))
        for name in damaged_files(self.model):
            for how in DAMAGE:
                yield Case("damage", f"{name} {how}", partial(self.damaged, name, how))

    def stopped(self, number: signal.Signals, share: float) -> Verdict:
        """A signal to the command alone, as `kill` sends it."""
        out = self._out()
        command = Command(*self.experiment(out))
        time.sleep(share * self.seconds)
        command.process.send_signal(number)
        ended = command.ended(60)
        return Verdict(ended.complaints(128 + number) + self.looks_whole(out), ended.left_over)

    def killed(self, share: float) -> Verdict:
        """SIGKILL, and then what takes the run up, or begins it again where there was nothing yet."""
        out = self._out()
        command = Command(*self.experiment(out))
        time.sleep(share * self.seconds)
        command.process.kill()
        ended = command.ended()
        wrong = ended.complaints(-signal.SIGKILL) + self.looks_whole(out)
        begun = sorted(out.glob("models/model_*"))
        resume = ["--out", str(out), "--resume", begun[0].name] if begun else self.experiment(out)
        after = Command(*resume).ended()
        wrong += after.complaints(0)
        if after.code == 0 and figures(out) != figures(self.whole):
            wrong.append(f"other figures: {figures(out)}")
        return Verdict(wrong, ended.left_over + after.left_over)

    def together(self) -> Verdict:
        """Runs that start at the same time and share their output: each has a model and an evaluation of its own."""
        out = self._out()
        commands = [Command(*self.experiment(out), "-p", "spark.driver_memory=1g") for _ in range(TOGETHER)]
        ended = [command.ended(900) for command in commands]
        wrong = [each for one in ended for each in one.complaints(0)]
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
            if str(out) not in ended.output:
                wrong.append(f"the disk is not named: {ended.output.strip()[-300:]}")
            return Verdict(wrong, ended.left_over)
        finally:
            subprocess.run(["umount", "--lazy", str(out)], check=True)

    def damaged(self, name: str, how: str) -> Verdict:
        """Scoring with a model of which one file is damaged: refused by a sentence, or the same scores."""
        out = self._out()
        shutil.copytree(self.model, out / "models" / self.model.name)
        DAMAGE[how](out / "models" / self.model.name / name)
        model = str(out / "models" / self.model.name)
        ended = Command("score", model, "--input-data", str(self.table), "--out", str(out)).ended()
        if ended.code != 0:
            return Verdict(ended.complaints(2), ended.left_over)
        wrong = ended.complaints(0)
        if not scores(out).equals(self.scores):
            wrong.append("other scores than those of the model, and no word of it")
        return Verdict(wrong, ended.left_over)

    def looks_whole(self, out: Path) -> list[str]:
        """What is in `out` that looks complete and is not."""
        wrong = []
        for folder in out.glob("models/model_*"):
            if (folder / "metrics" / "summary.json").exists() and not (folder / "pipeline_best" / "metadata").exists():
                wrong.append(f"{folder.name} has a summary and no model")
        for folder in out.glob("results/eval_*"):
            if (folder / "metrics.json").exists() and not json.loads((folder / "metrics.json").read_text()):
                wrong.append(f"{folder.name} has empty metrics")
        return wrong

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


def damaged_files(model: Path) -> list[str]:
    """The files of a model that are damaged, one after the other: those that say what it is, and its trees."""
    trees = sorted(model.glob("pipeline_best/stages/*/data/part-*.parquet"))
    metadata = sorted(model.glob("pipeline_best/**/metadata/part-*"))
    named = [model / "metrics" / "summary.json", model / "experiment.json", *metadata[:1], *trees[:1]]
    return [str(file.relative_to(model)) for file in named if file.exists()]


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
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder))
        cases = [case for case in campaign.cases() if not kinds or case.kind in kinds]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(_tried, cases))
    measure(cases, verdicts, time.monotonic() - started)


def _tried(case: Case) -> Verdict:
    try:
        verdict = case.check()
    except Exception as error:  # a case that cannot be judged is a wrong one, and must not end the others
        verdict = Verdict([f"{type(error).__name__}: {error}"])
    print(
        f"{'wrong' if verdict.wrong else 'right'}  {case.kind:8}{case.name}",
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

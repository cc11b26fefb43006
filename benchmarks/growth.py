"""How time and memory of the task engine grow with the rows.

python -m benchmarks.growth [--rows 100000 1000000 10000000]
"""

import argparse
import multiprocessing
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import psutil

from benchmarks.arithmetic import exponent
from benchmarks.million import CANDIDATES, TABLE_NOTE
from benchmarks.records import Figure, store
from benchmarks.runs import SAMPLE, grown_sample, seconds, session, split_of, task_seconds

TARGET = 1.1
ROWS = (100_000, 1_000_000, 10_000_000)
MEGABYTE = 2**20


class PeakMemory(threading.Thread):
    """Watches this process and its children: peaks of resident memory in MB by role, twenty times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peaks = {"driver JVM": 0.0, "driver Python": 0.0, "largest worker": 0.0, "all together": 0.0}
        self._over = threading.Event()

    def run(self) -> None:
        """Measure until `stop`."""
        driver = psutil.Process()
        while not self._over.wait(0.05):
            now = {"driver JVM": 0.0, "driver Python": driver.memory_info().rss, "largest worker": 0.0}
            together = now["driver Python"]
            for child in driver.children(recursive=True):
                try:
                    name, size = child.name(), child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                if name != "java" and not name.startswith("python"):
                    continue  # the JVM, for the moment in which it starts a command, under the name of a thread
                role = "driver JVM" if name == "java" else "largest worker"
                now[role] = max(now[role], size)
                together += size
            for role, size in {**now, "all together": together}.items():
                self.peaks[role] = max(self.peaks[role], size / MEGABYTE)

    def stop(self) -> dict[str, float]:
        """The peaks so far."""
        self._over.set()
        self.join()
        return self.peaks


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times the task engine on tables of growing size.")
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    measure(sorted(parser.parse_args().rows))


def measure(sizes: Sequence[int]) -> dict[str, Any]:
    """Time each size in a separate process, so that their memory is not mixed."""
    runs = {}
    for rows in sizes:
        grown_sample(rows)  # making the table is not measured
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            runs[rows] = pool.submit(run_once, rows).result()
        print(f"  {rows:,} rows: {runs[rows]}", file=sys.stderr, flush=True)
    found = exponent(sizes, [runs[rows]["search"] for rows in sizes])
    span = f"{sizes[0]:,} to {sizes[-1]:,} rows"
    figures = [Figure(f"exponent of the search's time, {span}", f"{found:.2f}", f"≤ {TARGET}", found <= TARGET)]
    for rows, run in runs.items():
        figures.append(Figure(f"{rows:,} rows, search", f"{run['search']:.1f} s"))
        figures.append(Figure(f"{rows:,} rows, reading and splitting the table", f"{run['split']:.1f} s"))
        memory = ", ".join(f"{role} {size:,.0f} MB" for role, size in run["memory"].items())
        figures.append(Figure(f"{rows:,} rows, peak resident memory", memory))
    notes = [
        TABLE_NOTE,
        f"Search: {' and '.join(map(str, CANDIDATES))} by the task engine, warmed up on the sample table. Memory from "
        "starting Spark to the end of the search; the JVM takes what its heap allows before it collects.",
    ]
    return store("growth", figures, notes, {str(rows): run for rows, run in runs.items()})


def run_once(rows: int) -> dict[str, Any]:
    """Seconds to split and to search a table with this many rows, and memory peaks."""
    watch = PeakMemory()
    watch.start()
    with session() as spark:
        task_seconds(split_of(spark, SAMPLE), CANDIDATES)
        made: list[Any] = []
        splitting = seconds(lambda: made.append(split_of(spark, grown_sample(rows))))
        searching = task_seconds(made[0], CANDIDATES)
        return {"split": splitting, "search": searching, "memory": watch.stop()}


if __name__ == "__main__":
    main()

"""One Spark job that fits and scores all candidates of a search.

Tasks send scores to the driver twice: in an accumulator, which is updated when each task ends, and as the job's result,
in case an update was lost. Each score is yielded once.
"""

import queue
import uuid
from collections.abc import Generator, Sequence
from typing import Any

from pyspark import InheritableThread, SparkContext

from lib.engines.task.kind import FoldRows, TreesFit
from lib.engines.task.kinds import KINDS
from lib.engines.task.scores import Arrivals, Scores
from lib.search.engine import FoldScore


def run_search(
    context: SparkContext, folds: Sequence[FoldRows], fits: Sequence[TreesFit], seed: int
) -> Generator[FoldScore[Any], None, None]:
    """Fit and score all candidates of the fits on all folds; yields scores as they come. Closing it cancels the job."""
    inbox: queue.Queue[Scores | None] = queue.Queue()
    arrivals = context.accumulator([], Arrivals(inbox))
    by_kind = {kind: [fit for fit in fits if type(fit) is made] for made, kind in KINDS.items()}
    stages = [kind.score(context, folds, some, seed, arrivals) for kind, some in by_kind.items() if some]
    job = context.union(stages)
    tag = f"search-{uuid.uuid4().hex[:8]}"
    failure: list[BaseException] = []

    def collect() -> None:
        context.addJobTag(tag)
        try:
            inbox.put(job.collect())
        except BaseException as error:
            failure.append(error)
        finally:
            inbox.put(None)

    thread = InheritableThread(target=collect)
    thread.start()
    seen: set[tuple[int, int]] = set()
    try:
        while (arrived := inbox.get()) is not None:
            for score in arrived:
                which = (score.fold, score.candidate.index)
                if which not in seen:
                    seen.add(which)
                    yield score
    finally:
        context.cancelJobsWithTag(tag)  # no job is running unless the loop was left early
        thread.join()
    if failure:
        raise failure[0]

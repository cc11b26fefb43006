"""How long to be patient with AWS: one rule for single requests and for repeated ones.

boto3 makes a request ten times within about a minute, and its waiters give up after half an hour. Networks are away
for longer than that, and clusters and steps take longer.
"""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from rich.console import Console
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from launcher.support.aws import AwsUnavailable
from launcher.support.console import err, say

T = TypeVar("T")

PAUSE = 15.0
# Seconds that AWS may be unreachable before we give up.
PATIENCE = 600.0


def patiently(
    request: Callable[[], T],
    passing: type[AwsUnavailable] = AwsUnavailable,
    pause: float | None = None,
    console: Console | None = None,
) -> T:
    """Make a request again for as long as its error may pass, at most ten minutes; say so once.

    All other errors come at once: what is not allowed or makes no sense will not do so later. Give `AwsBusy` as
    `passing` for a request that must not be carried out twice.

    Raises:
        AwsUnavailable: it may pass, but did not in ten minutes.
    """

    def tell(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome:
            say(f"{state.outcome.exception()} (retrying)", console or err(), "yellow")

    retrying = Retrying(
        retry=retry_if_exception_type(passing),
        stop=stop_after_delay(PATIENCE),
        wait=wait_fixed(PAUSE if pause is None else pause),
        before_sleep=tell,
        sleep=time.sleep,
        reraise=True,
    )
    return retrying(request)


def watch(look: Callable[[], T], pause: float | None = None) -> Iterator[T]:
    """What `look` returns, time and again; whoever reads it stops when it has seen enough.

    Raises:
        AwsUnavailable: AWS could not be asked for ten minutes.
    """
    while True:
        yield patiently(look, pause=pause)
        time.sleep(PAUSE if pause is None else pause)

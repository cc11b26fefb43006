"""Look at something again and again, for as long as it takes: boto3's own waiters give up after half an hour."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from launcher.aws import AwsUnavailable

T = TypeVar("T")

PAUSE = 15.0
# Seconds for which AWS may be out of reach before it is given up.
PATIENCE = 600.0


def watch(look: Callable[[], T], pause: float | None = None) -> Iterator[T]:
    """What `look` returns, time and again; whoever reads it stops when it has seen enough.

    Raises:
        AwsUnavailable: AWS could not be asked for ten minutes.
    """
    answered = time.monotonic()
    while True:
        try:
            seen = look()
        except AwsUnavailable:
            if time.monotonic() - answered > PATIENCE:
                raise
        else:
            answered = time.monotonic()
            yield seen
        time.sleep(PAUSE if pause is None else pause)

"""How long a request to Livy is repeated: the launcher's own, and sparkmagic's."""

from urllib3.util import Retry

_BACKOFF = 0.5  # seconds; the sleeps between attempts double from twice that


def patient() -> Retry:
    """For a server that has answered: 15 s for a tunnel or a gateway to come back.

    What does no harm twice is asked again. A POST may have been carried out, so it is not, unless no connection could
    be made for it.
    """
    return _retry(lost=5, refused=5)


def brief() -> Retry:
    """For the first question: a wrong URL is told at once, but a gateway answers 5xx now and then."""
    return _retry(lost=0, refused=3)


def _retry(lost: int, refused: int) -> Retry:
    return Retry(
        total=None,
        connect=lost,
        read=lost,
        status=refused,
        redirect=0,
        other=0,
        backoff_factor=_BACKOFF,
        status_forcelist=(500, 502, 503, 504),
        allowed_methods=("GET", "DELETE"),
        raise_on_status=False,
    )

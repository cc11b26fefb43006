"""Text of files that were written by others, or by an earlier run."""

from lib.errors import Damaged


def decoded(content: bytes, place: str) -> str:
    """The text of a UTF-8 file.

    Raises:
        Damaged: it is none.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Damaged(place, f"it is not UTF-8 text (byte {error.start + 1})", "restore it from a copy") from None

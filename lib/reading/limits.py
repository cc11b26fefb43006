"""How large a file may be that one task reads whole."""

from lib.errors import InputError

_LARGEST_WHOLE = 1024**3  # bytes


def check_size(uri: str, size: int, why: str) -> None:
    """Check the size of a file that is read whole because it `why` (has, or is, something).

    Raises:
        InputError: it is too large.
    """
    if size > _LARGEST_WHOLE:
        raise InputError(
            f"{uri} {why}, and such a file is read by one task: it has {size / 1024**3:.1f} GB, which is more than "
            f"{_LARGEST_WHOLE // 1024**3}; divide it into several files, or write it as parquet (numbers as float32)"
        )

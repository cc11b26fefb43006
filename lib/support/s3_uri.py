"""The URIs of S3, under each of the schemes that Hadoop and EMR give them.

`s3` is EMR's and what people write, `s3a` is Hadoop's own off EMR, and `s3n` stands in EMR's records. They name the
same objects. Pure Python, for both sides read them: the launcher without Spark, `lib` without boto3.
"""

import re

from lib.errors import InputError

SCHEMES = ("s3", "s3a", "s3n")
# How a URI of S3 begins, to be built into patterns that look for one in a text.
BEGINNING = rf"(?:{'|'.join(SCHEMES)})://"
# AWS takes any character in a key, `?`, `#` and line breaks too, so a URL parser would cut some.
_URI = re.compile(rf"{BEGINNING}(?P<bucket>[^/]+)(?P<key>.*)", re.DOTALL | re.IGNORECASE)
_BEGINNING = re.compile(BEGINNING, re.IGNORECASE)


def is_s3(place: str) -> bool:
    """Whether a place is in S3, or means to be."""
    return place.partition(":")[0].lower() in SCHEMES and ":" in place


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The two names by which AWS's own interface knows a place; the key has no slash at either end.

    Raises:
        InputError: it is no URI of S3, or names no bucket.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise InputError(f"{uri} is no place in S3: it must be s3://bucket/key")
    return found["bucket"], found["key"].strip("/")


def with_scheme(uri: str, scheme: str = "s3") -> str:
    """The same place under another scheme; what is not in S3 stays as it is."""
    return _BEGINNING.sub(lambda _: f"{scheme}://", uri, count=1) if _BEGINNING.match(uri) else uri

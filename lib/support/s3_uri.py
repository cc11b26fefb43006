"""S3 URIs, with each of the schemes that Hadoop and EMR use.

`s3` is the scheme on EMR and what people write, `s3a` is Hadoop's own outside EMR, and `s3n` appears in EMR's records.
They name the same objects. Pure Python, because both sides use it: the launcher without Spark, `lib` without boto3.
"""

import re

from lib.errors import InputError

SCHEMES = ("s3", "s3a", "s3n")
# How the names of the settings of Hadoop's own client begin, as Spark takes them.
S3A_SETTINGS = "spark.hadoop.fs.s3a."
# How an S3 URI begins, for use in patterns that search a text for one.
BEGINNING = rf"(?:{'|'.join(SCHEMES)})://"
# AWS allows any character in a key, even `?`, `#` and line breaks, so a URL parser would cut some keys short.
_URI = re.compile(rf"{BEGINNING}(?P<bucket>[^/]+)(?P<key>.*)", re.DOTALL | re.IGNORECASE)
_BEGINNING = re.compile(BEGINNING, re.IGNORECASE)


def is_s3(place: str) -> bool:
    """Whether a place is in S3, judged by its scheme alone."""
    return place.partition(":")[0].lower() in SCHEMES and ":" in place


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The bucket and key of an S3 URI; the key has no slash at either end.

    Raises:
        InputError: it is not an S3 URI, or names no bucket.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise InputError(f"{uri} is not an S3 URI: it must be s3://bucket/key")
    return found["bucket"], found["key"].strip("/")


def with_scheme(uri: str, scheme: str = "s3") -> str:
    """The same URI with another scheme; a place outside S3 is returned unchanged."""
    return _BEGINNING.sub(lambda _: f"{scheme}://", uri, count=1) if _BEGINNING.match(uri) else uri

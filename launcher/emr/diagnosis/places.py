"""The place in S3 that a line of a log is about, which often stands in another line."""

import re

from launcher.emr.diagnosis.evidence import Hit
from lib.support.s3_uri import BEGINNING

LINES_AROUND = 40
S3_PLACE = re.compile(rf"{BEGINNING}[^\s'\",;:()\]]+[^\s'\",;:()\].]")
# AWS's client names the bucket in the request's address, and the key after it.
_REQUEST = re.compile(
    r"request: (?:GET|PUT|HEAD|POST|DELETE) https?://(?P<bucket>[\w.-]+?)\.s3[\w.-]*\.amazonaws\.com\S* "
    r"(?P<key>[^\s{]*)"
)


def place_near(hit: Hit) -> str:
    """The place in S3 that the line speaks of, or else the last one before it, or the first after it; "" if none."""
    asked = _REQUEST.search(hit.line.text)
    if asked:
        return f"s3://{asked['bucket']}/{asked['key']}"
    lines = hit.source.lines
    before = [line.text for line in lines[max(0, hit.index - LINES_AROUND) : hit.index + 1]]
    after = [line.text for line in lines[hit.index + 1 : hit.index + LINES_AROUND]]
    found = (S3_PLACE.search(text) for text in (*reversed(before), *after))
    return next((match[0] for match in found if match), "")


def place_of_key(hit: Hit, key: str) -> str:
    """The place of a key that stands without its bucket: in the bucket of the request, or of a place near it."""
    near = place_near(hit)
    bucket = near.partition("://")[2].partition("/")[0] if near else "BUCKET"
    return f"s3://{bucket}/{key.lstrip('/')}"

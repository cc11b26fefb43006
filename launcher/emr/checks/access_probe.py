"""What the nodes' role may do, tried on a node with the role's own credentials.

    python access_probe.py REGION VERDICT_URI INPUT_URI …

Reads a byte of each input, writes and removes an object beside VERDICT_URI, and leaves there a JSON list of what was
refused. Nothing but boto3 is imported: the cluster gets the text of this file, before any code of ours is there.
"""

import json
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError


def main(region: str, verdict: str, *inputs: str) -> str | None:
    """Try everything, and write what was refused; returns a message if not even that can be written."""
    s3 = boto3.client("s3", region_name=region)
    refused: list[dict[str, str]] = []

    def attempt(action: str, uri: str, call: str, **arguments: Any) -> Any:
        bucket, key = _bucket_and_key(uri)
        try:
            named = {"Prefix": key} if action == "s3:ListBucket" else {"Key": key}
            return getattr(s3, call)(Bucket=bucket, **named, **arguments)
        except ClientError as error:
            refused.append({"action": action, "uri": uri, "message": str(error)})

    for uri in inputs:
        listed = attempt("s3:ListBucket", uri, "list_objects_v2") or {}
        bucket, _ = _bucket_and_key(uri)
        for found in [each for each in listed.get("Contents", []) if each["Size"]][:1]:
            attempt("s3:GetObject", f"s3://{bucket}/{found['Key']}", "get_object", Range="bytes=0-0")
    if attempt("s3:PutObject", tried(verdict), "put_object"):
        attempt("s3:DeleteObject", tried(verdict), "delete_object")
    attempt("s3:PutObject", verdict, "put_object", Body=json.dumps(refused).encode())
    told = [each["message"] for each in refused if each["uri"] == verdict]
    return f"cannot write {verdict}: {told[0]}" if told else None


def tried(verdict: str) -> str:
    """The object that is written and removed again."""
    return f"{verdict}.tried"


def _bucket_and_key(uri: str) -> tuple[str, str]:
    """What `lib.support.s3_uri.bucket_and_key` gives, which is not here."""
    bucket, _, key = uri.split("://", 1)[1].partition("/")
    return bucket, key.strip("/")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

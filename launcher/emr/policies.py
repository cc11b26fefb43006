"""ARNs and IAM statements, as they are pasted into a policy. China and GovCloud are partitions of their own."""

import json
from collections.abc import Iterable, Sequence
from typing import Any


def partition_of(arn: str) -> str:
    """The partition of an ARN: aws, aws-cn, aws-us-gov …; aws if there is no ARN."""
    return arn.split(":")[1] if arn.startswith("arn:") and arn.count(":") > 1 else "aws"


def s3_arn(partition: str, bucket: str, key: str = "") -> str:
    """The ARN of a bucket, or of the objects that a key (which may end in *) names."""
    return f"arn:{partition}:s3:::{bucket}/{key}" if key else f"arn:{partition}:s3:::{bucket}"


def glue_arns(partition: str, region: str, account: str, database: str, table: str) -> list[str]:
    """The resources of the Glue Data Catalog that reading a table asks for; `table` may be *."""
    kinds = ["catalog", "database/default", f"database/{database}", f"table/{database}/{table}"]
    return [f"arn:{partition}:glue:{region}:{account}:{each}" for each in (*kinds, f"userDefinedFunction/{database}/*")]


def needed_on(partition: str, action: str, bucket: str, key: str) -> str:
    """The resource that a statement should name for an action on an object: the bucket, or the object's whole folder.

    A role that may not read one file of a folder may not read the next either.
    """
    if action == "s3:ListBucket":
        return s3_arn(partition, bucket)
    return s3_arn(partition, bucket, "/".join([*key.split("/")[:-1], "*"]))


def statement(actions: Sequence[str], resource: str | list[str]) -> dict[str, Any]:
    """The IAM statement that allows actions on a resource, or on several."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def statements(lacking: Iterable[tuple[str, str]]) -> str:
    """The IAM statements that allow these actions on these resources, as JSON to paste into a policy."""
    by_resource: dict[str, list[str]] = {}
    for action, resource in dict.fromkeys(lacking):
        by_resource.setdefault(resource, []).append(action)
    return ", ".join(json.dumps(statement(actions, resource)) for resource, actions in by_resource.items())

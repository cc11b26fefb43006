"""Causes of failure related to data: permissions, missing places, throttling, full disks."""

import re

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven, told_by
from launcher.emr.policies import needed_on, partition_of, s3_arn, statement
from lib.errors import InputError
from lib.support.s3_uri import BEGINNING, bucket_and_key

# AWS's own sentence says it all; what other sentences name is an operation of S3's, or one of Hadoop's.
_NOT_AUTHORIZED = (
    r"(?P<who>arn:[\w-]+:(?:sts|iam)::\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: [\\\"']*(?P<resource>arn:[^\\\"'\s]+))?(?P<why>.*)"
)
_BOTO = r"\((?:AccessDenied|403)\) when calling the (?P<operation>\w+) operation"
_OURS = rf"access denied to (?P<operation>\w+)|(?P<operation_of_ours>cannot \w+( at)?) {BEGINNING}.*(AccessDenied|403)"
_HADOOP = (
    rf"AccessDeniedException: (?P<place>{BEGINNING}\S+?):? (?P<operation>\w+)"
    r"|(?:AmazonS3Exception|S3Exception).*(?:Status Code: 403|Access Denied)"
    r"|Access Denied \(Service: (?:Amazon )?S3"
)
_S3_PLACE = re.compile(rf"{BEGINNING}[^\s'\",;:()\]]+[^\s'\",;:()\].]")
# The action that an operation needs, where it is not s3:<its name>.
_ACTIONS = {
    "HeadObject": "s3:GetObject",
    "GetObjectMetadata": "s3:GetObject",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "DeleteObjects": "s3:DeleteObject",
    "CreateMultipartUpload": "s3:PutObject",
    "InitiateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "getFileStatus": "s3:GetObject",
    "open": "s3:GetObject",
    "listStatus": "s3:ListBucket",
    "PUT": "s3:PutObject",
    "Writing": "s3:PutObject",
    "mkdirs": "s3:PutObject",
    "delete": "s3:DeleteObject",
    "rename": "s3:PutObject",
    "cannot write": "s3:PutObject",
    "cannot list": "s3:ListBucket",
    "cannot delete": "s3:DeleteObject",
}
_LOOKS = ("getFileStatus", "HeadObject")
_OPERATIONS = re.compile("[A-Z][a-z]+[A-Z]")  # of S3's own names, as GetObject
# A frame of a Java stack that calls AWS's client.
_CALL = re.compile(
    r"S3Client\w*\.(?P<operation>(?:get|put|head|list|delete|copy|upload|initiate|create|complete)\w+)\("
)
_LINES_AROUND = 40
_CHECK_THE_PLACE = "check the place (--input-data, --test-data or the step's arguments) and that the upload is complete"


def access_denied(evidence: Evidence) -> Finding | None:
    """AWS refused something: which action on what, for which role, and the statement that allows it."""
    hit = evidence.first(_NOT_AUTHORIZED) or evidence.first(_BOTO) or evidence.first(_OURS) or evidence.first(_HADOOP)
    if hit is None:
        return None
    said = hit.found.groupdict()
    operation = said.get("operation") or said.get("operation_of_ours") or _operation_near(hit)
    action = said.get("action") or _action(operation)
    partition = partition_of(evidence.cluster.arn or said.get("who") or "")
    resource = said.get("resource") or _resource(partition, action, said.get("place") or _place_near(hit))
    role = _role(said.get("who") or "", evidence)
    on = f" on {resource}" if resource else ""
    sentence = f"access denied: {role} may not {action}{on}"
    if "explicit deny" in (said.get("why") or ""):
        remedy = "a policy denies it explicitly, which no statement can override: check the bucket's policy"
        return Finding(sentence, proven(hit), (remedy,))
    allowed = statement([action], _widened(partition, action, resource))
    remedy = (
        "add the statement below to that role's policy (ours is in infrastructure/iam.tf), or use a place that "
        "the role can access"
    )
    absent = "S3 also says this for a missing file when the caller may not list the bucket: check the name, too"
    ways = (remedy, absent) if said.get("operation") in _LOOKS else (remedy,)
    return Finding(sentence, proven(hit), ways, statement=allowed)


def missing_bucket(evidence: Evidence) -> Finding | None:
    """There is no such bucket."""
    hit = evidence.first(r"NoSuchBucket|The specified bucket does not exist|there is no bucket (?P<named>\S+)")
    if hit is None:
        return None
    place = hit.found["named"] or _place_near(hit)
    return Finding(
        f"there is no such bucket{f': {place}' if place else ''}",
        proven(hit),
        ("check --input-data and --out, and the region of the bucket",),
    )


def missing_input(evidence: Evidence) -> Finding | None:
    """An input file or folder is missing."""
    own = evidence.stated("missing-input")
    patterns = (
        # The spark-submit scripts leave nothing but what they print.
        r"^error: input (?P<place>\S+) does not exist",
        r"(?:\[PATH_NOT_FOUND\] )?(?:Input p|P)ath does not exist: (?P<place>\S+)",
        r"FileNotFoundException: (?:No such file or directory:?|File) '?(?P<place>\S+?)'?(?: does not exist.*)?$",
        r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<place>.+)'",
        r"\(NoSuchKey\) when calling the (?P<place>GetObject) operation",
        r"can't open file '(?P<place>[^']+)': \[Errno 2\]",
    )
    hits = (hit for pattern in patterns for hit in evidence.hits(pattern) if "_temporary" not in hit.line.text)
    hit = next(hits, None)
    if hit is None and own:
        return Finding(own.line.text.removeprefix("Error: "), proven(own), (_CHECK_THE_PLACE,))
    if hit is None:
        return None
    place = hit.found["place"].rstrip(".;,")
    if place == "GetObject":
        place = _place_near(hit) or "an object of S3"
    return Finding(
        f"{place} does not exist",
        proven(hit),
        (_CHECK_THE_PLACE,),
    )


def throttled_by_s3(evidence: Evidence) -> Finding | None:
    """S3 throttled until Spark gave up."""
    hits = evidence.hits(r"SlowDown|Slow Down|[Pp]lease reduce your request rate|Amazon S3; Status Code: 503")
    hit = next((each for each in hits if each.is_decisive or " WARN " not in each.line.text), None)
    if hit is None:
        return None
    return Finding(
        "S3 throttled the run (503 Slow Down) until it gave up",
        proven(hit),
        (
            "run it again: S3 needs some minutes to scale a prefix",
            "if it happens again, use fewer and larger input files (100 MB and more), or fewer executors "
            "(spark.num_executors)",
        ),
    )


# The node's own credentials were not valid.
expired_credentials = told_by(
    r"ExpiredToken|The provided token has expired|Unable to locate credentials|NoCredentialsError",
    "the node had no valid AWS credentials",
    "nodes get them from their instance profile: check that the cluster has one and that its role still exists",
)


def disk_full(evidence: Evidence) -> Finding | None:
    """A node's disk is full."""
    hit = evidence.first(
        r"No space left on device|\[Errno 28\]|local-dirs (?:are bad|usable space is below)|"
        r"Could not find any valid local directory"
    )
    if hit is None:
        return None
    sizes = sorted({sum(group.ebs_gb) for group in evidence.cluster.groups if group.role != "MASTER"} - {0})
    have = f" (core and task nodes have {' or '.join(map(str, sizes))} GB)" if sizes else ""
    return Finding(
        f"a node's disk is full{have}",
        proven(hit),
        (
            "create the cluster with larger volumes (emr_core_ebs_size in infrastructure/), or with more core nodes, "
            "which share the data that Spark spills",
            "files of old applications stay on the nodes: a new cluster starts empty",
        ),
    )


def _action(operation: str) -> str:
    """The action that an operation needs."""
    known = _ACTIONS.get(operation)
    if known:
        return known
    return f"s3:{operation}" if _OPERATIONS.match(operation) else "s3:GetObject"


def _operation_near(hit: Hit) -> str:
    """The S3 operation in the Java stack below a line; "" if there is none."""
    below = (_CALL.search(line.text) for line in hit.source.lines[hit.index + 1 :][:_LINES_AROUND])
    call = next((match["operation"] for match in below if match), "")
    return call[:1].upper() + call[1:]


def _place_near(hit: Hit) -> str:
    """The place in S3 that the line speaks of, or else the last one before it, or the first after it."""
    lines = hit.source.lines
    before = [line.text for line in lines[max(0, hit.index - _LINES_AROUND) : hit.index + 1]]
    after = [line.text for line in lines[hit.index + 1 : hit.index + _LINES_AROUND]]
    found = (_S3_PLACE.search(text) for text in (*reversed(before), *after))
    return next((match[0] for match in found if match), "")


def _resource(partition: str, action: str, place: str) -> str:
    try:
        bucket, key = bucket_and_key(place)
    except InputError:
        return ""
    return s3_arn(partition, bucket, "" if action == "s3:ListBucket" else key)


def _widened(partition: str, action: str, resource: str) -> str:
    """What a policy should name for the resource that was refused."""
    _, is_s3, place = resource.partition(":s3:::")
    if not is_s3:
        return resource or s3_arn(partition, "BUCKET", "PREFIX/*")
    bucket, _, key = place.partition("/")
    return needed_on(partition_of(resource), action, bucket, key)


def _role(who: str, evidence: Evidence) -> str:
    """The role that was refused: AWS names it with its session, and else it is that of the nodes."""
    found = re.search(r"assumed-role/([^/]+)/", who)
    if found:
        return f"role {found[1]}"
    if who:
        return who
    profile = evidence.cluster.instance_profile.rpartition("/")[2]
    return f"the nodes' role (instance profile {profile})" if profile else "the nodes' role"

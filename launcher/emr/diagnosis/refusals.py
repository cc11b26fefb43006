"""What AWS refused: which action on what, for which role, why, and the statement that allows it."""

import re
from dataclasses import dataclass

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven
from launcher.emr.diagnosis.places import LINES_AROUND, place_near, place_of_key
from launcher.emr.diagnosis.storage import WRONG_CREDENTIALS
from launcher.emr.policies import needed_on, partition_of, s3_arn, statement
from lib.errors import InputError
from lib.support.s3_uri import BEGINNING, bucket_and_key, is_s3

# AWS's own sentence says it all; what other sentences name is an operation of S3's, or one of Hadoop's.
_NOT_AUTHORIZED = (
    r"(?P<who>arn:[\w-]+:(?:sts|iam)::\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: [\\\"']*(?P<resource>arn:[^\\\"'\s]+))?(?P<why>.*)"
)
_BOTO = r"\((?:AccessDenied|403)\) when calling the (?P<operation>\w+) operation"
_OURS = rf"access denied to (?P<operation>\w+)|(?P<operation_of_ours>cannot \w+( at)?) {BEGINNING}.*(AccessDenied|403)"
# S3A names the place, or the key alone, then what it was doing.
_S3A = (
    r"AccessDeniedException: (?:(?P<place>(?:\w+://)?[^\s:]+):? )?(?P<operation>PUT 0-byte object|Writing Object|"
    r"initiate MultiPartUpload|upload part|Completing multipart upload|Multi-object delete|(?!(?:software|com|on)\b)[A-Za-z]\w+)\b(?!://)"
)
# The client's own error, which names no operation; keys that are wrong are another cause (403, too).
_CLIENT = (
    rf"^(?!.*(?:{WRONG_CREDENTIALS}|ExpiredToken)).*"
    r"(?:(?:AmazonS3Exception|S3Exception).*(?:Status Code: 403|Access Denied)|Access Denied \(Service: (?:Amazon )?S3)"
)
_READ, _LIST, _WRITE, _DELETE = "s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject"
# The actions that an operation needs, by the words in its name, whoever names it: AWS's clients, S3A, a run of ours.
# The order counts: `ListObjects` before `Object`.
_ACTIONS = (
    (r"(?i)^abort", ("s3:AbortMultipartUpload",)),
    (r"(?i)delete", (_DELETE,)),
    (r"(?i)^rename|^copy|CopyObject", (_WRITE, _READ, _DELETE)),
    (r"(?i)getBucketLocation", ("s3:GetBucketLocation",)),
    (r"(?i)list|HeadBucket|doesBucketExist|verifyBucket", (_LIST,)),
    (r"(?i)^put\b|^put(?!\w*acl)\w*Object|^writing|multipart|upload|mkdirs?$|^create|^finish|cannot write", (_WRITE,)),
    (r"(?i)getFileStatus|^HeadObject|getObjectMetadata", (_READ, _LIST)),
    (r"(?i)^getObject|^(re-?)?open|^read|^input_?stream|cannot read", (_READ,)),
)
_LOOKS = re.compile(r"(?i)getFileStatus|HeadObject|getObjectMetadata")
_NAMED = re.compile("[A-Z][a-z]+[A-Z]")  # S3's own names of operations, as GetObject
# A frame of a Java stack that calls AWS's client, and the request that the client names in its error.
_CALL = re.compile(
    r"S3Client\w*\.(?P<operation>(?:get|put|head|list|delete|copy|upload|initiate|create|complete)\w+)\("
)
_REQUEST = re.compile(r"services\.s3\.model\.(?P<operation>\w+)Request\b|request: (?P<method>HEAD|PUT|DELETE) ")
_METHODS = {"HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
_WRITES = re.compile(r"FileFormatWriter|Aborting job|DataFrameWriter|FileOutputCommitter|Data source write")


@dataclass(frozen=True)
class _Refused:
    """What was refused; `operation` is "" and `actions` empty where the log does not say what was tried."""

    hit: Hit
    operation: str
    actions: tuple[str, ...]
    place: str
    said: dict[str, str]


def access_denied(evidence: Evidence) -> Finding | None:
    """AWS refused something."""
    patterns = (_NOT_AUTHORIZED, _BOTO, _OURS, _S3A, _CLIENT)
    hit = next((hit for pattern in patterns if (hit := evidence.first(pattern))), None)
    if hit is None:
        return None
    refused = _read(hit)
    who = refused.said.get("who", "")
    role, partition = _role(who, evidence), partition_of(evidence.cluster.arn or who)
    if not refused.actions:
        return _untold(refused, role, partition)
    resource = refused.said.get("resource") or _resource(partition, refused.actions[0], refused.place)
    # Looking at a file needs two actions, and the one that reads is what is meant; a copy may lack any of its three.
    lacking = refused.actions[:1] if _LOOKS.search(refused.operation) else refused.actions
    sentence = f"access denied: {role} may not {' or '.join(lacking)}{f' on {resource}' if resource else ''}"
    way = _way(refused.said.get("why", ""), refused.actions[0])
    if way is None:
        remedy = "a policy denies it explicitly, which no statement can override: check the bucket's policy"
        return Finding(sentence, proven(hit), (remedy,))
    ways = [way, *_besides(refused)]
    return Finding(sentence, proven(hit), tuple(ways), statement=_statement(partition, refused, resource))


def _read(hit: Hit) -> _Refused:
    said = {name: value for name, value in hit.found.groupdict().items() if value}
    operation = said.get("operation") or said.get("operation_of_ours") or _operation_near(hit)
    named = said.get("place", "")
    place = named if is_s3(named) else place_of_key(hit, named) if named else place_near(hit)
    actions = (said["action"],) if "action" in said else _actions(operation)
    return _Refused(hit, operation, actions, place, said)


def _untold(refused: _Refused, role: str, partition: str) -> Finding:
    """The log does not say what was tried, so no statement can be given."""
    on = refused.place or "a place in S3"
    arn = _resource(partition, _READ, refused.place) or s3_arn(partition, "BUCKET", "PREFIX")
    return Finding(
        f"access denied: {role} was refused {on}; the log does not say for what",
        proven(refused.hit),
        (
            f"reading needs {_READ} on {arn}/* and {_LIST} on the bucket, writing {_WRITE} and {_DELETE} too; where "
            "the "
            "bucket is encrypted with KMS, reading needs kms:Decrypt and writing kms:GenerateDataKey on its key",
            "allow that role what the run was about to do there (ours is in infrastructure/iam.tf)",
        ),
    )


def _way(why: str, action: str) -> str | None:
    """Where to allow it, by AWS's own reason; None where a policy denies it explicitly."""
    if "explicit deny" in why:
        return None
    if "session policy" in why:
        return (
            f"the session was opened with a session policy that leaves {action} out, and the role's own policies do "
            "not count beyond it: add the statement below to the session policy, where the role is assumed (the "
            "catalogue or service that hands out the credentials)"
        )
    limits = {
        "service control policy": "the organisation's service control policy",
        "permissions boundary": "the role's permissions boundary",
        "VPC endpoint policy": "the policy of the subnet's VPC endpoint",
        "resource-based policy": "the policy of the resource itself (another account's bucket, key or catalogue)",
    }
    place = next((told for name, told in limits.items() if name in why), None)
    if place:
        return f"add the statement below to {place}, which does not allow it; the role's own policy is not enough"
    return (
        "add the statement below to that role's policy (ours is in infrastructure/iam.tf), or use a place that "
        "the role can access"
    )


def _besides(refused: _Refused) -> list[str]:
    """What else may be behind it, which the line does not tell."""
    ways = []
    if _LOOKS.search(refused.operation) and "action" not in refused.said:
        ways.append("S3 also says this for a missing file when the caller may not list the bucket: check the name, too")
    if "action" not in refused.said and refused.actions[0] in (_READ, _WRITE):
        key = "kms:GenerateDataKey and kms:Decrypt" if refused.actions[0] == _WRITE else "kms:Decrypt"
        ways.append(f"if the bucket is encrypted with a KMS key, the role needs {key} on that key, too")
    return ways


def _statement(partition: str, refused: _Refused, resource: str) -> dict[str, object]:
    """The statement for all actions that the operation needs."""
    named = refused.said.get("resource", "")
    if named.split(":")[2:3] == ["glue"]:
        catalogue = f"{':'.join(named.split(':')[:5])}:catalog"
        return statement(refused.actions, [*dict.fromkeys([catalogue, named])])
    if refused.place.endswith("/") and resource and not resource.endswith("/"):
        resource += "/"  # a folder's own marker: what is in it is meant
    each = [
        *dict.fromkeys(_widened(partition, action, _for(action, resource, partition)) for action in refused.actions)
    ]
    return statement(refused.actions, each if len(each) > 1 else each[0])


def _for(action: str, resource: str, partition: str) -> str:
    """The resource of another action on the same object."""
    _, is_of_s3, place = resource.partition(":s3:::")
    bucket, _, key = place.partition("/")
    return s3_arn(partition_of(resource), bucket, "" if action == _LIST else key) if is_of_s3 else resource


def _actions(operation: str) -> tuple[str, ...]:
    known = next((actions for pattern, actions in _ACTIONS if re.search(pattern, operation)), None)
    if known:
        return known
    return (f"s3:{operation}",) if _NAMED.match(operation) else ()


def _operation_near(hit: Hit) -> str:
    """S3's operation, from the request, the Java stack below, or lines that say that something is written; or ""."""
    asked = _REQUEST.search(hit.line.text)
    if asked:
        return asked["operation"] or _METHODS[asked["method"]]
    lines = hit.source.lines
    below = (_CALL.search(line.text) for line in lines[hit.index + 1 :][:LINES_AROUND])
    call = next((match["operation"] for match in below if match), "")
    if call:
        return call[:1].upper() + call[1:]
    around = lines[max(0, hit.index - 5) : hit.index + LINES_AROUND]
    return "PutObject" if any(_WRITES.search(line.text) for line in around) else ""


def _resource(partition: str, action: str, place: str) -> str:
    try:
        bucket, key = bucket_and_key(place)
    except InputError:
        return ""
    return s3_arn(partition, bucket, "" if action == _LIST else key)


def _widened(partition: str, action: str, resource: str) -> str:
    """What a policy should name for the resource that was refused."""
    _, is_of_s3, place = resource.partition(":s3:::")
    if not is_of_s3:
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

"""Causes of failure related to data in S3 and on disks: missing places, regions, throttling, keys, full disks."""

import re

from launcher.emr.diagnosis.evidence import Evidence, Finding, proven, told_by
from launcher.emr.diagnosis.memory_advice import Setting
from launcher.emr.diagnosis.places import LINES_AROUND, place_near
from launcher.support.command_lines import aws_command
from lib.errors import InputError
from lib.support.s3_uri import S3A_SETTINGS, bucket_and_key

# What AWS says of keys that are wrong; its newer client leaves the code out.
WRONG_CREDENTIALS = (
    r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId|UnrecognizedClientException|RequestTimeTooSkewed|"
    r"[Ss]ecurity token included in the request is invalid|[Tt]he provided token is malformed|(Error Code: |"
    r"\()InvalidToken\b|"
    r"Access Key Id you provided does not exist|request signature we calculated does not match|"
    r"difference between the request time and the current time is too large"
)
_CHECK_THE_PLACE = "check the place (--input-data, --test-data or the step's arguments) and that the upload is complete"
# Files that Spark and YARN made for themselves, whose absence says nothing of the input.
_SPARKS_OWN = re.compile(r"_temporary|\.sparkStaging|__spark_|blockmgr-|temp_shuffle|/appcache/|shuffle_\d+_\d+")
_NO_INPUT = (
    # The spark-submit scripts leave nothing but what they print.
    r"^error: input (?P<place>\S+) does not exist",
    r"(?:\[PATH_NOT_FOUND\] )?(?:Input p|P)ath does not exist: (?P<place>\S+)",
    r"Input Pattern (?P<place>\S+) matches 0 files",
    r"FileNotFoundException: (?:No such file or directory:?|File(?: does not exist:)?) '?(?P<place>[^\s']+)'?"
    r"(?: does not exist.*|\.?$|: No such.*|: It is possible)?",
    r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<place>.+)'",
    r"\(NoSuchKey\) when calling the (?P<place>GetObject) operation",
    r"(?:Status Code: 404; Error Code: |S3Exception: )(?P<place>NoSuchKey|The specified key does not exist)",
    r"can't open file '(?P<place>[^']+)': \[Errno 2\]",
)
_OF_AN_OBJECT = ("GetObject", "NoSuchKey", "The specified key does not exist")
_SUBMITTING = re.compile(r"deploy\.yarn\.Client\.(prepareLocalResources|createConfArchive|copyFileToRemote|distribute)")


def missing_bucket(evidence: Evidence) -> Finding | None:
    """There is no such bucket."""
    hit = evidence.first(r"NoSuchBucket|The specified bucket does not exist|there is no bucket (?P<named>\S+)")
    if hit is None:
        return None
    place = hit.found["named"] or place_near(hit)
    return Finding(
        f"there is no such bucket{f': {place}' if place else ''}",
        proven(hit),
        ("check --input-data and --out, and the region of the bucket",),
    )


def missing_input(evidence: Evidence) -> Finding | None:
    """An input file or folder is missing."""
    own = evidence.stated("missing-input")
    hits = (hit for pattern in _NO_INPUT for hit in evidence.hits(pattern) if not _SPARKS_OWN.search(hit.line.text))
    hit = next(hits, None)
    if hit is None and own:
        return Finding(own.line.text.removeprefix("Error: "), proven(own), (_CHECK_THE_PLACE,))
    if hit is None:
        return None
    place = hit.found["place"].rstrip(".;,:")
    if place in _OF_AN_OBJECT:
        place = place_near(hit) or "an object of S3"
    changed = evidence.first(r"It is possible the underlying files have been (updated|changed)")
    while_read = (
        "it was there when the table was opened: something replaced it meanwhile. Read the table again "
        "(REFRESH TABLE, or a new DataFrame), and do not overwrite what the same job reads"
    )
    return Finding(
        f"{place} does not exist",
        proven(hit, changed),
        (while_read, _CHECK_THE_PLACE) if changed else (_CHECK_THE_PLACE,),
    )


# Files that spark-submit leaves for YARN's nodes, which were not where those look.
staging_lost = told_by(
    r"FileNotFoundException: File (does not exist: )?(?P<file>\S*(\.sparkStaging|__spark_(conf|libs)__)\S*)"
    r"|(?<!\S)(?=\S*\.sparkStaging)(?P<staged>\S++) does not exist",
    "YARN's nodes did not find the files that spark-submit leaves for them (.sparkStaging); the input is not meant",
    'do not set a master in the code (no .master("local") or setMaster): it comes from spark-submit\'s --master yarn',
    "a place that begins with file: is on one node alone: submit where HADOOP_CONF_DIR is /etc/hadoop/conf, so that "
    "they go to HDFS; or set spark.yarn.stagingDir to a place in HDFS or S3",
    "the files also go when the application ends: if it was killed or ended first, its driver's log says why: "
    "{cluster logs APPLICATION}",
)


def wrong_region(evidence: Evidence) -> Finding | None:
    """The bucket is in another region than the one that was asked."""
    hit = evidence.first(
        r"Status Code: 301|PermanentRedirect|301 Moved Permanently|must be addressed using the specified endpoint|"
        r"[Rr]eceived permanent redirect response to region:? (?P<region>[\w-]+)|AWSRedirectException|"
        r"(AuthorizationHeaderMalformed|region '?[\w-]+'? is wrong).*expecting '?(?P<expected>[\w-]+)|"
        r"bucket is in this region: (?P<told>[\w-]+)|IllegalLocationConstraintException|when calling .*\(301\)"
    )
    if hit is None:
        return None
    region = hit.found["region"] or hit.found["expected"] or hit.found["told"]
    place = place_near(hit)
    bucket = _bucket(place) or "BUCKET"
    its = region or "REGION"
    find = "" if region else f" (which one: {aws_command('s3api', 'get-bucket-location', '--bucket', bucket)})"
    setting = Setting.of_spark(f"{S3A_SETTINGS}endpoint.region")
    return Finding(
        f"the bucket{f' of {place}' if place else ''} is in another region{f', {region},' if region else ''} than was "
        "asked",
        proven(hit),
        (
            f"use a cluster in the region of the bucket{find}: reading across regions is slow, and is billed",
            f"or name that region to S3's client: set {setting.shown(evidence)} to {its}; older S3A takes "
            f"{S3A_SETTINGS}endpoint, s3.{its}.amazonaws.com; EMRFS (s3:// on EMR 6) finds regions itself unless "
            "fs.s3.endpoint is set in emrfs-site: take that out",
        ),
        {setting.ours: region} if region else {},
    )


def throttled_by_s3(evidence: Evidence) -> Finding | None:
    """S3 throttled until Spark gave up."""
    hits = evidence.hits(r"SlowDown|Slow Down|[Pp]lease reduce your request rate|(Amazon )?S3[;,] Status Code: 503")
    hit = next((each for each in hits if each.is_decisive or " WARN " not in each.line.text), None)
    if hit is None:
        return None
    return Finding(
        "S3 throttled the run (503 Slow Down) until it gave up",
        proven(hit),
        (
            "run it again: S3 needs some minutes to scale a prefix",
            "if it happens again, use fewer and larger input files (100 MB and more), or fewer executors "
            "(spark.executor.instances; spark.num_executors in a params file)",
            "or let the client wait longer: fs.s3.maxRetries in the cluster's emrfs-site (EMRFS, s3:// on EMR 6), "
            f"{S3A_SETTINGS}retry.limit (S3A, s3:// on EMR 7.13 and later)",
        ),
    )


def s3_connections(evidence: Evidence) -> Finding | None:
    """S3's client had no connection left in its pool."""
    hit = evidence.first(
        r"Timeout waiting for connection from pool|ConnectionPoolTimeoutException|"
        r"Acquire operation took longer than the configured maximum time"
    )
    if hit is None:
        return None
    setting = Setting.of_spark(f"{S3A_SETTINGS}connection.maximum")
    return Finding(
        "S3's client had no connection left in its pool: more readers at a time than connections, or streams that "
        "nobody closed",
        proven(hit),
        (
            f"S3A (Hadoop's own client, which also reads s3:// on EMR 7.13 and later): set {setting.shown(evidence)} "
            "to 1000",
            "EMRFS (s3:// before): set fs.s3.maxConnections to 1000 in the cluster's emrfs-site",
            "or have fewer tasks at a time in an executor (spark.executor.cores), and close what your own code opens",
        ),
        {setting.ours: "1000"},
    )


def s3_unreachable(evidence: Evidence) -> Finding | None:
    """The connection to S3 was not made, or broke."""
    hits = evidence.hits(
        r"Unable to execute HTTP request: (?!Timeout waiting|Acquire)(?P<why>.+)|"
        r"(?P<python>Could not connect to the endpoint URL|Connect(ion)? ?timeout on endpoint URL|"
        r"Read timeout on endpoint URL).*"
    )
    hit = next((each for each in hits if " WARN " not in each.line.text), None)
    if hit is None:
        return None
    why = (hit.found["why"] or hit.found["python"]).strip().rstrip(".)")[:120]
    return Finding(
        f"the connection to AWS broke, or could not be made ({why})",
        proven(hit),
        (
            "run it again if it worked for a while: connections break under many requests at a time; have fewer tasks "
            "at a time, "
            f"or more tries (fs.s3.maxRetries in emrfs-site, {S3A_SETTINGS}attempts.maximum)",
            "if it never works, the subnet has no way there: give it a VPC endpoint for S3, or NAT, and let the "
            "security group "
            "pass port 443 out",
        ),
    )


# Temporary keys were handed to the program, and their time was over. The nodes' own keys renew themselves.
_EXPIRED = (
    r"ExpiredToken|(provided|security) token (has|included in the request is) expired|RequestExpired|"
    r"Token has expired|credentials .{0,40}(have|has) expired"
)
_NONE = (
    r"Unable to locate credentials|NoCredentialsError|NoAuthWithAWSException|NoAwsCredentialsException|"
    r"Unable to load (AWS )?credentials|No AWS [Cc]redentials provided|"
    r"AWS Access Key ID and Secret Access Key must be specified"
)


def expired_credentials(evidence: Evidence) -> Finding | None:
    """There were no AWS credentials, or their time was over."""
    expired = evidence.first(_EXPIRED)
    if expired:
        return Finding(
            "the temporary AWS credentials that the program used had expired",
            proven(expired),
            (
                "they were handed in, for the nodes' own renew themselves: give no keys and no token (in the "
                "connector's "
                f"options, {S3A_SETTINGS}access.key, the environment), and let the nodes' role do it",
                "where they must be handed in, ask for a longer session, or name a provider that renews them (one that "
                "assumes the role itself)",
            ),
        )
    none = evidence.first(_NONE)
    if none is None:
        return None
    return Finding(
        "the node had no valid AWS credentials",
        proven(none),
        (
            "nodes get them from their instance profile: check that the cluster has one and that its role still exists",
            f"take settings that name other providers out ({S3A_SETTINGS}aws.credentials.provider); in a "
            "container the "
            "instance's metadata needs a hop limit of 2",
        ),
    )


# Keys were handed in that AWS does not accept.
wrong_credentials = told_by(
    WRONG_CREDENTIALS,
    "AWS does not accept the keys that the program was given",
    "they were handed in and are wrong, deleted, or without their token: give none (in options, "
    f"{S3A_SETTINGS}access.key, the environment), and let the nodes' role do it",
    "if AWS speaks of the time, the clock of the machine is wrong: nodes get it from chrony (chronyc tracking)",
    "temporary keys (ASIA…) need their session token too, and with S3A TemporaryAWSCredentialsProvider",
)


def disk_full(evidence: Evidence) -> Finding | None:
    """A node's disk is full."""
    hit = evidence.first(
        r"No space left on device|\[Errno 28\]|local-dirs (?:are bad|usable space is below)|"
        r"used space above threshold of|Could not find any valid local directory|[Ee]xit ?([Ss]tatus|[Cc]ode):? -101\b"
    )
    if hit is None:
        return None
    below = hit.source.lines[hit.index : hit.index + LINES_AROUND]
    if any(_SUBMITTING.search(line.text) for line in below):
        return Finding(
            "the primary node's disk is full: spark-submit could not pack the files for YARN there",
            proven(hit),
            (
                "free /mnt and /tmp on the primary node, or create the cluster with a larger volume for it "
                "(emr_master_ebs_size in infrastructure/)",
                "or set spark.local.dir to a folder with room, and pass large files as s3:// places",
            ),
        )
    sizes = sorted({sum(group.ebs_gb) for group in evidence.cluster.groups if group.role != "MASTER"} - {0})
    have = f" (core and task nodes have {' or '.join(map(str, sizes))} GB)" if sizes else ""
    return Finding(
        f"a node's disk is full{have}",
        proven(hit),
        (
            "create the cluster with larger volumes (emr_core_ebs_size in infrastructure/), or with more core nodes, "
            "which share the data that Spark spills",
            "files of old applications stay on the nodes: a new cluster starts empty; YARN gives no more containers "
            "to a node whose disks are 90 % full",
        ),
    )


# A process reached the number of files that it may have open.
too_many_open_files = told_by(
    r"Too many open files|\[Errno 24\]",
    "a process had too many open files, which is the node's limit (nofile)",
    "open fewer at a time: fewer tasks in an executor (spark.executor.cores), or fewer shuffle partitions "
    "(spark.sql.shuffle.partitions), and close what your own code opens",
    "or raise the limit of open files on all nodes with the bootstrap script: nofile for the users yarn and hadoop in "
    "/etc/security/limits.d/, and LimitNOFILE of hadoop-yarn-nodemanager",
)


def _bucket(place: str) -> str:
    try:
        return bucket_and_key(place)[0]
    except InputError:
        return ""

"""Causes of failure in what is read and written: files, tables, catalogues, HDFS."""

import re

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven, told_by
from launcher.emr.diagnosis.memory_advice import Setting
from lib.errors import some
from lib.support.s3_uri import is_s3

# A path or a URI: a word with a slash in it. It begins where the word does, and is taken whole: some lines are long.
_PLACE = r"(?<![^\s'\"`,;=({:])(?=[^\s'\"`,;]*/)[^\s'\"`,;]++"
# The file stands in the error, or in the one around it.
_BROKEN = (
    rf"(?P<file>{_PLACE}) is not a Parquet file",
    rf"[Cc]ould not read footer for file:? (?:\w+\{{path=)?(?P<file>{_PLACE})",
    rf"Malformed (?:ORC|CSV|JSON) file:? (?P<file>{_PLACE})",
    rf"(?:Can not|Cannot) read value at .* in file (?P<file>{_PLACE})",
    rf"(?:FAILED_READ_FILE\S*\]|Encountered error|Error) (?:while )?reading (?:the )?file:? (?P<file>{_PLACE})",
    r"(?P<what>Unexpected end of (?:input )?stream|incorrect header check|expected magic number at tail|"
    r"Invalid Parquet file|Not a (?:valid )?(?:ORC|[Aa]vro) (?:data )?file|Not an Avro data file|Could not read page)",
)
_FORMATS = ("parquet", "orc", "avro", "csv", "json", "gz")


def broken_input(evidence: Evidence) -> Finding | None:
    """A file is cut off, damaged, or of another format than it was read as."""
    hits = (hit for pattern in _BROKEN for hit in evidence.hits(pattern) if " WARN " not in hit.line.text)
    hit = next(hits, None)
    if hit is None:
        return None
    file = hit.found.groupdict().get("file", "").rstrip(".;:)")
    endings = [each for each in _FORMATS if f".{each}" in file.rsplit("/", 1)[-1]]
    named = file or "a file"
    kind = f" (its name says {endings[-1]})" if endings else ""
    return Finding(
        f"{named} cannot be read: it is cut off or damaged, or of another format than it was read as",
        proven(hit),
        (
            f"write {named} again, or remove it; read it with the format that it has{kind}",
            "files that were still being written look like this, too: read only what a finished job left (_SUCCESS)",
            "to go on without such files, set spark.sql.files.ignoreCorruptFiles to true; their rows are then missing",
        ),
    )


# Files of one table have different types in one column.
mixed_schema = told_by(
    r"Parquet column cannot be converted.*?(in file (?P<file>[^\s.,]\S*?)\.? )?Column: \[(?P<column>[^\]]+)|"
    r"SchemaColumnConvertNotSupportedException|Failed (to merge|merging) (incompatible )?(schema|data types)",
    "the files of a table have different types in one column",
    "read the files of each type by themselves and cast that column to one type, or write the table again with one "
    "type",
)


def output_exists(evidence: Evidence) -> Finding | None:
    """What was to be written is there already."""
    hit = evidence.first(
        rf"(?:Output directory|[Pp]ath) `?(?P<place>{_PLACE})`? already exists|PATH_ALREADY_EXISTS|"
        rf"FileAlreadyExistsException: (?:Failed to rename .*|File already exists: ?|Path is a file: "
        rf"?)?(?P<file>{_PLACE})"
    )
    if hit is None:
        return None
    place = hit.found["place"] or hit.found["file"] or "the output"
    again = (
        "an earlier try of the same task wrote it: see why that one failed, further up, and write to an empty folder"
    )
    if "_temporary" in place or "/part-" in place:
        return Finding(f"a task found its own output there already: {place}", proven(hit), (again,))
    return Finding(
        f"the output exists already: {place}",
        proven(hit),
        (
            f'write to another place than {place}, or remove it first; a DataFrame takes .mode("overwrite") or '
            '.mode("append")',
        ),
    )


def write_conflict(evidence: Evidence) -> Finding | None:
    """Another job changed the table while this one wrote to it."""
    hit = evidence.first(
        r"(?P<iceberg>iceberg\S*CommitFailedException|Base metadata location)|"
        r"(?P<delta>DELTA_CONCURRENT\w*|Concurrent(Append|DeleteRead|DeleteDelete|Transaction|Write)Exception|"
        r"MetadataChangedException|ProtocolChangedException)|"
        r"(?P<hudi>HoodieWriteConflictException|Cannot resolve conflicts for overlapping writes|HoodieLockException)"
    )
    if hit is None:
        return None
    tries = {
        "iceberg": "let the commit try more often: table property commit.retry.num-retries (4)",
        "delta": "write to separate partitions, and name them in the condition of the MERGE, UPDATE or DELETE",
        "hudi": "configure a lock for several writers (hoodie.write.lock.provider) and concurrency control",
    }
    kind = next(name for name in tries if hit.found[name])
    return Finding(
        "another job changed the table while this one wrote to it",
        proven(hit),
        (f"run it again, and let writers of one table run one after the other; {tries[kind]}",),
    )


def missing_table(evidence: Evidence) -> Finding | None:
    """A table is not in the catalogue, or the catalogue cannot be reached."""
    hit = evidence.first(
        r"Unable to instantiate org\.apache\.hadoop\.hive\.\S*MetaStoreClient|Could not connect to meta store|"
        r"MetaException\(message:(?!.*(denied|Denied))|Failed to connect to the MetaStore Server|"
        r"(?P<glue>AWSGlueDataCatalogHiveClientFactory|AWSCatalogMetastoreClient)\S* not found"
    )
    if hit:
        return Finding(
            "Spark could not open the catalogue of tables (Hive's metastore, or Glue)",
            proven(hit),
            (
                "with the Glue Data Catalog: the cluster's spark-hive-site needs hive.metastore.client.factory.class = "
                "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory, and the nodes' role "
                "glue:GetDatabase (also on database/default), glue:GetTable, glue:GetPartitions",
                "with Hive's own metastore: its service must run on the primary node (systemctl status "
                "hive-hcatalog-server), which needs the application Hive or HCatalog; spark-hive-site's "
                "hive.metastore.uris must name it",
                "the error below it in the same log (Caused by) says which",
            ),
        )
    named = r"`?(?P<name>[\w.`-]+\w)`?"
    hit = evidence.first(
        rf"Table or view not found:? {named}|TABLE_OR_VIEW_NOT_FOUND\] The table or view "
        rf"{named.replace('name', 'view')}|"
        r"SCHEMA_NOT_FOUND\] The schema `?(?P<schema>[\w.`-]+\w)|Database '?(?P<database>[\w.-]+\w)'? (not found|does "
        r"not exist)|"
        r"EntityNotFoundException|NoSuchTableException|NoSuchDatabaseException"
    )
    if hit is None:
        return None
    groups = (hit.found[each] for each in ("name", "view", "schema", "database"))
    name = next((each.replace("`", "") for each in groups if each), "a table or database")
    return Finding(
        f"the catalogue has no {name}",
        proven(hit),
        (
            "check its name and database (SHOW TABLES IN …), and that the cluster uses the catalogue that has it: the "
            "Glue Data Catalog is a setting of the cluster, and without it each cluster has a catalogue of its own",
        ),
    )


# In the words of Spark 2 to 3.5: of its SQL, of a field of a struct, of Spark ML.
_NO_COLUMN = (
    r"UNRESOLVED_(?:COLUMN|FIELD)\S*\] A (?:column|field)\b.* with name (?P<name>`[^\s]+`) cannot be resolved"
    r"(?:.*Did you mean one of the following\? \[(?P<near>[^\]]+)\])?",
    r"cannot resolve '(?P<name>[^']+)' given input columns: \[(?P<near>[^\]]*)\]",
    r"AnalysisException: (?:\[MISSING_COLUMN\] )?Column '(?P<name>[^']+)' does not exist\."
    r"(?: Did you mean one of the following\? \[(?P<near>[^\]]*)\])?",
    r"Cannot resolve column name \"(?P<name>[^\"]+)\" among \((?P<near>[^)]*)\)",
    r"(?:FIELD_NOT_FOUND\] )?No such struct field (?P<name>\S+) in (?P<near>[^.;]+)",
    r"IllegalArgumentException: Field \"(?P<name>[^\"]+)\" does not exist\.(?:\s*Available fields: (?P<near>.+))?",
    r"IllegalArgumentException: (?P<name>\S+) does not exist\. Available: (?P<near>.+)",
)


def missing_column(evidence: Evidence) -> Finding | None:
    """A column is asked for that the table does not have."""
    hit = next((hit for pattern in _NO_COLUMN if (hit := evidence.first(pattern))), None)
    if hit is None:
        return None
    groups = hit.found.groupdict()
    name = groups["name"].replace("`", "")
    there = [each.strip(" `\"'") for each in (groups.get("near") or "").split(",") if each.strip()]
    near = (f"the table has {some(there, 8)}: use one of these names",) if there else ()
    return Finding(
        f"there is no column {name}",
        proven(hit),
        (
            *near,
            "print the columns of the DataFrame just before that line (printSchema): a select, a join or another "
            "file may have left it out; in SQL, text stands in single quotes, and `…` quotes a name with a dot",
        ),
    )


def hdfs_permission(evidence: Evidence) -> Finding | None:
    """HDFS refused a user."""
    hit = evidence.first(
        r"Permission denied: user=(?P<user>[\w.$-]+), access=(?P<access>\w+), inode=\"(?P<place>[^\"]+)\""
    )
    if hit is None:
        return None
    user, place = hit.found["user"], hit.found["place"]
    home = f"/user/{user}"
    # A user without a home is refused in /user, or in what is to be made below the home.
    lacks_home = place in ("/user", "/") or place.startswith(home)
    make = f"sudo -u hdfs hdfs dfs -mkdir -p {home} && sudo -u hdfs hdfs dfs -chown {user}:{user} {home}"
    as_hadoop = "or submit as the user hadoop, who has one (HADOOP_USER_NAME=hadoop)"
    allow = (
        f"on the primary node: sudo -u hdfs hdfs dfs -chown -R {user} {place} (or chmod), or use a folder below {home}"
    )
    return Finding(
        f"HDFS does not let {user} {hit.found['access'].lower()} {place}",
        proven(hit),
        (f"give {user} a home in HDFS, on the primary node: {make}", as_hadoop) if lacks_home else (allow,),
    )


def hdfs_unavailable(evidence: Evidence) -> Finding | None:
    """HDFS does not take what is to be written, or does not answer."""
    safe = evidence.first(r"Name node is in safe mode|SafeModeException")
    if safe:
        return Finding(
            "HDFS was in safe mode: it had not found enough of its blocks yet, or its disk is full",
            proven(safe),
            (
                "run it again in a minute: HDFS leaves safe mode by itself after its start",
                "if it stays: hdfs dfsadmin -report and hdfs dfsadmin -safemode get on the primary node; lost core "
                "nodes took blocks with them (keep data in S3)",
            ),
        )
    full = evidence.first(
        r"could only be (replicated|written) to (?P<nodes>\d+) (nodes|of the \d+)|There are 0 datanode\(s\) running|"
        r"DSQuotaExceededException|(?P<blocks>BlockMissingException|Could not obtain block)"
    )
    if full:
        blocks = bool(full.found["blocks"])
        return Finding(
            "HDFS lost blocks with the nodes that had them" if blocks else "HDFS has no node that takes another block",
            proven(full),
            (
                "look at its nodes: hdfs dfsadmin -report on the primary node says which are dead, and which are full",
                "if disks are full, remove files or use core nodes with more disk space; write results to s3://, and "
                "keep HDFS for what a job needs on the way; Spot and shrinking take core nodes, and blocks, away",
            ),
        )
    return None


def wrong_filesystem(evidence: Evidence) -> Finding | None:
    """A place was given to another file system than its own."""
    hit = evidence.first(r"Wrong FS:? (?P<place>[^\s,]+), expected: (?P<expected>\S+)")
    if hit is None:
        return None
    place, expected = hit.found["place"], hit.found["expected"].rstrip(".;")
    return Finding(
        f"{place} was given to the file system of {expected}",
        proven(hit),
        (
            "take the file system from the path, not the default one: path.getFileSystem(conf), or FileSystem.get(uri, "
            "conf) in Java; a library that does not needs a newer version",
            f"or copy it there first: {'s3-dist-cp' if is_s3(place) else 'hdfs dfs -cp'} takes it to the default file "
            "system",
        ),
    )


def broadcast_timeout(evidence: Evidence) -> Finding | None:
    """A table that was to be sent to all executors was not ready in time, or is too large."""
    hit = evidence.first(
        r"Could not execute broadcast in (?P<seconds>\d+) secs|Cannot broadcast the table (that is|over) (larger than|"
        r"8GB|\d+)|"
        r"broadcast.*Futures timed out after \[(?P<after>\d+) seconds\]"
    )
    hit = hit or _future_of_a_broadcast(evidence)
    if hit is None:
        return None
    threshold = Setting.of_spark("spark.sql.autoBroadcastJoinThreshold", "10m")
    timeout = Setting.of_spark("spark.sql.broadcastTimeout", "300")
    return Finding(
        "a table that Spark was to send to all executors for a join (broadcast) was not ready in time, or is too large",
        proven(hit),
        (
            f"set {threshold.shown(evidence)} to -1, so that Spark joins without it, and take broadcast() hints out",
            f"or set {timeout.shown(evidence)} to 1200, where the table is small and only slow to compute",
        ),
        {threshold.ours: "-1"},
    )


def _future_of_a_broadcast(evidence: Evidence) -> Hit | None:
    hits = evidence.hits(r"TimeoutException: Futures timed out after \[\d+ seconds\]")
    frame = re.compile(r"BroadcastExchangeExec|doExecuteBroadcast|BroadcastHashJoin")
    return next(
        (hit for hit in hits if any(frame.search(line.text) for line in hit.source.lines[hit.index :][:40])), None
    )

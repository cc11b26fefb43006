"""Causes of failure in Java itself: memory that is not the heap, versions, classes, native code."""

import re

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven
from launcher.emr.diagnosis.memory import is_executors
from launcher.emr.diagnosis.memory_advice import Setting, raised
from launcher.support.command_lines import command_line

# Java's class files count from 45, which is Java 1.1.
_BEFORE_JAVA_1 = 44
_REBUILD = "or use a build of it for the cluster's Java"


def metaspace(evidence: Evidence) -> Finding | None:
    """The memory for classes, which is beside the heap, reached its limit."""
    hit = evidence.first(r"OutOfMemoryError: (?P<what>Metaspace|Compressed class space|PermGen space)")
    if hit is None:
        return None
    option = {"PermGen space": "MaxPermSize", "Compressed class space": "CompressedClassSpaceSize"}
    limit = f"-XX:{option.get(hit.found['what'], 'MaxMetaspaceSize')}=512m"
    setting = _java_options(_whose(hit))
    return Finding(
        f"the {setting.of}'s Java had no more room for classes ({hit.found['what']}), which is not the heap",
        proven(hit),
        (
            f"set {setting.shown(evidence)} to {limit}, or to twice the limit that is set there now; a larger heap "
            "does "
            "not help",
            "many classes come from many generated queries in one session: end the session between them",
        ),
        {setting.ours: limit},
    )


def direct_memory(evidence: Evidence) -> Finding | None:
    """Buffers beside the heap, which networks and files use, reached their limit."""
    hit = evidence.first(
        r"OutOfMemoryError: (Direct buffer memory|Cannot reserve \d+ bytes of direct buffer memory)|"
        r"OutOfDirectMemoryError: failed to allocate"
    )
    if hit is None:
        return None
    setting, overhead = _java_options(_whose(hit)), Setting.overhead(_whose(hit))
    new = raised(overhead.now(evidence), 2)
    return Finding(
        f"the {setting.of}'s Java had no more direct memory, which is beside the heap",
        proven(hit),
        (
            f"set {setting.shown(evidence)} to -XX:MaxDirectMemorySize=1g (Netty alone: -Dio.netty.maxDirectMemory), "
            "and "
            f"raise {overhead.shown(evidence)} to {new}, from which it comes; a larger heap does not help",
            "if it happens while blocks are fetched, fetch fewer at a time: spark.reducer.maxReqsInFlight, "
            "spark.reducer.maxSizeInFlight",
        ),
        {setting.ours: "-XX:MaxDirectMemorySize=1g", overhead.ours: new},
    )


def array_too_large(evidence: Evidence) -> Finding | None:
    """One array of Java's was to hold more than it may; no memory is too small."""
    hit = evidence.first(
        r"Requested array size exceeds VM limit|Required (array|length) .{0,20}(too large|exceeds)|"
        r"Cannot grow BufferHolder|Size exceeds Integer\.MAX_VALUE|UTF8String cannot be longer"
    )
    if hit is None:
        return None
    return Finding(
        "one value or block was to be larger than the 2 GB that an array of Java's can have",
        proven(hit),
        (
            "more memory does not help: make the pieces smaller, with more partitions (repartition, or "
            "spark.sql.shuffle.partitions), fewer rows collected into one, or records of less than 2 GB",
        ),
    )


def native_memory(evidence: Evidence) -> Finding | None:
    """The node itself had no memory left for a process."""
    hit = evidence.first(
        r"insufficient memory for the Java Runtime Environment|os::commit_memory\(|"
        r"Native memory allocation \(m\w+\) failed|OutOfMemoryError: Could not allocate native memory|error=12, "
        r"(Cannot allocate memory|Not enough space)"
    )
    if hit is None:
        return None
    return Finding(
        "the node had no memory left to give to a process",
        proven(hit),
        (
            "a larger heap makes it worse: lower the heaps and the number of executors on a node "
            "(spark.executor.cores up, spark.executor.instances down), or use larger nodes",
            "in client mode the driver shares the primary node with EMR's own services: use cluster mode "
            "(--deploy-mode cluster), or a larger primary node",
        ),
    )


def jvm_crash(evidence: Evidence) -> Finding | None:
    """Java itself crashed, mostly in a native library."""
    hit = evidence.first(r"A fatal error has been detected by the Java Runtime|^#?\s*SIG(SEGV|BUS|ILL|FPE) \(0x")
    if hit is None:
        return None
    frame = _below(hit, r"^#\s+[CVjJv]\s+(?P<frame>\[(?P<library>[^\]+]+).*|\S.*)")
    file = _below(hit, r"(?P<file>\S*hs_err_pid\d+\.log)")
    library = frame.found["library"] if frame else ""
    where = f" in {library or frame.found['frame']}" if frame else ""
    report = file.found["file"].rsplit("/", 1)[-1] if file else "hs_err_pid*.log"
    own = library and "libjvm" not in library
    use = f"use another version of what brings {library}" if own else "use another release of Java or EMR"
    return Finding(
        f"the {_whose(hit)}'s Java crashed{where}",
        proven(hit, frame, file),
        (
            f"{use}, or switch it off; Java's report is {report}, in the folder of the container "
            f"({command_line('cluster', 'logs', 'APPLICATION', cluster=evidence.cluster.id)})",
        ),
    )


def java_version(evidence: Evidence) -> Finding | None:
    """A class is for another Java than the cluster's."""
    hit = evidence.first(
        r"(?:UnsupportedClassVersionError: |(?<!\S))(?P<what>\S++) has been compiled by a more recent version of the "
        r"Java Runtime "
        r"\(class file version (?P<needs>\d+)[\d.]*\).* class file versions up to (?P<has>\d+)|"
        r"UnsupportedClassVersionError: (?P<old>\S+)|Unsupported class file major version (?P<major>\d+)"
    )
    if hit is None:
        return _closed_module(evidence) or _java_option(evidence)
    found = hit.found
    if found["needs"]:
        needs, has = int(found["needs"]) - _BEFORE_JAVA_1, int(found["has"]) - _BEFORE_JAVA_1
        told = f"{_dotted(found['what'])} was compiled for Java {needs}; the cluster's program runs on Java {has}"
        home = f"/usr/lib/jvm/jre-{needs if needs > 8 else '1.8.0'}"
        other = f"run on Java {needs}, if the cluster has it: {_java_home(home)}"
    elif found["major"]:
        java = int(found["major"]) - _BEFORE_JAVA_1
        told = f"a library is too old for the classes of Java {java} that it reads"
        other = f"run on an older Java: {_java_home('/usr/lib/jvm/jre-1.8.0')}"
    else:
        told, other = f"{_dotted(found['old'])} was compiled for a newer Java", "run on a newer Java (JAVA_HOME)"
    return Finding(told, proven(hit), (f"{other}; {_REBUILD}",))


def _java_home(home: str) -> str:
    names = ("spark.yarn.appMasterEnv.JAVA_HOME", "spark.executorEnv.JAVA_HOME")
    return (
        f"set {' and '.join(names)} to {home} (--conf, or spark-defaults; EMR 6 has Java 8, 11 and 17 beside each "
        "other, "
        "EMR 7 has 17, and 8 and 11 too)"
    )


def _closed_module(evidence: Evidence) -> Finding | None:
    """A library looks into classes of Java that Java 17 keeps closed."""
    hit = evidence.first(
        r"(InaccessibleObjectException|IllegalAccessError|IllegalCallerException).*"
        r"(?:module (?P<module>[\w.]+) does not \"?(?P<verb>opens|export)s? ?(?P<package>[\w.]+)|"
        r"(?<![\w.])(?P<closed>[\w.]++) is not open to)"
    )
    if hit is None:
        return None
    module, package = hit.found["module"] or "java.base", hit.found["package"] or hit.found["closed"]
    option = f"--add-{'exports' if hit.found['verb'] == 'export' else 'opens'}={module}/{package}=ALL-UNNAMED"
    return Finding(
        f"a library uses {package}, which this Java keeps closed to it",
        proven(hit),
        (
            f"add {option} to spark.driver.extraJavaOptions and spark.executor.extraJavaOptions (keep what they have), "
            "use a newer version of that library, or of Spark if it is Spark that does this",
            f"or run on the Java that the library is for: {_java_home('/usr/lib/jvm/jre-11')}",
        ),
    )


def _java_option(evidence: Evidence) -> Finding | None:
    """Java does not know one of its options, which were for another version."""
    hit = evidence.first(
        r"Unrecognized (?:VM option '|option: (?=-[A-Za-z]))(?P<option>[^\s']+)|Invalid maximum heap size: "
        r"(?P<heap>\S+)|"
        r"Conflicting collector combinations"
    )
    if hit is None:
        return None
    option = hit.found["option"] or hit.found["heap"] or "two collectors at once"
    return Finding(
        f"Java did not start: it does not take its option {option}",
        proven(hit),
        (
            "take it out of spark.driver.extraJavaOptions, spark.executor.extraJavaOptions and the cluster's "
            "spark-defaults: options for the collector and its log were renamed in Java 9 and 14",
        ),
    )


def _java_options(of: str) -> Setting:
    return Setting(of, f"spark.{of}.extraJavaOptions", f"spark.conf.spark.{of}.extraJavaOptions", "none")


def _whose(hit: Hit) -> str:
    return "executor" if is_executors(hit) else "driver"


def _dotted(name: str) -> str:
    return name.strip("'\"").replace("/", ".")


def _below(hit: Hit, pattern: str, lines: int = 30) -> Hit | None:
    """The first line at or below a hit that matches."""
    wanted = re.compile(pattern)
    matches = (
        (index, wanted.search(line.text))
        for index, line in enumerate(hit.source.lines[hit.index : hit.index + lines], start=hit.index)
    )
    return next((Hit(hit.source, index, match) for index, match in matches if match), None)

"""Causes of failure on the class path: what is not there, what is there in another version, native libraries."""

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven
from lib.support.s3_uri import SCHEMES

# A class that says which other one is meant: EMR's own clients are on every node, in these folders.
_EMRFS = "/usr/share/aws/emr/emrfs/conf:/usr/share/aws/emr/emrfs/lib/*:/usr/share/aws/emr/emrfs/auxlib/*"
_GLUE = "/usr/share/aws/hmclient/lib/aws-glue-datacatalog-spark-client.jar"
_HUDI, _ICEBERG = "/usr/lib/hudi/hudi-spark-bundle.jar", "/usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar"
_DELTA = "/usr/share/aws/delta/lib/delta-spark.jar, /usr/share/aws/delta/lib/delta-storage.jar"
_ON_EMR = {
    "com.amazon.ws.emr.hadoop": f"EMR has it on each node: add {_EMRFS} to the class path "
    "(spark.driver.extraClassPath and spark.executor.extraClassPath; spark-submit on the cluster has it from "
    "spark-defaults), or use Hadoop's own client where it is not EMR's Spark",
    "com.amazonaws.glue": f"EMR has it on each node: --jars {_GLUE}",
    "hudi": f"EMR has it on each node (application Hudi): --jars {_HUDI}",
    "iceberg": f"EMR has it on each node (iceberg-defaults: iceberg.enabled=true): --jars {_ICEBERG}",
    "delta": f"EMR has it on each node (delta-defaults: delta.enabled=true): --jars {_DELTA}",
}
_S3A = (
    "EMR reads s3:// by itself: write the paths as s3://…; elsewhere --packages org.apache.hadoop:hadoop-aws:VERSION "
    "with Hadoop's own version"
)
# What loads a native library when it is first used.
_NATIVE = r"snappy|zstd|lz4|netty|leveldb|rocksdb|hadoop\.io\.nativeio|xgboost|lightgbm|openblas|tensorflow"
_FOR_EMRS_SPARK = (
    "the library that calls it was built for another Spark; EMR's Spark differs from Apache's of the same version in "
    "its inner classes, so take the build that EMR brings instead of one in your jar: /usr/lib/hudi, "
    "/usr/share/aws/iceberg/lib, /usr/share/aws/delta/lib"
)
# Parts of Spark that are packages of their own.
_APART = (
    r"sql[./](?:kafka|avro|delta|hudi|hive|connect|protobuf)|streaming[./](?:kafka|kinesis)|ml[./]\w+[./]xgboost|graphx"
)
_CLASS = r"(?P<{name}>[A-Za-z_][\w$]*(?:[./][\w$]+)+)"


def missing_jar(evidence: Evidence) -> Finding | None:
    """A class, a data source or a package of Java's is not there."""
    return _unresolved(evidence) or _data_source(evidence) or _scheme(evidence) or _plugin(evidence) or _class(evidence)


def class_versions(evidence: Evidence) -> Finding | None:
    """A class is there in another version than the program was built with."""
    hit = evidence.first(
        r"(?P<error>NoSuchMethodError|NoSuchFieldError|AbstractMethodError|IncompatibleClassChangeError|VerifyError)"
        r"(?:: '?(?:\S+ )?(?P<what>[A-Za-z_][\w$./]*[\w$]))?|"
        r"(?:NoClassDefFoundError|ClassNotFoundException): (?P<scala>scala[./](?!tools\b)[\w$./]+|[\w./]+\$class\b|"
        rf"org[./]apache[./]spark[./](?!{_APART})[\w$./]+)|"
        r"(?P<serial>InvalidClassException): (?P<changed>[\w$.]+); local class incompatible"
    )
    if hit is None:
        return None
    what = (hit.found["what"] or hit.found["scala"] or hit.found["changed"] or "").replace("/", ".").strip(".")
    named = f": {what}" if what else ""
    if hit.found["serial"]:
        told = f"driver and executors have different versions of {what}"
    else:
        told = f"the class path has another version of a class than the program was built with{named}"
    scala = what.startswith("scala.") or what.endswith("$class")  # which Scala before 2.12 made of a trait
    spark = what.startswith("org.apache.spark.") and not scala
    built = (
        "build the program for the cluster's Scala, or take the package whose name ends in it (_2.12 for Spark 3 on "
        "EMR 6 and 7; _2.11 for Spark 2)"
    )
    library = what.split(".")[0] if what and not what.startswith(("com.", "org.", "io.", "net.", "software.")) else what
    apart = (
        f"find which library brings {library or 'that class'} in an older version (Spark's own jars stand first): "
        "build with the version that the cluster has, shade it (relocate its packages) in your jar, or set "
        "spark.driver.userClassPathFirst and spark.executor.userClassPathFirst to true"
    )
    if spark:
        return Finding(told, proven(hit), (_FOR_EMRS_SPARK, built))
    return Finding(told, proven(hit), (built, apart) if scala else (apart, built))


def native_library(evidence: Evidence) -> Finding | None:
    """A native library cannot be loaded."""
    hit = evidence.first(
        r"UnsatisfiedLinkError|version [`'](?P<needs>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found|"
        r"(?P<file>lib[\w.+-]+\.so[\d.]*): cannot open shared object file|wrong ELF class"
    )
    if hit is None:
        return _not_set_up(evidence)
    needs = evidence.first(r"(?P<needs>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found") or hit
    wants = needs.found.groupdict().get("needs")
    about = (
        f"the library needs {wants}, a newer glibc or libstdc++ than the node has: use a version of it built for "
        "Amazon "
        "Linux 2 (EMR 6) or 2023 (EMR 7), or a newer EMR release"
        if wants
        else "install it on all nodes with the bootstrap script, in the version for the nodes' processor and system "
        "(Graviton nodes are aarch64), and name its folder in spark.driver.extraLibraryPath and "
        "spark.executor.extraLibraryPath"
    )
    file = hit.found.groupdict().get("file")
    return Finding(f"a native library cannot be loaded{f': {file}' if file else ''}", proven(hit, needs), (about,))


def class_not_set_up(evidence: Evidence) -> Finding | None:
    """A class failed to load before, which is not in the logs; this is what followed."""
    return _set_up(evidence, r"Could not initialize class (?P<class>[\w$.]+)", "")


def _not_set_up(evidence: Evidence) -> Finding | None:
    library = "its native library could not be loaded: mostly "
    return _set_up(evidence, rf"Could not initialize class (?P<class>[\w$.]*(?:{_NATIVE})[\w$.]*)", library)


def _set_up(evidence: Evidence, pattern: str, mostly: str) -> Finding | None:
    hit = evidence.first(pattern)
    if hit is None:
        return None
    return Finding(
        f"the class {hit.found['class']} failed to load at an earlier time, and this only follows from it",
        proven(hit),
        (
            f"look for the first error of that class, in the same process and before this one: {mostly}an "
            "UnsatisfiedLinkError or an ExceptionInInitializerError, with its Caused by",
            "for native libraries, a folder for temporary files that may not run programs (noexec) is a reason, too: "
            "set java.io.tmpdir to another one",
        ),
    )


def _unresolved(evidence: Evidence) -> Finding | None:
    hit = evidence.first(r"unresolved dependency: (?P<package>[^\s:]+)|module not found: (?P<module>\S+)")
    if hit is None:
        return None
    package = hit.found["package"] or hit.found["module"]
    unreached = evidence.first(r"Server access error|Host \S+ not found|Connection (timed out|refused)|UnknownHost")
    coordinates = package.replace("#", ":").replace(";", ":")
    network = (
        "the node could not reach the repository: give its subnet a way to the network (NAT), or upload the jars to S3 "
        "and name them with --jars s3://… (spark.jars)"
    )
    name = (
        f"check the coordinates {coordinates} (group:name_SCALA:version, where SCALA is 2.12 or 2.11, not 2.11.12), "
        "and "
        "the repository (--repositories)"
    )
    return Finding(
        f"spark-submit could not fetch the package {coordinates}",
        proven(hit, unreached),
        (network, name) if unreached else (name, network),
    )


def _data_source(evidence: Evidence) -> Finding | None:
    hit = evidence.first(r"Failed to find (?:the )?data source: (?P<name>[\w.-]+\w)")
    if hit is None:
        return None
    name = hit.found["name"]
    return Finding(
        f"Spark has no data source {name}: its package is not on the class path",
        proven(hit),
        (
            _found_at(name),
            "check the spelling: csv, json, parquet, orc, text, jdbc and avro (spark-avro) are Spark's own",
        ),
    )


def _scheme(evidence: Evidence) -> Finding | None:
    hit = evidence.first(r"No FileSystem for scheme:? \"?(?P<scheme>[\w+-]+)")
    if hit is None:
        return None
    scheme = hit.found["scheme"]
    old = f"{scheme} is a name of before; " if scheme in SCHEMES[1:] else ""
    remedy = f"{old}{_S3A}" if scheme in SCHEMES else f"add the jar with the file system of {scheme} (--jars)"
    return Finding(f"Hadoop has no file system for {scheme}:// on this class path", proven(hit), (remedy,))


def _plugin(evidence: Evidence) -> Finding | None:
    hit = evidence.first(r"No suitable driver|Class (?P<class>[\w$.]+) not found")
    if hit is None:
        return None
    name = hit.found["class"] or "a JDBC driver for this address"
    return Finding(f"{name} is not on the class path", proven(hit), (_found_at(name),))


def _class(evidence: Evidence) -> Finding | None:
    hit = evidence.first(
        rf"(?:ClassNotFoundException|NoClassDefFoundError): (?:Could not find |class )?{_CLASS.format(name='class')}"
    )
    if hit is None or hit.found["class"].startswith(("scala.", "scala/")):
        return None
    name = hit.found["class"].replace("/", ".")
    return Finding(
        f"the class {name} is not on the class path",
        proven(hit),
        (_IF_OWN, _found_at(name)) if _is_own(hit) else (_found_at(name), _IF_OWN),
    )


def _is_own(hit: Hit) -> bool:
    """Whether spark-submit itself looked for it: then it is the class that --class names."""
    below = hit.source.lines[hit.index + 1 : hit.index + 15]
    own = any("SparkSubmit" in line.text for line in below) and any("classForName" in line.text for line in below)
    return own and 'thread "main"' in hit.line.text


_IF_OWN = (
    "if it is the program's own, check --class and that the jar holds it (unzip -l JAR), with its dependencies in it "
    "or named by --jars"
)


def _found_at(name: str) -> str:
    """Where a class can be had."""
    if "S3AFileSystem" in name:
        return _S3A
    known = next((told for part, told in _ON_EMR.items() if part in name), None)
    return known or (
        f"add the package that has {name}: --packages GROUP:NAME_SCALA:VERSION (needs a way to the network), or --jars "
        'with a copy in S3 (spark.jars; in a notebook %%configure -f {"jars": ["s3://…"]})'
    )

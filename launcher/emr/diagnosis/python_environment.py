"""Causes of failure in the Python that runs the code: which one it is, what it lacks, what does not fit together."""

import re

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven, told_by
from launcher.emr.diagnosis.memory_advice import how_to_give

# The name of the package that contains a module, where it differs.
_PACKAGES = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
}
_LIB_NEEDS = (
    "its Python needs the packages that the bootstrap script installs, and its role needs read access to <out>/source/"
)
# Packages, or Python itself, of versions that do not fit together: by what they say, which, and what fits.
_NUMPY_1 = (
    "pin numpy to what the others were built for (numpy<2 for packages from before the summer of 2024), or take newer "
    "versions of those packages; in the group `cluster` of pyproject.toml, then `make lock`"
)
_UNFIT = (
    (
        r"numpy\.dtype size changed|compiled using NumPy 1|numpy\.core\.multiarray failed to import|_ARRAY_API not "
        r"found",
        "packages were built for another numpy than is installed",
        _NUMPY_1,
    ),
    (
        r"No module named '?numpy\._core|module 'numpy' has no attribute '(bool|int|float|object|str)'",
        "numpy is of another version than the code, or what wrote the pickle, was made with",
        _NUMPY_1,
    ),
    (
        r"binary incompatibility|was built against a different version",
        "a package was built against another version of one that it needs",
        "install both anew, together, so that pip chooses versions that fit; pin them in the group `cluster` of "
        "pyproject.toml",
    ),
    (
        r"TypeError: an integer is required \(got type bytes\)",
        "this PySpark does not know this Python: Spark 2 ends with Python 3.7",
        "use Python 3.7 with Spark 2, or Spark 3 (EMR 6 and 7), which takes Python 3.8 and later",
    ),
    (
        r"code\(\) argument 13 must be str|Could not serialize object: IndexError: tuple index out of range|code "
        r"expected at least",
        "this PySpark does not know this Python: Spark before 3.4 ends with Python 3.10",
        "use Python 3.10 or older, or Spark 3.4 and later (EMR 6.12 and later)",
    ),
    (
        r"No module named '?distutils",
        "Python 3.12 has no distutils any more, which this package (Spark before 4 among them) needs",
        "use Python 3.11 for driver and executors, or install setuptools on all nodes",
    ),
    (
        r"'DataFrame' object has no attribute 'iteritems'",
        "pandas 2 is newer than this Spark knows (before 3.4)",
        "pin pandas<2, or use Spark 3.4 and later (EMR 6.12 and later)",
    ),
    (
        r"(?P<which>P\w+) >= (?P<least>[\d.]+) must be installed; however, your version (was|is) (?P<has>[\d.]+)",
        "{which} {has} is older than Spark needs ({least})",
        "install {which} {least} or later on all nodes, in the group `cluster` of pyproject.toml",
    ),
    (
        r"module 'collections' has no attribute '(Callable|Mapping|Iterable|MutableMapping|Hashable)'",
        "a package is older than this Python (3.10 took those names away)",
        "use a newer version of that package, or Python 3.9",
    ),
)


def package_versions(evidence: Evidence) -> Finding | None:
    """Packages, or Python itself, do not fit together; the user's code is not to blame."""
    for pattern, sentence, remedy in _UNFIT:
        found = told_by(pattern, sentence, f"{remedy}: {how_to_give()}")(evidence)
        if found:
            return found
    return None


def missing_package(evidence: Evidence) -> Finding | None:
    """Python on the cluster lacks a package."""
    hit = evidence.first(
        r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]+)'?|"
        r"ImportError: (?P<package>P\w+) >= [\d.]+ must be installed; however, it was not found|"
        r"python[\d.]*: No module named '?(?P<worker>[\w.]+)"
    )
    own = evidence.stated("missing-package")
    if hit is None and own:
        return Finding("lib does not import on the cluster", proven(own), (_LIB_NEEDS,))
    if hit is None:
        return None
    module = (hit.found["module"] or hit.found["worker"] or hit.found["package"].lower()).split(".")[0]
    if module in ("lib", "launcher"):
        return Finding(
            f"Python on the cluster cannot find this project's package {module}",
            proven(hit),
            (
                "for spark-submit give --py-files lib.zip (make lib.zip); an experiment uploads it to <out>/source/ "
                "by itself",
            ),
        )
    if module in ("pyspark", "py4j"):
        return Finding(
            f"the Python that was started cannot find Spark's own package {module}",
            proven(hit),
            (
                f"Spark gives its Python the folder of {module} in PYTHONPATH: do not replace it "
                "(spark.executorEnv.PYTHONPATH, "
                "PYTHONPATH in spark-env), and start programs with spark-submit; in a plain Python set "
                "SPARK_HOME=/usr/lib/spark "
                "and use findspark",
            ),
        )
    package = _PACKAGES.get(module, module)
    where = "an executor's Python" if evidence.first(r"PythonException|pyspark/worker\.py") else "Python on the node"
    return Finding(
        f"{where} has no package {package}",
        proven(hit),
        (
            f"add {package} to the group `cluster` in pyproject.toml, run `make lock`, apply infrastructure/ (which "
            "uploads what the bootstrap script installs), and create a new cluster: nodes install packages when they "
            "start",
            f"for one job alone: {how_to_give()}",
        ),
    )


# Driver and executors must run the same Python.
python_versions_differ = told_by(
    r"Python in worker has different version.* than that in driver|PYTHON_VERSION_MISMATCH",
    "driver and executors run different versions of Python",
    "set spark.pyspark.python for both, as infrastructure/ does with /opt/mineria-ml/venv/bin/python, and check that "
    "the bootstrap script ran on all nodes: {cluster logs --bootstrap}",
)


def missing_python(evidence: Evidence) -> Finding | None:
    """The Python that Spark is to start is not there, or may not be run."""
    hit = evidence.first(
        r"Cannot run program \"(?P<program>[^\"]*python[\d.]*)\".*error=(?P<error>2|13)\b|"
        r"(?<![\w./-])(?P<shell>[\w./-]*/bin/python[\d.]*): (No such file or directory|Permission denied|bad "
        r"interpreter)"
    )
    if hit is None:
        return None
    program = hit.found["program"] or hit.found["shell"]
    refused = hit.found["error"] == "13" or "Permission denied" in hit.line.text
    packed = not program.startswith("/")
    pack = (
        "pack it on the cluster's own system with venv-pack, and make the environment with copies, not links (python "
        "-m venv --copies): a packed link to /usr/bin/python points to nothing elsewhere"
    )
    if refused:
        return Finding(
            f"Spark may not run the Python {program}: it is there, or its folder is, and the rights are missing",
            proven(hit),
            (
                "mostly it is a link into a folder that YARN's user may not enter (a home folder, as of pyenv or "
                "conda): put that Python where everybody has the right to read and run it (chmod -R a+rX), as /opt",
                pack,
            ),
        )
    return Finding(
        f"Spark cannot find the Python {program} that it is to run",
        proven(hit),
        (pack,) if packed else (_where_python(program), pack),
    )


def _where_python(program: str) -> str:
    return (
        f"check that {program} is on all nodes (the bootstrap script makes it), and what names it: "
        "spark.pyspark.python, "
        "PYSPARK_PYTHON in spark-env, spark.yarn.appMasterEnv.PYSPARK_PYTHON"
    )


def advice_on(error: Hit) -> tuple[str, ...]:
    """What helps against an error of Python's that its own words tell; nothing where they do not."""
    text = error.line.text
    return tuple(
        remedy.format(**match.groupdict()) for pattern, remedy in _ERRORS if (match := re.search(pattern, text))
    )


_ERRORS = (
    (
        r"SPARK-5063|CONTEXT_ONLY_VALID_ON_DRIVER|reference SparkContext from",
        "the session (spark, its SparkContext, a DataFrame) must not be used inside a function that is sent to "
        "workers: take "
        "it out of that function, or of the object whose method it is",
    ),
    (
        r"UNRESOLVED_COLUMN.*with name (?P<column>\S+)|cannot resolve '?(?P<old>[^' ]+)",
        "the table at that point has no such column as {column}: print its columns (df.printSchema()) in the line "
        "before; a name with a dot in it needs backticks, and after groupBy or select a nested field has its short "
        "name",
    ),
    (
        r"Permission denied: '(?P<folder>/(?:home|root|var/lib)?[^']*)'",
        "YARN's user may not write to {folder}: a package that writes to its home needs one, so set "
        "spark.executorEnv.HOME=/tmp and spark.yarn.appMasterEnv.HOME=/tmp (--conf; XDG_CONFIG_HOME for some)",
    ),
    (
        r"Read timed out|Max retries exceeded|Name or service not known|Temporary failure in name resolution",
        "the node has no way to that address: give its subnet one (NAT, or a VPC endpoint), or do not call it from "
        "there",
    ),
)

"""Causes of failure in what was run: the code, its packages, its arguments, its input."""

import re
from collections.abc import Iterator

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven, told_by
from launcher.support.command_lines import command_line
from lib.errors import cut

# The name of the package that contains a module, where it differs.
_PACKAGES = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
}
# Lines of a traceback that are shown, and that are looked at; its last one, alone without indentation, is the error.
_SHOWN, _LONGEST = 7, 400
_RAISED = re.compile(r"(?P<error>[A-Za-z_][\w.]*)(?::|$)")
# Errors that stand for one elsewhere (in Java, on the cluster, in a cell), or that follow when the other side is gone.
_WRAPPERS = (
    *("Py4JJavaError", "Py4JError", "Py4JNetworkError", "SparkException", "PythonException"),
    *("PapermillExecutionError", "DeadKernelError", "SparkStatementException", "HttpClientException"),
    *("LivyClientTimeoutException", "LivyUnexpectedStatusException", "SessionManagementException"),
    *("ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "EOFError"),
    *("CalledProcessError", "SystemExit", "KeyboardInterrupt"),
)
# This project's own errors; other causes handle them.
_OURS = ("launcher.", "lib.errors.")
_LIB_NEEDS = (
    "its Python needs the packages that the bootstrap script installs, and its role needs read access to <out>/source/"
)
# The last message of a run or of a spark-submit script.
_OWN_ERROR = r"^(?:Error|error): (?P<message>.+)"


def wrong_arguments(evidence: Evidence) -> Finding | None:
    """The command line was wrong."""
    hit = evidence.first(
        r"^(Error: )?(No such (option|command)|Unrecognized option|Missing (option|argument|application resource)|"
        r"Invalid value|Got unexpected extra argument)\b.*"
        r"|error: (unrecognized arguments|the following arguments are required|argument \S+: .*)"
        r"|Cannot run program \"(?P<program>[^\"]+)\""
        r"|Cannot load main class from JAR|Failed to load class \S+\.$|^Usage: "
    )
    if hit is None:
        return None
    command = _command(evidence)
    told = (
        f"the program {hit.found['program']} is not on the node"
        if hit.found["program"]
        else "the step's arguments are wrong"
    )
    return Finding(
        told,
        proven(hit, evidence.first(r"(?i)^(Error: |Try '|.* error: ).*", r"/steps/")),
        (f"correct the step and submit it again{f'; it was: {command}' if command else ''}",),
    )


def missing_package(evidence: Evidence) -> Finding | None:
    """Python on the cluster lacks a package."""
    hit = evidence.first(r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]+)'?")
    own = evidence.stated("missing-package")
    if hit is None and own:
        return Finding("lib does not import on the cluster", proven(own), (_LIB_NEEDS,))
    if hit is None:
        return None
    module = hit.found["module"].split(".")[0]
    if module in ("lib", "launcher"):
        return Finding(
            f"Python on the cluster cannot find this project's package {module}",
            proven(hit),
            (
                "for spark-submit give --py-files lib.zip (make lib.zip); an experiment uploads it to <out>/source/ "
                "by itself",
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
        ),
    )


# Driver and executors must run the same Python.
python_versions_differ = told_by(
    r"Python in worker has different version.* than that in driver|PYTHON_VERSION_MISMATCH",
    "driver and executors run different versions of Python",
    "set spark.pyspark.python for both, as infrastructure/ does with /opt/mineria-ml/venv/bin/python, and check that "
    "the bootstrap script ran on all nodes: {cluster logs --bootstrap}",
)


def refused_by_the_run(evidence: Evidence) -> Finding | None:
    """A run of this project refused its input (exit code 2) and said why."""
    remedy = "correct the input and submit again"
    stated = evidence.stated("refused")
    if stated:
        return Finding(stated.line.text.removeprefix("Error: "), proven(stated), (remedy,))
    # The spark-submit scripts leave nothing but what they print.
    exit_code = evidence.first(r"(?:exitCode|exit code|exit_code\W+) ?2\b")
    hit = evidence.first(_OWN_ERROR)
    if exit_code is None or hit is None:
        return None
    return Finding(hit.found["message"], proven(hit, exit_code), (remedy,))


def gate_not_passed(evidence: Evidence) -> Finding | None:
    """A run of this project is complete, and its figures are lower than it was told to accept."""
    stated = evidence.stated("gate")
    if not stated:
        return None
    remedy = "read the report, which is complete: nothing is broken; train again on better data, or change fail_below"
    return Finding(stated.line.text.removeprefix("Error: "), proven(stated), (remedy,))


def python_error(evidence: Evidence) -> Finding | None:
    """Python code raised: which error, in which cell or file."""
    found = min(_tracebacks(evidence), key=lambda trace: (not trace[-1].is_decisive, len(trace)), default=None)
    cell = evidence.first(
        r"(?P<notebook>\S+\.ipynb) failed in (?P<cell>cell In \[\d+\] \(.*\)|a cell.*?): (?P<error>\w[\w.]*: .*)"
    )
    if cell is not None and not cell.found["error"].startswith(_WRAPPERS):
        error, where = cell.found["error"], f" in {cell.found['notebook']}, {cell.found['cell']}"
    elif found:
        error, where = found[-1].line.text.strip(), _last_frame(found)
    else:
        return None
    kept = f"; the notebook as it ran is in {evidence.kept_at}" if evidence.kept_at else ""
    # Python 3.11 underlines parts of a line with marks, which mean nothing here.
    frames = [hit for hit in found or () if hit.line.text.strip(" ^~")][-_SHOWN:]
    proof = (*([cell] if cell else []), *frames)
    return Finding(f"Python raised {error}{where}", proof, (f"fix the code or its input{kept}",))


def run_failed(evidence: Evidence) -> Finding | None:
    """A run of this project failed with a message that no other cause matches."""
    hit = evidence.first(_OWN_ERROR)
    if hit is None:
        return None
    kept = f"; notebooks and logs are kept in {evidence.kept_at}" if evidence.kept_at else ""
    return Finding(hit.found["message"], proven(hit), (f"read the lines around it in the log{kept}",))


def spark_job_failed(evidence: Evidence) -> Finding | None:
    """A Spark job failed for a reason that the logs do not show."""
    hit = evidence.first(
        r"(?:Job aborted due to stage failure|SparkException): (?P<why>(?!Application |Job aborted).+)"
    )
    if hit is None:
        return None
    return Finding(
        f"a Spark job failed: {hit.found['why'].strip()}",
        proven(hit, evidence.first(r"^Caused by: ")),
        (f"read the executors' logs: {command_line('cluster', 'logs', 'APPLICATION', cluster=evidence.cluster.id)}",),
    )


def _tracebacks(evidence: Evidence) -> Iterator[list[Hit]]:
    """Python's and IPython's tracebacks, from the head to the error; not those of errors that wrap another."""
    for start in evidence.hits(r"Traceback \(most recent call last\)"):
        trace = [start]
        for index, line in enumerate(start.source.lines[start.index + 1 :][:_LONGEST], start=start.index + 1):
            raised = _RAISED.match(line.text)
            trace.append(Hit(start.source, index, raised or start.found))
            if raised:
                error = raised["error"]
                if error.rsplit(".", 1)[-1] not in _WRAPPERS and not error.startswith(_OURS):
                    yield trace
                break


def _last_frame(trace: list[Hit]) -> str:
    frames = (
        re.search(r'File "?(?P<file>[^":]+)"?(?:, line |:)(?P<line>\d+)', hit.line.text) for hit in reversed(trace)
    )
    frame = next((match for match in frames if match), None)
    return f" in {frame['file'].rsplit('/', 1)[-1]}, line {frame['line']}" if frame else ""


def _command(evidence: Evidence) -> str:
    args = " ".join(evidence.step.args) if evidence.step else ""
    return cut(args, 300)

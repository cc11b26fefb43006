"""Causes of failure in what was run: the code, its packages, its arguments, its input."""

import re
from collections.abc import Iterator

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, named, proven
from launcher.emr.diagnosis.python_environment import advice_on
from launcher.support.command_lines import command_line
from lib.errors import cut

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
# The last message of a run or of a spark-submit script.
_OWN_ERROR = r"^(?:Error|error): (?P<message>.+)"


def wrong_arguments(evidence: Evidence) -> Finding | None:
    """The command line was wrong."""
    hit = evidence.first(
        r"^(Error: )?(No such (option|command)|Unrecognized option|Missing (option|argument|application resource)|"
        r"Invalid value|Got unexpected extra argument)\b.*"
        r"|error: (unrecognized arguments|the following arguments are required|argument \S+: .*)"
        r"|Cannot run program \"(?P<program>[^\"]+)\".*error=(2|13)\b"
        r"|Cannot load main class from JAR|(?<!SLF4J: )Failed to load class \S+\.$|^Usage: spark-submit"
        r"|(?P<master>Master must (either )?be yarn|Could not parse Master URL|[Cc]luster deploy mode is .{0,20}not "
        r"(applicable|supported|compatible)).*"
    )
    if hit is None:
        return None
    command = _command(evidence)
    correct = f"correct the step and submit it again{f'; it was: {command}' if command else ''}"
    if hit.found["master"]:
        return Finding(
            "spark-submit does not take the master or the deploy mode that it was given: "
            f"{hit.line.text.strip()[:200]}",
            proven(hit),
            (
                "on EMR it is --master yarn, with --deploy-mode cluster or client beside it (yarn-client and "
                "yarn-cluster are "
                "of Spark 1); take a master out of the code, too",
                correct,
            ),
        )
    told = (
        f"the program {hit.found['program']} is not on the node, or may not be run"
        if hit.found["program"]
        else "the step's arguments are wrong"
    )
    return Finding(
        told,
        proven(hit, evidence.first(r"(?i)^(Error: |Try '|.* error: ).*", r"/steps/")),
        (correct,),
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
        r"(?<!\S)(?P<notebook>\S+\.ipynb) failed in (?P<cell>cell In \[\d+\] \(.*\)|a cell.*?): (?P<error>\w[\w.]*: .*)"
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
    raised = next((hit for hit in (cell, *reversed(found or ())) if hit and error in hit.line.text), None)
    own_words = advice_on(raised) if raised else ()
    return Finding(f"Python raised {error}{where}", proof, (*own_words, f"fix the code or its input{kept}"))


def run_failed(evidence: Evidence) -> Finding | None:
    """A run of this project failed with a message that no other cause matches."""
    hit = next((each for each in evidence.hits(_OWN_ERROR) if not each.source.is_any), None)
    if hit is None:
        return None
    kept = f"; notebooks and logs are kept in {evidence.kept_at}" if evidence.kept_at else ""
    return Finding(hit.found["message"], proven(hit), (f"read the lines around it in the log{kept}",))


def context_not_initialized(evidence: Evidence) -> Finding | None:
    """The program ended, or went on elsewhere, without the SparkContext that YARN's driver waits for."""
    hit = evidence.first(r"User did not initialize spark context|SparkContext did not initialize after waiting for")
    if hit is None:
        return None
    return Finding(
        "the program did not make a SparkContext in the driver that YARN started for it",
        proven(hit, evidence.first(r"exitCode: 13\b")),
        _to_make_a_context(evidence, hit),
    )


def exit_code_13(evidence: Evidence) -> Finding | None:
    """The driver's exit code for a program that ended without a SparkContext, or by an error before it."""
    hit = evidence.first(r"(exitCode|[Ee]xit code):? ?(is )?13\b")
    if hit is None:
        return None
    return Finding(
        "the driver ended with exit code 13: its program raised an error, or made no SparkContext; which, its own log "
        "says",
        proven(hit),
        _to_make_a_context(evidence, hit),
    )


def _to_make_a_context(evidence: Evidence, hit: Hit) -> tuple[str, ...]:
    return tuple(named(each, evidence, hit) for each in _NO_CONTEXT)


_NO_CONTEXT = (
    "read the driver's log, for an error before it (stdout, too): {cluster logs APPLICATION}",
    'take a master out of the code (setMaster, .master("local[*]")): in cluster mode it comes from --master yarn '
    "alone, and "
    "another one makes the session elsewhere",
    "a program that has work to do before it makes its session needs a larger spark.yarn.am.waitTime (100s)",
)


def program_error(evidence: Evidence) -> Finding | None:
    """A program of Java's or Scala's raised an error that no other cause matches."""
    hit = evidence.first(
        r"User class threw exception: (?P<error>[\w.$]+(?:: .+)?)|"
        r"Exception in thread \"main\" (?P<main>(?!org\.apache\.spark\.SparkException: (?:Application|Yarn|"
        r"Job))[\w.$]+: .+)"
    )
    if hit is None:
        return None
    error = (hit.found["error"] or hit.found["main"]).strip()
    return Finding(
        f"the program raised {cut(error, 300)}",
        proven(hit, evidence.first(r"^Caused by: ")),
        (
            "read the lines under it: the last Caused by says what it was, and the first frame of the program's own "
            "where",
            "the driver's log has all of it: "
            f"{command_line('cluster', 'logs', 'APPLICATION', cluster=evidence.cluster.id)}",
        ),
    )


def executors_failing(evidence: Evidence) -> Finding | None:
    """So many executors failed that Spark gave up; why stands in their own logs."""
    hit = evidence.first(
        r"Max number of executor failures \((?P<count>\d+)\) reached|[Ee]xit [Ss]tatus: 1\b.*Exception from "
        r"container-launch"
    )
    if hit is None:
        return None
    many = f"{hit.found['count']} executors failed, and Spark gave up"
    return Finding(
        f"{many if hit.found['count'] else 'executors ended with exit code 1'}; why, their own logs say",
        proven(hit),
        (
            f"read the executors' logs: {command_line('cluster', 'logs', 'APPLICATION', cluster=evidence.cluster.id)}",
            "executors that all end at once have the same trouble: an option of Java's, a missing file or Python, "
            "memory",
        ),
    )


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

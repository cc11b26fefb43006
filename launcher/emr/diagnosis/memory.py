"""Causes of failure related to memory, and the settings that help."""

import re
from dataclasses import replace

from launcher.emr.diagnosis.evidence import Evidence, Finding, Hit, proven
from launcher.emr.diagnosis.memory_advice import Setting, fits, raised
from launcher.emr.sizes import largest_heap_mb, least_overhead_mb, megabytes, overhead_within_mb, size
from launcher.support.command_lines import command_line

# Java calls much an OutOfMemoryError that is no full heap: threads, classes, buffers, arrays, a graphics card. So only
# its words for the heap count, those of Spark for the part of it that it shares out, and an error without words.
_HEAP = (
    r"(\b|Spark)OutOfMemoryError(?=[\s,;)\"']*$| thrown from|: (Java heap|GC overhead|(\[UNABLE_TO_ACQUIRE_MEMORY\] "
    r")?Unable to "
    r"acquire|error while calling spill|Not enough memory to build))|GC overhead limit exceeded|"
    r"[Ee]xit(ed with)? ?(status|code|Code):? 52\b"
)
_BEYOND = (
    r"for exceeding (physical |virtual )?memory limits|running (\S+ )?beyond (the )?'?(PHYSICAL|physical|VIRTUAL|"
    r"virtual)|"
    r"[Ee]xit ?([Ss]tatus|[Cc]ode):? -10[34]\b"
)
# What YARN counted: the sentence names it, or gives the use of it alone.
_VIRTUAL = re.compile(
    r"exceeding virtual|beyond (the )?'?virtual|memory limits\. [\d.]+ [GM]B of [\d.]+ [GM]B virtual|: -103\b",
    re.IGNORECASE,
)
_OF_EXECUTOR = re.compile(
    r"Lost task|ExecutorLostFailure|[Ee]xecutor \d+|Executor task launch worker|status: 52|executor\.memory"
)
# The first container of an application has the driver in it, or the application master of a driver elsewhere.
_DRIVERS_LOG = r"_000001/[^/]+$"


def asked_too_much(evidence: Evidence) -> Finding | None:
    """YARN refuses a container that no node can hold."""
    hit = evidence.first(
        r"Required (?P<of>executor|AM) memory \((?P<asked>\d+)(?:\+\d+)?(?: MB)?\).*above the max threshold "
        r"\((?P<most>\d+) MB\)"
    )
    if hit is None:
        return _beyond_allocation(evidence)
    of = "executor" if hit.found["of"] == "executor" else "driver"
    most = int(hit.found["most"])
    heap = largest_heap_mb(of, most)
    setting = Setting.heap(of)
    sentence = (
        f"the {of} was to have {int(hit.found['asked']):,} MB of heap; with its overhead that is more than "
        f"the {most:,} MB of YARN memory on a node"
    )
    if not heap:
        # Less than 1 GB beside the overhead: no heap of whole GB fits.
        heap = max(most - least_overhead_mb(), 0)
    return Finding(
        sentence,
        proven(hit),
        (f"set {setting.shown(evidence)} to {size(heap)} at most, or use nodes with more memory",),
        {setting.ours: size(heap)},
    )


def _beyond_allocation(evidence: Evidence) -> Finding | None:
    """YARN's own words, for memory and for cores."""
    hit = evidence.first(
        r"InvalidResourceRequestException.*|Invalid resource request.*maximum allowed allocation.*|"
        r"Required executor (?P<cores>cores|vCores).*(above|exceeds).*"
    )
    if hit is None:
        return None
    text = hit.line.text
    cores = bool(hit.found["cores"]) or bool(re.search(r"resource type=\[vcores\]|requestedVirtualCores", text))
    what = "cores" if cores else "memory"
    setting = "spark.executor.cores or spark.driver.cores" if cores else "spark.executor.memory or spark.driver.memory"
    return Finding(
        f"a driver or an executor was to have more {what} than YARN gives to one container",
        proven(hit),
        (
            f"lower {setting}, or use larger nodes: {command_line('cluster', 'check', cluster=evidence.cluster.id)} "
            "says what fits",
        ),
    )


def heap_too_small(evidence: Evidence) -> Finding | None:
    """Spark does not start with a heap of less than about 450 MB."""
    hit = evidence.first(r"System memory (\d+) must be at least (\d+)|Executor memory (\d+) must be at least (\d+)")
    if hit is None:
        return None
    setting = Setting.heap("driver" if hit.found[1] else "executor")
    return Finding(
        f"the {setting.of}'s heap is too small for Spark to start",
        proven(hit),
        (f"set {setting.shown(evidence)} to 1g or more",),
        {setting.ours: "1g"},
    )


def executor_heap(evidence: Evidence) -> Finding | None:
    """An executor's Java heap was full."""
    own = evidence.stated("executor-heap")
    hit = next((each for each in evidence.hits(_HEAP) if is_executors(each)), own)
    if hit is None:
        return None
    return _raise(evidence, proven(hit, own), Setting.heap("executor"), "an executor's Java heap was full")


def driver_heap(evidence: Evidence) -> Finding | None:
    """The driver's Java heap was full."""
    own = evidence.stated("driver-heap")
    hit = next((each for each in evidence.hits(_HEAP) if not is_executors(each)), own)
    if hit is None:
        return None
    return _raise(
        evidence,
        proven(hit, own),
        Setting.heap("driver"),
        "the driver's Java heap was full",
        "collect() and toPandas() bring rows to the driver: if your own code calls them, collect fewer rows",
        "the driver's heap is set when it is submitted; a SparkConf in the code comes too late",
    )


def executor_beyond_limit(evidence: Evidence) -> Finding | None:
    """YARN killed an executor: Python and the like, beside the heap, took more than they were given."""
    own = evidence.stated("executor-beyond-limit")
    hit = next((each for each in evidence.hits(_BEYOND) if not _is_drivers_container(each)), own)
    if hit is None:
        return None
    if _VIRTUAL.search(hit.line.text):
        return _beyond_virtual(hit, "an executor")
    used = re.search(r"[\d.]+ [GM]B of (?P<size>[\d.]+) (?P<unit>[GM])B physical memory used", hit.line.text)
    evidence = _of_such_a_container(evidence, "executor", used)
    sentence = f"YARN killed an executor that took more memory than its container has{f' ({used[0]})' if used else ''}"
    return _raise(evidence, proven(hit, own), Setting.overhead("executor"), sentence, _FEWER_TASKS)


def driver_beyond_limit(evidence: Evidence) -> Finding | None:
    """YARN killed the driver's container."""
    own = evidence.stated("driver-beyond-limit")
    hit = next((each for each in evidence.hits(_BEYOND) if _is_drivers_container(each)), None)
    hit = hit or evidence.first(r"AM Container for \S+ exited with\s+exitCode: -10[34]\b") or own
    if hit is None:
        return None
    if _VIRTUAL.search(hit.line.text):
        return _beyond_virtual(hit, "the driver")
    sentence = "the driver took more memory beside its heap than its YARN container has"
    return _raise(evidence, proven(hit, own), Setting.overhead("driver"), sentence)


def _of_such_a_container(evidence: Evidence, of: str, used: re.Match[str] | None) -> Evidence:
    """The evidence with the memory that the container must have been given, where nothing else says it."""
    heap, beside = Setting.heap(of).spark, Setting.overhead(of).spark
    if used is None or heap in evidence.settings or evidence.cluster.settings("spark-defaults").get(heap):
        return evidence
    container = int(float(used["size"]) * (1024 if used["unit"] == "G" else 1))
    overhead = overhead_within_mb(of, container)
    if container <= overhead:
        return evidence
    had = {heap: f"{container - overhead}m", beside: f"{overhead}m"}
    return replace(evidence, settings={**had, **evidence.settings})


def _beyond_virtual(hit: Hit, who: str) -> Finding:
    """YARN counted virtual memory, which costs nothing: Java and glibc reserve much that they never use."""
    return Finding(
        f"YARN killed {who} for its virtual memory, by a check that says nothing of the memory it really used",
        proven(hit),
        (
            "switch the check off in the cluster's configurations, as EMR has it by default: classification yarn-site, "
            "yarn.nodemanager.vmem-check-enabled = false (or a larger yarn.nodemanager.vmem-pmem-ratio)",
            "more overhead only helps by that ratio, and takes real memory from the node",
        ),
    )


def python_out_of_memory(evidence: Evidence) -> Finding | None:
    """Python itself had no more memory, on the driver or in a worker of an executor."""
    hit = evidence.first(r"^(numpy\.\S*)?_?(Array)?MemoryError\b|\[Errno 12\] Cannot allocate memory")
    hit = hit or evidence.stated("python-memory")
    if hit is None:
        return None
    in_worker = evidence.first(r"PythonException|pyspark/worker\.py|pyspark\.zip/pyspark/worker\.py")
    of = "executor" if in_worker else "driver"
    whose = "a Python worker of an executor" if in_worker else "Python on the driver"
    return _raise(evidence, proven(hit), Setting.overhead(of), f"{whose} ran out of memory")


def result_too_large(evidence: Evidence) -> Finding | None:
    """The results of tasks exceed the driver's limit."""
    hit = evidence.first(
        r"Total size of serialized results .*\((?P<got>[\d.]+ \w+)\) is bigger than (local )?(maxResultSize|"
        r"spark\.driver\.maxResultSize) \(?(?P<most>[\d.]+ ?\w+)"
    )
    if hit is None:
        return None
    setting = Setting("driver", "spark.driver.maxResultSize", "spark.conf.spark.driver.maxResultSize", "1g")
    new = raised(setting.now(evidence), 2)
    return Finding(
        f"tasks sent {hit.found['got']} to the driver, which accepts {hit.found['most']} (spark.driver.maxResultSize)",
        proven(hit),
        (
            f"set {setting.shown(evidence)} to {new}, and {Setting.heap('driver').shown(evidence)} to a larger value",
            "collect() and toPandas() bring rows to the driver: if your own code calls them, collect fewer rows",
        ),
        {setting.ours: new},
    )


def kryo_buffer(evidence: Evidence) -> Finding | None:
    """One object does not fit Kryo's buffer."""
    hit = evidence.first(r"Buffer overflow\. Available: \d+, required: (?P<bytes>\d+)")
    if hit is None:
        return None
    setting = Setting("", "spark.kryoserializer.buffer.max", "spark.conf.spark.kryoserializer.buffer.max", "64m")
    # Kryo says what it lacked at that moment, which is not all of the object.
    new = size(min(2047, max(4 * megabytes(setting.now(evidence)), 2 * int(hit.found["bytes"]) // 2**20)))
    return Finding(
        "an object is larger than Kryo's buffer (spark.kryoserializer.buffer.max)",
        proven(hit),
        (f"set {setting.shown(evidence)} to {new} (the maximum is 2047m)",),
        {setting.ours: new},
    )


def executor_killed(evidence: Evidence) -> Finding | None:
    """A process got a signal, without an explanation: SIGKILL (137), usually because of memory, or SIGTERM (143)."""
    hit = evidence.first(r"[Ee]xit(ed with)? ?(status|code|Code):?( is)? 137\b") or evidence.stated("executor-killed")
    if hit is None:
        return _terminated(evidence)
    if _is_drivers_container(hit):
        return _raise(
            evidence,
            proven(hit),
            Setting.overhead("driver"),
            "the driver was killed (exit code 137), most likely because its container or its node ran out of memory",
        )
    return _raise(
        evidence,
        proven(hit),
        Setting.heap("executor"),
        "an executor was killed (exit code 137), most likely because the node or its heap ran out of memory",
        _FEWER_TASKS,
    )


def _terminated(evidence: Evidence) -> Finding | None:
    """Exit code 143, where it is a loss: at its end Spark ends all executors so."""
    hit = evidence.first(
        r"(Lost executor|marked as failed|bad node|ExecutorLostFailure|AM Container|Exit status: 143|appattempt_).*"
        r"[Ee]xit ?([Ss]tatus|[Cc]ode):?( is)? 143\b"
    )
    if hit is None:
        return None
    drivers = _is_drivers_container(hit)
    of = "driver" if drivers else "executor"
    setting = Setting.overhead("driver") if drivers else Setting.heap("executor")
    who = "the driver was" if drivers else "executors were"
    return _raise(
        evidence,
        proven(hit),
        setting,
        f"{who} ended from outside (exit code 143, a SIGTERM): by YARN for its memory, with the node, or by somebody",
        "a SIGTERM says not who sent it: if memory is not it, look whether the node went (cluster status), whether "
        "YARN took "
        f"the {of} for another queue (preemption), or somebody stopped the application",
    )


def out_of_threads(evidence: Evidence) -> Finding | None:
    """Java asked the system for a thread and got none. It says OutOfMemoryError, and no heap was full."""
    hit = evidence.first(r"[Uu]nable to create (new )?native thread") or evidence.stated("out-of-threads")
    if hit is None:
        return None
    of = "executor" if is_executors(hit) else "driver"
    return Finding(
        f"the {of}'s Java could not start another thread: its node has reached its limit of processes, or has no "
        "memory left for "
        "their stacks",
        proven(hit),
        (
            "a larger heap makes it worse, because thread stacks are outside the heap: lower spark.executor.cores, "
            "run fewer applications on the node at the same time, or use larger nodes",
            "check the node's limit (ulimit -u) and the processes that run on it",
        ),
    )


def executor_lost(evidence: Evidence) -> Finding | None:
    """Executors were lost and no line says why; the most frequent reason is memory."""
    hit = evidence.first(
        r"ExecutorLostFailure|FetchFailedException|Lost executor \S+|MetadataFetchFailedException|"
        r"Executor heartbeat timed out|no recent heartbeats|Remote RPC client disassociated|[Ee]xit [Ss]tatus: 56\b"
    )
    if hit is None:
        return None
    silent = evidence.first(r"[Ee]xecutor heartbeat timed out|no recent heartbeats")
    told = "executors did not answer any more (no heartbeat), as when they only collect garbage," if silent else None
    logs = command_line("cluster", "logs", "APPLICATION", cluster=evidence.cluster.id)
    return _raise(
        evidence,
        proven(hit, silent),
        Setting.heap("executor"),
        f"{told or 'executors, or the shuffle files on their nodes, were lost,'} and no log says why",
        f"suspect memory first, or read the executors' logs: {logs}",
    )


def driver_died(evidence: Evidence) -> Finding | None:
    """The driver's Java went while its Python was still there, or never came."""
    never = evidence.first(r"Java gateway process exited before sending its port number")
    if never:
        return Finding(
            "the driver's Java did not start",
            proven(never),
            (
                "read what it printed above this line; mostly it is an option of Java's, JAVA_HOME (java -version), "
                "or a package that could not be fetched (--packages)",
            ),
        )
    hit = evidence.first(r"Answer from Java side is empty|trying to connect to the Java server")
    if hit is None:
        return None
    logs = command_line("cluster", "logs", "APPLICATION", cluster=evidence.cluster.id)
    return _raise(
        evidence,
        proven(hit),
        Setting.heap("driver"),
        "the driver's Java ended under its program, and no log says why; most likely its memory ran out",
        f"read the end of the driver's log, stdout too: {logs}",
    )


def python_worker_died(evidence: Evidence) -> Finding | None:
    """A worker's process ended without an error message."""
    hit = evidence.first(r"Python worker exited unexpectedly \(crashed\)") or _gone_while_written_to(evidence)
    if hit is None:
        return None
    return _raise(
        evidence,
        proven(hit),
        Setting.overhead("executor"),
        "a Python worker ended without an error message; most likely it was killed because memory ran out",
        _FEWER_TASKS,
    )


def _gone_while_written_to(evidence: Evidence) -> Hit | None:
    """A worker that went while Spark was writing to it leaves a broken pipe, above the frames of Spark's Python."""
    broken = evidence.hits(r"SocketException: (Broken pipe|Connection reset)")
    frames = ((hit, hit.source.lines[hit.index : hit.index + 30]) for hit in broken)
    return next((hit for hit, lines in frames if any(_FRAME.search(line.text) for line in lines)), None)


_FRAME = re.compile(r"\bapi\.python\.\w*Python")
_FEWER_TASKS = (
    "or lower spark.executor.cores (spark.executor_cores in a params file), so that fewer tasks share an executor's "
    "memory"
)


def _raise(evidence: Evidence, proof: tuple[Hit, ...], setting: Setting, sentence: str, *more: str) -> Finding:
    """A finding whose remedy is more memory: half more heap, or twice as much overhead."""
    now = setting.now(evidence)
    new = evidence.stated_settings.get(setting.ours) or raised(now, 1.5 if setting.is_heap else 2)
    # Of a log alone nobody knows what the run was given; then EMR's default is said as that.
    known = evidence.params or evidence.cluster.id or setting.spark in evidence.settings
    to = f"from {now} to {new}" if known else f"to {new} (EMR's default is {now}; by as much where it was set higher)"
    change = f"raise {setting.shown(evidence)} {to}: {fits(evidence, setting, new)}"
    return Finding(sentence, proof, (change, *more), {setting.ours: new})


def is_executors(hit: Hit) -> bool:
    """Whether a line is about an executor, by its words or by the log it stands in."""
    if hit.source.stated:
        return hit.source.stated.cause.startswith("executor")
    in_container = "/containers/" in hit.source.name
    return (in_container and not _is_drivers_log(hit)) or bool(_OF_EXECUTOR.search(hit.line.text))


def _is_drivers_log(hit: Hit) -> bool:
    return re.search(_DRIVERS_LOG, hit.source.name) is not None


def _is_drivers_container(hit: Hit) -> bool:
    """YARN's own sentence names the container, whose number is 1 for the driver's."""
    named = bool(re.search(r"container_\w+_000001\b|AM Container", hit.line.text))
    return (named or hit.source.of_driver) and not _OF_EXECUTOR.search(hit.line.text)


OUT_OF_MEMORY = (
    *(python_out_of_memory, out_of_threads, executor_heap, driver_heap, executor_beyond_limit, driver_beyond_limit),
    *(executor_killed, python_worker_died),
)
"""What looks for memory, or what passes for it, that ran out while a program ran."""

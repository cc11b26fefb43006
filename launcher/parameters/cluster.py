"""Where an experiment runs and with how much: the targets, and the `cluster` and `spark` sections of a params file.

They decide nothing about what comes out, so no notebook sees them. There is no place for secrets: logins come from the
environment.

What is true of a target stands here, and who needs to know asks. A new target is a class with its place in `TARGETS`
(and the settings that it alone needs), and the module that its `opens` or its `runner` names. They are text,
"module:function", because the parameters need to know every target and lie below what runs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from launcher.parameters.fields import described
from launcher.support.endpoint import LIVY_PORT, Endpoint, is_here
from lib import artifacts
from lib.errors import InputError

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
Memory = Annotated[str, Field(pattern=r"^[1-9]\d*[mg]$")]
Positive = Annotated[int, Field(ge=1)]
MEMORY, POSITIVE = "text like 4g or 1536m, or null", "a whole number from 1, or null"


@dataclass(frozen=True)
class RunOptions:
    """What the command line says of how experiments are to run, beside their parameters.

    `cluster_stays` is whether the cluster outlives them. `records` gets the record of each, for programs
    (`launcher.running.run_record`).
    """

    wait: bool = False
    step_concurrency: int | None = None
    debug: bool = False
    cluster_stays: bool = True
    records: list[dict[str, Any]] = field(default_factory=list)


class TargetSpec:
    """What there is to know of a target before anything runs on it.

    `resume_settings` are the settings of the section `cluster`, beside `target`, that an experiment needs again when it
    is resumed.
    """

    name: str
    meaning: str  # in a few words, for the help
    on_emr_cluster = False  # whether it runs on the cluster of `cluster.id`: checked before, and its cost is counted
    in_sessions = False  # whether only Spark is there, in sessions, which need a cluster that is ready and `lib` alone
    in_steps = False  # whether its runs are steps of a cluster, some of which may run side by side
    resume_settings: tuple[str, ...] = ()
    # (plan) => a context with the `launcher.targets.target.Target` that the notebooks run on; "": they do not run here.
    opens = ""
    # (plans, RunOptions) => None: runs the experiments here one after the other, or sends them away.
    runner = "launcher.running.run:run_all"
    # (Parameters) => a context with the environment of a Jupyter server whose kernels have their Spark there.
    kernels = "launcher.targets.livy.target:connected_kernels"

    def sees_this_machine(self, cluster: "Cluster") -> bool:
        """Whether it may be able to read and write the files of this machine."""
        return False

    @property
    def is_detached(self) -> bool:
        """Whether its runs are sent away rather than followed here."""
        return not self.opens

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """Whether settings that name no target mean this one."""
        return False

    def require(self, cluster: "Cluster") -> None:
        """Check that what it needs is given.

        Raises:
            InputError: something is missing, or contradicts something else.
        """

    def where(self, cluster: "Cluster", out: str, run_id: str) -> str:
        """What a dry run says of where an experiment would run; "" where there is nothing to say."""
        return ""

    def resume_options(self, cluster: "Cluster") -> dict[str, Any]:
        """The settings to give again, by name, to resume an experiment; those that are empty need not be given."""
        named = {"target": self.name, **{name: getattr(cluster, name) for name in self.resume_settings}}
        return {name: value for name, value in named.items() if value}

    def start(self, plans: Sequence[Any], options: RunOptions) -> None:
        """Run experiments, or send them away; `preflight.check_together` has seen them.

        Raises:
            typer.Exit: one of several failed; with the worst of their exit codes.
        """
        resolve_name(self.runner)(plans, options)


class Local(TargetSpec):
    """Notebooks and Spark on this machine."""

    name = "local"
    meaning = "here"
    opens = "launcher.targets.target:local_target"
    kernels = "launcher.targets.target:local_kernels"

    def sees_this_machine(self, cluster: "Cluster") -> bool:
        """It is on it."""
        return True

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """Without other settings, this is the target."""
        return True

    def resume_options(self, cluster: "Cluster") -> dict[str, Any]:
        """It needs nothing, and is the default."""
        return {}


class Livy(TargetSpec):
    """Notebooks on this machine, and Spark in Livy sessions on a cluster."""

    name = "livy"
    meaning = "here, with Livy sessions on a cluster"
    on_emr_cluster = True
    in_sessions = True
    resume_settings = ("livy_url", "id", "reach", "ssh_key")
    opens = "launcher.targets.livy.target:livy_target"

    def sees_this_machine(self, cluster: "Cluster") -> bool:
        """Where Livy has an address of this machine: if that is a tunnel to another, its Spark will say so."""
        return is_here(cluster.livy_url)

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """A Livy's URL selects it."""
        return bool(cluster.livy_url)

    def require(self, cluster: "Cluster") -> None:
        """A way to Livy."""
        _ = cluster.endpoint

    def where(self, cluster: "Cluster", out: str, run_id: str) -> str:
        """Which Livy, and how it is reached."""
        road = "" if cluster.reach == "direct" else f" through {cluster.reach.upper()}"
        return f"Livy at {cluster.endpoint}{road}"


class Step(TargetSpec):
    """Notebooks and Spark on an EMR cluster, as a step of it."""

    name = "step"
    meaning = "all of it on the cluster"
    on_emr_cluster = True
    in_steps = True
    resume_settings = ("id",)
    runner = "launcher.detached.submit:run_detached"

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """A cluster's id selects it."""
        return bool(cluster.id)

    def require(self, cluster: "Cluster") -> None:
        """A cluster, and no other Livy than its own.

        Raises:
            InputError: it is not named, or another Livy is.
        """
        if not cluster.id:
            raise InputError(f"--target {self.name} sends the experiment to an EMR cluster: name it with --cluster-id")
        _ = cluster.endpoint

    def where(self, cluster: "Cluster", out: str, run_id: str) -> str:
        """Which cluster, and what the step reads there."""
        return f"a step on {cluster.id}, which reads {artifacts.step_dir(out, run_id)}/params.yaml"


LOCAL, LIVY, STEP = Local(), Livy(), Step()
# If the settings select several, the last one wins; the first is the default.
TARGETS: dict[str, TargetSpec] = {spec.name: spec for spec in (LOCAL, LIVY, STEP)}


def _known(name: str) -> str:
    if name not in TARGETS:
        raise ValueError(f"there is no target {name}")
    return name


def _listed() -> str:
    *names, last = TARGETS
    return f"{', '.join(names)} or {last}"


def _meanings() -> str:
    return ", ".join(f"{spec.name} ({spec.meaning})" for spec in TARGETS.values())


class Cluster(BaseModel):
    """Where Spark is and how to get there."""

    model_config = _STRICT

    target: Annotated[str, AfterValidator(_known)] | None = described(None, f"where it runs: {_meanings()}", _listed())
    id: Annotated[str, Field(pattern=r"^(j-[A-Z0-9]+)?$")] = described("", "EMR cluster", "an id like j-2AXXXXXXGAPLF")
    livy_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = described(
        "", "Livy's URL, if there is no cluster id", f"a URL like http://host:{LIVY_PORT}"
    )
    reach: Literal["direct", "ssh", "ssm"] = described("direct", "connection to the cluster", "direct, ssh or ssm")
    auth: Literal["none", "basic", "kerberos"] = described("none", "Livy's login", "none, basic or kerberos")
    ssh_user: str = described("hadoop", "SSH user on the primary node", "a user's name")
    ssh_key: str = described("", "private key for SSH; empty: ssh's default", "a path")
    start_timeout: Positive = described(600, "seconds until a session must have started", "a whole number from 1")
    heartbeat_timeout: Annotated[int, Field(ge=60)] = described(
        120, "seconds without requests after which Livy ends a session", "a whole number from 60"
    )
    max_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = described(
        None, "hours after which a run is stopped, with its sessions", "a number above 0, or null"
    )
    cell_timeout: Positive | None = described(None, "seconds until a cell must have finished", POSITIVE)

    @property
    def runs_on(self) -> TargetSpec:
        """The target: as given, or what the rest says."""
        if self.target is not None:
            return TARGETS[self.target]
        return next(spec for spec in reversed(TARGETS.values()) if spec.is_meant_by(self))

    @property
    def endpoint(self) -> Endpoint:
        """How Livy is reached.

        Raises:
            InputError: neither a URL nor a cluster is named, or both are.
        """
        if bool(self.id) == bool(self.livy_url):
            url, both = f"http://…:{LIVY_PORT}", ", not both" if self.id else ""
            raise InputError(f"Livy needs --cluster-id (an EMR cluster) or --livy-url ({url}){both}: give one")
        if self.livy_url and self.reach != "direct":
            raise InputError(f"--reach {self.reach} needs --cluster-id: a Livy given by --livy-url is reached directly")
        return Endpoint(self.livy_url, self.id, self.reach, self.auth, self.ssh_user, self.ssh_key)


class Spark(BaseModel):
    """The Spark of a session; null: the cluster's default."""

    model_config = _STRICT

    driver_memory: Memory | None = described(None, "heap of the driver", MEMORY)
    driver_cores: Positive | None = described(None, "cores of the driver", POSITIVE)
    executor_memory: Memory | None = described(None, "heap of each executor", MEMORY)
    executor_cores: Positive | None = described(None, "cores of each executor", POSITIVE)
    num_executors: Positive | None = described(None, "number of executors; null: Spark decides", POSITIVE)
    conf: dict[str, str | int | float | bool] = described({}, "other Spark properties", "property: value lines")

    def properties(self) -> dict[str, str]:
        """The same as Spark properties, where Spark is started here."""
        named = {
            "spark.driver.memory": self.driver_memory,
            "spark.driver.cores": self.driver_cores,
            "spark.executor.memory": self.executor_memory,
            "spark.executor.cores": self.executor_cores,
            "spark.executor.instances": self.num_executors,
        }
        given = {name: _text(value) for name, value in named.items() if value is not None}
        return given | {name: _text(value) for name, value in self.conf.items()}

    def session(self) -> dict[str, Any]:
        """What a request for a Livy session says of it."""
        named = {
            "driverMemory": self.driver_memory,
            "driverCores": self.driver_cores,
            "executorMemory": self.executor_memory,
            "executorCores": self.executor_cores,
            "numExecutors": self.num_executors,
        }
        given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        return given | ({"conf": {name: _text(value) for name, value in self.conf.items()}} if self.conf else {})


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

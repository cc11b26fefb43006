"""The targets: where an experiment can run. What is true of one stands here, and who needs to know asks.

A new target is a class here with its place in `TARGETS`, and the module that its `opens` or its `runner` names. They
are text, "module:function", because the parameters need to know every target and lie below what runs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from lib import artifacts
from lib.errors import InputError

if TYPE_CHECKING:
    from launcher.cluster_settings import Cluster
    from launcher.plan import Plan


@dataclass(frozen=True)
class RunOptions:
    """What the command line says of how experiments are to run, beside their parameters."""

    wait: bool = False
    step_concurrency: int | None = None
    debug: bool = False


class TargetSpec:
    """What there is to know of a target before anything runs on it.

    `resume_settings` are the settings of the section `cluster`, beside `target`, that an experiment needs again when it
    is resumed.
    """

    name: str
    meaning: str  # in a few words, for the help
    sees_this_machine = False  # whether it can read and write the files of this machine
    on_emr_cluster = False  # whether it runs on the cluster of `cluster.id`: checked before, and its cost is counted
    in_sessions = False  # whether only Spark is there, in sessions, which need a cluster that is ready and `lib` alone
    in_steps = False  # whether its runs are steps of a cluster, some of which may run side by side
    resume_settings: tuple[str, ...] = ()
    # (plan) => a context with the `launcher.targets.Target` that the notebooks run on; "": they do not run here.
    opens = ""
    # (plans, RunOptions) => None: runs the experiments here one after the other, or sends them away.
    runner = "launcher.experiment:run_all"

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

    def start(self, plans: "Sequence[Plan]", options: RunOptions) -> None:
        """Run experiments, or send them away; `preflight.check_together` has seen them.

        Raises:
            typer.Exit: one of several failed; with the worst of their exit codes.
        """
        resolve_name(self.runner)(plans, options)


class Local(TargetSpec):
    """Notebooks and Spark on this machine."""

    name = "local"
    meaning = "here"
    sees_this_machine = True
    opens = "launcher.targets:local_target"

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """It is where no other is."""
        return True

    def resume_options(self, cluster: "Cluster") -> dict[str, Any]:
        """It needs nothing, and is meant where nothing is given."""
        return {}


class Livy(TargetSpec):
    """Notebooks on this machine, and Spark in Livy sessions on a cluster."""

    name = "livy"
    meaning = "here, with sessions on a cluster"
    on_emr_cluster = True
    in_sessions = True
    resume_settings = ("livy_url", "id", "reach", "ssh_key")
    opens = "launcher.livy_target:livy_target"

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """It is by a Livy's URL."""
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
    runner = "launcher.emr.detached:run_detached"

    def is_meant_by(self, cluster: "Cluster") -> bool:
        """It is by a cluster's id."""
        return bool(cluster.id)

    def require(self, cluster: "Cluster") -> None:
        """A cluster, and no other Livy than its own."""
        if not cluster.id:
            raise InputError(f"--target {self.name} sends the experiment to an EMR cluster: name it with --cluster-id")
        _ = cluster.endpoint

    def where(self, cluster: "Cluster", out: str, run_id: str) -> str:
        """Which cluster, and what the step reads there."""
        return f"a step on {cluster.id}, which reads {artifacts.step_dir(out, run_id)}/params.yaml"


LOCAL, LIVY, STEP = Local(), Livy(), Step()
# Where several are meant by the settings, the later one is; the first is what nothing at all means.
TARGETS: dict[str, TargetSpec] = {spec.name: spec for spec in (LOCAL, LIVY, STEP)}


def meant_by(cluster: "Cluster") -> TargetSpec:
    """The target that settings name, or mean."""
    if cluster.target is not None:
        return TARGETS[cluster.target]
    return next(spec for spec in reversed(TARGETS.values()) if spec.is_meant_by(cluster))


def known(name: str) -> str:
    """A target's name, as it is.

    Raises:
        ValueError: there is no such target.
    """
    if name not in TARGETS:
        raise ValueError(f"there is no target {name}")
    return name


def listed() -> str:
    """The names as a sentence lists them."""
    *names, last = TARGETS
    return f"{', '.join(names)} or {last}"


def meanings() -> str:
    """Each name with what it means."""
    return ", ".join(f"{spec.name} ({spec.meaning})" for spec in TARGETS.values())

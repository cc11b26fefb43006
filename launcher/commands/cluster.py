"""The command group `cluster`: what a team does around its experiments."""

import typer

from launcher.commands.lazy import lazy_group

# Where each command is, and the first paragraph of its help.
COMMANDS = {
    "list": ("launcher.commands.clusters:app", "List the active clusters of the region."),
    "status": (
        "launcher.commands.clusters:app",
        "Show one cluster: state, nodes, uptime, idle time, what terminates it, the settings in force.",
    ),
    "cost": (
        "launcher.commands.cost:app",
        "Show what a cluster has cost so far: start-up, each run, idle time; or one run; or (--estimate) a future run.",
    ),
    "steps": ("launcher.commands.steps:app", "List the steps of a cluster, and the experiments they run."),
    "step": ("launcher.commands.steps:app", "Show one step: state, times, failure, command."),
    "logs": (
        "launcher.commands.logs:app",
        "Show logs: of a step, of a YARN application's containers, of a node, or the list of them.",
    ),
    "diagnose": (
        "launcher.commands.logs:app",
        "Say why a step (or the cluster, if it never ran one) failed, with the evidence and the remedy.",
    ),
    "check": (
        "launcher.commands.check:app",
        "Check that a cluster and an experiment's data are ready: green, yellow and red, each with the remedy.",
    ),
    "ui": ("launcher.commands.ui:app", "Open the pages of the Spark History Server and of YARN."),
    "create": (
        "launcher.commands.lifecycle:app",
        "Create a cluster without Terraform, in the bucket, network and roles that Terraform made.",
    ),
    "resize": ("launcher.commands.lifecycle:app", "Change the number of nodes of the core or task group."),
    "set": (
        "launcher.commands.lifecycle:app",
        "Change a running cluster: steps at the same time, idle timeout, termination protection.",
    ),
    "terminate": (
        "launcher.commands.lifecycle:app",
        "Terminate a cluster. What is in S3 stays; HDFS and running steps are lost.",
    ),
}

app = typer.Typer(name="cluster", no_args_is_help=True, cls=lazy_group(COMMANDS))


@app.callback()
def cluster() -> None:
    """Create, check, watch and terminate EMR clusters."""

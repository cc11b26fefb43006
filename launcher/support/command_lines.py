"""Commands of this project as messages name them: they can be pasted as they are."""

import shlex

from launcher.support import account

PROGRAM = "python run_experiment.py"
# Words that stand for what the user fills in.
_OPEN = ("STEP", "NODE", "APPLICATION")


def command_line(*words: str, cluster: str = "", options: str = "") -> str:
    """A command with its options: for the `cluster` that is meant, and the account and region that were typed.

    `options` is a text of more that goes last as it is, as where the user fills it in.
    """
    of_cluster = ["--cluster-id", cluster] if cluster else []
    quoted = (word if word in _OPEN else shlex.quote(word) for word in (*words, *of_cluster, *account.typed()))
    return " ".join([PROGRAM, *quoted, *([options] if options else [])])


def aws_command(*words: str) -> str:
    """A command of AWS's own command line, for the account and region that were typed."""
    return shlex.join(["aws", *words, *account.typed()])

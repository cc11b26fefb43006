"""Commands in messages can be pasted as they are."""

import ast
import re
import shlex

from launcher.support import account
from launcher.support.command_lines import PROGRAM, aws_command, command_line
from launcher.support.project import PROJECT


def test_a_command_is_quoted_and_goes_to_the_same_account(monkeypatch):
    monkeypatch.setattr(account, "_typed", {"--region": "eu-west-1", "--profile": "my team"})
    said = command_line("--out", "s3://b/a b", cluster="j-A", options="--wait")
    assert said == (
        "python run_experiment.py --out 's3://b/a b' --cluster-id j-A --profile 'my team' --region eu-west-1 --wait"
    )
    assert shlex.split(said)[:2] == ["python", "run_experiment.py"]
    assert aws_command("emr", "list-clusters") == "aws emr list-clusters --profile 'my team' --region eu-west-1"


def test_what_the_user_fills_in_is_left_open():
    assert command_line("cluster", "logs", "STEP", "--follow") == f"{PROGRAM} cluster logs STEP --follow"


def test_no_message_names_a_command_that_cannot_be_pasted():
    """The file cannot be executed and is not on the PATH; who writes a command by hand forgets the cluster."""
    by_hand = re.compile(r"(?<!python )run_experiment\.py \S")
    for folder in ("launcher", "lib"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
            assert not [node.value for node in texts if isinstance(node.value, str) and by_hand.search(node.value)], (
                path
            )
    for path in sorted((PROJECT / "notebooks").glob("*.ipynb")):
        assert not by_hand.search(path.read_text()), path

"""Which version of the project runs, as git knows it."""

import subprocess
from pathlib import Path
from typing import Any


def commit(project: Path) -> dict[str, Any] | None:
    """The commit that `project` stands at and whether there are changes beyond it; None outside git."""
    sha = _git(project, "rev-parse", "HEAD")
    if not sha:
        return None
    return {"sha": sha, "dirty": bool(_git(project, "status", "--porcelain"))}


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()

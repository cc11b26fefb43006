"""Livy sessions that runs left behind."""

import os

from launcher.support.command_lines import command_line
from launcher.support.console import err, say
from launcher.targets.livy.records import damaged, records


def warn_of_leftovers() -> None:
    """Warn on stderr if earlier runs, or this one, left sessions behind, or what cannot be read of them."""
    left = [record for record in records() if not record.is_active or record.pid == os.getpid()]
    if left:
        names = ", ".join(f"{', '.join(map(str, each.sessions)) or each.name} at {each.endpoint}" for each in left)
        say(
            f"Livy sessions that were not ended and may still cost money: {names}. "
            f"`{command_line('sessions')}` lists them, `{command_line('sessions', '--clean')}` ends them.",
            err(),
            "yellow",
        )
    for problem in damaged():
        say(str(problem), err(), "yellow")

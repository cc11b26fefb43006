"""The option --json of commands that start, end or follow runs."""

from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from launcher.support.outcomes import command_body

RunAsJson = Annotated[
    bool, typer.Option("--json", help="print a record of the run as one line of JSON on stdout, and all else on stderr")
]


def body(debug: bool, as_json: bool, records: list[dict[str, Any]]) -> AbstractContextManager[None]:
    """The body of such a command: with `as_json` it ends with the records of its runs, which are added to `records`."""
    if not as_json:
        return command_body(debug)
    # Needs what runs need, which --help does not.
    from launcher.running.run_record import command_with_records

    return command_with_records(debug, records)

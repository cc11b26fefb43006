"""What can go wrong, as exceptions whose text a person can act on.

Every exception raised on purpose derives from `ExperimentError`; its message says what is wrong, where, and
what to do. `exit_code` is what the command line and the spark-submit scripts end with.
"""


class ExperimentError(Exception):
    """The experiment failed for a reason we can name."""

    exit_code = 1


class InputError(ExperimentError):
    """What the user gave cannot be used: a parameter, a table, an output location."""

    exit_code = 2

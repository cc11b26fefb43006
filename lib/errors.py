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


class SavedModelError(ExperimentError):
    """The model that was saved does not predict what the engine's own trees predict."""

    def __init__(self, path: str, difference: float, rows: int):
        self.path, self.difference, self.rows = path, difference, rows
        super().__init__(
            f"the model saved at {path} gives probabilities that differ by up to {difference:.3g} from those of the "
            f"trees it was made of, on {rows:,} held-out rows: do not use it, report this, and train with engine: spark"
        )

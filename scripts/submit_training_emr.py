"""Send a training to an EMR cluster: `run_experiment.py` with the parameters of params/emr.yaml and the target `step`.

python scripts/submit_training_emr.py --cluster-id j-2AXXXXXXGAPLF --input-data s3://bucket/pixels/ \
    --out s3://bucket/experiments --wait

All options of `run_experiment.py` are options here; --params FILE takes the place of params/emr.yaml.
"""

import runpy
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DEFAULTS = {"--params": str(PROJECT / "params" / "emr.yaml"), "--target": "step"}


def with_defaults(typed: list[str]) -> list[str]:
    """What was typed, with the options that were not."""
    given = {word.partition("=")[0] for word in typed}
    return [*typed, *(word for option in DEFAULTS if option not in given for word in (option, DEFAULTS[option]))]


if __name__ == "__main__":
    sys.argv[1:] = with_defaults(sys.argv[1:])
    runpy.run_path(str(PROJECT / "run_experiment.py"), run_name="__main__")

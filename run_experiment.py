"""Run an experiment from the command line: `python run_experiment.py --help`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there under python -I and PYTHONSAFEPATH

try:
    from launcher.cli import app
except ModuleNotFoundError as missing:
    if (missing.name or "").split(".")[0] in ("launcher", "lib"):
        raise
    print(
        f"The package {missing.name!r} is missing in {sys.executable}: run `make setup` once, then\n"
        "`source .venv/bin/activate` (or use .venv/bin/python run_experiment.py)",
        file=sys.stderr,
    )
    sys.exit(2)

if __name__ == "__main__":
    app()

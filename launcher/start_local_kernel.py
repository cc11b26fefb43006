"""Start the kernel `pyspark-local` with the code of one checkout of the project.

The program of its kernelspec: `python start_local_kernel.py [--only] PROJECT -f CONNECTION_FILE`. A copy stands beside
the registered kernel.json, so nothing of the project can be imported before `main` has found it. The code is that of
the checkout in which the kernel is started (the current folder or one above it), else that of PROJECT; with `--only`
it is that of PROJECT, wherever it is started.
"""

import os
import sys
from pathlib import Path

_KERNEL = Path("launcher", "local_kernel.py")


def main() -> None:
    """Become the kernel.

    Raises:
        SystemExit: the project is not where it should be.
    """
    is_fixed = sys.argv[1] == "--only"
    registered, *rest = sys.argv[1 + is_fixed :]
    here = Path.cwd()
    places = [Path(registered)] if is_fixed else [here, *here.parents, Path(registered)]
    project = next((str(place) for place in places if (place / _KERNEL).is_file()), None)
    if project is None:
        sys.exit(
            f"the kernel pyspark-local was registered by {registered}, where the project is no longer: start it in a "
            "checkout of the project, or run python -m launcher.kernels in one (make setup does)"
        )
    # The folder of this program is no package: its modules would hide others of the same name.
    sys.path = [project, *(place for place in sys.path if place != str(Path(__file__).parent))]
    os.environ["PYTHONPATH"] = project

    from ipykernel import kernelapp

    # Without its extension this would be a kernel without Spark, and the first magic would fail with no reason given.
    strict = "--IPKernelApp.reraise_ipython_extension_failures=True"
    kernelapp.launch_new_instance(["--ext=launcher.local_kernel", strict, *rest])


if __name__ == "__main__":
    main()

"""The project's two notebook kernels, and their registration in this environment: `python -m launcher.kernels`.

`pyspark-local` runs Spark in process (`launcher.local_kernel`); `pysparkkernel` is sparkmagic's, for clusters. A run
does not ask what is registered: its kernels run its own code (`OwnKernels`). What is registered is for papermill and
Jupyter as people start them: there the code is that of the checkout they stand in (`launcher.start_local_kernel`).
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from launcher.support.project import PROJECT

LOCAL = "pyspark-local"
CLUSTER = "pysparkkernel"

_LOCAL_NAME = "PySpark (local)"
_STARTER = Path(__file__).with_name("start_local_kernel.py")
_CONNECTION = ("-f", "{connection_file}")


class OwnKernels(KernelSpecManager):
    """The kernels of a run: the project's own run the code of this checkout, whatever is registered."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel of a name; other names than the project's are looked up.

        Raises:
            NoSuchKernel: there is none.
        """
        if kernel_name == LOCAL:
            return KernelSpec(**own_local_kernel())
        if kernel_name == CLUSTER:
            return KernelSpec(**_cluster_kernel())
        return super().get_kernel_spec(kernel_name)


def own_local_kernel() -> dict[str, Any]:
    """The specification of a local kernel that runs the code of this checkout."""
    return _local_kernel(_STARTER, "--only")


def register(prefix: str = sys.prefix) -> None:
    """Write both kernelspecs below `prefix`, replacing existing ones."""
    _install(LOCAL, _local_kernel("{resource_dir}/" + _STARTER.name), prefix, _STARTER)
    _install(CLUSTER, _cluster_kernel(), prefix)


def write_spec(folder: Path, spec: Mapping[str, Any]) -> None:
    """Write a kernel's specification into a folder, as Jupyter reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec, indent=1))


def _local_kernel(starter: object, *options: str) -> dict[str, Any]:
    return {
        "argv": [sys.executable, str(starter), *options, str(PROJECT), *_CONNECTION],
        "display_name": _LOCAL_NAME,
        "language": "python",
    }


def _cluster_kernel() -> dict[str, Any]:
    sparkmagic = find_spec("sparkmagic")  # to import it takes a second
    if sparkmagic is None or sparkmagic.origin is None:
        raise NoSuchKernel(CLUSTER)
    spec = json.loads((Path(sparkmagic.origin).parent / "kernels" / CLUSTER / "kernel.json").read_text())
    # sparkmagic's names whatever `python` comes first on the PATH.
    return {**spec, "argv": [sys.executable, *spec["argv"][1:]]}


def _install(name: str, spec: Mapping[str, Any], prefix: str, *files: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_spec(Path(folder), spec)
        for file in files:
            shutil.copy(file, folder)
        KernelSpecManager().install_kernel_spec(folder, name, prefix=prefix)


if __name__ == "__main__":
    register()
    print(f"Kernels {LOCAL} and {CLUSTER} are registered in {sys.prefix}")

"""Register the project's two notebook kernels in this environment: `python -m launcher.kernels`.

`pyspark-local` runs Spark in process (`launcher.local_kernel`); `pysparkkernel` is sparkmagic's, for clusters.
"""

import json
import sys
import tempfile
from pathlib import Path

import sparkmagic
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from launcher.support.project import PROJECT

LOCAL = "pyspark-local"
CLUSTER = "pysparkkernel"

_ARGUMENTS = ["-f", "{connection_file}"]


def register(prefix: str = sys.prefix) -> None:
    """Write both kernelspecs below `prefix`, replacing existing ones."""
    _install(
        LOCAL,
        {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "--ext=launcher.local_kernel", *_ARGUMENTS],
            "display_name": "PySpark (local)",
            "language": "python",
            "env": {"PYTHONPATH": str(PROJECT)},
        },
        prefix,
    )
    shipped = Path(sparkmagic.__file__).parent / "kernels" / CLUSTER / "kernel.json"
    spec = json.loads(shipped.read_text())
    # sparkmagic's names whatever `python` comes first on the PATH.
    _install(CLUSTER, {**spec, "argv": [sys.executable, *spec["argv"][1:]]}, prefix)


def ensure_cluster_kernel() -> None:
    """Register the kernel for clusters unless it is installed for this Python; on a primary node it is not."""
    try:
        spec = KernelSpecManager().get_kernel_spec(CLUSTER)
    except NoSuchKernel:
        register()
        return
    if spec.argv[0] != sys.executable:
        register()


def _install(name: str, spec: dict[str, object], prefix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(spec, indent=1))
        KernelSpecManager().install_kernel_spec(folder, name, prefix=prefix)


if __name__ == "__main__":
    register()
    print(f"Kernels {LOCAL} and {CLUSTER} are registered in {sys.prefix}")

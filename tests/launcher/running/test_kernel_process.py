import psutil
import pytest

from launcher.running.kernel_process import running_kernel
from tests.launcher.experiments import KERNEL


def test_a_kernel_that_jupyter_gave_up_on_is_ended_all_the_same(tmp_path):
    with running_kernel(KERNEL, tmp_path / "log", {}) as manager:
        process = psutil.Process(manager.provisioner.pid)
        manager.context.destroy(linger=0)  # so it is where the kernel took longer to die than Jupyter waits
    assert not process.is_running()


def test_what_went_wrong_with_a_kernel_is_what_is_told(tmp_path):
    def fail():
        with running_kernel(KERNEL, tmp_path / "log", {}) as manager:
            manager.context.destroy(linger=0)
            raise RuntimeError("did not start in time")

    with pytest.raises(RuntimeError, match="did not start in time"):
        fail()

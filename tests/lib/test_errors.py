"""Our exceptions travel between processes, and to a diagnosis, with all that they know."""

import importlib
import inspect
import pickle
import pkgutil
import signal

import pytest

import launcher
import lib
from launcher.support.interrupts import Interrupted
from lib.errors import ExperimentError

SKIPPED = ("lib.trees.kernels_",)  # compiled code, imported from another place


def modules():
    for package in (lib, launcher):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(SKIPPED):
                yield importlib.import_module(found.name)


def ours() -> list[type[ExperimentError]]:
    found = {
        kind
        for module in modules()
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, ExperimentError) and kind.__module__ == module.__name__
    }
    return sorted(found, key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("kind", ours(), ids=lambda kind: kind.__qualname__)
def test_an_exception_is_the_same_after_it_was_pickled(kind):
    error = kind.__new__(kind, "what is wrong")
    error.args = ("what is wrong",)
    error.cause, error.settings, error.kept_at = "driver-heap", {"spark.driver_memory": "6g"}, "s3://b/failed/1"
    error.anything = 0.1
    error.add_note("More: here")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == "what is wrong"
    assert vars(again) == vars(error)
    assert again.exit_code == error.exit_code


def test_an_exception_with_a_constructor_of_its_own_is_pickled_as_raised():
    from lib.errors import SavedModelError

    error = SavedModelError("p", 0.1, 3, just_trained=True)
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.difference, again.rows, str(again)) == ("p", 0.1, 3, str(error))


def test_a_saved_model_that_predicts_otherwise_is_told_apart_by_who_found_it():
    from lib.errors import SavedModelError

    trained, scored = (str(SavedModelError("p", 0.1, 3000, just)) for just in (True, False))
    assert "differ by up to 0.1 from those of the trees it was built from, on 3,000 held-out rows" in trained
    assert trained.endswith("train with engine: spark")
    assert "held-out" not in scored
    assert scored.endswith(
        "on 3,000 of the rows to score: report this, and score with the transform of its PipelineModel"
    )


def test_so_is_an_interruption():
    stop = Interrupted(signal.SIGTERM)
    stop.add_note("goes on")
    again = pickle.loads(pickle.dumps(stop))
    assert (again.signal, again.exit_code, str(again), again.__notes__) == (signal.SIGTERM, 143, "SIGTERM", ["goes on"])

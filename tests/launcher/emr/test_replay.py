"""A run elsewhere, shown as one that runs here."""

from launcher.emr.replay import Replay
from launcher.emr.step_files import Status, StepTime
from tests.launcher.emr.runs import plan


class Observer:
    """Writes down what it is told, and the time by the replay's clock."""

    def __init__(self, replay):
        self.told, self._clock = [], replay.clock

    def step_started(self, step, number):
        self.told.append((step.name, number, self._clock()))

    def cell_started(self, number):
        self.told.append(("cell", number))

    def step_done(self, step):
        self.told.append((step.name, "done", self._clock()))


def test_what_is_new_is_told_once_and_with_its_own_time():
    replay = Replay(plan(), 100.0)
    assert replay.clock() == 100.0
    observer = Observer(replay)
    explore = StepTime(name="explore", started=101.0)
    replay.tell(Status(steps=[explore], cell=1), observer)
    replay.tell(Status(steps=[explore], cell=2), observer)
    done = StepTime(name="explore", started=101.0, ended=140.0)
    replay.tell(Status(steps=[done, StepTime(name="train", started=141.0)]), observer)
    assert observer.told == [
        ("explore", 1, 101.0),
        ("cell", 1),
        ("cell", 2),
        ("explore", "done", 140.0),
        ("train", 2, 141.0),
    ]
    assert replay.clock() > 1e9


def test_steps_of_another_version_are_passed_over():
    replay = Replay(plan(), 100.0)
    observer = Observer(replay)
    replay.tell(Status(steps=[StepTime(name="unheard-of", started=1.0)]), observer)
    assert observer.told == []

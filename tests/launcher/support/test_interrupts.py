import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

LOST = """
import os, signal, time
from launcher.support.interrupts import Interrupted, interruptible

class Loses:
    def __del__(self):  # Python prints what a destructor raises, and goes on
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)

try:
    with interruptible():
        Loses()
        print("went on", flush=True)
        time.sleep(30)
        print("never told")
except Interrupted as stop:
    print("stopped by", stop.name)
"""

CLEANING_UP = """
import os, signal, time
from launcher.support.interrupts import Interrupted, interruptible

try:
    with interruptible():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        finally:
            try:
                raise OSError("another matter")
            except OSError:
                time.sleep(3)  # longer than until it would be raised again
            print("all is clean", flush=True)
except Interrupted as stop:
    print("stopped by", stop.name)
time.sleep(3)
print("and no more")
"""


def run(program: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=25)


def test_an_interruption_that_a_destructor_loses_is_raised_again():
    done = run(LOST)
    assert done.stdout.splitlines() == ["went on", "stopped by SIGTERM"]
    assert "Exception ignored" in done.stderr


def test_clean_up_is_not_interrupted():
    assert run(CLEANING_UP).stdout.splitlines() == ["all is clean", "stopped by SIGTERM", "and no more"]


LIMITED = """
import os, signal, time
from launcher.support.interrupts import Interrupted, TimeUp, interruptible, limited

def wait(seconds):
    try:
        with limited(seconds):
            time.sleep(1)
            print("in time")
    except TimeUp:
        print("too late")

wait(None)
wait(0.2)
wait(5)
wait(0.2)
time.sleep(3)  # no limit is left behind
try:
    with interruptible(), limited(60):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
except Interrupted as stop:
    print("stopped by", stop.name)
"""


def test_a_time_limit_is_of_its_block_alone():
    said = ["in time", "too late", "in time", "too late", "stopped by SIGTERM"]
    assert run(LIMITED).stdout.splitlines() == said


LATE_AND_LOST = (
    LOST.replace("with interruptible():", "with interruptible(), limited(0.3):")
    .replace("import Interrupted, interruptible", "import Interrupted, TimeUp, interruptible, limited")
    .replace("os.kill(os.getpid(), signal.SIGTERM)\n        time.sleep(0.1)", "time.sleep(1)")
    .replace('except Interrupted as stop:\n    print("stopped by", stop.name)', 'except TimeUp:\n    print("too late")')
)


def test_a_time_limit_that_a_destructor_loses_is_raised_again():
    assert run(LATE_AND_LOST).stdout.splitlines() == ["went on", "too late"]

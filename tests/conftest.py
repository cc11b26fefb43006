"""What the whole test run shares: one Spark session, and the tables the tests are about."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# The machine may be busy with other tests: how long an example takes says nothing.
settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
settings.register_profile("nightly", max_examples=10_000, deadline=None)  # for those tests that do not say how many

ROOT = Path(__file__).resolve().parents[1]

# Nothing that a test starts may reach AWS with the credentials of whoever runs it.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_MAX_ATTEMPTS="1",  # what moto does not know is not asked again
    MOTO_IAM_LOAD_MANAGED_POLICIES="true",  # moto reads it once a process, whoever needs IAM first
)

# A background job of a shell ignores Ctrl-C, and so would all that a test starts there.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Modules of whole experiments and of Terraform, the longest first. They wait more than they compute, so `make test`
# runs several at a time.
_LONG = (
    "lib/test_slots.py",
    "livy/test_step.py",
    "livy/test_experiment.py",
    "test_experiment.py",
    "test_resuming.py",
    "test_runs_again.py",
    "test_scripts.py",
    "yarn/",
    "notebooks/test_regression.py",
    "notebooks/test_in_a_browser.py",
    "notebooks/test_papermill.py",
    "infrastructure/test_apply.py",
    "livy/",
)


def pytest_collection_modifyitems(items):
    """Fast modules go first, those that use Spark next, the long ones last."""
    with_spark = {item.path for item in items if "spark" in item.fixturenames}

    def turn(item):
        name = item.path.relative_to(ROOT / "tests").as_posix()
        long = next((number for number, start in enumerate(_LONG, start=2) if name.startswith(start)), 0)
        return long or int(item.path in with_spark)

    items.sort(key=turn)


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    from launcher.local_spark import SHORT_SESSION, build_session, stop_session

    # Several of these live side by side for the whole run, beside the runs that tests start: the system has ended one.
    session = build_session(master="local[2]", settings={**SHORT_SESSION, "spark.driver.memory": "2g"})
    yield session
    stop_session(session)


@pytest.fixture(scope="session")
def sample() -> str:
    """The embedded sample table."""
    return str(ROOT / "data" / "sample.parquet")


@pytest.fixture(scope="session")
def cropmask() -> str:
    """A real table of 30,003 rows, kept outside the repository."""
    path = ROOT.parent / "shared" / "data" / "deafrica_cropmask_s2.parquet"
    if not path.exists():
        pytest.skip("the real data set is not on this machine (shared/data/deafrica_cropmask_s2.parquet)")
    return str(path)

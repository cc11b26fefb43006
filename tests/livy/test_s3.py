"""What `lib` does in S3 from inside a session that was started as people start one in JupyterLab on EMR itself."""

import time

import pytest
import requests

from launcher.support.zips import lib_zip
from launcher.targets.livy.client import HEADERS, LivyClient
from tests.livy.conftest import BUCKET, DRIVER_MEMORY

PLACE = f"s3://{BUCKET}/inside"


@pytest.fixture(scope="module")
def execute(livy_url, s3, spark_settings):
    """Run code in a session whose `lib` comes by the property that the README names; gives what it printed."""
    s3.put_object(Bucket=BUCKET, Key="inside/lib.zip", Body=lib_zip())
    conf = {**spark_settings, "spark.submit.pyFiles": f"{PLACE}/lib.zip"}
    asked = {"kind": "pyspark", "driverMemory": DRIVER_MEMORY, "conf": conf}
    session = requests.post(f"{livy_url}/sessions", json=asked, headers=HEADERS, timeout=60).json()["id"]
    url = f"{livy_url}/sessions/{session}"

    def run(code):
        wait(url, lambda answer: answer["state"] == "idle")
        number = requests.post(f"{url}/statements", json={"code": code}, headers=HEADERS, timeout=60).json()["id"]
        output = wait(f"{url}/statements/{number}", lambda answer: answer["state"] == "available")["output"]
        assert output["status"] == "ok", output
        return output["data"]["text/plain"]

    run("from lib.storage import Storage\nstorage = Storage(spark)")
    yield run
    LivyClient(livy_url).delete(session)


def wait(url, is_done):
    deadline = time.monotonic() + 120
    while not is_done(answer := requests.get(url, timeout=60).json()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    return answer


def test_files_are_listed_read_and_removed(execute):
    code = f"""
place = "{PLACE}/files"
storage.write_text(place + "/one/a.txt", "año")
storage.write_json(place + "/two/b.json", {{"x": 1}})
print(storage.list(place), storage.size(place + "/one"), storage.read_text(place + "/one/a.txt"))
storage.delete(place + "/one")
print(storage.list(place), storage.exists(place + "/one"), storage.read_text(place + "/two/b.json").split())
"""
    assert execute(code).splitlines() == ["['one', 'two'] 4 año", """['two'] False ['{', '"x":', '1', '}']"""]


def test_an_object_is_whole_or_not_there(execute, s3):
    code = f"""
try:
    storage.write_bytes("{PLACE}/half.bin", None)  # opened, and nothing can be written
except TypeError:
    print(storage.exists("{PLACE}/half.bin"))
"""
    assert execute(code) == "False"


def test_the_newest_complete_model_is_found(execute):
    code = f"""
from lib.runs import pick_model
complete = ["20260101_000000/metrics/summary.json", "20260102_000000/metrics/summary.json"]
for name in (*complete, "20260103_000000/experiment.json"):
    storage.write_text("{PLACE}/models/model_" + name, "{{}}")
print(pick_model(spark, "{PLACE}"))
"""
    assert execute(code) == f"{PLACE}/models/model_20260102_000000"

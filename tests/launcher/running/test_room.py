"""What a run needs on a disk, reckoned: held against what real runs left and against the size of the inputs."""

from launcher.experiment.plan import make_plan
from launcher.parameters.schema import check
from launcher.running import room

MB = 2**20


def plan(**values):
    return make_plan(check({"out": "s3://bucket/out", **values}))


def test_it_grows_with_the_inputs_that_can_be_seen(tmp_path):
    (tmp_path / "folder" / "zone=1").mkdir(parents=True)
    for name in ("table.csv", "folder/zone=1/a.csv", "folder/b.csv"):
        (tmp_path / name).write_bytes(b"x" * 10 * MB)
    nothing = plan(input_data="s3://bucket/x")
    one = plan(input_data=str(tmp_path / "table.csv"))
    all_three = plan(input_data=[str(tmp_path / "*.csv"), str(tmp_path / "folder")], test_data="table://a.b")
    for needed in (room.of_results, room.of_temporary_files):
        at_least = needed(nothing)
        assert needed(one) - at_least >= 10 * MB
        assert needed(all_three) - at_least == 3 * (needed(one) - at_least)
    assert room.of_results(nothing) > 6 * MB  # a run on the sample
    assert room.of_results(plan(input_data=str(tmp_path / "gone.csv"))) == room.of_results(nothing)

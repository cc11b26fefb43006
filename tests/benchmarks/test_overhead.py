from benchmarks.overhead import figures


def test_overhead_is_the_wall_time_without_search_and_retraining():
    timings = {"load": 3.0, "split": 4.0, "search": 10.0, "retrain": 5.0, "test": 2.0}
    values = {figure.what: figure.value for figure in figures(60.0, timings, 75.0)}
    assert values["above its computing"] == "45 s, 4.0x its computing in all"
    assert "all else 36.0 s" in values["of that"]
    assert values["the same without Spark's classes kept ready"] == "75 s, 1.25x"

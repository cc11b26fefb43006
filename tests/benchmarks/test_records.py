import json

from benchmarks import records
from benchmarks.records import Figure, report_text, store, write_report


def test_a_stored_benchmark_is_in_the_report_and_the_others_are_named_as_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(records, "write_report", lambda: None)  # the repository's own stays as it is
    store("growth", [Figure("exponent", "1.02", "≤ 1.1", True)], ["Sampled."], {"1000": 1.5}, tmp_path)
    record = json.loads((tmp_path / "growth.json").read_text())
    assert record["measured"] == {"1000": 1.5}
    assert {"date", "machine", "versions", "commit", "command"} <= set(record)
    assert "1.02" in capsys.readouterr().out

    write_report(tmp_path, tmp_path / "RESULTS.md")
    text = (tmp_path / "RESULTS.md").read_text()
    assert "| exponent | 1.02 | ≤ 1.1 | reached |" in text
    assert "- Sampled." in text
    assert record["machine"] in text
    assert text.count("Not yet measured.") == len(records.TITLES) - 1


def test_the_committed_report_is_made_of_the_committed_results():
    stored = {path.stem: json.loads(path.read_text()) for path in records.RESULTS.glob("*.json")}
    assert set(stored) <= set(records.TITLES)
    assert records.REPORT.read_text() == report_text(stored)

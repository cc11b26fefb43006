import pytest

from benchmarks import faithful


def rows(seeds, gap):
    return [
        {
            "table": "sample",
            "case": "RF",
            "seed": str(seed),
            "task_areaUnderPR": str(0.8 + gap + 0.001 * (seed % 2)),
            "spark_areaUnderPR": "0.8",
            "task_areaUnderROC": "0.9",
            "spark_areaUnderROC": "0.9",
            "date": "2026-01-01",
            "code": faithful.code_hash(),
        }
        for seed in range(seeds)
    ]


def test_lines_are_kept_and_those_of_other_code_set_aside(tmp_path):
    path = tmp_path / "faithful.csv"
    first, second = rows(2, 0.0)
    faithful.append(path, first)
    faithful.append(path, {**second, "code": "older"})
    assert faithful.read(path) == [first]
    assert faithful.read(tmp_path / "none.csv") == []


@pytest.mark.parametrize(("seeds", "gap", "reached"), [(10, -0.0005, True), (10, 0.01, False), (9, 0.01, None)])
def test_a_verdict_needs_ten_seeds(seeds, gap, reached):
    precision_recall, roc = faithful.figures(rows(seeds, gap))
    assert precision_recall.reached is reached
    assert f"({seeds} seeds)" in roc.value


def test_the_code_is_known_by_what_it_does():
    code = '"""Says."""\nfrom lib import x\n\n\ndef f(a):\n    """Says."""\n    return a + 1  # why\n'
    reworded = '"""Says more."""\nfrom lib.trees import x\n\n\ndef f(a):\n    return a + 1\n'
    assert faithful.statements(code) == faithful.statements(reworded)
    assert faithful.statements(code) != faithful.statements(code.replace("1", "2"))

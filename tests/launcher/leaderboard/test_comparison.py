import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.leaderboard import comparison, delong, tags
from launcher.leaderboard.comparison import BY_ROWS, BY_ZONES, DELONG, NEITHER, UNKNOWN, Figure, compare, record
from launcher.leaderboard.differing import flat
from launcher.leaderboard.evaluations import locate, read
from launcher.leaderboard.finding import RunsBelow
from launcher.leaderboard.pairing import pair
from launcher.leaderboard.saving import save
from lib.errors import Damaged, InputError
from tests.launcher.leaderboard.evaluations import METRIC, A, B, leave, rows, write, write_rows

ZONES = 12


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    whole = comparison.paired_draws.differences
    monkeypatch.setattr(comparison.paired_draws, "differences", lambda *given: whole(*given, draws=300))


@pytest.fixture
def made(tmp_path):
    """Leave two runs on the same rows and compare them; `of_a` and `of_b` change their metrics.json."""

    def make(of_a=None, of_b=None, change=lambda a, b: None, **options):
        a, b = (rows(noise=noise, **options) for noise in (2.0, 0.2))
        change(a, b)
        leave(tmp_path, A, a, parts=3, **(of_a or {}))
        leave(tmp_path, B, b, **(of_b or {}))
        return compare(read(A, RunsBelow(str(tmp_path))), read(B, RunsBelow(str(tmp_path))))

    return make


def named(compared, name):
    return next(figure for figure in compared.figures if figure.name == name)


def refusal(made, **options):
    with pytest.raises(InputError) as caught:
        made(**options)
    return str(caught.value)


def test_the_better_run_is_found(made):
    compared = made(count=600)
    assert compared.verdicts() == [f"B is better by {METRIC}, with 600 rows."]
    roc = named(compared, "areaUnderROC")
    assert roc.method == DELONG
    assert (roc.interval, roc.p) == (compared.delong.interval, compared.delong.p)
    assert named(compared, METRIC).method == BY_ROWS
    assert named(compared, "brier").better == "B"
    assert named(compared, "brier").difference < 0


def test_no_difference_is_said_with_the_number_of_rows(made):
    compared = made(change=lambda a, b: b.update(score=a["score"]))
    assert compared.verdicts() == [f"No difference of {METRIC} is shown with 300 rows."]
    assert {figure.better for figure in compared.figures} == {NEITHER}


def test_zones_vary_as_a_whole(made):
    compared = made(zones=ZONES)
    assert {figure.method for figure in compared.figures} == {BY_ZONES}
    roc = named(compared, "areaUnderROC")
    assert roc.interval != compared.delong.interval
    assert roc.p == compared.delong.p
    assert compared.verdicts()[0].endswith(f"with 300 rows of {ZONES} zones.")


@pytest.mark.parametrize("zones", [1, 2])
def test_fewer_than_three_zones_are_none(made, zones):
    assert made(zones=zones).pairs.zones is None


def test_zones_that_are_not_the_same_are_none(made):
    compared = made(zones=ZONES, change=lambda a, b: b.update(zone=np.roll(b["zone"], 1)))
    assert compared.pairs.zones is None
    assert "zones of A and B are not the same" in " ".join(compared.pairs.notes)
    assert named(compared, "areaUnderROC").method == DELONG


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000), st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_of_the_files_rows_does_not_matter(tmp_path_factory, seed, repeats, random):
    """Also where rows repeat each other, with other labels or the same."""
    out = tmp_path_factory.mktemp("runs")
    a, b = (rows(60, seed, noise, repeats=repeats) for noise in (2.0, 0.2))
    a["label"][-1] = b["label"][-1] = 1 - a["label"][-1]
    order = list(range(60))
    random.shuffle(order)
    leave(out, A, a)
    leave(out, B, {name: values[order] for name, values in b.items()}, parts=random.randint(1, 4))
    pairs = pair(read(A, RunsBelow(str(out))), read(B, RunsBelow(str(out))))
    scores = {}
    for table, model in ((a, pairs.a), (b, pairs.b)):
        for row_hash, score in zip(table["row_hash"], table["score"], strict=True):
            scores.setdefault((id(model), row_hash), set()).add(score)
        known = [scores[id(model), row_hash] for row_hash in pairs.hashes]
        assert all(score in of_hash for score, of_hash in zip(model.scores, known, strict=True))
    given_labels = sorted(zip(a["row_hash"], a["label"], strict=True))
    assert sorted(zip(pairs.hashes, pairs.labels, strict=True)) == given_labels


def test_rows_that_repeat_others_are_one_cluster(made):
    compared = made(repeats=100)
    pairs = compared.pairs
    assert len(np.unique(pairs.clusters)) == 200
    apart = delong.compare(pairs.labels, pairs.a.scores, pairs.b.scores)
    assert compared.delong.error > apart.error


def test_swapping_the_runs_turns_every_sign(made, tmp_path):
    compared = made()
    back = compare(compared.b, compared.a)
    for forth, other in zip(compared.figures, back.figures, strict=True):
        assert other.difference == -forth.difference
        assert {forth.better, other.better} in ({"A", "B"}, {NEITHER})
    assert back.verdicts()[0].startswith("A is better")


def test_other_rows_are_refused(made, tmp_path):
    assert "not measured on the same rows" in refusal(made, change=lambda a, b: b.update(row_hash=b["row_hash"] + 1))
    shorter = {name: values[:-1] for name, values in rows(noise=0.2).items()}
    leave(tmp_path, B, shorter)
    with pytest.raises(InputError, match=r"300 rows .* 299 rows"):
        compare(read(A, RunsBelow(str(tmp_path))), read(B, RunsBelow(str(tmp_path))))


def test_why_rows_are_not_the_same_is_said(made):
    of_a, of_b = ({"parameters": {"seed": seed, "grid": {"GBT": {"maxIter": [seed]}}}} for seed in (1, 2))
    said = refusal(made, of_a=of_a, of_b=of_b, change=lambda a, b: b.update(row_hash=b["row_hash"] + 1))
    assert "; the runs differ in seed)" in said
    assert "maxIter" not in said


@pytest.mark.parametrize("column", ["row_hash", "label"])
def test_rows_other_than_the_record_says_are_refused(made, tmp_path, column):
    compared = made()
    table = rows(noise=0.2)
    table[column] = np.roll(table[column], 1)
    write_rows(Path(compared.b.folder), table)
    with pytest.raises(InputError, match=r"changed or is of another evaluation|not of one evaluation"):
        compare(compared.a, compared.b)


def test_scores_of_another_evaluation_are_refused(made):
    compared = made()
    write_rows(Path(compared.b.folder), rows(noise=3))
    with pytest.raises(InputError, match="not of one evaluation"):
        compare(compared.a, compared.b)


def test_a_sample_is_named(made):
    """Figures of all rows are not those of the sample, and need not be."""
    described = {"rows": 1_000_000, "kept": 300}
    columns = {name: name for name in ("row_hash", "label", "score", "class")}
    changed = {"scored_rows": {**described, "columns": columns}, "areaUnderROC": 0.123}
    measured = {"rows": "held-out", "inputs": ["t"], "count": 1_000_000, "positives": 9, "fingerprint": "aa"}
    changed["measured_on"] = {**measured, "verified": True}
    compared = made(of_a=changed, of_b=changed)
    assert (compared.pairs.rows, compared.pairs.of) == (300, 1_000_000)
    assert "sample of 300 of the 1,000,000 rows" in " ".join(compared.pairs.notes)


def test_weighted_figures_are_compared_weighted(made):
    weight = np.random.default_rng(5).integers(1, 5, 300).astype(float)
    said = {"weights": {"column": "weight", "weight": weight.sum(), "effective": 200.0, "base_rate": 0.3}}
    compared = made(of_a=said, of_b=said, change=lambda a, b: (a.update(weight=weight), b.update(weight=weight)))
    assert compared.delong is None
    assert named(compared, "areaUnderROC").method == BY_ROWS
    assert named(compared, "areaUnderROC").a == pytest.approx(compared.a.metrics["areaUnderROC"])


def test_weighted_and_unweighted_figures_are_refused(made):
    said = {"weights": {"column": "weight", "weight": 300.0, "effective": 200.0, "base_rate": 0.3}}
    assert "the metrics of A are weighted" in refusal(made, of_a=said)


def test_figures_on_too_few_rows_have_no_interval(made):
    """No row of B is above its threshold, so there is no precision to compare."""
    compared = made(of_b={"threshold": 1.0})
    precision = named(compared, "precision.1")
    assert math.isnan(precision.b)
    assert (precision.interval, precision.better) == (None, UNKNOWN)
    assert record(compared)["figures"][4]["b"] is None


def test_what_the_runs_chose_by_is_what_is_said(made):
    compared = made(of_a={"summary": {"metric_used": "areaUnderROC"}})
    assert [figure.name for figure in compared.chosen] == ["areaUnderROC", "areaUnderPR"]
    assert len(compared.verdicts()) == 2


def test_parameters_that_differ_are_named(made):
    grid = {"GBT": {"maxIter": [3]}}
    of_a = {"parameters": {"seed": 1, "grid": grid, "filters": {}}}
    of_b = {"parameters": {"seed": 1, "grid": {"GBT": {"maxIter": [3, 9]}}, "filters": {}, "metric": "x"}}
    found = made(of_a=of_a, of_b=of_b).differing
    assert found == {"grid.GBT.maxIter": ([3], [3, 9]), "metric": (None, "x")}


def test_runs_without_their_models_are_compared_all_the_same(made, tmp_path):
    compared = made()
    shutil.rmtree(tmp_path / "models")
    compared = compare(*(read(each, RunsBelow(str(tmp_path))) for each in (A, B)))
    assert compared.differing is None
    assert compared.chosen[0].name == METRIC


@given(
    st.dictionaries(
        st.text("abc", min_size=1),
        st.recursive(st.integers(), lambda v: st.dictionaries(st.text("xyz", min_size=1), v)),
    )
)
def test_flat_parameters_lose_nothing(values):
    back: dict = {}
    for name, value in flat(values):
        *path, last = name.split(".")
        place = back
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    assert back == values


@pytest.mark.parametrize(
    ("name", "interval", "better"),
    [
        ("f1", (0.1, 0.2), "B"),
        ("f1", (-0.2, -0.1), "A"),
        ("brier", (0.1, 0.2), "A"),
        ("brier", (-0.2, -0.1), "B"),
        ("calibrated.brier", (-0.2, -0.1), "B"),
        ("f1", (-0.1, 0.1), NEITHER),
        ("f1", (0.0, 0.1), NEITHER),
        ("f1", None, UNKNOWN),
    ],
)
def test_which_is_better(name, interval, better):
    assert Figure(name, 0.5, 0.6, interval, BY_ROWS).better == better


def test_a_comparison_is_kept(made, tmp_path):
    compared = made(zones=ZONES, of_b={"parameters": {"note": "a|b"}})
    places = save(compared, str(tmp_path / "kept" / "here"))
    content = [Path(place).read_bytes() for place in places]
    assert [Path(place).name for place in places] == ["comparison.json", "comparison.png", "comparison.md"]
    assert json.loads(content[0]) == json.loads(json.dumps(record(compared)))
    assert content[1].startswith(b"\x89PNG")
    page = content[2].decode()
    assert compared.verdicts()[0] in page
    assert "(comparison.png)" in page
    assert r"| note | – | a\|b |" in page


def test_places_of_an_evaluation(made, tmp_path, monkeypatch):
    compared = made()
    folder = compared.b.folder
    model = f"{tmp_path}/models/model_{B}"
    for given_ in (B, f"eval_{B}", f"model_{B}", "latest", folder, f"{folder}/", model, f"{model}/pipeline_best"):
        assert Path(locate(given_, RunsBelow(str(tmp_path)))) == Path(folder), given_
    monkeypatch.chdir(tmp_path)
    assert Path(locate(f"models/model_{B}", RunsBelow("elsewhere"))).resolve() == Path(folder)


@pytest.mark.parametrize("given_", ["", "20270101_000000", "NOWHERE", "/nowhere/at/all"])
def test_what_is_no_run_is_refused(made, tmp_path, given_):
    made()
    with pytest.raises(InputError, match=r"give a run's id|there is no run .* the newest are"):
        locate(given_, RunsBelow(str(tmp_path)))


def test_a_tag_names_the_evaluation_of_its_model(made, tmp_path):
    compared = made()
    with pytest.raises(InputError, match=r"there is no run champion in"):
        locate("champion", RunsBelow(str(tmp_path)))
    tags.add(str(tmp_path), f"{tmp_path}/models/model_{B}", "champion")
    assert Path(locate("champion", RunsBelow(str(tmp_path)))) == Path(compared.b.folder)


def test_a_model_without_an_evaluation_is_refused(made, tmp_path):
    compared = made()
    shutil.rmtree(compared.b.folder)
    for given_ in (B, f"{tmp_path}/models/model_{B}", "latest"):  # which is the newest complete model everywhere
        with pytest.raises(InputError, match="has no evaluation"):
            locate(given_, RunsBelow(str(tmp_path)))


def test_no_evaluation_is_the_latest(tmp_path):
    with pytest.raises(InputError, match=r"there is no run latest: .* has none"):
        locate("latest", RunsBelow(str(tmp_path)))


def test_a_run_beside_itself_is_refused(made, tmp_path):
    made()
    with pytest.raises(InputError, match="the same evaluation"):
        compare(read(B, RunsBelow(str(tmp_path))), read("latest", RunsBelow(str(tmp_path))))


def test_an_evaluation_of_before_is_refused(made):
    assert "no hashes" in refusal(made, of_a={"scored_rows": None})


def _cut(place: Path) -> None:
    file = next(place.glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-40])


def _empty(place: Path) -> None:
    next(place.glob("*.parquet")).write_bytes(b"")


def _gone(place: Path) -> None:
    shutil.rmtree(place)


def _one_part_gone(place: Path) -> None:
    next(place.glob("*.parquet")).unlink()


def _without_hash(place: Path) -> None:
    shutil.rmtree(place)
    write_rows(place.parent, {name: values for name, values in rows().items() if name != "row_hash"})


def _without_a_score(place: Path) -> None:
    table = rows()
    table["score"][3] = np.nan
    write_rows(place.parent, table)
    for part in ("part-00001", "part-00002"):
        next(place.glob(f"{part}*")).unlink()


@pytest.mark.parametrize("harm", [_cut, _empty, _gone, _one_part_gone, _without_hash, _without_a_score])
def test_damaged_scores_are_named(made, harm):
    compared = made()
    place = Path(compared.a.folder, "scores.parquet")
    harm(place)
    with pytest.raises(Damaged, match=rf"{place}.*evaluate the model again") as caught:
        compare(compared.a, compared.b)
    assert "\n" not in str(caught.value)


def test_damaged_metrics_are_named(made, tmp_path):
    compared = made()
    write(Path(compared.a.folder, "metrics.json"), {"run_id": A})
    with pytest.raises(Damaged, match=r"metrics\.json is damaged"):
        read(A, RunsBelow(str(tmp_path)))

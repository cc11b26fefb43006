import base64
import copy
import functools
import json
import re
import string
import types

import pytest
from markdown_it import MarkdownIt

from lib.errors import InputError
from lib.reporting.cautions import cautions
from lib.reporting.front_matter import without
from lib.reporting.language.phrases import PHRASES
from lib.reporting.language.words import Words
from lib.reporting.markdown import code
from lib.reporting.provenance import parameters, provenance
from lib.reporting.report import render, write
from lib.reporting.report_data import ReportData
from lib.storage import Storage, join
from tests.lib.reporting.report_facts import FEATURES, make_facts

KEYS = ("areaUnderROC", "areaUnderPR", "accuracy", "f1")


@pytest.fixture(scope="module")
def raw():
    return make_facts()


@pytest.fixture(scope="module")
def facts(raw):
    return ReportData(**raw)


@pytest.fixture(scope="module")
def reports(facts):
    return {language: render(facts, language) for language in ("en", "es")}


def changed(raw, **parts):
    """The facts with some parts replaced; a function as a part changes a copy of what is there."""
    facts = copy.deepcopy(raw)
    for name, part in parts.items():
        if isinstance(part, types.FunctionType):
            part(facts[name])
        else:
            facts[name] = part
    return ReportData(**facts)


def sections(markdown):
    """Text below each second-level heading, in order."""
    return dict(part.split("\n", 1) for part in re.split(r"^## ", markdown, flags=re.M)[1:])


def tables(text):
    """Tables as lists of rows of cells, without the rules under their heads."""
    found = re.findall(r"(?:^\|.*\|\n?)+", text, flags=re.M)
    split = [[line.strip("| ").split(" | ") for line in table.strip().split("\n")] for table in found]
    return [[table[0], *table[2:]] for table in split]


def number(cell, language="en"):
    """What a cell says."""
    text = cell.strip("* ").translate({ord(sign): "" for sign in "\u202f\u00a0%"})
    return float(text.replace(",", ".") if language == "es" else text.replace(",", ""))


def rounded(value, digits=3):
    return pytest.approx(value, abs=0.5001 * 10**-digits)


@pytest.mark.parametrize("language", ["en", "es"])
class TestNumbers:
    @pytest.fixture
    def parts(self, reports, language):
        return list(sections(reports[language].markdown).values())

    @pytest.fixture
    def number(self, language):
        return functools.partial(number, language=language)

    def test_verdict(self, parts, raw, language):
        cm = raw["metrics"]["confusion_matrix"]
        right = round(100 * cm["TP"] / (cm["TP"] + cm["FP"]))
        found = round(100 * cm["TP"] / (cm["TP"] + cm["FN"]))
        value = Words(language).number(raw["metrics"]["areaUnderPR"])
        assert f"**{value}**" in parts[0]
        bold = " ".join(re.findall(r"\*\*([^*]+)\*\*", parts[0]))
        assert re.search(rf"\b{right}\b.*\b{found}\b", bold)

    def test_metrics(self, parts, raw, language, number):
        m, count = raw["metrics"], raw["metrics"]["measured_on"]["count"]
        _, *rows = tables(parts[2])[0]
        keys = ("areaUnderROC", "areaUnderPR", "average_precision", "accuracy", "f1")
        keys += ("weightedPrecision", "weightedRecall")
        assert [number(row[1]) for row in rows] == [rounded(m[key]) for key in keys]
        positives = m["measured_on"]["positives"]
        baseline = [0.5, positives / count, positives / count, 1 - positives / count]
        assert [number(row[2]) for row in rows[:4]] == [rounded(value) for value in baseline]
        val = raw["summary"]["winner"]["val_metrics"]
        on_val = {key: number(row[3]) for key, row in zip(keys, rows, strict=True) if row[3] != "–"}
        assert on_val == {key: rounded(val[key]) for key in KEYS}

    def test_confusion_matrix_and_classes(self, parts, raw, language, number):
        m, cm = raw["metrics"], raw["metrics"]["confusion_matrix"]
        matrix, classes = tables(parts[3])
        counts = [[int(cell.split(" (")[0]) for cell in row[1:3]] for row in matrix[1:]]
        assert counts == [[cm["TN"], cm["FP"]], [cm["FN"], cm["TP"]]]
        share = number(matrix[2][2].split("(")[1].strip(")"))
        assert share == rounded(100 * cm["TP"] / (cm["TP"] + cm["FN"]), 1)
        for name, row in zip(("0", "1"), classes[1:], strict=True):
            said = [number(row[2].split(" (")[0]), number(row[3].split(" (")[0]), number(row[4])]
            assert said == [rounded(m[key][name]) for key in ("precision", "recall", "f1_by_class")]

    def test_thresholds(self, parts, raw, language, number):
        _, *rows = tables(parts[6])[0]
        said = [[number(cell) for cell in row] for row in rows]
        expected = [
            [rounded(entry[key]) for key in ("threshold", "precision", "recall", "f1")]
            + [entry[key] for key in ("predicted_positive", "TP", "FP")]
            for entry in raw["curves"]["thresholds"]
        ]
        assert said == expected
        assert [row[0].strip("*") for row in rows if row[0].startswith("**")] == [Words(language).number(0.5, 2)]

    def test_importances(self, parts, raw, language, number):
        _, *rows = tables(parts[7])[0]
        assert [row[1] for row in rows] == [f"`{entry['feature']}`" for entry in raw["importances"]]
        assert [number(row[2]) for row in rows] == [rounded(entry["importance"]) for entry in raw["importances"]]
        assert number(rows[-1][3]) == 100

    def test_zones(self, parts, raw, language, number):
        _, *rows, overall = tables(parts[8])[0]
        for zone, row in zip(raw["metrics"]["zones"], rows, strict=True):
            assert row[0].startswith(f"`{zone['zone']}`")
            assert int(row[1]) == zone["rows"]
            assert number(row[2]) == rounded(100 * zone["positives"] / zone["rows"], 1)
            assert [number(cell) for cell in row[3:]] == [rounded(zone[key]) for key in KEYS]
        assert [number(cell) for cell in overall[3:]] == [rounded(raw["metrics"][key]) for key in KEYS]

    def test_families(self, parts, raw, language, number):
        _, *rows, winner = tables(parts[9])[0]
        models = raw["summary"]["models"]
        expected = [
            [rounded(models[name][part][key]) for key in KEYS]
            for name in models
            for part in ("val_metrics", "test_metrics")
        ]
        assert [[number(cell) for cell in row[2:]] for row in rows] == expected
        retrained = raw["summary"]["winner"]["test_metrics_retrained"]
        assert [number(cell) for cell in winner[2:]] == [rounded(retrained[key]) for key in KEYS]

    def test_search(self, parts, raw, language, number):
        _, *rows = tables(parts[10])[0]
        for row, model in zip(rows, ("RandomForest", "GBT"), strict=True):
            values = [r["val_metrics"]["areaUnderPR"] for r in raw["search"] if r["model"] == model]
            assert int(row[1]) == len(values)
            assert [number(row[2]), number(row[4])] == [rounded(max(values)), rounded(min(values))]

    def test_parameters_and_provenance(self, parts, raw, language, number):
        best, run = tables(parts[11])
        expected = raw["summary"]["models"][raw["summary"]["winner"]["name"]]["best_params"]
        assert {row[0].strip("`"): number(row[2]) for row in best[1:]} == {k: float(v) for k, v in expected.items()}
        named = {row[0].strip("`").split(".")[0] for row in run[1:]}
        assert named == set(raw["experiment"]["parameters"])
        data = raw["experiment"]["data"]
        for text in (data["fingerprint"], data["inputs"][0], raw["experiment"]["commit"]["sha"], "Spark 3.5.6"):
            assert text in parts[12]
        assert "```sh\npython run_experiment.py --params params/sample.yaml\n```" in parts[12]
        split = tables(parts[12])[1]
        counts = [[number(cell) for cell in row[1:3]] for row in split[1:]]
        assert counts == [[c["rows"], c["positives"]] for c in raw["experiment"]["split"]["parts"].values()]


@pytest.mark.parametrize(
    ("language", "given", "says"),
    [
        ("en", None, "`error`: they stop the training (not given)"),
        ("es", None, "`error`: detienen el entrenamiento (no se indicó)"),
        ("en", "median", "`median`"),
    ],
)
def test_what_happens_to_missing_values_is_said_if_nothing_was_given(raw, language, given, says):
    facts = changed(raw, experiment=lambda e: e["parameters"].update(missing=given))
    assert f"| `missing` | {Words(language)('param.missing')} | {says} |" in parameters(facts, Words(language))


def test_both_languages_have_the_same_sections_tables_and_pictures(reports):
    english, spanish = (list(sections(reports[language].markdown).values()) for language in ("en", "es"))
    shapes = [[[[len(row) for row in t] for t in tables(text)] for text in parts] for parts in (english, spanish)]
    assert shapes[0] == shapes[1]
    assert reports["en"].images.keys() == reports["es"].images.keys()
    assert not set(sections(reports["en"].markdown)) & set(sections(reports["es"].markdown))


@pytest.mark.parametrize("language", ["en", "es"])
def test_pictures_exist_are_shown_once_and_have_an_alt_text(reports, language):
    report = reports[language]
    shown = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", report.markdown)
    assert sorted(name for _, name in shown) == sorted(report.images)
    assert all(len(alt) > 10 for alt, _ in shown)
    assert all(content.startswith(b"\x89PNG") for content in report.images.values())
    assert len(report.images) == 8


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_placeholders_raw_keys_or_html(reports, language):
    prose = re.sub(r"`[^`]*`|```.*?```|\]\([^)]*\)", "", without(reports[language].markdown), flags=re.S)
    assert not re.search(r"[{}]|\b(None|nan)\b|\| (True|False) \|", prose)
    assert not re.search(r"[a-z]_[a-z]|areaUnder|val_metrics|\b(find|note|heading)\.", prose)
    html = MarkdownIt("gfm-like", {"linkify": False, "html": False}).render(reports[language].markdown)
    assert "&lt;" not in html
    assert html.count("<table>") == len(tables(reports[language].markdown))


def test_every_table_row_has_as_many_cells_as_its_head(reports):
    for table in tables(reports["en"].markdown):
        assert {len(row) for row in table} == {len(table[0])}


def test_embedded_pictures(reports):
    report = reports["en"]
    embedded = report.embedded()
    assert ".png)" not in embedded
    uris = re.findall(r"\(data:image/png;base64,([^)]+)\)", embedded)
    assert sorted(base64.b64decode(uri) for uri in uris) == sorted(report.images.values())


def test_the_same_facts_make_the_same_files(reports, facts):
    again = render(facts, "en")
    assert again.markdown == reports["en"].markdown
    assert again.images == reports["en"].images


def test_phrases_are_complete_in_both_languages():
    for key, (english, spanish) in PHRASES.items():
        names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, spanish)]
        assert names[0] == names[1], key
        assert english.count("**") == spanish.count("**"), key
        assert english, key
        assert spanish, key


class TestOptionalFacts:
    def test_other_data_says_nothing_of_held_out_rows(self, raw):
        measured = {"rows": "all rows of test_data", "inputs": ["s3://b/2025.parquet"], "verified": False}
        facts = changed(raw, metrics=lambda m: m["measured_on"].update(measured))
        english, spanish = render(facts, "en").markdown, render(facts, "es").markdown
        rows = facts.rows
        assert f"**all {rows:,} rows** of `s3://b/2025.parquet`" in english
        assert f"**todas las {rows} filas** de `s3://b/2025.parquet`" in spanish
        assert "held" not in english
        assert "reservad" not in spanish
        assert "outside the experiment's split" in english

    def test_a_share_of_other_data(self, raw):
        measured = {"rows": "a share of test_data", "inputs": ["s3://b/2025.parquet"], "verified": False}
        text = render(changed(raw, metrics=lambda m: m["measured_on"].update(measured))).markdown
        assert "rows, a share of those** of `s3://b/2025.parquet`" in text
        assert "all rows of the test data" not in text

    def test_no_zones(self, raw):
        report = render(changed(raw, metrics=lambda m: m.pop("zones")))
        assert "By zone" not in sections(report.markdown)
        assert "zone_metrics.png" not in report.images
        assert "zone" not in sections(report.markdown)["What to watch"]

    def test_one_family(self, raw):
        winner = raw["summary"]["winner"]["name"]
        models = {winner: raw["summary"]["models"][winner]}
        search = [record for record in raw["search"] if record["model"] == winner]
        text = render(changed(raw, summary=lambda s: s.update(models=models), search=search)).markdown
        assert "Only one family was searched." in text
        assert "families are too close" not in text

    def test_only_the_evaluation_itself(self, raw):
        bare = ReportData(raw["metrics"], raw["curves"], raw["importances"])
        names = list(sections(render(bare, "es").markdown))
        assert names[:4] == ["En resumen", "A qué prestar atención", "Métricas", "Decisiones con umbral 0,5"]
        assert names[-1] == "Procedencia"
        assert not {"Parámetros", "La búsqueda", "Comparación de las familias de modelos"} & set(names)

    def test_no_commit_no_command_not_finished(self, raw):
        def strip(experiment):
            experiment.update(commit=None, command=None)
            del experiment["finished_at"]

        text = sections(render(changed(raw, experiment=strip)).markdown)["Provenance"]
        assert "| Commit | not recorded |" in text
        assert "Run notebook `02_train`" in text
        assert "Finished" not in text

    def test_a_command_without_a_commit(self, raw):
        text = sections(render(changed(raw, experiment=lambda e: e.update(commit=None))).markdown)["Provenance"]
        assert "With the code of that time" in text
        assert "commit above" not in text

    def test_nothing_marked_as_positive(self, raw):
        cm = {"TN": 900, "FP": 0, "FN": 100, "TP": 0}
        none = {"precision": {"0": 0.9, "1": 0.0}, "recall": {"0": 1.0, "1": 0.0}, "confusion_matrix": cm}
        text = render(changed(raw, metrics=lambda m: m.update(none))).markdown
        assert "predicts **no row** as class 1" in text

    def test_names_with_markdown_in_them(self, raw):
        def rename(importances):
            importances[0]["feature"] = "a|b_*c*"

        report = render(changed(raw, importances=rename, metrics=lambda m: m["zones"][0].update(zone="x|`y`")))
        for table in tables(report.markdown.replace("\\|", "¦")):
            assert {len(row) for row in table} == {len(table[0])}
        html = MarkdownIt("gfm-like", {"linkify": False}).render(report.markdown)
        assert "<code>a|b_*c*</code>" in html
        assert "<code>x|`y`</code>" in html

    def test_an_empty_name_is_said_to_be_empty(self, raw):
        split = {"split_by": "zone", "zones": {"train": ["a"], "val": ["b"], "test": ["", "c"]}}
        facts = changed(
            raw,
            metrics=lambda m: m["zones"][0].update(zone="", rows=30, positives=3),
            importances=lambda i: i[0].update(feature=""),
            experiment=lambda e: e["split"].update(split),
        )
        for language, empty in (("en", "(empty)"), ("es", "(vacío)")):
            text = render(facts, language).markdown
            assert f"| {empty} †" in text
            assert f"| {empty} |" in text
            assert f"| {empty}, `c` |" in text
            assert "``" not in re.sub(r"```.*?```", "", text, flags=re.S)
        assert code("") == '`""`'

    def test_of_very_many_zones_the_largest_are_listed(self, raw):
        def many(metrics):
            metrics["zones"] = [
                {**metrics["zones"][0], "zone": f"z{i:04d}", "rows": 10 + i, "positives": 5} for i in range(1200)
            ]
            metrics["zones"][-1]["positives"] = 500

        zones = {"train": [f"z{i:04d}" for i in range(100)], "val": ["b"], "test": ["c"]}
        facts = changed(raw, metrics=many, experiment=lambda e: e["split"].update(split_by="zone", zones=zones))
        english, spanish = render(facts, "en").markdown, render(facts, "es").markdown
        _, *rows, _ = tables(sections(english)["By zone"])[0]
        assert [row[0] for row in rows] == [*(f"`z{i:04d}` †" for i in range(1160, 1199)), "`z1199`"]
        assert "and 1,160 more zones are in `metrics.json`." in english
        assert "hay 1160 zonas más en `metrics.json`." in spanish
        assert "`z0011` and 88 more |" in english
        assert "`z0011` y 88 más |" in spanish
        for caution, more in (("Too few rows to judge", 1187), ("Whole zones were held out", 1188)):
            (line,) = [line for line in english.splitlines() if caution in line]
            assert f"`z0011` and {more:,} more" in line
            assert "z0012" not in line

    def test_zones_of_a_zone_split_are_listed(self, raw):
        zones = {"train": ["costa"], "val": ["sierra"], "test": ["isla", "valle"]}
        text = render(changed(raw, experiment=lambda e: e["split"].update(split_by="zone", zones=zones))).markdown
        assert "`isla`, `valle` |" in text
        assert "Whole zones were held out" in text


class TestFindings:
    def say(self, raw, **parts):
        return "\n".join(cautions(changed(raw, **parts), Words("en")))

    def test_gap_between_validation_and_test(self, raw):
        measured = raw["metrics"]["areaUnderPR"]

        def val(value):
            return lambda s: s["winner"]["val_metrics"].update(areaUnderPR=value)

        def alike(experiment):
            experiment["split"]["parts"]["val"] = dict(experiment["split"]["parts"]["test"])

        assert "Validation and test agree" in self.say(raw, summary=val(measured + 0.01), experiment=alike)
        weaker = self.say(raw, summary=val(measured + 0.12), experiment=alike)
        assert f"falls from {measured + 0.12:.3f} to {measured:.3f}" in weaker
        assert "Better on the held-out rows" in self.say(raw, summary=val(measured - 0.15), experiment=alike)

    def test_parts_with_other_shares_of_class_1_are_compared_by_their_roc_areas(self, raw):
        def parts(experiment):
            experiment["split"]["parts"]["val"].update(rows=1000, positives=179)
            experiment["split"]["parts"]["test"].update(rows=1000, positives=412)

        def val(summary):
            summary["winner"]["val_metrics"].update(areaUnderPR=0.3, areaUnderROC=raw["metrics"]["areaUnderROC"])

        said = self.say(raw, summary=val, experiment=parts)
        assert "Better on the held-out rows" not in said
        assert "**Validation and test agree.** Area under the ROC curve" in said
        assert "17.9% on validation, 41.2% on test" in said

    def test_an_area_of_1_has_no_error_and_so_agrees_with_nothing(self, raw):
        def perfect(record):
            record.update(areaUnderPR=1.0, areaUnderROC=1.0)

        said = self.say(raw, metrics=perfect, summary=lambda s: perfect(s["winner"]["val_metrics"]))
        assert "agree" not in said

    @pytest.mark.parametrize(
        ("measured_on", "sentence"),
        [
            ({"seen": None, "seen_rows": "drop"}, "It is not known whether the model was trained on some of them"),
            ({"seen": 219, "seen_rows": "drop"}, "219 rows of this table were left out"),
            ({"seen": 219, "seen_rows": "keep"}, "The model has seen 219 of these rows"),
            ({"seen": 0, "seen_rows": "drop"}, ""),
        ],
    )
    def test_rows_of_another_table_that_the_model_has_seen(self, raw, measured_on, sentence):
        def other(metrics):
            metrics["measured_on"].update(rows="all rows of test_data", verified=False, **measured_on)

        said = self.say(raw, metrics=other)
        if sentence:
            assert sentence in said
        else:
            assert "seen" not in said
            assert "trained on" not in said

    def test_rows_that_repeat_others(self, raw):
        rows = raw["metrics"]["measured_on"]["count"]
        said = self.say(raw, metrics=lambda m: m["measured_on"].update(distinct=5))
        assert f"Only 5 of the {rows:,} rows are different" in said
        assert "are different" not in self.say(raw, metrics=lambda m: m["measured_on"].update(distinct=rows - 1))
        repeated = self.say(raw, experiment=lambda e: e["split"].update(split_by="zone", repeated=64))
        assert "64 rows were left out of validation and test" in repeated

    def test_zones_without_a_training_row_are_seen(self, raw):
        said = self.say(raw, metrics=lambda m: m["measured_on"].update(zones=88, new_zones=88))
        assert "88 of the 88 zones of these rows have no row in training" in said
        assert "Every zone is in both" not in said

    def test_zones_left_out_that_are_served_worse(self, raw):
        def record(mean):
            areas = {"areaUnderROC": mean, "areaUnderPR": 0.5}
            zones = {"areaUnderROC": "salar", "areaUnderPR": "salar"}
            return lambda m: m.update(
                leave_one_zone_out={"zones": [], "folds": 6, "mean": areas, "worst": areas, "worst_zone": zones}
            )

        here = raw["metrics"]["areaUnderROC"]
        assert "Expect less in a new zone" in self.say(raw, metrics=record(here - 0.1))
        assert "Expect less in a new zone" not in self.say(raw, metrics=record(here - 0.01))

    def test_a_winner_that_retraining_made_worse(self, raw):
        def better(summary):
            name = summary["winner"]["name"]
            summary["models"][name]["test_metrics"]["areaUnderPR"] = raw["metrics"]["areaUnderPR"] + 0.018

        assert "Retraining made the winner worse here" in self.say(raw, summary=better)

    def test_drift_and_applicability(self, raw):
        moved = [{"feature": "NDVI", "marked": True}, {"feature": "B02", "marked": False}]

        def strange(metrics):
            metrics["applicability"] = {"inside": 0.7}
            metrics["drift"] = {"drifted": True, "importance_moved": 0.6, "features": moved}

        said = self.say(raw, metrics=strange)
        assert "30.0% of these rows lie outside the model's area of applicability" in said
        assert "This table has drifted" in said
        assert "60% of the importance" in said

    def test_zones(self, raw):
        def zones(metrics):
            metrics["areaUnderROC"] = 0.9
            big = {"rows": 2000, "positives": 500, "accuracy": 0.8, "f1": 0.8, "areaUnderPR": 0.5}
            metrics["zones"] = [
                {**big, "zone": "weak", "areaUnderROC": 0.8},
                {**big, "zone": "fine", "areaUnderROC": 0.88},
                {**big, "zone": "tiny", "areaUnderROC": 0.3, "rows": 30, "positives": 4},
            ]

        text = self.say(raw, metrics=zones)
        assert "**Weaker in `weak` (0.800).**" in text
        assert "**Too few rows to judge `tiny`.**" in text
        assert "fine" not in text
        assert "Every zone is in both the training and the test rows" in text
        assert "`split_by: zone` measures that" in text

    def test_where_all_zones_are_small_they_are_not_listed(self, raw):
        def zones(metrics):
            metrics["zones"] = [{**zone, "positives": 3} for zone in metrics["zones"]]

        said = self.say(raw, metrics=zones)
        assert "**Too few rows to judge any zone by itself.** None of the 6 zones has 20 rows of each class" in said
        assert "Too few rows to judge `" not in said

    def test_two_zones_are_not_told_to_split_by_zone(self, raw):
        one_class = {"zone": "c", "areaUnderROC": None}

        def zones(metrics):
            metrics["zones"] = [*metrics["zones"][:2], {**metrics["zones"][2], **one_class}]

        said = self.say(raw, metrics=zones)
        assert "`split_by: zone`" not in said
        assert "takes three zones with rows of both classes: give more of them with `zone_col`" in said

    def test_of_many_weak_zones_the_worst_are_named_first(self, raw):
        def zones(metrics):
            big = {"rows": 2000, "positives": 500, "accuracy": 0.8, "f1": 0.8, "areaUnderPR": 0.5}
            metrics["areaUnderROC"] = 0.95
            metrics["zones"] = [{**big, "zone": f"z{i:02d}", "areaUnderROC": 0.8 - i / 1000} for i in range(20)]

        text = self.say(raw, metrics=zones)
        assert "**Weaker in `z19` (0.781), `z18` (0.782), " in text
        assert "`z08` (0.792) and 8 more.**" in text

    def test_edges_of_the_grid(self, raw):
        best = {"RandomForest": {"numTrees": "40", "maxDepth": "5", "featureSubsetStrategy": "sqrt"}}

        def forest_wins(summary):
            summary["winner"]["name"] = "RandomForest"
            summary["models"]["RandomForest"]["best_params"] = best["RandomForest"]

        text = self.say(raw, summary=forest_wins)
        assert "`numTrees` 40 (largest tried) and `maxDepth` 5 (smallest tried)" in text
        inside = [
            {**r, "params": {**r["params"], "numTrees": n, "maxDepth": n}} for r in raw["search"] for n in (1, 90)
        ]
        assert "edge" not in self.say(raw, summary=forest_wins, search=inside)

    def test_ties_of_equal_feature_subsets(self, raw):
        text = self.say(raw)
        assert "**2 candidates share the best figure.**" in text
        assert "With 15 features both draw 4 for a node, so each such pair is the same model twice:" in text
        assert "are the same here" not in self.say(raw, summary=lambda s: s.update(n_features=100))

    def test_classes(self, raw):
        rare = {"count": 1201, "positives": 40}
        text = self.say(raw, metrics=lambda m: m["measured_on"].update(rare))
        assert "**Only 40 rows of class 1.**" in text
        assert "Always answering class 0 would be right for 96.7%" in text
        assert "Accuracy says little" not in self.say(raw)

    def test_scores_are_not_probabilities(self, raw):
        assert "A score is not a probability" in self.say(raw)
        counts = [0] * 50
        low, high = [*counts], [*counts]
        low[0], high[-1] = 900, 250
        exact = {"edges": raw["curves"]["scores"]["edges"], "0": low, "1": high}
        assert "probability" not in self.say(raw, curves=lambda c: c.update(scores=exact))

    def test_threshold(self, raw):
        best = max(raw["curves"]["thresholds"], key=lambda row: row["f1"])
        text = self.say(raw)
        assert f"At {best['threshold']:g}, F1 of class 1 is {best['f1']:.3f}" in text
        high = {"0": 0.9, "1": best["f1"]}
        assert "best threshold" not in self.say(raw, metrics=lambda m: m.update(f1_by_class=high))
        rule = {"rule": {"costs": {"fn": 10, "fp": 1}}, "here": {}}
        assert "best threshold" not in self.say(raw, metrics=lambda m: m.update(threshold_chosen=rule))
        assert "best threshold" in self.say(raw, metrics=lambda m: m.update(threshold_chosen={**rule, "rule": 0.5}))

    def test_close_families_and_the_other_ahead_on_test(self, raw):
        winner = raw["summary"]["winner"]["name"]
        other = next(name for name in raw["summary"]["models"] if name != winner)
        assert "too close to call" in self.say(raw)
        assert "is ahead" not in self.say(raw)

        def ahead(summary):
            summary["models"][other]["test_metrics"]["areaUnderPR"] = 0.99

        ahead_there = "On the held-out rows of the training table the other family is ahead (0.990 against"
        assert ahead_there in self.say(raw, summary=ahead)
        other_table = {"rows": "all rows of test_data", "verified": False}
        measured = self.say(raw, summary=ahead, metrics=lambda m: m["measured_on"].update(other_table))
        assert ahead_there in measured, "which are other rows than those just measured"

        def far(summary):
            summary["models"][other]["val_metrics"]["areaUnderPR"] = 0.3

        assert "too close" not in self.say(raw, summary=far)

        def third(summary):
            worst = {**summary["models"][other], "val_metrics": dict.fromkeys(KEYS, 0.1)}
            summary["models"] = {"Another": worst, **summary["models"]}

        assert "too close to call" in self.say(raw, summary=third), "the closest family is named, not the first"

        def far_ahead(summary):
            summary["models"][other]["val_metrics"]["areaUnderPR"] = 0.99

        assert "too close" not in self.say(raw, summary=far_ahead), "a search by zones may choose the one behind"

    def test_trouble_that_is_absent_by_default(self, raw):
        calm = self.say(raw)
        for part, change, sentence in (
            ("metrics", lambda m: m.update(areaUnderROC=0.998), "Too good to be true?"),
            ("metrics", lambda m: m["measured_on"].update(verified=False), "could not be verified"),
            ("experiment", lambda e: e["data"].update(dropped=12), "**12 rows were dropped**"),
            ("experiment", lambda e: e["commit"].update(dirty=True), "uncommitted changes"),
            ("experiment", lambda e: e.update(candidates=36), "12 of 36 candidates"),
        ):
            assert sentence not in calm
            assert sentence in self.say(raw, **{part: change})

    @pytest.mark.parametrize("rows", [800, 1])
    def test_values_that_were_filled(self, raw, rows):
        assert "missing values" not in self.say(raw)
        filling = {"by": "median", "rows": rows, "values": {"B02_med": 1, "B03_med": 700}}
        filling["medians"] = {"B02_med": 0.25, "B03_med": 3.0, "B04_med": 1.0}
        facts = changed(
            raw,
            metrics=lambda m: m["measured_on"].update(filled={"rows": 600, "values": {}}, count=1200),
            experiment=lambda e: e.update(filling=filling),
        )
        english, spanish = ("\n".join(cautions(facts, Words(language))) for language in ("en", "es"))
        was = f"{rows} rows" if rows > 1 else "1 row"
        assert f"**{was} had missing values** (" in english
        assert "in: `B03_med` (700) and `B02_med` (1)." in english
        assert "so they do in 50.0% of the evaluated rows" in english
        assert "también en el 50,0\u00a0% de las filas evaluadas" in spanish
        assert "filled with medians of the training rows: `B02_med` 0.25 and `B03_med` 3;" in provenance(facts, Words())
        whole = changed(raw, experiment=lambda e: e.update(filling={**filling, "rows": 0, "values": {}}))
        assert "the table had none; the model fills them" in provenance(whole, Words())
        assert "missing values" not in "\n".join(cautions(whole, Words()))

    def test_nothing_to_watch(self, raw):
        metrics = {name: value for name, value in raw["metrics"].items() if name != "zones"}
        counts = {"0": [0] * 50, "1": [0] * 50}
        counts["0"][0], counts["1"][-1] = 943, 258  # mean score and base rate are about the same
        rows = [row for row in raw["curves"]["thresholds"] if row["threshold"] == 0.5]
        curves = {**raw["curves"], "scores": {**raw["curves"]["scores"], **counts}, "thresholds": rows}
        calm = ReportData(metrics, curves, raw["importances"])
        assert cautions(calm, Words("es")) == []
        assert "nada fuera de lo común" in sections(render(calm, "es").markdown)["A qué prestar atención"]


FORMS_FOR_ONE = [key for key in PHRASES if key.endswith("=1]")]


class TestACountOfOne:
    @pytest.mark.parametrize("key", FORMS_FOR_ONE)
    def test_a_form_for_one_says_what_the_phrase_says(self, key):
        base, counted = re.fullmatch(r"(.+)\[(\w+)=1\]", key).groups()
        assert f"{{{counted}}}" in PHRASES[base][0]
        assert set(re.findall(r"{(\w+)}", PHRASES[key][0])) >= set(re.findall(r"{(\w+)}", PHRASES[base][0])) - {counted}

    def test_it_is_said_in_the_singular(self, raw):
        one = {"count": 1201, "positives": 1}
        facts = changed(
            raw,
            metrics=lambda m: m["measured_on"].update(one),
            experiment=lambda e: (e["data"].update(dropped=1), e.update(candidates=36)),
            search=raw["search"][:1],
        )
        english, spanish = ("\n".join(cautions(facts, Words(language))) for language in ("en", "es"))
        for said in ("**Only 1 row of class 1.**", "**1 row was dropped** for", "1 of 36 candidates was scored"):
            assert said in english
        for said in ("**Solo 1 fila de clase 1.**", "**Se descartó 1 fila** por", "se evaluó 1 de 36 candidatos"):
            assert said in spanish

    @pytest.mark.parametrize(("rows", "said"), [("1", "class 0 (1 row)"), ("2", "class 0 (2 rows)")])
    def test_only_the_count_decides(self, rows, said):
        assert Words("en")("class_rows", name="0", rows=rows) == said
        assert Words("en")("zone_counts", rows="2", positives="1") == "2 rows, 1 of class 1"


class TestNumbersInWords:
    def test_english(self):
        words = Words("en")
        assert words.count(30003) == "30,003"
        assert words.number(-0.5, 1) == "−0.5"
        assert words.number(-0.0001) == "0.000"
        assert words.percent(0.2314) == "23.1%"
        assert words.short(0.05) == "0.05"
        assert words.listing(["a", "b", "c"]) == "a, b and c"

    def test_spanish(self):
        words = Words("es")
        assert words.count(30003) == "30\u202f003"
        assert words.count(8008) == "8008"
        assert words.count(1234567) == "1\u202f234\u202f567"
        assert words.number(1234.5, 1) == "1234,5"
        assert words.percent(0.2314) == "23,1\u00a0%"
        assert "95\u00a0%" in words("note.intervals_rows")
        assert words.short(0.05) == "0,05"

    def test_none_and_nan_are_a_dash(self):
        assert Words("en").number(None) == Words("en").number(float("nan")) == "–"

    @pytest.mark.parametrize(
        ("seconds", "text"), [(0.04, "0.0 s"), (59.96, "1 min 0 s"), (72, "1 min 12 s"), (7500, "2 h 5 min")]
    )
    def test_durations(self, seconds, text):
        assert Words("en").duration(seconds).replace("\u00a0", " ") == text

    def test_moments_are_utc(self):
        assert Words("en").moment("2026-11-23T22:36:50+02:00") == "2026-11-23 20:36:50 UTC"


def write_files(spark, raw, root):
    storage = Storage(spark)
    folder, model = join(root, "results/eval_20261123_203650"), join(root, "models/model_20261123_203650")
    lines = "\n".join(json.dumps(record) for record in raw["search"]) + "\n"
    for uri, text in (
        (join(folder, "metrics.json"), json.dumps({**raw["metrics"], "model_dir": model})),
        (join(folder, "curves.json"), json.dumps(raw["curves"])),
        (join(folder, "feature_importance.json"), json.dumps(raw["importances"])),
        (join(model, "metrics/summary.json"), json.dumps(raw["summary"])),
        (join(model, "metrics/search.jsonl"), lines),
        (join(model, "experiment.json"), json.dumps(raw["experiment"])),
    ):
        storage.write_text(uri, text)
    return folder


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_write_puts_the_report_and_its_pictures_beside_the_figures(spark, raw, tmp_path, scheme):
    folder = write_files(spark, raw, f"{scheme}{tmp_path}")
    report = write(spark, folder, language="es")
    here = tmp_path / "results/eval_20261123_203650"
    assert (here / "EVALUATION_REPORT.md").read_text() == report.markdown
    assert "# Informe de evaluación" in report.markdown
    assert (here / "EVALUATION_REPORT.html").read_text() == report.page()
    assert {file.name: file.read_bytes() for file in here.glob("*.png")} == report.images
    assert set(FEATURES) <= set(re.findall(r"`(\w+)`", report.markdown))
    assert "## La búsqueda" in report.markdown


def test_write_finds_a_model_that_was_moved(spark, raw, tmp_path):
    folder = write_files(spark, raw, str(tmp_path))
    (tmp_path / "models").rename(tmp_path / "elsewhere")
    assert "## The search" not in write(spark, folder).markdown
    moved = str(tmp_path / "elsewhere/model_20261123_203650")
    assert "## The search" in write(spark, folder, model_dir=moved).markdown


def test_write_without_an_evaluation(spark, tmp_path):
    with pytest.raises(InputError, match=r"holds no metrics\.json, curves\.json.*evaluate the model first"):
        write(spark, str(tmp_path))
    assert list(tmp_path.iterdir()) == []

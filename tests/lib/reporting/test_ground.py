"""The sections that say on what ground a model stands; each also where its figures are missing."""

import copy
import html
import re
import types
from unittest import mock

import matplotlib.pyplot as plt
import pytest
import yaml
from markdown_it import MarkdownIt

from lib.reporting.front_matter import without
from lib.reporting.language.ground import GROUND
from lib.reporting.language.words import Words
from lib.reporting.report import render
from lib.reporting.report_data import ReportData
from tests.lib.reporting.ground_facts import (
    another_table,
    make_ground,
    many_features,
    nested,
    permutations,
    zones_left_out,
)
from tests.lib.reporting.report_facts import FEATURES, make_facts
from tests.lib.reporting.test_report import number, rounded, sections, tables

LANGUAGES = ("en", "es")
AREAS = ("areaUnderROC", "areaUnderPR")


@pytest.fixture(scope="module")
def raw():
    return make_ground()


@pytest.fixture(scope="module")
def other():
    return another_table(make_ground())


@pytest.fixture(scope="module")
def reports(raw):
    return {language: render(ReportData(**raw), language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def other_reports(other):
    return {language: render(ReportData(**other), language) for language in LANGUAGES}


def report(raw, language="en", **parts):
    """The report with some parts replaced; a function as a part changes a copy of what is there."""
    facts = copy.deepcopy(raw)
    for name, part in parts.items():
        if isinstance(part, types.FunctionType):
            part(facts[name])
        else:
            facts[name] = part
    return render(ReportData(**facts), language)


def text_of(raw, language="en", **parts):
    """Its text alone, for pictures take their time."""
    with mock.patch("lib.reporting.pictures.png", lambda figure: plt.close(figure) or b""):
        return report(raw, language, **parts).markdown


def section_of(markdown, key, language="en", **values):
    return sections(markdown)[Words(language)(key, **values)]


@pytest.mark.parametrize("language", LANGUAGES)
class TestBothLanguages:
    def test_the_same_tables_and_pictures(self, reports, other_reports, language):
        for made in (reports, other_reports):
            shapes = [
                [
                    [len(row) for row in table]
                    for part in sections(made[lang].markdown).values()
                    for table in tables(part)
                ]
                for lang in ("en", language)
            ]
            assert shapes[0] == shapes[1]
            assert made["en"].images.keys() == made[language].images.keys()

    def test_no_placeholders_raw_keys_or_html(self, reports, other_reports, language):
        for made in (reports, other_reports):
            markdown = without(made[language].markdown)
            prose = re.sub(r"`[^`]*`|```.*?```|\]\([^)]*\)", "", markdown, flags=re.S)
            assert not re.search(r"[{}]|\b(None|nan)\b|\| (True|False) \|", prose)
            assert not re.search(r"[a-z]_[a-z]|areaUnder|val_metrics|\b(find|note|heading|unseen)\.", prose)
            shown = MarkdownIt("gfm-like", {"linkify": False, "html": False}).render(markdown)
            assert "&lt;" not in shown
            assert shown.count("<table>") == len(tables(markdown))
            for table in tables(markdown.replace("\\|", "¦")):
                assert {len(row) for row in table} == {len(table[0])}

    def test_every_picture_is_shown_once_with_an_alt_text(self, reports, other_reports, language):
        for made, count in ((reports, 13), (other_reports, 14)):
            shown = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", made[language].markdown)
            assert sorted(name for _, name in shown) == sorted(made[language].images)
            assert len(shown) == count
            assert all(len(alt) > 10 for alt, _ in shown)

    def test_files_of_an_earlier_version_have_none_of_the_sections(self, language):
        names = sections(text_of(make_facts(), language))
        new = ("heading.unseen", "heading.capture", "heading.calibration")
        new += ("heading.likeness", "heading.likeness_held_out")
        assert not {GROUND[key][LANGUAGES.index(language)] for key in new} & set(names)

    @pytest.mark.parametrize(
        "key",
        [
            *("intervals", "intervals_from", "brier", "log_loss", "calibrated", "capture", "leave_one_zone_out"),
            *("permutation_importances", "nearest_training_row", "applicability", "threshold_chosen", "zones"),
            *("drift", "adversarial", "intervals+zones"),
        ],
    )
    def test_any_figure_may_be_missing(self, other, language, key):
        def strip(metrics):
            for name in key.split("+"):
                metrics.pop(name, None)

        assert text_of(other, language, metrics=strip)

    @pytest.mark.parametrize("key", ["reliability", "success_rate", "prediction_area", "partial_dependence"])
    def test_any_curve_may_be_missing(self, raw, language, key):
        assert text_of(raw, language, curves=lambda curves: curves.pop(key))

    def test_null_stands_for_nothing_to_say(self, raw, language):
        nothing = dict.fromkeys(("capture", "applicability", "leave_one_zone_out", "calibrated", "intervals", "gate"))
        made = report(raw, language, metrics=lambda m: m.update(nothing))
        assert "zones_left_out.png" not in made.images
        assert "success_rate.png" not in made.images


class TestFrontMatter:
    def head(self, markdown):
        return yaml.safe_load(markdown.split("---\n")[1])

    def test_a_program_reads_it(self, raw, reports):
        head = self.head(reports["en"].markdown)
        assert reports["en"].markdown.startswith("---\n")
        m = raw["metrics"]
        assert head["run_id"] == m["run_id"]
        assert head["metrics"]["areaUnderPR"] == m["areaUnderPR"]
        assert head["threshold"] == m["threshold"]
        assert head["intervals"]["recall.1"] == list(m["intervals"]["recall.1"])
        assert head["zones_left_out"]["worst_zone"] == m["leave_one_zone_out"]["worst_zone"]
        assert head["card"] == {"owner": "Ana", "purpose": "Choose where to drill | first", "licence": "CC BY 4.0"}
        assert self.head(reports["es"].markdown)["title"] == "Informe de evaluación"

    @pytest.mark.parametrize(
        "name", ['a: "b" #c', "---\n---", "yes", "\u2028\x85\x7f", "北京 🏔", "{a: [1", "'", "\\n", "", "12"]
    )
    def test_any_name_comes_back(self, raw, name):
        card = {"owner": name, "purpose": None}
        worst = dict.fromkeys(AREAS, name)
        text = text_of(
            raw,
            metrics=lambda m: m["leave_one_zone_out"].update(worst_zone=worst),
            experiment=lambda e: e["parameters"].update(card=card),
        )
        head = self.head(text)
        assert head["zones_left_out"]["worst_zone"] == worst
        assert head.get("card", {}).get("owner", "") == name
        assert without(text).startswith("# Evaluation report")

    def test_numbers_stay_numbers(self, raw):
        text = text_of(raw, metrics=lambda m: m.update(areaUnderPR=1e-05, f1=float("nan"), accuracy=1))
        metrics = self.head(text)["metrics"]
        assert (metrics["areaUnderPR"], metrics["f1"], metrics["accuracy"]) == (1e-05, None, 1)

    def test_it_is_not_shown_as_text(self, reports):
        assert reports["en"].embedded().startswith("# Evaluation report")
        assert "run_id:" not in reports["en"].page()


class TestHead:
    def test_only_the_card_s_given_fields_are_shown(self, raw, reports):
        (card,) = tables(reports["es"].markdown.split("\n## ")[0])
        assert [row[0] for row in card] == ["Ficha del modelo", "Responsable", "Finalidad", "Licencia"]
        none = text_of(raw, experiment=lambda e: e["parameters"].update(card=dict.fromkeys(("owner", "not_for"))))
        assert tables(none.split("\n## ")[0]) == []

    def gate(self, raw, failed, language="en", **asked):
        gate = {"fail_below": {}, "fail_on_drift": False, "failed": failed, **asked}
        return text_of(raw, language, metrics=lambda m: m.update(gate=gate)).split("\n## ")[0]

    def test_the_gate_says_what_failed_and_by_how_much(self, raw):
        low = {"metric": "worst_zone_areaUnderROC", "value": 0.69996, "below": 0.7}
        unknown = {"metric": "mean_zone_areaUnderPR", "value": None, "below": 0.3}
        moved = {"drift": [f"f{i}" for i in range(20)]}
        said = self.gate(raw, [low, unknown, moved])
        assert "**Gate: failed.** Area under the ROC curve, worst of the zones left out with at least 20 rows" in said
        assert " of each class: 0.69996, below 0.7" in said
        assert ": not measured (at least 0.3 asked for)" in said
        assert "`f11` and 8 more" in said
        assert "0,69996, por debajo de 0,7." in self.gate(raw, [low], "es")

    def test_a_gate_fails_where_all_zones_are_small(self, raw):
        small = {"metric": "worst_zone_areaUnderPR", "value": None, "below": 0.3, "all_small": True}
        assert "with at least 20 rows of each class: not known, for no zone has so many." in self.gate(raw, [small])
        assert "no se sabe, pues ninguna zona tiene tantas." in self.gate(raw, [small], "es")

    def test_a_gate_fails_too_where_drift_is_not_known(self, other):
        unknown = {"drift": None}
        said = self.gate(other, [unknown], fail_on_drift=True)
        assert "**Gate: failed.** Whether the table has drifted is not known: the model keeps no sample" in said
        assert "No se sabe si la tabla presenta deriva" in self.gate(other, [unknown], "es", fail_on_drift=True)

    def test_the_gate_says_what_passed(self, raw, other):
        said = self.gate(raw, [], fail_below={"f1": 0.5}, fail_on_drift=True)
        assert "**Gate: passed.** Asked for: F1, weighted at least 0.5 and no drift (not measured" in said
        assert "and no drift." in self.gate(other, [], fail_below={"f1": 0.5}, fail_on_drift=True)


class TestVerdict:
    def rows(self, markdown, language="en"):
        _, *rows = tables(section_of(markdown, "heading.verdict", language))[0]
        return rows

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_both_figures_come_first(self, raw, reports, language):
        m, zones = raw["metrics"], raw["metrics"]["leave_one_zone_out"]
        here, mean, worst = self.rows(reports[language].markdown, language)
        assert number(here[1], language) == rounded(m["areaUnderPR"])
        bounds = [number(bound, language) for bound in here[2].split("–")]
        assert bounds == [rounded(bound) for bound in m["intervals"]["areaUnderPR"]]
        assert number(mean[1], language) == rounded(zones["mean"]["areaUnderPR"])
        assert number(worst[1], language) == rounded(zones["worst"]["areaUnderPR"])
        assert zones["worst_zone"]["areaUnderPR"] in worst[0]
        both = [zone["positives"] / zone["rows"] for zone in zones["zones"] if zone["positives"]]
        assert number(mean[3], language) == rounded(sum(both) / len(both))
        assert mean[0].endswith(str(len(both)))

    def test_the_question_depends_on_the_split(self, raw, other):
        by_zone = text_of(
            raw, experiment=lambda e: e["split"].update(split_by="zone", zones={p: ["a"] for p in e["split"]["parts"]})
        )
        assert "The first line answers how good the model is on new rows of zones it knows" in text_of(raw)
        assert "All lines answer how good the model is in a zone it has never seen" in by_zone
        assert "new rows of zones it knows" not in by_zone
        for text, belongs in ((text_of(raw), "on its content and the seed"), (by_zone, "on its zone and the seed")):
            assert f"part a row belongs to depends {belongs}" in section_of(text, "heading.provenance")
        mixed = text_of(raw, metrics=lambda m: m["measured_on"].update(new_zones=2))
        assert "mixes new rows of zones the model knows with zones it has never seen" in mixed
        assert "how good the model is on these rows" in text_of(other)

    def test_a_missing_figure_is_named_and_how_to_get_it(self, raw):
        def no_zones(metrics):
            del metrics["leave_one_zone_out"], metrics["zones"]

        def no_zone_col(experiment):
            experiment["data"]["zone_col"] = None

        said = section_of(text_of(raw, metrics=no_zones, experiment=no_zone_col), "heading.verdict")
        assert "was not measured:** the table names no zones. Train again with `zone_col`" in said
        few = section_of(text_of(raw, metrics=lambda m: m.pop("leave_one_zone_out")), "heading.verdict")
        assert "three zones with rows of both classes" in few
        assert len(tables(few)[0]) == 2

    def test_nested_is_the_mean_without_a_choice(self, raw):
        def add(metrics):
            metrics["leave_one_zone_out"]["nested"] = nested(metrics["leave_one_zone_out"])

        text = text_of(raw, metrics=add)
        row = self.rows(text)[2]
        assert number(row[1]) == rounded(raw["metrics"]["leave_one_zone_out"]["mean"]["areaUnderPR"] - 0.02)
        assert "free of any choice" in text
        assert tables(section_of(text, "heading.unseen"))[-1][1][1] == "`GBT maxDepth=3, maxIter=20`"

    def test_a_search_that_chose_by_zones_says_so(self, raw):
        searched = [{**record, "zones": dict.fromkeys(AREAS, 0.4 + record["index"] / 100)} for record in raw["search"]]
        text = text_of(raw, search=searched)
        assert "by area under the precision-recall curve on zones left out of training" in text
        assert "their mean is a little too good" in text
        assert "Candidates are compared by leave-one-zone-out" in text
        assert "compared on the validation rows" not in text
        assert "too close to call" in text_of(raw)
        assert "too close to call" not in text, "on the validation rows, which did not choose"
        said = section_of(text, "heading.search")
        assert "on zones left out of training (the mean over the zones)" in said
        _, *rows = tables(said)[0]
        values = [record["zones"]["areaUnderPR"] for record in searched if record["model"] == "GBT"]
        assert number(rows[1][2]) == rounded(max(values))


class TestUnseenZones:
    def section(self, raw, change=lambda record: None, language="en", **parts):
        text = text_of(raw, language, metrics=lambda m: change(m["leave_one_zone_out"]), **parts)
        return section_of(text, "heading.unseen", language)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_table_has_the_weakest_first(self, raw, language):
        record = raw["metrics"]["leave_one_zone_out"]
        _, *rows, mean, worst = tables(self.section(raw, language=language))[0]
        expected = sorted((z for z in record["zones"] if z["positives"]), key=lambda z: z["areaUnderROC"])
        assert [row[0].strip("`") for row in rows[:-1]] == [zone["zone"] for zone in expected]
        said = [[number(cell, language) for cell in row[4:]] for row in rows[:-1]]
        assert said == [[rounded(zone[name]) for name in AREAS] for zone in expected]
        assert rows[-1][4:] == ["–", "–"]
        for row, of in ((mean, "mean"), (worst, "worst")):
            assert [number(cell, language) for cell in row[4:]] == [rounded(record[of][name]) for name in AREAS]

    def test_pooled_areas_groups_and_zones_of_one_class(self, raw):
        said = self.section(raw)
        assert "(Airola et al., 2019)" in said
        one_class = raw["metrics"]["leave_one_zone_out"]["zones"][1]["zone"]
        assert f"All rows of `{one_class}` are of one class" in said
        assert "groups of whole zones" not in said
        grouped = self.section(raw, lambda record: record.update(folds=3))
        assert "The 6 zones were left out in 3 groups of whole zones" in grouped

    def test_zones_with_a_handful_of_class_1_are_marked(self, raw):
        record = copy.deepcopy(raw["metrics"]["leave_one_zone_out"])
        worst = next(zone for zone in record["zones"] if zone["zone"] == record["worst_zone"]["areaUnderPR"])
        worst["positives"] = 1
        markdown = text_of(raw, metrics=lambda m: m.update(leave_one_zone_out=record))
        rows = {row[0] for row in tables(section_of(markdown, "heading.unseen"))[0]}
        assert [name for name in rows if name.endswith("†")] == [f"`{worst['zone']}` †"]
        summary = section_of(markdown, "heading.verdict")
        assert tables(summary)[0][-1][0].endswith("†")
        for said in (summary, section_of(markdown, "heading.unseen")):
            assert "† Too few rows of one class for a reliable area" in said
        assert "†" not in section_of(text_of(raw), "heading.unseen")

    def test_of_many_zones_the_weakest_are_listed(self, raw):
        many = zones_left_out([f"z{i:02d}" for i in range(60)])
        said = self.section(raw, lambda record: record.update(many))
        assert len(tables(said)[0]) == 1 + 40 + 2
        assert "and 20 more are in `metrics.json`" in said

    def test_families(self, raw):
        def other_way(record):
            record["models"] = {"GBT": record["models"]["RandomForest"], "RandomForest": record["models"]["GBT"]}

        assert raw["metrics"]["model"] == "GBT"
        assert "**The zones would prefer random forest:**" in self.section(raw)
        agree = self.section(raw, other_way)
        assert "The zones agree with the search" in agree
        assert "prefer" not in agree
        searched = [{**record, "zones": dict.fromkeys(AREAS, 0.4)} for record in raw["search"]]
        said = self.section(raw, search=searched)
        assert "**On all rows, random forest is ahead:**" in said
        assert "select_by" not in said
        for parts, possible in ((("a", "b", "c"), True), (("a", "b"), False)):
            cut = {"zones": {"train": parts[:-1], "val": parts[-1:], "test": ["z"]}, "split_by": "zone"}
            told = self.section(raw, experiment=lambda e, cut=cut: e["split"].update(cut))
            assert "search with `select_by: zones`" in told
            assert ("`split_by: rows`" not in told) == possible
        one = self.section(raw, lambda record: record["models"].pop("RandomForest"))
        assert "The families in zones never seen" not in one

    def test_zones_and_validation_chose_different_candidates(self, raw):
        first = raw["search"][0]
        chosen = {key: first[key] for key in ("index", "model", "params", "val_metrics")}
        chosen["zones"] = dict.fromkeys(AREAS, 0.123)
        searched = [{**record, "zones": dict.fromkeys(AREAS, 0.4 + record["index"] / 100)} for record in raw["search"]]
        said = self.section(raw, summary=lambda s: s.update(best_on_validation=chosen), search=searched)
        _, winner, row = tables(said)[-1]
        assert number(winner[3]) == rounded(max(record["zones"]["areaUnderPR"] for record in searched))
        assert row[:2] == [
            "validation rows",
            "Random forest: `numTrees` 20, `maxDepth` 5, `featureSubsetStrategy` `sqrt`",
        ]
        assert number(row[3]) == 0.123


class TestMetrics:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_intervals_are_those_of_the_evaluation(self, raw, reports, language):
        m, markdown = raw["metrics"], reports[language].markdown
        _, *rows = tables(section_of(markdown, "heading.metrics", language))[0]
        for row, name in zip(rows, [*AREAS, "average_precision"], strict=False):
            assert [number(b, language) for b in row[2].split("–")] == [rounded(b) for b in m["intervals"][name]]
        heading = {"threshold": Words(language).short(m["threshold"])}
        classes = tables(section_of(markdown, "heading.decisions", language, **heading))[1]
        for name, row in zip(("0", "1"), classes[1:], strict=True):
            for cell, figure in zip(row[2:], ("precision", "recall", "f1"), strict=True):
                bounds = re.search(r"\((.+)\)", cell)[1].split("–")
                assert [number(b, language) for b in bounds] == [rounded(b) for b in m["intervals"][f"{figure}.{name}"]]

    def test_what_they_come_from(self, raw, reports):
        assert "bootstrap over the 6 zones of these rows (2,000 draws" in reports["en"].markdown
        assert "bootstrap sobre las 6 zonas de estas filas (2000 sorteos" in reports["es"].markdown
        formulas = text_of(raw, metrics=lambda m: m.update(intervals_from="rows"))
        assert "Hanley and McNeil" in formulas
        assert "bootstrap" not in formulas

    def test_no_interval_is_a_dash(self, raw):
        text = text_of(raw, metrics=lambda m: m["intervals"].update({"areaUnderROC": None, "precision.1": None}))
        assert tables(section_of(text, "heading.metrics"))[0][1][2] == "–"

    def test_figures_of_training_are_at_its_own_threshold(self, raw):
        """Accuracy and F1 on validation were measured at 0.5: beside those at another threshold they would mislead."""
        _, *rows = tables(section_of(text_of(raw), "heading.metrics"))[0]
        assert [row[4] == "–" for row in rows[:5]] == [False, False, True, True, True]
        assert "accuracy and F1 are at threshold 0.5" in text_of(raw)
        half = text_of(make_ground(0.5))
        _, *rows = tables(section_of(half, "heading.metrics"))[0]
        assert [row[4] == "–" for row in rows[:5]] == [False, False, True, False, False]
        assert "accuracy and F1 are at threshold 0.5" not in half


class TestThreshold:
    @pytest.mark.parametrize(
        ("rule", "english", "spanish"),
        [
            ("f1", "the highest F1 of class 1", "el F1 más alto de la clase 1"),
            ({"recall": 0.9}, "at least a share of 0.9 of class 1", "al menos una proporción de 0,9 de la clase 1"),
            ({"precision": 0.8}, "with a precision of at least 0.8", "con una precisión de al menos 0,8"),
        ],
    )
    def test_how_it_was_chosen(self, rule, english, spanish):
        facts = make_ground(rule)
        assert english in text_of(facts)
        assert spanish in text_of(facts, "es")
        assert "`prediction`" in text_of(facts)

    def test_costs_and_a_number(self, raw):
        costs = {"costs": {"fn": 5, "fp": 1}}
        assert "a missed row of class 1 costs 5" in text_of(
            raw, metrics=lambda m: m["threshold_chosen"].update(rule=costs)
        )
        assert "was given** as a parameter: 0.3." in text_of(make_ground(0.3))
        assert "`prediction`" not in text_of(make_ground(0.5))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_rule_of_costs_shows_what_each_threshold_costs(self, language):
        facts = make_ground({"costs": {"fn": 10, "fp": 0.5}})
        m = facts["metrics"]
        heading = {"threshold": Words(language).short(m["threshold"])}
        head, *rows = tables(section_of(text_of(facts, language), "heading.decisions", language, **heading))[2]
        assert head[-1] == Words(language)("threshold.cost")
        for row, name in zip(rows, ("validation", "here", "here_at_half"), strict=True):
            done = m["threshold_chosen"][name]
            assert number(row[-1], language) == 10 * done["FN"] + 0.5 * done["FP"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_precision_that_no_threshold_reaches_is_said(self, language):
        facts = make_ground({"precision": 0.8})
        assert facts["metrics"]["threshold_chosen"]["validation"]["precision"] >= 0.8
        says = Words(language)("threshold.not_reached", precision=Words(language).number(0.75))
        assert says not in text_of(facts, language)
        assert says in text_of(
            facts, language, metrics=lambda m: m["threshold_chosen"]["validation"].update(precision=0.75)
        )

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_what_it_does_against_a_half(self, raw, reports, language):
        m = raw["metrics"]
        heading = {"threshold": Words(language).short(m["threshold"])}
        _, val, here, half = tables(section_of(reports[language].markdown, "heading.decisions", language, **heading))[2]
        for row, name in ((val, "validation"), (here, "here"), (half, "here_at_half")):
            done = m["threshold_chosen"][name]
            assert [number(cell, language) for cell in row[4:6]] == [done["FN"], done["FP"]]
            assert [number(cell, language) for cell in row[6:]] == [
                rounded(done[f]) for f in ("precision", "recall", "f1")
            ]
        assert number(here[3], language) == m["confusion_matrix"]["TP"]
        assert number(here[5], language) == m["confusion_matrix"]["FP"]

    def test_the_exact_value_stands_once_and_elsewhere_it_is_short(self, raw, reports):
        exact = raw["metrics"]["threshold"]
        body = without(reports["en"].markdown)
        assert body.count(repr(exact)) == 1
        assert f"**{exact:.4g}** |" in body
        assert Words("en").short(0.123456) == "0.123456"


class TestCalibrationAndCapture:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_calibration(self, raw, reports, language):
        m = raw["metrics"]
        _, score, calibrated, constant = tables(
            section_of(reports[language].markdown, "heading.calibration", language)
        )[0]
        base = m["measured_on"]["positives"] / m["measured_on"]["count"]
        for row, values in (
            (score, (m["brier"], m["log_loss"])),
            (calibrated, tuple(m["calibrated"].values())),
            (constant, (base * (1 - base),)),
        ):
            assert [number(cell, language) for cell in row[1::2]][: len(values)] == [rounded(v, 4) for v in values]
        for name, cell in (("brier", score[2]), ("log_loss", score[4])):
            bounds = [number(bound, language) for bound in cell.split("–")]
            assert bounds == [rounded(bound, 4) for bound in m["intervals"][name]]
        assert (calibrated[2], constant[2]) == ("–", "–")

    def test_a_model_without_calibration(self, raw):
        def strip(facts):
            facts["reliability"].pop("calibrated")

        said = section_of(text_of(raw, metrics=lambda m: m.pop("calibrated"), curves=strip), "heading.calibration")
        assert "The model has no calibration" in said
        assert len(tables(said)[0]) == 3

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_capture(self, raw, reports, language):
        capture = raw["metrics"]["capture"]
        said = section_of(reports[language].markdown, "heading.capture", language)
        _, *rows = tables(said)[1]
        assert [number(row[2], language) for row in rows] == [rounded(100 * p["found"], 1) for p in capture["best"]]
        five = next(point for point in capture["best"] if point["rows"] == 0.05)
        bold = re.match(r"\s*\*\*([^*]+)\*\*", said)[1]
        assert f"{100 * five['found']:.0f}" in bold
        assert all(number(row[2], language) <= number(row[3], language) for row in rows)


class TestLeaning:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_drops_stand_beside_gains(self, raw, reports, language):
        drops = {record["feature"]: record for record in raw["metrics"]["permutation_importances"]}
        said = section_of(reports[language].markdown, "heading.importances", language)
        _, *rows = tables(said)[0]
        for row in rows:
            record = drops[row[1].strip("`")]
            mean, std = row[4].replace("\u2212", "-").split(" ± ")
            assert [number(mean, language), number(std, language)] == [rounded(record["mean"]), rounded(record["std"])]
            assert (row[5] != "–") == bool(record["group"])
        assert f"`{FEATURES[2]}`, `{FEATURES[3]}`" in said
        assert "partial_dependence.png" in said

    def test_a_model_that_is_not_of_trees_has_gains_alone(self, raw):
        said = section_of(
            text_of(
                raw, metrics=lambda m: m.pop("permutation_importances"), curves=lambda c: c.pop("partial_dependence")
            ),
            "heading.importances",
        )
        assert len(tables(said)[0][0]) == 4
        assert "feature_importances.png" in said

    def test_the_strongest_by_permutation_are_shown_too(self, raw):
        features = many_features(66)
        gains = [{"feature": name, "importance": 1 / 66} for name in features]
        made = report(
            raw, importances=gains, metrics=lambda m: m.update(permutation_importances=permutations(features[::-1]))
        )
        said = section_of(made.markdown, "heading.importances")
        _, *rows = tables(said)[0]
        assert [int(row[0]) for row in rows] == [*range(1, 16), *range(60, 67)]
        assert rows[-1][3] == "100%"
        assert "22 of 66 features" in said


class TestLikeness:
    def test_held_out_rows(self, raw, reports):
        said = section_of(reports["en"].markdown, "heading.likeness_held_out")
        assert "97.2% of these rows are inside it" in said
        assert "Half of these rows lie within 42.4 of a training row, and 95% within 210" in said
        assert tables(said)[0][1] == ["0", "30", "42.4", "90", "210", "1,830"]
        for absent in ("Drift", "tell these rows", "Rows seen before"):
            assert absent not in said
        bare = text_of(raw, metrics=lambda m: [m.pop(key) for key in ("applicability", "nearest_training_row")])
        assert "The held-out rows against" not in bare

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_drift(self, other, other_reports, language):
        said = section_of(other_reports[language].markdown, "heading.likeness", language)
        _, *rows = tables(said)[0]
        features = other["metrics"]["drift"]["features"]
        assert [row[0].strip("*`") for row in rows] == [record["feature"] for record in features]
        for row, record in zip(rows, features, strict=True):
            assert row[0].startswith("**") == record["marked"]
            assert number(row[4], language) == rounded(record["ks"], 2)
            if record["wasserstein"] is None:
                assert row[2].strip("*") == Words(language)("no_unit")
                assert row[5].strip("*") == "–"
            else:
                assert number(row[2], language) == rounded(record["wasserstein"], 2)
                assert number(row[3], language) == rounded(record["by_chance"], 2)
        assert "drift.png" in said

    def test_what_it_says_in_plain_words(self, other, other_reports):
        said = section_of(other_reports["en"].markdown, "heading.likeness")
        assert "**Rows seen before: 41, left out.**" in said
        assert "**A model can tell these rows from the training rows:** area 0.93" in said
        assert "by `B02_med` (50%), `B03_med` (20%)" in said
        assert "**The table has drifted:** 13 of 15 features have moved" in said
        assert "of a sample of" not in said
        assert "held" not in said
        alike = text_of(other, metrics=lambda m: m["adversarial"].update(area=0.52))
        assert "A model can hardly tell" in alike
        assert "It tells them by" not in alike
        single = text_of(other, metrics=lambda m: m["adversarial"].update(area=None))
        assert "tell these rows from" not in single
        assert "It tells them by" not in single
        sampled = text_of(other, metrics=lambda m: m["applicability"].update(rows=500))
        assert "of a sample of 500 of these rows" in sampled
        assert "Compared: 2,000 of these rows with 3,000 training rows." in sampled
        whole = text_of(other, metrics=lambda m: m["drift"]["rows"].update(new=m["measured_on"]["count"]))
        assert "Compared: all 1,201 rows with 3,000 training rows." in whole

    @pytest.mark.parametrize(
        ("seen", "kept", "said"),
        [
            (None, "drop", "Rows seen before: not known."),
            (0, "drop", "Rows seen before: none."),
            (7, "keep", "Rows seen before: 7, kept."),
        ],
    )
    def test_rows_seen_before(self, other, seen, kept, said):
        assert said in text_of(other, metrics=lambda m: m["measured_on"].update(seen=seen, seen_rows=kept))

    def test_of_many_features_the_first_are_listed(self, raw):
        features = many_features(66)
        facts = copy.deepcopy(raw)
        facts["importances"] = [{"feature": name, "importance": 1 / 66} for name in features]
        said = section_of(text_of(another_table(facts, features)), "heading.likeness")
        assert len(tables(said)[0]) == 21
        assert "And 46 more features in `metrics.json`, of which moved: " in said


class TestParameters:
    def test_rules_and_lists_are_shown_and_the_card_is_not(self, raw):
        given = {"threshold": {"recall": 0.9}, "block_cols": ["x", "y"], "block_size": 500, "nested": True}
        text = text_of(raw, "es", experiment=lambda e: e["parameters"].update(given))
        said = section_of(text, "heading.parameters", "es")
        assert '`{"recall": 0.9}`' in said
        assert '`["x", "y"]`' in said
        assert "`card`" not in said
        assert "| `select_by` | en qué se comparan los candidatos | `validation` |" in said


class TestPage:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_needs_no_other_file(self, reports, language):
        page = reports[language].page()
        assert page.startswith("<!DOCTYPE html>")
        assert f'<html lang="{language}">' in page
        assert f"<title>{Words(language)('title')}</title>" in page
        sources = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert len(sources) == len(reports[language].images)
        assert all(source.startswith("data:image/png;base64,") for source in sources)
        assert not re.search(r"<(link|script|iframe|object|a)\b|url\(|@import", page)
        assert page.count("<table>") == len(tables(without(reports[language].markdown)))

    def test_names_from_data_do_not_become_html(self, raw):
        evil = '<script>alert("1")</script>|`x`![a](http://b/c.png)'

        def rename(metrics):
            metrics["zones"][0]["zone"] = evil
            metrics["leave_one_zone_out"]["zones"][0]["zone"] = evil
            metrics["permutation_importances"][2]["group"] = [evil]

        made = report(
            raw,
            metrics=rename,
            importances=lambda i: i[0].update(feature=evil),
            experiment=lambda e: e["parameters"].update(card={"owner": evil, "purpose": "a\n\n# b <b>"}),
        )
        page = made.page()
        assert "<script" not in page
        assert "<b>" not in page
        assert "http://b" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', page))
        assert page.count("<h1>") == 1
        assert html.escape("<script>") in page
        assert "<code>a|b</code>" in report(raw, metrics=lambda m: m["zones"][0].update(zone="a|b")).page()

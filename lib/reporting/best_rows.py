"""The section on capture: how much of class 1 is found in how few rows."""

from lib.reporting.language.words import Words
from lib.reporting.markdown import section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.report_data import Record, ReportData
from lib.reporting.score_plots import prediction_area, success_rate

_TOLD = 0.05  # the share of the rows that the sentence is about


def best_rows(facts: ReportData, words: Words, images: Images) -> str:
    """Success-rate curve and prediction-area plot, and what is read from them."""
    capture = facts.metrics.get("capture")
    if not capture or not {"success_rate", "prediction_area"} <= set(facts.curves):
        return ""
    pictures = [
        picture(images, name, draw(facts.metrics, facts.curves, words.language), words(f"alt.{name}"))
        for name, draw in (("success_rate", success_rate), ("prediction_area", prediction_area))
    ]
    header = [words("success_rate_head", area=words.number(capture["area"])), words("prediction_area_head")]
    meeting = capture["intersection"]
    shares = {name: words.percent(meeting[name], 0) for name in ("found", "rows")}
    return section(
        words("heading.capture"),
        best_found(capture, words),
        table(header, [pictures], "ll"),
        _best(facts, words),
        words("note.success_rate"),
        words("note.prediction_area", threshold=words.number(meeting["threshold"]), **shares),
    )


def best_found(capture: Record, words: Words) -> str:
    """How much of class 1 the best rows hold, in a sentence."""
    told = min(capture["best"], key=lambda point: abs(point["rows"] - _TOLD))
    return words("capture.best", rows=words.percent(told["rows"], 0), found=words.percent(told["found"], 0))


def _best(facts: ReportData, words: Words) -> str:
    """The best rows, the class 1 found in them, and the most that could be: all of them, or only class 1."""
    weight = facts.weights.get("weight", facts.rows)
    rows = [
        [
            words.percent(point["rows"], 0),
            words.count(point["rows"] * weight if facts.weights else round(point["rows"] * weight)),
            f"**{words.percent(point['found'])}**",
            words.percent(min(1.0, point["rows"] / facts.base_rate)),
            words.number(point["found"] / point["rows"], 1),
        ]
        for point in facts.metrics["capture"]["best"]
    ]
    header = [words(f"capture.{key}") for key in ("best_rows", "rows", "found", "most", "times")]
    if facts.weights:
        header[1] = words("weight_of_rows")
    return table(header, rows, "rrrrr")

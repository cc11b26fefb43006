"""The section on calibration: how far the score is from a probability, and its calibrated value."""

import math

from lib.artifacts import LOSSES
from lib.reporting.language.words import Words
from lib.reporting.markdown import section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.report_data import Record, ReportData, base_rate
from lib.reporting.score_plots import FEW_ROWS, reliability


def calibration(facts: ReportData, words: Words, images: Images) -> str:
    """Reliability diagram, Brier score and log loss, before and after calibration."""
    m = facts.metrics
    diagrams = facts.curves.get("reliability")
    if not diagrams or None in (m.get("brier"), m.get("log_loss")):
        return ""
    figure = reliability(facts.curves, words.language, facts.different)
    return section(
        words("heading.calibration"),
        picture(images, "reliability", figure, words("alt.reliability")),
        losses(m, words),
        words("note.calibration", few=words.count(FEW_ROWS)),
        words("note.calibrated" if m.get("calibrated") else "note.not_calibrated"),
    )


def losses(metrics: Record, words: Words) -> str:
    """Brier score and log loss of the score, of its calibrated value and of the base rate."""
    bounds = metrics.get("intervals") or {}
    scored = [(words.number(metrics[name], 4), words.interval(bounds.get(name), 4)) for name in LOSSES]
    rows = [[words("calibration.score"), *(cell for pair in scored for cell in pair)]]
    if calibrated := metrics.get("calibrated"):
        rows.append(_row("calibration.calibrated", calibrated["brier"], calibrated["log_loss"], words))
    rows.append(_row("calibration.constant", *_constant(base_rate(metrics)), words))
    header = [words("value")]
    for name in LOSSES:
        header += [words(f"calibration.{name}"), words("interval")]
    return table(header, rows, "lrrrr")


def _row(key: str, brier: float, log_loss: float, words: Words) -> list[str]:
    return [words(key), words.number(brier, 4), "–", words.number(log_loss, 4), "–"]


def _constant(base_rate: float) -> tuple[float, float]:
    """Brier score and log loss of the base rate as everybody's probability."""
    shares = [share for share in (base_rate, 1 - base_rate) if share > 0]
    return base_rate * (1 - base_rate), -sum(share * math.log(share) for share in shares)

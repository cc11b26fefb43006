"""A comparison as files: JSON, a Markdown page and its picture."""

import json

from launcher.leaderboard.comparison import Comparison, record
from launcher.leaderboard.comparison_text import markdown
from launcher.leaderboard.pairing import Pairs
from launcher.support.files import files_at, put_content
from lib.metrics import Array, ScoreCounts

RECORD, PAGE, PICTURE = "comparison.json", "comparison.md", "comparison.png"


def save(compared: Comparison, folder: str) -> list[str]:
    """Write a comparison's files to a folder or prefix; returns their places. Files of an earlier one are replaced."""
    files, place = files_at(folder), folder.rstrip("/") or "/"
    content = {
        RECORD: json.dumps(record(compared), indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n",
        PICTURE: picture(compared),
        PAGE: markdown(compared, PICTURE).encode(),
    }
    for name, written in content.items():
        put_content(files, written, f"{place}/{name}")
    return [f"{place}/{name}" for name in content]


def picture(compared: Comparison) -> bytes:
    """ROC, precision and recall, and reliability of both, as a PNG file."""
    # It takes a while to import, and only those who save need it.
    import matplotlib

    from lib.reporting.comparison_plot import Drawn, two_models
    from lib.reporting.plot_style import png

    matplotlib.use("Agg")  # a file needs no window
    pairs = compared.pairs
    models = []
    for name, run, model in (("A", compared.a, pairs.a), ("B", compared.b, pairs.b)):
        scores, calibrated = (_counts(chance, pairs) for chance in (model.scores, model.calibrated))
        assert scores is not None  # every row has one
        models.append(Drawn(f"{name}: {run.metrics['model']}, {run.run_id}", scores, calibrated))
    return png(two_models(models))


def _counts(chance: Array | None, pairs: Pairs) -> ScoreCounts | None:
    return None if chance is None else ScoreCounts.from_arrays(pairs.labels, chance, pairs.weights)

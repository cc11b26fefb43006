"""How every picture of the project looks: size, colours, letters, axes, in one place.

Colours are Okabe and Ito's, which colour-blind readers tell apart; markers, line styles and hatches say the same
again, so that a black and white print can be read. A figure is 1200 pixels wide at most.
"""

import functools
import io
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import matplotlib.pyplot as plt
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from lib.reporting.language.words import Words

DPI = 150
WIDTH = 8.0  # inches: 1200 pixels
HALF = 4.4  # for two pictures side by side
SQUARE_WITH_LEGEND = HALF + 0.7  # their height, if a square stands under three or four lines of legend

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#595959"
COLOURS = {"blue": BLUE, "orange": ORANGE, "green": GREEN, "purple": PURPLE}  # those that a model family may have
BROWN = "#9A5B00"  # the orange, dark enough for a thin line

# Letters that the first font lacks come from the first of the others that is on the machine and has them.
_FOR_OTHER_SCRIPTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei"),
    *("WenQuanYi Micro Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei"),
)
FONTS = ["DejaVu Sans", *(name for name in _FOR_OTHER_SCRIPTS if name in font_manager.get_font_names())]

STYLE: Any = {  # matplotlib types its settings by name
    "figure.dpi": DPI,
    "figure.facecolor": "white",
    "font.family": FONTS,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
}

_FIGURE_NAME = "lib.reporting.plots"


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file; it is closed, so no notebook shows it again by itself."""
    buffer = io.BytesIO()
    # Without the version's name in it, the same figure is the same file.
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


P = ParamSpec("P")
T = TypeVar("T")


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Make a drawing function draw in our style, whatever style its caller has set."""

    @functools.wraps(draw)
    def draw_in_style(*args: P.args, **kwargs: P.kwargs) -> T:
        with plt.rc_context(STYLE):
            return draw(*args, **kwargs)

    return draw_in_style


def new_figure(width: float, height: float) -> Figure:
    """An empty figure that takes the place of our last one as pyplot's current (that one can still be saved)."""
    plt.close(_FIGURE_NAME)
    return plt.figure(_FIGURE_NAME, figsize=(width, height), layout="constrained")


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes."""
    figure = new_figure(width, height)
    axes = figure.subplots()
    # Ticks are made when first drawn, which is after our style: tell them their size now.
    axes.tick_params(labelsize=9, color="#888888")
    return figure, axes


def blank(text: str) -> Figure:
    """A figure that only says why there is nothing to draw."""
    figure, axes = new_axes(WIDTH, 1.0)
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, wrap=True)
    return figure


def name_axes(axes: Axes, x: str, y: str) -> None:
    """Say what the axes are."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)


class _Numbers(ScalarFormatter):
    """Ticks with as many decimals as they need, all alike, and the language's decimal sign."""

    def __init__(self, words: Words):
        super().__init__(useOffset=False)
        self.set_scientific(False)
        self._words = words

    def __call__(self, value: float, position: int | None = None) -> str:
        text = super().__call__(value, position)
        return text.replace(".", ",") if self._words.language == "es" else text


def number_axis(axis: Any, words: Words) -> None:
    """Write an axis's numbers as the language does."""
    axis.set_major_formatter(_Numbers(words))


def percent_axis(axis: Any, words: Words) -> None:
    """Write an axis's shares as percentages, with as many digits as its ticks differ in."""

    def say(value: float, _: int | None) -> str:
        ticks = axis.get_majorticklocs()
        step = 100 * float(abs(ticks[1] - ticks[0])) if len(ticks) > 1 else 1.0
        digits = next((digits for digits in (0, 1) if abs(round(step, digits) - step) < step / 100), 2)
        return words.percent(value, digits)

    axis.set_major_formatter(FuncFormatter(say))


def unit_square(axes: Axes, words: Words) -> None:
    """Make both axes go from 0 to 1, alike."""
    axes.set_aspect("equal")
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    number_axis(axes.xaxis, words)
    number_axis(axes.yaxis, words)


def say_how_many(axes: Axes, key: str, shown: int, total: int, words: Words) -> None:
    """Above axes that show a part of a list, how much of it."""
    if total > shown:
        axes.set_title(words(key, shown=words.count(shown), all=words.count(total)))


def threshold_line(axes: Axes, threshold: float, words: Words) -> None:
    """The decision threshold as a line, with its name at the top."""
    axes.axvline(threshold, color="black", linestyle=":", linewidth=1.4)
    axes.annotate(
        words("threshold_is", value=words.short(threshold)),
        (threshold, 1),
        (4, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
    )


def legend_above(axes: Axes, columns: int = 3) -> None:
    """A legend over the axes and their title, where it hides nothing whatever the figures are."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # ours have one
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=columns)


def verbatim(text: str) -> str:
    """A text from the user's data, kept from being read as a formula; of a name, `names` shows as much as fits."""
    return text.replace("$", r"\$")

"""The pictures of a report: drawn into a store, and shown by their name."""

from collections.abc import Callable

from matplotlib.figure import Figure

from lib.reporting.language.words import Words
from lib.reporting.markdown import image
from lib.reporting.plot_style import png
from lib.reporting.report_data import ReportData

Images = dict[str, bytes]
Section = Callable[[ReportData, Words, Images], str]


def picture(images: Images, name: str, figure: Figure, alt: str) -> str:
    """Keep a figure in `images` as a PNG file, and give the Markdown that shows it."""
    images[f"{name}.png"] = png(figure)
    return image(alt, f"{name}.png")

"""EVALUATION_REPORT.md and .html: the results of an experiment, for a colleague who did not take part.

report = write(spark, eval_dir, language="es")   # the file and its pictures, at any URI
report.embedded()                                # the same with the pictures inside, for a notebook
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession

from lib import artifacts
from lib.reporting.front_matter import front_matter, without
from lib.reporting.language.words import Words
from lib.reporting.markdown import target
from lib.reporting.page import page
from lib.reporting.pictures import Images
from lib.reporting.report_data import ReportData, read_facts
from lib.reporting.sections import SECTIONS
from lib.storage import Storage, join


@dataclass(frozen=True)
class Report:
    """Markdown, and the PNG files it refers to by their names."""

    markdown: str
    images: Mapping[str, bytes]
    language: str = "en"

    def page(self) -> str:
        """The same as one HTML file that needs no other."""
        return page(self.embedded(), self.language)

    def embedded(self) -> str:
        """The Markdown with every picture inside it as a data URI and without front matter, to be shown by itself."""
        text = without(self.markdown)
        for name, content in self.images.items():
            uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
            text = text.replace(f"]({target(name)})", f"]({uri})")
        return text


def render(facts: ReportData, language: str = "en") -> Report:
    """The report on these facts, in English ("en") or Spanish ("es")."""
    words = Words(language)
    images: Images = {}
    sections = [section(facts, words, images) for section in SECTIONS]
    text = "\n\n".join([front_matter(facts, words), *filter(None, sections)])
    return Report(f"{text}\n", images, language)


def write(spark: SparkSession, eval_dir: str, language: str = "en", model_dir: str | None = None) -> Report:
    """Read an evaluation's files, write its report and pictures beside them, and return the report.

    `model_dir` is where the model is now, if not where the evaluation says it was. The Markdown is written last:
    where it is, its pictures are too.

    Raises:
        InputError: the folder holds no complete evaluation, or may not be written.
    """
    storage = Storage(spark)
    report = render(read_facts(storage, eval_dir, model_dir), language)
    for name, content in report.images.items():
        storage.write_bytes(join(eval_dir, name), content)
    storage.write_text(join(eval_dir, artifacts.REPORT_HTML), report.page())
    storage.write_text(join(eval_dir, artifacts.REPORT), report.markdown)
    return report

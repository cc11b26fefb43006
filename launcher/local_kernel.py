"""The `pyspark-local` kernel: sparkmagic's PySpark kernel over Spark in this process, as an IPython extension.

A notebook written for sparkmagic finds here what it finds on a cluster: `spark` and `sc` in plain cells, `%matplot`,
`%%local`, `%%spark -o` and the others with sparkmagic's own options. As there, the cells of `%%local` have names of
their own: a Spark DataFrame `df` and the pandas `df` that `%%spark -o df` fetched do not meet.
"""

import ast
import atexit
import builtins
import contextlib
import io
import json
import linecache
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import parse_argstring
from IPython.display import Image, display
from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession

from launcher.local_spark import build_session, last_lines, new_log_file, stop_session, what_died
from launcher.support.project import PROJECT
from lib.errors import ExperimentError

# These may stand alone in a cell, as `%%info` or `%info`; IPython by itself wants a line below a cell magic.
_MAGICS_WITHOUT_BODY = ("spark", "send_to_spark", "info", "logs", "cleanup")
# The settings of a Livy session that apply to a single process.
_SPARK_PROPERTIES = {"driverMemory": "spark.driver.memory", "name": "spark.app.name"}


class LocalSession:
    """The kernel's Spark: started by the first cell that needs it, stopped with the kernel."""

    def __init__(self, namespace: dict[str, Any]):
        self.namespace = namespace
        self.settings: dict[str, str] = {}
        self.spark: SparkSession | None = None
        self.log_file: Path | None = None

    def start(self) -> SparkSession:
        """Start Spark unless it is running, and give it to the notebook as `spark` and `sc`."""
        if self.spark is None:
            self.log_file = new_log_file()
            self.spark = build_session(settings=self.settings, log_file=self.log_file)
            self.namespace.update(spark=self.spark, sc=self.spark.sparkContext)
        return self.spark

    def stop(self) -> None:
        """Stop Spark if it runs."""
        if self.spark is not None:
            with contextlib.suppress(Py4JError, OSError):  # Java may have died
                stop_session(self.spark)
            self.spark = None


@magics_class
class SparkMagics(Magics):
    """The magics of sparkmagic's PySpark kernel, with its options."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell, session: LocalSession):
        super().__init__(shell)
        self._session = session
        self._local: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}

    @cell_magic
    def local(self, line: str, cell: str) -> Any:
        """Run the cell on the notebook's own side, where `%%spark -o` leaves its tables."""
        __tracebackhide__ = True
        return _run(self.shell, cell, self._local)

    @cell_magic
    def spark(self, line: str, cell: str) -> Any:
        """Run the cell; `-o name` fetches the Spark DataFrame `name` as pandas for `%%local` (`-n -m -r -c`)."""
        __tracebackhide__ = True
        options = _options("spark", line)
        self._session.start()
        value = _run(self.shell, cell, self._session.namespace)
        if options.output is not None:
            frame = self._session.namespace.get(options.output)
            if not isinstance(frame, DataFrame):
                raise UsageError(f"%%spark -o {options.output}: there is no Spark DataFrame of that name")
            self._local[options.output] = _fetch(frame, options)
        return value

    @cell_magic
    def sql(self, line: str, cell: str) -> Any:
        """Show the result of a query; `-o name` keeps it for `%%local`, `-q` shows nothing."""
        options = _options("sql", line)
        table = _fetch(self._session.start().sql(cell), options)
        if options.output is not None:
            self._local[options.output] = table
        return None if options.quiet else table

    @cell_magic
    def send_to_spark(self, line: str, cell: str) -> None:
        """Give a string (`-t str`) or pandas DataFrame (`-t df`) of `%%local` to Spark: `-i name [-n new_name]`."""
        options = _options("send_to_spark", line)
        if options.input not in self._local:
            raise UsageError(f"%%send_to_spark -i {options.input}: there is no such variable in %%local")
        name, value = options.varname or options.input, self._local[options.input]
        spark = self._session.start()
        if options.vartype == "df":
            records = json.loads(value.head(options.maxrows).to_json(orient="records"))
            value = spark.read.json(spark.sparkContext.parallelize([json.dumps(row) for row in records]))
        elif options.vartype != "str" or not isinstance(value, str):
            raise UsageError("%%send_to_spark: sends a string (-t str) or a pandas DataFrame (-t df)")
        self._session.namespace[name] = value
        print(f"Successfully passed '{options.input}' as '{name}' to Spark kernel")

    @line_magic
    def matplot(self, line: str) -> None:
        """Show the current figure of pyplot, by the name it was imported under: `%matplot plt`."""
        pyplot = self._session.namespace.get(line.strip())
        if pyplot is None or not hasattr(pyplot, "gcf"):
            raise UsageError(f"%matplot {line}: give it pyplot, as in `import matplotlib.pyplot as plt`")
        figure, png = pyplot.gcf(), io.BytesIO()
        figure.savefig(png, format="png")
        pyplot.close(figure)
        display(Image(png.getvalue(), format="png"))

    @cell_magic
    def configure(self, line: str, cell: str) -> None:
        """Apply Livy's session settings as far as they exist in one process; `-f` restarts a running session."""
        options = _options("configure", line)
        try:
            wanted = json.loads(cell)
        except ValueError as error:
            raise UsageError(f"%%configure: not JSON ({error})") from None
        if self._session.spark is not None and not options.force:
            raise UsageError("%%configure: the session has started; -f stops it and starts another")
        self._session.stop()
        self._session.settings, ignored = _spark_settings(wanted)
        applied = ", ".join(f"{name}={value}" for name, value in self._session.settings.items())
        print(f"Settings of this session: {applied or 'the defaults'}")
        if ignored:
            print(f"Ignored on one machine: {', '.join(ignored)}")

    @cell_magic
    def info(self, line: str, cell: str) -> None:
        """Show which Spark this is, or that it has not started."""
        spark = self._session.spark
        if spark is None:
            print("No active sessions.")
        else:
            context = spark.sparkContext
            print(f"Spark {spark.version} in this process, {context.master}, {context.applicationId}")
            print(f"Log: {self._session.log_file}")

    @cell_magic
    def logs(self, line: str, cell: str) -> None:
        """Show the end of the session's log."""
        log_file = self._session.log_file
        print(last_lines(log_file, 200) if log_file else "No logs yet.")

    @cell_magic
    def cleanup(self, line: str, cell: str) -> None:
        """Stop the session (`-f`); the next cell starts another."""
        if not _options("cleanup", line).force:
            raise UsageError("%%cleanup ends the session and everything in it: add -f to confirm")
        self._session.stop()


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make this kernel the PySpark kernel of one machine."""
    # The same imports and relative paths whether papermill, JupyterLab or nbval started the kernel, and wherever.
    os.chdir(PROJECT)
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    # Figures appear by %matplot alone, as with Livy; the kernel has asked for inline ones by now.
    os.environ["MPLBACKEND"] = "agg"
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use("agg")
    session = LocalSession(shell.user_ns)
    shell.register_magics(SparkMagics(shell, session))
    shell.input_transformers_cleanup.insert(0, _Preparation(session))
    # IPython asks an exception for this before it prints a traceback.
    ExperimentError._render_traceback_ = _short_traceback  # type: ignore[attr-defined]
    _tell_what_died(shell)
    atexit.register(session.stop)


class _Preparation:
    """What happens to each cell before IPython reads it: Spark starts, and magics may stand without a body.

    An exception raised here is the cell's own: the notebook says why there is no Spark and stops.
    """

    has_side_effects = True  # IPython then leaves it out when it only asks whether a cell is complete

    def __init__(self, session: LocalSession):
        self._session = session

    def __call__(self, lines: list[str]) -> list[str]:
        # Cells of magics start Spark themselves if they need it, so that `%%configure` may come before it.
        if not lines or not lines[0].startswith("%"):
            self._session.start()
            return lines
        name = lines[0].lstrip("%").split()[:1]
        if len(lines) == 1 and name and name[0] in _MAGICS_WITHOUT_BODY:
            return [f"%%{lines[0].lstrip('%').rstrip()}\n", "\n"]
        return lines


def _run(shell: InteractiveShell, source: str, namespace: dict[str, Any]) -> Any:
    """Run a cell's code in a namespace and return the value of its last line, if that is an expression."""
    __tracebackhide__ = True
    code = TransformerManager().transform_cell(source)
    name = shell.compile.cache(code, shell.execution_count, raw_code=source)
    tree = ast.parse(code, name)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), namespace)
        return None
    tree.body.pop()
    exec(compile(tree, name, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace)


def _options(magic: str, line: str) -> Any:
    """Read a magic's options by sparkmagic's own declaration of them."""
    from sparkmagic.kernels.kernelmagics import (
        KernelMagics,
    )  # importing it takes a second, and many notebooks do not need it

    return parse_argstring(getattr(KernelMagics, magic), line)


def _fetch(frame: DataFrame, options: Any) -> Any:
    """A Spark DataFrame as pandas, by way of JSON as sparkmagic fetches it: same types, same limit of rows."""
    from sparkmagic.utils import configuration
    from sparkmagic.utils.utils import get_coerce_value, records_to_dataframe

    method = options.samplemethod or configuration.default_samplemethod()
    if method not in ("take", "sample"):
        raise UsageError(f"-m {method}: must be take or sample")
    limit = configuration.default_maxrows() if options.maxrows is None else options.maxrows
    if method == "take":
        # As `toJSON().take(limit)`, without starting a Python worker for it.
        rows = (frame.limit(limit) if limit >= 0 else frame).toJSON().collect()
    else:
        fraction = options.samplefraction
        records = frame.toJSON().sample(False, configuration.default_samplefraction() if fraction is None else fraction)
        rows = records.take(limit) if limit >= 0 else records.collect()
    return records_to_dataframe("\n".join(rows), "pyspark", get_coerce_value(options.coerce))


def _spark_settings(wanted: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Livy's session settings as Spark properties, and the names of those that do not apply to one process."""
    settings = {name: str(value) for name, value in wanted.get("conf", {}).items()}
    ignored = []
    for name, value in wanted.items():
        if name in _SPARK_PROPERTIES:
            settings[_SPARK_PROPERTIES[name]] = str(value)
        elif name != "conf":
            ignored.append(name)
    return settings, ignored


def _tell_what_died(shell: InteractiveShell) -> None:
    """Where Java or a worker has died, show that instead of an exception about a connection."""
    show = shell._showtraceback

    def told(kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        died = what_died(error)
        if died is None:
            show(kind, error, lines)
        else:
            show(type(died), died, _short_traceback(died.with_traceback(error.__traceback__)))

    shell._showtraceback = told  # type: ignore[assignment, method-assign]


def _short_traceback(error: ExperimentError) -> list[str]:
    """The line of the cell and the message: whose text says what to do needs no stack."""
    lines = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if "ipykernel_" in file:  # the name IPython gives to a cell's code
            source = linecache.getline(file, number).strip()
            lines = [f"In line {number} of the cell: {source}", ""]
    return [*lines, f"{type(error).__name__}: {error}"]

"""The pyspark-local kernel, as a notebook sees it: one kernel, started once, runs the cells of all tests."""

import base64
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from launcher.kernels import LOCAL

ROOT = Path(__file__).resolve().parents[2]


class Kernel:
    """Runs cells one after the other and returns what each showed."""

    def __init__(self, client):
        self._client = client

    def run(self, source):
        cell = nbformat.v4.new_code_cell(source)
        self._client.nb.cells.append(cell)
        self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        return cell.outputs

    def text(self, source):
        """Standard output and the text of the value on the last line."""
        outputs = self.run(source)
        assert all(output.get("name") != "stderr" for output in outputs), outputs
        return "".join(output.get("text") or output["data"]["text/plain"] for output in outputs).strip()

    def error(self, source):
        with pytest.raises(CellExecutionError) as raised:
            self.run(source)
        return re.sub(r"\x1b\[[0-9;]*m", "", str(raised.value))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    os.environ["SPARK_MASTER"] = "local[2]"
    client = NotebookClient(
        nbformat.v4.new_notebook(), kernel_name=LOCAL, resources={"metadata": {"path": str(folder)}}
    )
    try:
        with client.setup_kernel():
            yield Kernel(client)
    finally:
        del os.environ["SPARK_MASTER"]
    assert list(folder.iterdir()) == [], "the kernel leaves nothing where it was started"


def test_starts_spark_with_the_first_cell_that_needs_it(kernel):
    assert "No active sessions" in kernel.text("%%info")
    assert "spark.sql.shuffle.partitions=3" in kernel.text(
        '%%configure\n{"executorMemory": "2G", "conf": {"spark.sql.shuffle.partitions": 3}}'
    )
    assert kernel.text("%%local\n'spark' in globals()") == "False"
    assert kernel.text("spark.range(10).count(), sc.master") == "(10, 'local[2]')"
    assert "3.5" in kernel.text("%%info")
    assert kernel.text("print(spark.conf.get('spark.sql.shuffle.partitions'))") == "3"
    assert kernel.text("print(spark.conf.get('spark.sql.session.timeZone'))") == "UTC"
    assert "-f" in kernel.error('%%configure\n{"driverMemory": "2g"}')


def test_imports_and_paths_are_those_of_the_project_root(kernel):
    assert kernel.text("import os; print(os.getcwd())") == str(ROOT)
    kernel.run("def worker(x):\n    import lib.search.families\n    return len(lib.search.families.FAMILIES)")
    assert kernel.text("sc.parallelize([0], 1).map(worker).collect()") == "[2]"


def test_spark_console_is_in_the_log_and_not_in_the_notebook(kernel):
    log4j = "sc._jvm.org.apache.logging.log4j.LogManager.getLogger('test').error('said by Java')"
    assert kernel.run(f"{log4j}\nsc._jvm.System.out.println('printed by Java')") == []
    assert "printed by Java" in kernel.text("%%logs")
    assert "said by Java" in kernel.text("%%logs")


def test_a_figure_appears_by_matplot_and_only_by_it(kernel):
    drawing = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nlines = ax.plot([1, 2], [3, 4])"
    assert kernel.run(drawing) == []
    shown = [kernel.run("%matplot plt"), kernel.run(f"{drawing}\n%matplot plt")]
    for outputs in shown:
        (output,) = outputs
        assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")
    assert kernel.text("plt.get_fignums()") == "[]"
    assert "pyplot" in kernel.error("%matplot nothing")


def test_fetched_tables_are_pandas_in_local_and_stay_spark_elsewhere(kernel):
    rows = "[(1, 'a', 0.5), (2, None, None)]"
    outputs = kernel.run(f"%%spark -o table\ntable = spark.createDataFrame({rows}, 'n int, s string, x double')")
    assert outputs == []
    assert kernel.text("%%local\nprint(type(table).__module__)\ntable.values.tolist()") == (
        "pandas.core.frame\n[[1, 'a', 0.5], [2, nan, nan]]"
    )
    assert kernel.text("table.count()") == "2"
    kernel.run("%%spark -o table -n 1")
    assert kernel.text("%%local\nlen(table)") == "1"
    assert "no Spark DataFrame" in kernel.error("%%spark -o nowhere\npass")


def test_fetches_at_most_2500_rows_unless_told(kernel):
    kernel.run("%%spark -o many\nmany = spark.range(3000)")
    assert kernel.text("%%local\nlen(many)") == "2500"
    kernel.run("%%spark -o many -n -1")
    assert kernel.text("%%local\nlen(many)") == "3000"
    kernel.run("%%spark -o many -m sample -r 0.5 -n -1")
    assert 1000 < int(kernel.text("%%local\nlen(many)")) < 2000


def test_sql_shows_or_keeps_its_result(kernel):
    kernel.run("spark.range(3).createOrReplaceTempView('numbers')")
    (output,) = kernel.run("%%sql\nSELECT id * 2 AS twice FROM numbers ORDER BY id")
    assert "<table" in output["data"]["text/html"]
    assert kernel.run("%%sql -o twice -q -n 2\nSELECT id * 2 AS twice FROM numbers ORDER BY id") == []
    assert kernel.text("%%local\ntwice.twice.tolist()") == "[0, 2]"


def test_sends_strings_and_tables_to_spark(kernel):
    kernel.run("%%local\nimport pandas as pd\nword = 'año \"x\"'\nframe = pd.DataFrame({'n': [1, 2], 's': ['á', 'b']})")
    assert "Successfully passed 'word' as 'name'" in kernel.text("%%send_to_spark -i word -n name")
    assert kernel.text("print(name)") == 'año "x"'
    kernel.run("%%send_to_spark -i frame -t df")
    assert kernel.text("[tuple(row) for row in frame.select('n', 's').collect()]") == "[(1, 'á'), (2, 'b')]"
    assert "no such variable" in kernel.error("%%send_to_spark -i nothing")


def test_local_code_is_a_cell_of_its_own(kernel):
    assert kernel.text("%%local\nimport math\ndef area(r):\n    return math.floor(r)\narea(2.5)") == "2"
    assert "NameError" in kernel.error("area(1)")
    assert "ZeroDivisionError" in kernel.error("%%local\n1 / 0")


def test_our_own_errors_are_short_and_name_the_line(kernel):
    text = kernel.error("from lib.errors import InputError\nx = 1\nraise InputError('the column is missing')")
    assert "InputError: the column is missing" in text
    assert "line 3" in text
    assert "Traceback" not in text
    assert len(text.splitlines()) < 15


def test_unknown_magics_fail(kernel):
    assert "not found" in kernel.error("%%no_such_magic\n1")


def test_cleanup_stops_spark_and_the_next_cell_starts_it_again(kernel):
    assert "-f" in kernel.error("%%cleanup")
    kernel.run("%%cleanup -f")
    assert "No active sessions" in kernel.text("%%info")
    assert kernel.text("spark.range(2).count()") == "2"


def test_a_worker_that_dies_is_named(kernel):
    die = "import os\ndef die(rows):\n    os.kill(os.getpid(), 9)\n    return rows\n"
    big = "spark.range(0, 10**6, 1, 1).selectExpr('repeat(cast(id as string), 40) s')"
    # It is gone when it is read from, or while it is written to.
    for job in (
        "sc.parallelize([0], 1).mapPartitions(die)",
        f"{big}.rdd.mapPartitions(die)",
        f"{big}.mapInPandas(die, 's string')",
    ):
        text = kernel.error(f"{die}{job}.count()")
        assert "SparkDied: a Python worker of Spark ended in the middle" in text
        assert "may have" in text
    text = kernel.error("sc.parallelize([0], 1).map(lambda x: 1 / x).count()")
    assert "ZeroDivisionError" in text
    assert "SparkDied" not in text


def test_a_java_that_dies_is_named(kernel):
    text = kernel.error("import os\nos.kill(sc._gateway.proc.pid, 9)\nspark.range(3).count()")
    assert "SparkDied: Java, which runs Spark here, ended in the middle (killed by SIGKILL)" in text
    assert "may have" in text
    assert "In line 3 of the cell: spark.range(3).count()" in text
    assert "SparkDied: Java" in kernel.error("numbers = spark.range(3)")

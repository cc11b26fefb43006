"""The driver of one session: a real PySpark process that reads a statement a line and answers with an output a line.

It starts Spark before it is told what the session adds to its path, so that it can wait, ready, for a session to come.
Statements run as in a REPL: what they print and the value of an expression on the last line are their text.
"""

import ast
import base64
import io
import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

Output = dict[str, Any]
_OWN_FRAME = re.compile(r'\s*File "<stdin>".*in <module>')


def main() -> None:
    """Start Spark, take the session's Python files, say so by an empty line, then serve statements while some come."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)  # what Java prints to stdout
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    threading.Thread(target=_end_with_java, args=[spark.sparkContext._gateway.proc], daemon=True).start()
    names: dict[str, Any] = {"__name__": "__main__", "spark": spark, "sc": spark.sparkContext}
    for place in json.loads(sys.stdin.readline() or "[]"):
        spark.sparkContext.addPyFile(place)
    print(file=replies, flush=True)
    for count, line in enumerate(sys.stdin):
        output = {"execution_count": count, **run(json.loads(line), names)}
        _end_without_java(spark)
        print(json.dumps(output), file=replies, flush=True)
    spark.stop()


def run(code: str, names: dict[str, Any]) -> Output:
    """Run one statement."""
    printed = io.StringIO()
    data: dict[str, Any] = {}
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            for part in _parts(code):
                data = part(names) or {}
    except BaseException as error:  # also SystemExit and KeyboardInterrupt
        lines = traceback.format_exception(type(error), error, error.__traceback__, chain=False)
        own = next((i for i, line in enumerate(lines) if _OWN_FRAME.match(line)), None)
        trace = lines if own is None else lines[:1] + lines[own + 1 :]
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": trace}
    text = printed.getvalue().rstrip()
    if text or not data:
        data["text/plain"] = text
    return {"status": "ok", "data": data}


def _parts(code: str) -> list[Callable[[dict[str, Any]], dict[str, Any] | None]]:
    """A statement's Python, and its `%magic` lines where it has some."""
    try:
        return [_python(code)]
    except SyntaxError:
        pieces = [piece for piece in re.split(r"^(%.*)$", code.rstrip(), flags=re.MULTILINE) if piece.strip()]
        return [_magic(piece) if piece.startswith("%") else _python(piece) for piece in pieces]


def _python(code: str) -> Callable[[dict[str, Any]], None]:
    body = ast.parse(code, "<stdin>").body

    def execute(names: dict[str, Any]) -> None:
        for node in body:
            is_last = node is body[-1]
            tree: ast.Module | ast.Interactive = ast.Interactive([node]) if is_last else ast.Module([node], [])
            exec(compile(tree, "<stdin>", "single" if is_last else "exec"), names)

    return execute


def _magic(line: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    magic, _, name = line[1:].partition(" ")

    def execute(names: dict[str, Any]) -> dict[str, Any]:
        if magic == "json":
            return {"application/json": names[name]}
        if magic != "matplot":
            raise ValueError(f"unknown magic command {magic!r}")
        image = io.BytesIO()
        names[name].gcf().savefig(image, format="png")
        return {"image/png": base64.b64encode(image.getvalue()).decode()}

    return execute


def _end_with_java(java: Any) -> None:
    """A driver is its JVM: end when that ends between two statements."""
    java.wait()
    os._exit(1)


def _end_without_java(spark: Any) -> None:
    """End instead of answering, when the JVM ended during a statement."""
    try:
        spark._jvm.java.lang.System.nanoTime()
    except Exception:
        os._exit(1)


if __name__ == "__main__":
    main()

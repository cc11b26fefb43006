"""Trees on binned rows, with compiled code: no Spark in here, and nothing of the other packages."""

"""Trees on binned rows, with compiled code; needs neither Spark nor the other packages."""

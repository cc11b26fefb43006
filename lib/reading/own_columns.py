"""The columns that the rows of a file have besides its own, while it is read."""

FILE = "__file"  # the URI of a row's file
LINE = "__line"  # of a text file: the whole line where its number of fields is not that of the header
UNCLOSED = "__unclosed"  # of a text file that a task reads whole: the line where a cell begins whose quote never ends

OWN = (FILE, LINE, UNCLOSED)

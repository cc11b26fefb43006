"""Running a planned experiment from here: notebooks, progress, publishing."""

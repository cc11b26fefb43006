"""The commands of the command line beside the experiment itself, and their screens."""

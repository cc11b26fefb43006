"""The parameters of an experiment: the schema, and where their values come from."""

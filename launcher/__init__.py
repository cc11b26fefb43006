"""The user's side of an experiment: parameters, papermill, kernels and the command line."""

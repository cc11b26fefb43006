"""Why a step or a cluster failed: evidence, causes, remedies."""

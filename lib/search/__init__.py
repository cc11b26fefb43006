"""The search: candidates, the fits they share, and the protocol of what fits them."""

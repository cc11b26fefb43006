"""The search: candidates, the fits they share, and the protocol of the engines that fit them."""

"""The express door: the same answers, at a tenth of the cost."""

"""The immutable table of all routes."""

"""All tests; the folders below mirror gateway and services."""

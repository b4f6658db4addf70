"""The data service: text operations, and SQL over files in configured folders."""

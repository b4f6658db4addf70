"""Things break for real, and what must hold while they do. Named after the rows of `docs/reliability.md`."""

"""A running gateway takes over what its files say: when they change, at SIGHUP, and when `gateway reload` asks."""

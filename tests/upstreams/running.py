"""A test's handle on one upstream: what it heard, how it behaves, when it ends."""

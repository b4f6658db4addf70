"""The official conformance suite, run against our own fixture alone and behind the gateway: `make conformance`."""

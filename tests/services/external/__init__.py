"""Tests of the external service: over real loopback sockets, with respx in place of other people's APIs."""

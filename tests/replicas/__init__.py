"""Tests of what replicas tell each other."""

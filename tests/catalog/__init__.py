"""Tests of gateway/catalog."""

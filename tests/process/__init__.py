"""Tests of gateway/process."""

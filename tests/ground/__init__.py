"""Tests of gateway/ground."""

"""Attacks, and what stands against them. Attack strings are in `data`."""

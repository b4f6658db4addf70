"""Configuration: files and environment in, one frozen model out."""

"""The limits and the folder of the data service, whose worker stands for any here."""

from tests.services.data.conftest import limits, outside, root, workers

__all__ = ["limits", "outside", "root", "workers"]

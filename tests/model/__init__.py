"""The frozen records that cross rooms."""

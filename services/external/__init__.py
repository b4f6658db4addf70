"""The `external` service: fetches from APIs on the public internet."""

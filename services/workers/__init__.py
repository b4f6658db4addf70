"""Worker processes of services: each runs one job at a time, within bounds, and can be ended without harm."""

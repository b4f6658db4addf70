"""The side of the AI client: HTTP as the gateway itself speaks it."""

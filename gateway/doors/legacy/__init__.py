"""The express door for legacy sessions."""

"""What every floor stands on, and which knows nothing of MCP."""

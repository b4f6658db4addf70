"""The client: any MCP server, driven and watched from outside."""

"""Drive any MCP server from Python: one or several, watch their health, run workflows of calls.

It knows nothing of the gateway: what is at a URL may be one, or anything else that speaks MCP.
"""

from gateway.client.health import Health, check, watch
from gateway.client.results import text_of, value_of
from gateway.client.server import Server
from gateway.client.servers import Servers

__all__ = ["Health", "Server", "Servers", "check", "text_of", "value_of", "watch"]

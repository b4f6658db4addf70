"""Services come and go at a server that serves on, and one that cannot come changes nothing."""

import pytest
from fastmcp import Client, FastMCP
from fastmcp.server.extensions import ServerExtension

from gateway.errors import ServiceBroken
from gateway.mounts import Mounts


class Extension(ServerExtension):
    """One that comes along with the service that brings it."""

    identifier = "com.example/odd"
    auto_register = True


def service(tool: str) -> FastMCP:
    made = FastMCP(tool)
    made.tool(name=tool)(lambda: tool)
    return made


async def tools(host: FastMCP) -> list[str]:
    async with Client(host) as client:
        return sorted(tool.name for tool in await client.list_tools())


async def test_what_is_mounted_is_what_was_given_last():
    host = FastMCP("host")
    mounts, kept = Mounts(host), service("kept")
    mounts.serve({"one": kept, "two": service("old")})
    assert await tools(host) == ["one_kept", "two_old"]
    providers = host.providers
    mounts.serve({"one": kept, "two": service("new"), "three": service("more")})
    assert await tools(host) == ["one_kept", "three_more", "two_new"]
    assert len(mounts) == 3
    assert providers[1] is host.providers[1]  # the one that is kept is not mounted anew
    mounts.serve({})
    assert await tools(host) == []


async def test_one_that_cannot_be_mounted_any_more_changes_nothing():
    host = FastMCP("host")
    mounts = Mounts(host)
    mounts.serve({"one": service("kept")})
    odd = service("odd")
    odd.add_extension(Extension())
    async with Client(host):
        with pytest.raises(ServiceBroken, match="cannot be served without a restart"):
            mounts.serve({"one": service("new"), "odd": odd})
    assert await tools(host) == ["one_kept"]

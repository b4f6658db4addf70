"""When a service is nothing but its own components."""

from collections.abc import Callable

import pytest
from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware
from fastmcp.server.transforms import Namespace

from gateway.doors.additions import Listed, is_plain


class _Own(FastMCP):
    """A server that may do anything otherwise."""


def test_a_server_as_fastmcp_makes_it_is_plain() -> None:
    assert is_plain(FastMCP("service"))
    assert is_plain(FastMCP("service", dereference_schemas=False))


@pytest.mark.parametrize(
    "add",
    [
        lambda server: server.add_middleware(Middleware()),
        lambda server: server.add_transform(Namespace("more")),
        lambda server: server.local_provider.add_transform(Namespace("more")),
        lambda server: server.mount(FastMCP("more")),
        lambda server: server.disable(names={"any"}),
    ],
    ids=["middleware", "transform", "transform of its components", "another server", "visibility"],
)
def test_whatever_has_a_say_beside_its_components_is_seen(add: Callable[[FastMCP], None]) -> None:
    server = FastMCP("service")
    add(server)
    assert not is_plain(server)


def test_a_server_of_another_class_is_not_plain() -> None:
    assert not is_plain(_Own("service"))


def test_a_listing_holds_until_its_server_has_other_components() -> None:
    server = FastMCP("service", on_duplicate="replace")
    server.tool(_look_up)
    listed = Listed(server)
    assert listed.holds()
    server.tool(_look_up, name="more")
    assert not listed.holds()
    server.local_provider.remove_tool("more")
    assert listed.holds()
    server.tool(_look_up, title="Other")
    assert not listed.holds()


def test_a_listing_that_depends_on_who_asks_never_holds() -> None:
    server = FastMCP("service")
    server.tool(_look_up, auth=lambda _: True)
    assert not Listed(server).holds()


def _look_up() -> str:
    return "found"

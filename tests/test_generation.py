"""What one generation takes over from another."""

from pathlib import Path
from typing import Any

import pytest
from fastmcp import FastMCP

from gateway.catalog.catalog import Source
from gateway.config.model import GatewayConfig, LogConfig, ServerConfig, ServiceConfig, UpstreamConfig
from gateway.errors import ConfigurationError
from gateway.generation import Generation, Service
from gateway.model.listing import EMPTY, Listing
from gateway.upstream.upstream import Upstream

OWN = Source("service", "gateway", EMPTY, prefixed=False)


def upstream(folder: Path, port: int = 9) -> Upstream:
    return Upstream("raw", UpstreamConfig(url=f"http://127.0.0.1:{port}/mcp"), folder)


def service(*tools: str, **settings: Any) -> Service:
    listing = Listing(tools=tuple({"name": tool} for tool in tools))
    return Service(ServiceConfig.model_validate(settings), FastMCP("own"), listing)


def generation(services: dict[str, Service], upstreams: dict[str, Upstream], **config: Any) -> Generation:
    return Generation(GatewayConfig(**config), services, upstreams)


def test_what_is_the_same_object_did_not_change(tmp_path: Path):
    kept, own = upstream(tmp_path), service()
    older = generation({"own": own, "changed": service()}, {"kept": kept, "gone": upstream(tmp_path)})
    newer = generation({"own": own, "changed": service()}, {"kept": kept, "new": upstream(tmp_path)})
    assert older.changes_to(newer) == ("service changed: changed", "upstream gone: removed", "upstream new: added")
    assert list(newer.without(older).upstreams) == ["new"]
    assert list(older.without(newer).upstreams) == ["gone"]
    assert list(older.without(newer).services) == ["changed"]


def test_what_the_gateway_changes_of_itself_is_told():
    older = generation({}, {})
    newer = generation({}, {}, log=LogConfig(level="ERROR"), server=ServerConfig(instructions="Ask."))
    assert older.changes_to(newer) == ("log: changed", "server.instructions: changed")


def test_services_that_are_new_or_other_have_to_be_loaded():
    here = generation({"same": service(), "other": service(a=1)}, {})
    wanted = {name: ServiceConfig.model_validate(each) for name, each in {
        "same": {}, "other": {"a": 2}, "new": {}, "off": {"enabled": False}
    }.items()}  # fmt: skip
    assert set(here.to_load(GatewayConfig(services=wanted))) == {"other", "new"}


def test_its_catalog_has_what_is_on(tmp_path: Path):
    off = Upstream("off", UpstreamConfig(url="http://127.0.0.1:9/mcp", enabled=False), tmp_path)
    off.listing = Listing(tools=({"name": "a"},))
    here = generation({"own": service("a")}, {"off": off})
    assert list(here.catalog(OWN).routes["tool"]) == ["own_a"]
    assert list(here.listings()) == ["own", "off"]


def test_a_collision_fails():
    with pytest.raises(ConfigurationError, match="taken"):
        generation({"gateway": service()}, {}).catalog(OWN)

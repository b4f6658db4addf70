"""What a call costs once everything is warm: exactly one upstream request, or none."""

from collections.abc import Generator

import pytest

from tests.conftest import Keep
from tests.contract.conftest import Upstreams, made_well, one_of_each
from tests.contract.pairs import CLIENTS, KINDS, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served, configuration, served
from tests.upstreams.running import Recorded

CALLS = 5


@pytest.fixture(scope="module")
def every_kind(keep: Keep, tmp_path_factory: pytest.TempPathFactory) -> Upstreams:
    """Upstreams whose offers no test changes while a gateway listens: hearing of that, it would ask them again."""
    return one_of_each(keep, tmp_path_factory)


@pytest.fixture(scope="module")
def kept_gateway(every_kind: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    for kind in KINDS:
        made_well(kind, every_kind[kind.namespace])
    with served(tmp_path_factory.mktemp("quiet"), configuration(every_kind)) as gateway:
        yield gateway


def heard(every_kind: Upstreams) -> dict[str, list[Recorded]]:
    """Every request that any upstream got, by namespace."""
    records = {namespace: upstream.record() for namespace, upstream in every_kind.items()}
    return {namespace: record for namespace, record in records.items() if record}


def forget(every_kind: Upstreams) -> None:
    for upstream in every_kind.values():
        upstream.reset()


@requirement("cost.call")
@pairs()
async def test_a_warm_call_is_one_request_to_its_upstream_on_a_kept_connection(
    pair: Pair, every_kind: Upstreams
) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        await client.call(pair.name("echo"), text="warm")
        forget(every_kind)
        for number in range(CALLS):
            assert "result" in (await client.call(pair.name("echo"), text=str(number))).final
        requests = heard(every_kind)
    assert list(requests) == [pair.kind.namespace]
    (record,) = requests.values()
    assert [entry["rpc"] for entry in record] == ["tools/call"] * CALLS
    # A stream may end a moment after the answer in it: a call that comes before that takes a second connection.
    assert len({entry.get("connection") for entry in record}) <= 2


@requirement("cost.service")
@pytest.mark.parametrize("era", CLIENTS)
async def test_a_call_of_a_service_is_no_request_to_anyone(gateway: Served, every_kind: Upstreams, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        assert (await client.call("own_shout", text="hello")).result["content"][0]["text"] == "HELLO"
        assert "result" in (await client.ask("resources/read", uri="text://own/notes")).final
        assert "result" in (await client.ask("prompts/get", name="own_greet", arguments={"name": "Ada"})).final
        assert heard(every_kind) == {}


@requirement("cost.list")
@pytest.mark.parametrize("era", CLIENTS)
async def test_a_list_is_no_request_to_anyone(gateway: Served, every_kind: Upstreams, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        for method in ("tools/list", "resources/list", "resources/templates/list", "prompts/list"):
            assert "result" in (await client.ask(method)).final
        assert heard(every_kind) == {}

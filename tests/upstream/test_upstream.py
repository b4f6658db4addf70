"""All of one upstream: what it offers is kept fresh, the last good listing stays, and it is back by itself."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.errors import UpstreamAnswered, UpstreamBroken, UpstreamDown, UpstreamError
from gateway.upstream import keeper
from gateway.upstream import upstream as module
from gateway.upstream.gate import Pass
from gateway.upstream.listing import ListingFile
from gateway.upstream.sharing import EVERYONE, GATEWAY, ShareKey
from gateway.upstream.upstream import Upstream
from tests.upstream.fronts import (
    ADA,
    ALL,
    LEGACY,
    MODERN,
    MODERN_STDIO,
    NAMESPACE,
    SSE,
    Front,
    Kind,
    config_for,
    named,
    text_of,
)
from tests.upstream.peer import ASKED, answer, peer
from tests.upstreams.kit import Running, raw_http, raw_stdio
from tests.upstreams.raw.definitions import TOOLS
from tests.upstreams.tcp_proxy import tcp_proxy

NAMES = [tool["name"] for tool in TOOLS]


def names(upstream: Upstream) -> list[Any]:
    return [tool["name"] for tool in upstream.listing.tools]


async def round_over(upstream: Upstream, condition: Callable[[], bool]) -> None:
    """Look after each round whether that holds."""
    async with asyncio.timeout(10):
        await upstream.keeper.until_round(condition)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is down is asked again at once."""
    monkeypatch.setattr(keeper, "RETRY_SECONDS", (0.05,))


@pytest.mark.parametrize("kind", ALL, ids=named)
async def test_what_it_offers_is_known_after_the_first_round(kind: Kind, request, front):
    one: Front = await front(request.getfixturevalue(kind.fixture))
    assert names(one.upstream) == NAMES
    assert one.upstream.health.state == "up"
    assert one.upstream.listing.instructions == "Instructions of raw."
    assert repr(one.upstream).startswith("<Upstream raw up <SessionPool sessions=1 busy=")


async def test_one_that_is_off_is_left_alone(raw_modern, front):
    one: Front = await front(raw_modern, enabled=False)
    assert one.upstream.health.state == "off"
    await one.upstream.ask_again()
    assert raw_modern.record() == []
    assert repr(one.upstream) == "<Upstream raw off <SessionPool sessions=0 busy=0> <Bulkhead running=0 waiting=0>>"


async def test_a_change_is_told_and_no_change_is_not(raw_modern, tmp_path):
    told: list[int] = []
    upstream = Upstream(NAMESPACE, config_for(raw_modern), tmp_path, lambda: told.append(len(upstream.listing.tools)))
    await upstream.refresh()
    await upstream.refresh()
    raw_modern.control(extra=["new"])
    await upstream.refresh()
    assert told == [len(TOOLS), len(TOOLS) + 1]
    await upstream.close()


async def test_it_is_asked_again_after_a_while(raw_modern, front):
    one: Front = await front(raw_modern, refresh=0.05)
    raw_modern.control(extra=["new"])
    await round_over(one.upstream, lambda: "new" in names(one.upstream))


# last good stays


@pytest.mark.parametrize(
    "fault", ["hang", "html", "server_error", "unauthorized", "garbage", "close_before", "wrong_id"]
)
@pytest.mark.parametrize("kind", [MODERN, LEGACY], ids=named)
async def test_the_last_good_listing_stays_and_it_is_back_by_itself(kind: Kind, fault, request, front, soon):
    one: Front = await front(
        request.getfixturevalue(kind.fixture), list_deadline=0.2, connect_timeout=0.2, refresh=0.05
    )
    one.target.control(fault=fault)
    await round_over(one.upstream, lambda: one.upstream.health.state == "down")
    assert names(one.upstream) == NAMES
    assert one.upstream.health.reason.startswith("Upstream 'raw' ")
    one.target.control(extra=["new"])
    await round_over(one.upstream, lambda: one.upstream.health.state == "up")
    assert names(one.upstream) == [*NAMES, "new"]
    assert text_of(await one.call("echo", text="well")) == "well"


async def test_a_hanging_list_is_named(raw_modern, front):
    raw_modern.control(fault="hang", on="tools/list")
    one: Front = await front(raw_modern, list_deadline=0.1)
    assert one.upstream.health.reason == "Upstream 'raw' did not list what it offers within 0.1 s."


async def test_half_a_listing_replaces_nothing(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.control(fault="server_error", on="prompts/list", extra=["new"])
    await one.upstream.refresh()
    assert names(one.upstream) == NAMES


@pytest.mark.parametrize("kind", [MODERN, LEGACY, SSE, MODERN_STDIO], ids=named)
async def test_a_start_with_the_upstream_down_knows_all_of_the_last_run(kind: Kind, request, front, tmp_path):
    target = request.getfixturevalue(kind.fixture)
    one: Front = await front(target)
    before = one.upstream.listing
    rule = one.upstream.rule
    await one.upstream.close()
    again = Upstream(NAMESPACE, config_for(target), tmp_path / "state")
    assert again.listing == before
    assert again.listing.instructions == "Instructions of raw."
    assert again.connector.speech == (kind.transport, kind.era)
    assert again.rule == ("per_user" if kind.transport == "stdio" else "shared" if kind is MODERN else "per_session")
    assert (rule, again.health.state) == (again.rule, "unknown")
    assert again.header_maps["header"] == {("region",): "Region", ("paging", "limit"): "Limit"}


async def test_a_restart_loses_nothing_of_what_it_says_of_itself(raw_modern, front):
    """What was remembered spared the discovery, and with it went the instructions."""
    one: Front = await front(raw_modern)
    before = one.upstream.listing
    await one.upstream.close()
    again: Front = await front(raw_modern)
    assert again.upstream.listing.same_offer(before)
    assert again.upstream.listing.info == before.info


async def test_what_was_kept_of_another_url_is_not_taken(raw_modern, raw_both, front, tmp_path):
    await front(raw_modern)
    assert Upstream(NAMESPACE, config_for(raw_both), tmp_path / "state").listing.tools == ()


async def test_one_that_is_off_shows_nothing_of_the_last_run(raw_modern, front, tmp_path):
    await front(raw_modern)
    assert Upstream(NAMESPACE, config_for(raw_modern, enabled=False), tmp_path / "state").listing.tools == ()


async def test_a_state_folder_that_cannot_be_written_costs_only_the_next_start(raw_modern, front, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING, "gateway.upstream.upstream"):
        one: Front = await front(raw_modern, state=tmp_path / "file")
    assert names(one.upstream) == NAMES
    assert "the listing of upstream raw cannot be kept for the next start" in caplog.text


async def test_whoever_fails_to_take_a_listing_does_not_end_the_watch(raw_modern, tmp_path, caplog, soon):
    told: list[str] = []

    def fail_once() -> None:
        told.append("told")
        if len(told) == 1:
            raise LookupError("the catalog cannot be built")

    upstream = Upstream(NAMESPACE, config_for(raw_modern, refresh=0.05), tmp_path, fail_once)
    await upstream.start()
    await upstream.first_round()
    assert "upstream raw could not be asked" in caplog.text
    raw_modern.control(extra=["new"])
    await round_over(upstream, lambda: "new" in names(upstream))
    await upstream.close()


# down, and back


async def test_a_dead_one_is_down_and_said_so_once(front, caplog, soon):
    async with raw_http(era="modern") as target:
        pass
    with caplog.at_level(logging.INFO, "gateway.upstream.upstream"):
        one: Front = await front(target)
        await round_over(one.upstream, lambda: one.upstream.keeper.rounds >= 3)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["upstream raw is down: Upstream 'raw' cannot be reached (Connection refused). Nothing was sent."]


async def test_a_call_is_told_since_when_and_makes_it_be_asked_at_once(raw_modern, front):
    async with tcp_proxy(raw_modern.url) as proxy:
        one: Front = await front(Running(proxy.url, raw_modern.process))
        proxy.mode = "refuse"
        proxy.cut()
        with pytest.raises(UpstreamError):
            await one.call("echo", text="x")
        failure = one.upstream.failed(UpstreamDown("raw", "cannot be reached."), Pass(0))
        assert failure.reason.startswith("cannot be reached. It is down since 20")
        since = failure.data["since"]
        assert one.upstream.failed(UpstreamDown("raw", "cannot be reached."), Pass(0)).data["since"] == since
        proxy.mode = "pass"
        await round_over(one.upstream, lambda: one.upstream.health.state == "up")
        await one.upstream.close()


@pytest.mark.parametrize("error", [UpstreamBroken("raw", "answered HTML."), UpstreamError("raw", "answered HTTP 500.")])
async def test_only_one_that_cannot_be_reached_is_down(raw_modern, front, error):
    one: Front = await front(raw_modern)
    assert one.upstream.failed(error, Pass(0)) is error
    assert one.upstream.health.state == "up"


async def test_an_error_of_its_own_shows_that_it_is_up(raw_modern, front):
    one: Front = await front(raw_modern)
    one.upstream.failed(UpstreamDown("raw", "cannot be reached."), Pass(0))
    with pytest.raises(UpstreamAnswered):
        await one.call("error", code=1, message="x")
    assert one.upstream.health.state == "up"


# asked again for a name that is not listed


async def test_a_new_tool_is_found_when_it_is_wanted(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.control(extra=["new"])
    await one.upstream.ask_again()
    assert "new" in names(one.upstream)


async def test_all_who_want_it_share_one_look(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.reset()
    raw_modern.control(list_delay=0.1)
    await asyncio.gather(*(one.upstream.ask_again() for _ in range(10)))
    assert len(one.asked("tools/list")) == 1


async def test_names_that_do_not_exist_are_no_stream_of_requests(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.reset()
    for _ in range(30):
        await one.upstream.ask_again()
    assert len(one.asked("tools/list")) == keeper.MAX_ASKED


async def test_a_hanging_list_holds_nobody_up_for_longer_than_its_deadline(raw_modern, front):
    one: Front = await front(raw_modern, list_deadline=0.2)
    raw_modern.control(fault="hang", on="tools/list")
    async with asyncio.timeout(1.0):
        await one.upstream.ask_again()
    assert names(one.upstream) == NAMES


# eras


async def test_an_upstream_that_became_a_legacy_one_is_found_out_by_a_call(front, soon):
    """Its refusal of a modern request makes the gateway look, and the next call is well."""

    def said(result: dict[str, Any], id: int) -> bytes:
        return answer(orjson.dumps({"jsonrpc": "2.0", "id": id, "result": result}), "Content-Type: application/json")

    refusal = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Unsupported protocol version"}}'
    refused = answer(refusal, "Content-Type: application/json", status="400 Bad Request")
    facts = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
    welcome = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
    taken, tools = answer(b"", status="202 Accepted"), {"tools": [{"name": "a", "inputSchema": {"type": "object"}}]}
    modern = [ASKED, said(facts, 1), ASKED, said(facts, 2), ASKED, said(tools, 3), ASKED, refused]
    look = [ASKED, refused, ASKED, refused]
    legacy = [ASKED, said(welcome, 0), ASKED, taken, ASKED, said(tools, 1)]
    shared = [ASKED, said(welcome, 0), ASKED, taken, ASKED, said({"content": []}, 1)]
    async with peer([*modern, *look, *legacy, *shared]) as other:
        one: Front = await front(Running(other.url, None))  # ty: ignore[invalid-argument-type]
        with pytest.raises(UpstreamBroken, match="refused a modern request unread"):
            await one.call("a")
        await round_over(one.upstream, lambda: one.upstream.connector.speech == ("http", "legacy"))
        assert await one.call("a") == {"content": []}


# sessions


async def test_the_gateways_own_session_is_the_first_users_over_stdio_only(raw_legacy, both_command, front, tmp_path):
    stdio: Front = await front(both_command, state=tmp_path / "a")
    await stdio.call("echo", text="a")
    assert stdio.upstream.pool.any_key() == ShareKey(("user", "ada"))
    http: Front = await front(raw_legacy, state=tmp_path / "b")
    await http.call("echo", text="a")
    assert set(http.upstream.pool._slots) == {ShareKey(GATEWAY), ShareKey(("session", "ada", "s1"))}


async def test_a_modern_upstream_is_shared_by_all(raw_modern, front):
    one: Front = await front(raw_modern)
    async with one.upstream.session(ADA, {}):
        assert ShareKey(EVERYONE) in one.upstream.pool._slots


async def test_a_setting_beats_the_rule(raw_legacy, front):
    one: Front = await front(raw_legacy, sessions="shared")
    assert one.upstream.rule == "shared"


# the end


async def test_closing_ends_every_process_and_every_call(tmp_path, front):
    with raw_stdio(tmp_path) as command:
        one: Front = await front(command)
        running = asyncio.create_task(one.call("slow", seconds=30))
        await command.wait_for("started", "slow")
        await one.upstream.close()
        with pytest.raises(UpstreamError, match=r"was closed|went away"):
            await running
        assert command.pids() != []
        assert command.alive() == []


async def test_closing_while_it_is_asked_leaves_nothing(tmp_path):
    with raw_stdio(tmp_path, silent=True) as command:
        upstream = Upstream(NAMESPACE, config_for(command), tmp_path / "state")
        await upstream.start()
        await command.wait_for("request", deadline=10)
        await upstream.close()
        assert command.alive() == []


async def test_closing_ends_sessions_upstream(raw_legacy, front):
    one: Front = await front(raw_legacy)
    await one.call("echo", text="a")
    await one.upstream.close()
    assert [each["http"] for each in raw_legacy.record()].count("DELETE") == 2


def test_nothing_is_opened_before_the_start(raw_modern, tmp_path):
    upstream = Upstream(NAMESPACE, config_for(raw_modern), tmp_path)
    assert upstream.health.state == "unknown"
    assert raw_modern.record() == []
    assert ListingFile(tmp_path, NAMESPACE, upstream.config).load() is None
    assert list(Path(tmp_path).iterdir()) == []


# a program runs when somebody calls it


async def test_a_program_whose_offer_is_known_is_not_started_before_a_call(modern_command, front):
    one: Front = await front(modern_command)
    await one.upstream.close()
    modern_command.reset()
    again: Front = await front(modern_command)
    assert (again.upstream.health.state, modern_command.pids()) == ("idle", [])
    assert names(again.upstream) == NAMES
    modern_command.control(extra=["new"])
    assert text_of(await again.call("echo", text="well")) == "well"
    assert again.upstream.health.state == "up"
    await round_over(again.upstream, lambda: "new" in names(again.upstream))
    assert len(modern_command.pids()) == 1


async def test_a_program_that_was_heard_long_ago_is_asked(modern_command, front, monkeypatch):
    one: Front = await front(modern_command)
    await one.upstream.close()
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.0)
    again: Front = await front(modern_command)
    assert (again.upstream.health.state, len(modern_command.pids())) == ("up", 2)


async def test_a_program_is_started_for_a_name_that_is_not_known_and_for_who_wants_to_look(modern_command, front):
    one: Front = await front(modern_command)
    await one.upstream.close()
    again: Front = await front(modern_command)
    await again.upstream.look()
    assert (again.upstream.health.state, len(modern_command.pids())) == ("up", 2)
    await again.upstream.close()
    third: Front = await front(modern_command)
    await third.upstream.ask_again()
    assert (third.upstream.health.state, len(modern_command.pids())) == ("up", 3)


async def test_a_program_that_nobody_calls_is_stopped_and_started_again(modern_command, front):
    one: Front = await front(modern_command, idle=0.2, refresh=0.1)
    await round_over(one.upstream, lambda: one.upstream.health.state == "idle")
    await modern_command.wait_for("exited")
    assert text_of(await one.call("echo", text="well")) == "well"
    assert len(modern_command.pids()) == 2

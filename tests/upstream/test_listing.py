"""What an upstream offers, asked for in full or not at all, and kept on disk for the next start."""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.model import UpstreamConfig
from gateway.errors import METHOD_NOT_FOUND, GatewayError, SessionLost, UpstreamAnswered, UpstreamBroken, UpstreamDown
from gateway.model.listing import Listing
from gateway.upstream import listing
from gateway.upstream.connect import Connector, Speech
from gateway.upstream.listener import Listener, Notify
from gateway.upstream.listing import ListingFile, Remembered, fetch
from gateway.upstream.session import ServerFacts, Session
from tests.upstream.fronts import ALL, NAMESPACE, Kind, config_for, named
from tests.upstreams.kit import raw_http, raw_stdio
from tests.upstreams.raw.definitions import PROMPTS, RESOURCES, TEMPLATES, TOOLS

EVERYTHING: Mapping[str, Any] = {"tools": {}, "resources": {}, "prompts": {}}
Page = dict[str, Any] | Exception


class Scripted(Session):
    """Answers each list with its pages in turn, and then with empty ones. `asked` keeps method and parameters."""

    era = "modern"

    def __init__(self, capabilities: Mapping[str, Any], **pages: Sequence[Page]):
        self.facts = ServerFacts("2026-07-28", capabilities)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._pages = {listing.LISTS[name].method: iter(each) for name, each in pages.items()}

    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        self.asked.append((method, params))
        await asyncio.sleep(0)
        keys = {each.method: each.key for each in listing.LISTS.values()}
        page = next(self._pages.get(method, iter(())), {keys[method]: []})
        if isinstance(page, Exception):
            raise page
        return page

    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        pass


def tools(*names: Any, **more: Any) -> dict[str, Any]:
    return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in names], **more}


def names(found: Listing) -> list[Any]:
    return [tool["name"] for tool in found.tools]


@pytest.fixture
async def connect() -> AsyncGenerator[Any]:
    """Opens sessions with an upstream, and closes them."""
    opened: list[tuple[Connector, Session]] = []

    async def connect(upstream: Any) -> Session:
        connector = Connector(NAMESPACE, config_for(upstream))
        opened.append((connector, await connector.open({})))
        return opened[-1][1]

    yield connect
    for connector, session in opened:
        await session.close()
        await connector.close()


@pytest.mark.parametrize("kind", ALL, ids=named)
async def test_everything_is_listed_as_it_was_given(kind: Kind, request, connect):
    found = await fetch("raw", await connect(request.getfixturevalue(kind.fixture)))
    assert (found.tools, found.resources, found.templates, found.prompts) == (TOOLS, RESOURCES, TEMPLATES, PROMPTS)
    assert found.instructions == "Instructions of raw."
    assert found.info["name"] == "raw"
    assert "tools" in found.capabilities
    assert found.faults == ()
    assert found.heard_at > 1_700_000_000


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_pages_are_put_together(era, connect):
    async with raw_http(era=era, tools=20, page_size=7) as upstream:
        found = await fetch("raw", await connect(upstream))
        assert len(found.tools) == len(TOOLS) + 20
        assert names(found)[: len(TOOLS)] == [tool["name"] for tool in TOOLS]


async def test_one_hint_is_kept_for_all_pages_of_a_list():
    pages = [tools("a", ttlMs=9, cacheScope="public", nextCursor="2"), tools("b", ttlMs=5, cacheScope="private")]
    found = await fetch("raw", Scripted({"tools": {}, "prompts": {}}, tools=pages))
    assert found.hints == {
        "tools/list": {"ttlMs": 5, "cacheScope": "private"},
        "prompts/list": {"ttlMs": 0, "cacheScope": "private"},
    }


async def test_a_list_that_an_upstream_does_not_have_has_no_hint():
    missing = UpstreamAnswered(METHOD_NOT_FOUND, "Method not found")
    assert (await fetch("raw", Scripted({"tools": {}}, tools=[missing]))).hints == {}


async def test_pages_without_end(tmp_path, connect, monkeypatch):
    monkeypatch.setattr(listing, "MAX_PAGES", 5)
    with raw_stdio(tmp_path, page_size=2) as upstream:
        upstream.control(endless_pages=True)
        with pytest.raises(UpstreamBroken) as failure:
            await fetch("raw", await connect(upstream))
    assert failure.value.reason == "has no end of tools/list: more than 5 pages or 10000 entries."


async def test_what_is_odd_in_a_list_is_told_and_spoils_nothing(raw_modern, connect):
    raw_modern.control(duplicate_names=True, broken_tool=True)
    found = await fetch("raw", await connect(raw_modern))
    assert found.tools == TOOLS
    assert found.faults == (
        "tools/list: 'echo' is there twice; the first is kept",
        "tools/list: an entry without its name",
    )


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("no object", "an entry without its name"),
        ({"name": ""}, "an entry without its name"),
        ({"name": 5}, "an entry without its name"),
        ({"name": "a"}, "'a' is there twice; the first is kept"),
        ({"name": "deep", "inputSchema": nested(200)}, "'deep' is left out: it has over 100 levels"),
        (
            {"name": "\x1b[31m" + "x" * 200, "y": nested(200)},
            f"'\\x1b[31m{'x' * 75}' is left out: it has over 100 levels",
        ),
    ],
)
async def test_an_entry_that_cannot_be_used(entry, fault):
    page = {"tools": [*tools("a")["tools"], entry, *tools("b")["tools"]]}
    found = await fetch("raw", Scripted({"tools": {}}, tools=[page]))
    assert (names(found), found.faults) == (["a", "b"], (f"tools/list: {fault}",))


async def test_a_header_that_cannot_be_mirrored_leaves_its_tool_out():
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "not a token"}}}
    page = {"tools": [{"name": "bad", "inputSchema": schema}, {"name": "good", "inputSchema": {"type": "object"}}]}
    found = await fetch("raw", Scripted({"tools": {}}, tools=[page]))
    assert names(found) == ["good"]
    assert found.faults[0].startswith("tools/list: 'bad' is left out: property 'a': x-mcp-header")


async def test_faults_are_bounded():
    found = await fetch("raw", Scripted({"tools": {}}, tools=[tools(*map(str, range(300)), *map(str, range(300)))]))
    assert len(found.faults) == listing.MAX_FAULTS


async def test_a_fault_of_many_entries_is_one():
    found = await fetch("raw", Scripted({"tools": {}}, tools=[{"tools": [None] * 5000}]))
    assert found.faults == ("tools/list: an entry without its name",)


@pytest.mark.parametrize("page", [{}, {"tools": None}, {"tools": {"name": "x"}}])
async def test_a_page_without_its_list(page):
    found = await fetch("raw", Scripted({"tools": {}}, tools=[page]))
    assert (found.tools, found.faults) == ((), ("tools/list: a page without its tools",))


@pytest.mark.parametrize("end", [None, "", 5])
async def test_what_is_no_cursor_ends_the_list(end):
    session = Scripted({"tools": {}}, tools=[tools("a", nextCursor="1"), tools("b", nextCursor=end)])
    assert names(await fetch("raw", session)) == ["a", "b"]
    assert session.asked == [("tools/list", {}), ("tools/list", {"cursor": "1"})]


async def test_cursors_that_run_in_a_circle():
    circle = [tools("a", nextCursor="1"), tools("b", nextCursor="2"), tools("c", nextCursor="1")]
    with pytest.raises(UpstreamBroken) as failure:
        await fetch("raw", Scripted({"tools": {}}, tools=circle))
    assert failure.value.reason == "gives cursors for tools/list that run in a circle."


async def test_entries_without_end(monkeypatch):
    monkeypatch.setattr(listing, "MAX_ITEMS", 3)
    pages: list[Page] = [tools(f"{n}a", f"{n}b", nextCursor=str(n)) for n in range(9)]
    with pytest.raises(UpstreamBroken, match="has no end of tools/list"):
        await fetch("raw", Scripted({"tools": {}}, tools=pages))


@pytest.mark.parametrize(
    ("capabilities", "methods"),
    [
        ({"tools": {}}, {"tools/list"}),
        ({"resources": {}}, {"resources/list", "resources/templates/list"}),
        ({"prompts": {}, "logging": {}}, {"prompts/list"}),
        ({}, {"tools/list", "resources/list", "resources/templates/list", "prompts/list"}),
    ],
)
async def test_only_what_is_declared_is_asked_for_and_all_where_nothing_is(capabilities, methods):
    session = Scripted(capabilities)
    await fetch("raw", session)
    assert {method for method, _ in session.asked} == methods


async def test_a_list_that_is_not_there_is_empty():
    missing = UpstreamAnswered(METHOD_NOT_FOUND, "Method not found")
    found = await fetch("raw", Scripted({}, tools=[tools("a")], templates=[missing], prompts=[missing]))
    assert (names(found), found.templates, found.prompts, found.faults) == (["a"], (), (), ())


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (UpstreamAnswered(-32603, "no"), UpstreamBroken),
        (UpstreamDown("raw", "is not there."), UpstreamDown),
        (SessionLost(), SessionLost),
    ],
)
async def test_half_an_answer_is_none(failure, kind):
    with pytest.raises((GatewayError, SessionLost)) as raised:
        await fetch("raw", Scripted(EVERYTHING, tools=[tools("a")], prompts=[failure]))
    assert type(raised.value) is kind


async def test_a_cancellation_that_comes_along_with_a_failure_is_not_lost():
    """Or the task that keeps listings fresh would live on, and whoever ends it would wait for ever."""

    class FailsWhenCancelled(Scripted):
        async def request(
            self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
        ) -> dict[str, Any]:
            await asyncio.sleep(0)
            if method == "prompts/list":
                fetching.cancel()
                raise UpstreamDown("raw", "is not there.")
            return await asyncio.Event().wait() and {}

    fetching = asyncio.create_task(fetch("raw", FailsWhenCancelled(EVERYTHING)))
    with pytest.raises(asyncio.CancelledError):
        await fetching


async def test_the_other_lists_are_given_up_when_one_fails():
    asked = Scripted(EVERYTHING, tools=[tools("a", nextCursor=str(n)) for n in range(100)], prompts=[SessionLost()])
    with pytest.raises(SessionLost):
        await fetch("raw", asked)
    assert len(asked.asked) < 20
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


# on disk

URL = UpstreamConfig(url="http://a.example/mcp")
HEARD = Listing(
    tools=TOOLS, resources=RESOURCES, templates=TEMPLATES, prompts=PROMPTS, capabilities={"tools": {}},
    instructions="Hello.", info={"name": "x"}, heard_at=5.5, faults=("one",),
)  # fmt: skip
KEPT = Remembered(HEARD, Speech("http", "legacy"), stateful=True)


@pytest.mark.parametrize("speech", [Speech("stdio", "modern"), None])
@pytest.mark.parametrize("stateful", [True, False])
def test_what_was_kept_is_found_again(tmp_path, speech, stateful):
    kept = Remembered(HEARD, speech, stateful)
    ListingFile(tmp_path, "raw", URL).save(kept)
    assert ListingFile(tmp_path, "raw", URL).load() == kept


def test_nothing_was_kept(tmp_path):
    assert ListingFile(tmp_path, "raw", URL).load() is None


@pytest.mark.parametrize(
    "other",
    [
        UpstreamConfig(url="http://b.example/mcp"),
        UpstreamConfig(url="http://a.example/mcp", transport="sse"),
        UpstreamConfig(url="http://a.example/mcp", era="legacy"),
        UpstreamConfig(command="a", args=("b",)),
    ],
)
def test_what_another_upstream_offered_is_not_taken(tmp_path, other):
    ListingFile(tmp_path, "raw", URL).save(KEPT)
    assert ListingFile(tmp_path, "raw", other).load() is None
    assert ListingFile(tmp_path, "other", URL).load() is None


def test_arguments_and_folder_tell_programs_apart(tmp_path):
    configs = [
        UpstreamConfig(command="a", args=("b",)),
        UpstreamConfig(command="a", args=("c",)),
        UpstreamConfig(command="a", args=("b",), cwd=Path("x")),
    ]
    assert len({listing.identity(each) for each in configs}) == 3


def test_a_credential_is_no_part_of_what_is_kept(tmp_path):
    config = UpstreamConfig(
        url="http://a.example/mcp?key=canary-1", auth=bearer("canary-2"), headers=header("canary-3")
    )
    ListingFile(tmp_path, "raw", config).save(KEPT)
    (kept,) = (tmp_path / "listings").iterdir()
    assert b"canary" not in kept.read_bytes()


def bearer(token: str) -> Any:
    return {"bearer": token}


def header(value: str) -> Any:
    return {"X-Key": value}


def test_a_newer_listing_replaces_the_older_and_leaves_nothing_else(tmp_path):
    file = ListingFile(tmp_path, "raw", URL)
    file.save(KEPT)
    file.save(Remembered(Listing(), None, stateful=False))
    assert file.load() == Remembered(Listing(), None, stateful=False)
    assert len(list((tmp_path / "listings").iterdir())) == 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kept file."""
    folder = tmp_path_factory.mktemp("kept")
    ListingFile(folder, "raw", URL).save(KEPT)
    return next((folder / "listings").iterdir())


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_counts_as_none(whole, data):
    content = whole.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = data.draw(
        st.sampled_from(
            [content[:place], content[:place] + b"\xff" + content[place + 1 :], content[place + 1 :], b"\0" * place]
        )
    )
    try:
        whole.write_bytes(damaged)
        assert ListingFile(whole.parents[1], "raw", URL).load() is None
    finally:
        whole.write_bytes(content)


def test_a_file_of_an_older_or_newer_version_counts_as_none(whole, tmp_path):
    digest, _, content = whole.read_bytes().partition(b"\n")
    assert len(digest) == 64
    for odd in (json.loads(content) | {"listing": {"colour": 1}}, {"identity": 1}, [], None):
        encoded = json.dumps(odd).encode()
        (tmp_path / "listings").mkdir(exist_ok=True)
        (tmp_path / "listings" / whole.name).write_bytes(listing._digest(encoded) + b"\n" + encoded)
        assert ListingFile(tmp_path, "raw", URL).load() is None


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "listings").write_text("a file")
    with pytest.raises(OSError, match="listings"):
        ListingFile(tmp_path, "raw", URL).save(KEPT)


async def test_a_page_with_too_many_entries_is_not_looked_at(monkeypatch):
    """Each takes its time, in which nobody else has any."""
    monkeypatch.setattr(listing, "MAX_ITEMS", 3)
    monkeypatch.setattr(listing, "take", None)
    with pytest.raises(UpstreamBroken, match="has no end of tools/list"):
        await fetch("raw", Scripted({"tools": {}}, tools=[tools("a", "b", "c", "d")]))


async def test_entries_that_cannot_be_used_count_too(monkeypatch):
    monkeypatch.setattr(listing, "MAX_ITEMS", 3)
    pages: list[Page] = [{"tools": [{}, {}], "nextCursor": str(number)} for number in range(9)]
    with pytest.raises(UpstreamBroken, match="has no end of tools/list"):
        await fetch("raw", Scripted({"tools": {}}, tools=pages))

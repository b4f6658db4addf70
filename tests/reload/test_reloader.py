"""A configuration is taken over whole or not at all: what is kept, what is closed, and what is said."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError

from gateway.config.masks import MASK
from gateway.observe.redact import REDACTOR
from gateway.reload.outcome import Outcome
from gateway.server import Gateway
from tests.gateways.kit import Upstream, configuration, in_memory, written
from tests.upstreams.kit import Running, raw_http, raw_stdio

NOBODY = "http://127.0.0.1:9/mcp"

COUNTED = '''
from contextlib import asynccontextmanager
from pathlib import Path
from fastmcp import FastMCP
from pydantic import BaseModel

LIFE = Path(__file__).with_name("life")

class Settings(BaseModel, extra="forbid"):
    word: str = "hello"
    fails: bool = False

def note(text):
    with LIFE.open("a") as life:
        life.write(text + "\\n")

def create_server(settings):
    @asynccontextmanager
    async def lifespan(_):
        if settings.fails:
            raise OSError("no such disk")
        note(f"open {settings.word}")
        yield
        note(f"close {settings.word}")

    server = FastMCP("counted", lifespan=lifespan, mask_error_details=True)

    @server.tool
    def word() -> str:
        """Says its word."""
        return settings.word

    return server
'''


@asynccontextmanager
async def reloadable(folder: Path, upstreams: dict[str, Upstream], more: str = "") -> AsyncGenerator[Gateway]:
    async with in_memory(folder, configuration(upstreams, more)) as gateway:
        yield gateway


async def reload(gateway: Gateway, folder: Path, upstreams: dict[str, Upstream], more: str = "") -> Outcome:
    written(folder, configuration(upstreams, more))
    return await gateway.reloader.reload("test")


def counted(folder: Path, more: str = "") -> str:
    """A service in this folder, of a name that no other test's has."""
    name = f"counted_{abs(hash(str(folder)))}"
    (folder / f"{name}.py").write_text(COUNTED)
    return f'[services.counted]\nmodule = "{name}"\n{more}'


def life(folder: Path) -> list[str]:
    """What the services of this folder did."""
    return (folder / "life").read_text().split("\n")[:-1]


def initialized(upstream: Running) -> int:
    return sum(entry["rpc"] == "initialize" for entry in upstream.record())


async def test_nothing_changes_where_nothing_changed(tmp_path: Path, raw_legacy: Running):
    async with reloadable(tmp_path, {"raw": raw_legacy}) as gateway:
        before, catalog = gateway.runtime.generation, gateway.runtime.catalog
        outcome = await reload(gateway, tmp_path, {"raw": raw_legacy})
        assert (outcome.well, outcome.changed, outcome.needs_restart) == (True, (), ())
        assert gateway.runtime.upstreams["raw"] is before.upstreams["raw"]
        assert gateway.runtime.services["own"] is before.services["own"].server
        assert not catalog.diff(gateway.runtime.catalog)


async def test_an_unchanged_upstream_keeps_its_sessions_while_others_come_and_go(tmp_path: Path, raw_legacy: Running):
    async with reloadable(tmp_path, {"raw": raw_legacy, "gone": NOBODY}) as gateway, Client(gateway) as client:
        await client.call_tool("raw_echo", {"text": "one"})
        opened = initialized(raw_legacy)
        outcome = await reload(gateway, tmp_path, {"raw": raw_legacy, "new": NOBODY})
        assert outcome.changed == ("upstream gone: removed", "upstream new: added")
        await client.call_tool("raw_echo", {"text": "two"})
        assert initialized(raw_legacy) == opened


async def test_a_changed_upstream_is_made_anew_and_the_old_one_finishes_its_calls(tmp_path: Path, raw_modern: Running):
    with raw_stdio(tmp_path) as program:
        async with reloadable(tmp_path, {"raw": program}) as gateway, Client(gateway) as client:
            old = gateway.runtime.upstreams["raw"]
            call = asyncio.create_task(client.call_tool("raw_slow", {"seconds": 2.0}))
            await program.wait_for("started", "slow")
            outcome = await reload(gateway, tmp_path, {"raw": raw_modern})
            assert outcome.changed == ("upstream raw: changed",)
            assert gateway.runtime.upstreams["raw"] is not old
            assert not call.done()
            answer = await client.call_tool("raw_echo", {"text": "by the new one"})
            assert answer.content[0].text == "by the new one"
            assert [entry["name"] for entry in raw_modern.record() if entry["rpc"] == "tools/call"] == ["echo"]
            assert program.alive() != []
            assert (await call).content[0].text == "2.0 seconds later"
            await program.wait_for("exited")
        assert program.alive() == []


async def test_what_was_removed_is_listed_no_more_and_unknown(tmp_path: Path, raw_modern: Running):
    async with reloadable(tmp_path, {"raw": raw_modern}, counted(tmp_path)) as gateway, Client(gateway) as client:
        assert {"raw_echo", "counted_word"} <= {tool.name for tool in await client.list_tools()}
        await reload(gateway, tmp_path, {})
        assert {tool.name for tool in await client.list_tools()} == {"own_crash", "own_shout", "own_shout_twice"}
        for name in ("raw_echo", "counted_word"):
            with pytest.raises(MCPError, match=f"Unknown tool '{name}'"):
                await client.call_tool(name, {})


async def test_a_service_comes_changes_and_goes_with_its_lifespan(tmp_path: Path):
    async with reloadable(tmp_path, {}) as gateway, Client(gateway) as client:
        outcome = await reload(gateway, tmp_path, {}, counted(tmp_path))
        assert outcome.changed == ("service counted: added",)
        assert (await client.call_tool("counted_word")).data == "hello"
        outcome = await reload(gateway, tmp_path, {}, counted(tmp_path, 'word = "bye"'))
        assert outcome.changed == ("service counted: changed",)
        assert (await client.call_tool("counted_word")).data == "bye"
        await reload(gateway, tmp_path, {})
    assert sorted(life(tmp_path)) == ["close bye", "close hello", "open bye", "open hello"]
    assert life(tmp_path).index("open bye") < life(tmp_path).index("close hello")


async def test_one_server_under_another_name_stays_open(tmp_path: Path):
    (tmp_path / "twice_named.py").write_text(COUNTED + "\nready = create_server(Settings())\n")
    named = '[services.%s]\nmodule = "twice_named:ready"\n'
    async with reloadable(tmp_path, {}, named % "first") as gateway, Client(gateway) as client:
        await reload(gateway, tmp_path, {}, named % "second")
        await reload(gateway, tmp_path, {}, named % "second" + "[upstreams]")
        assert (await client.call_tool("second_word")).data == "hello"
        assert life(tmp_path) == ["open hello"]
    assert life(tmp_path) == ["open hello", "close hello"]


BROKEN = {
    "a service that cannot start": lambda folder: counted(folder, "fails = true"),
    "a setting that is none": lambda folder: counted(folder, 'wrod = "x"'),
    "a module that is not there": lambda _: '[services.more]\nmodule = "no.such"',
    "a key that is none": lambda _: "[server]\nprot = 1",
    "no TOML": lambda _: "[",
    "a variable that is not set": lambda _: '[upstreams.more]\nurl = "${env:NOT_SET_AT_ALL}"',
    "an issuer without its key": lambda _: '[auth.jwt.a]\nissuer = "https://a.example"\naudience = "a"\n'
    'jwks_uri = "http://a.example/keys"',
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_configuration_changes_nothing_and_says_why(tmp_path: Path, raw_legacy: Running, what: str):
    async with reloadable(tmp_path, {"raw": raw_legacy}) as gateway, Client(gateway) as client:
        before, catalog = gateway.runtime.generation, gateway.runtime.catalog
        outcome = await reload(gateway, tmp_path, {"new": NOBODY}, BROKEN[what](tmp_path))
        assert not outcome.well
        assert len(outcome.faults) == 1
        assert gateway.runtime.generation is before
        assert gateway.runtime.catalog is catalog
        (content,) = await client.read_resource("status://system")
        assert json.loads(content.text)["configuration"]["faults"] == list(outcome.faults)
        outcome = await reload(gateway, tmp_path, {"raw": raw_legacy})
        assert outcome.well
        (content,) = await client.read_resource("status://system")
        assert json.loads(content.text)["configuration"]["well"] is True


async def test_what_was_opened_for_a_configuration_that_failed_is_closed(tmp_path: Path):
    with raw_stdio(tmp_path) as program:
        async with reloadable(tmp_path, {}) as gateway:
            file = written(tmp_path, configuration({"new": program}, counted(tmp_path)))

            def refuse(_: object) -> None:
                raise RuntimeError("no")

            gateway.runtime.on_services = refuse
            outcome = await gateway.reloader.reload("test")
            assert outcome.faults == ("RuntimeError: the log of the gateway says where",)
            assert program.pids() != []
            assert program.alive() == []
            assert life(tmp_path) == ["open hello", "close hello"]
            assert file.exists()


async def test_what_needs_a_restart_is_named_and_the_rest_applied(tmp_path: Path, raw_modern: Running):
    async with reloadable(tmp_path, {}) as gateway, Client(gateway) as client:
        more = '[server]\nport = 9999\ninstructions = "New."\n[auth]\nkeys = true\n[log]\nlevel = "ERROR"'
        outcome = await reload(gateway, tmp_path, {"raw": raw_modern}, more)
        assert outcome.needs_restart == ("auth.keys", "server.port")
        assert outcome.changed == ("log: changed", "server.instructions: changed", "upstream raw: added")
        assert gateway.runtime.config.server.port == 8000
        assert (await client.call_tool("raw_echo", {"text": "a"})).content[0].text == "a"


async def test_a_secret_is_known_before_anything_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with reloadable(tmp_path, {}) as gateway:
        outcome = await reload(gateway, tmp_path, {"raw": "http://127.0.0.1:9/canary-of-a-path?key=canary-of-a-key"})
        assert outcome.well
    assert "canary-of-a-key" not in capsys.readouterr().err


async def test_references_are_read_again(tmp_path: Path, raw_modern: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELOADED_TOKEN", "first")
    (tmp_path / "secret").write_text("one")
    more = 'headers = { X-First = "${env:RELOADED_TOKEN}", X-Second = "${file:secret}" }'
    async with reloadable(tmp_path, {"raw": raw_modern}, more) as gateway, Client(gateway) as client:
        assert tmp_path / "secret" in gateway.reloader.files
        monkeypatch.setenv("RELOADED_TOKEN", "second")
        (tmp_path / "secret").write_text("two")
        assert (await gateway.reloader.reload("test")).changed == ("upstream raw: changed",)
        await client.call_tool("raw_echo", {"text": "a"})
        assert (await gateway.reloader.reload("test")).changed == ()
    headers = raw_modern.record()[-1]["headers"]
    assert (headers["x-first"], headers["x-second"]) == ("second", "two")


@pytest.mark.parametrize("more", ['auth.bearer = "${file:secret}"', 'headers = { X-Key = "${file:secret}" }'])
async def test_a_credential_that_was_rotated_in_its_file_is_used_and_nothing_is_opened_anew(
    tmp_path: Path, raw_legacy: Running, more: str
):
    (tmp_path / "secret").write_text("token-before")
    async with reloadable(tmp_path, {"raw": raw_legacy}, more) as gateway, Client(gateway) as client:
        await client.call_tool("raw_echo", {"text": "a"})
        upstream = gateway.runtime.upstreams["raw"]
        (tmp_path / "secret").write_text("token-after")
        assert (await gateway.reloader.reload("test")).changed == ()
        assert gateway.runtime.upstreams["raw"] is upstream
        await client.call_tool("raw_echo", {"text": "b"})
        assert REDACTOR.text("it said token-after") == f"it said {MASK}"
        other = await reload(gateway, tmp_path, {"raw": raw_legacy}, f"{more}\ndeadline = 20.0")
        assert other.changed == ("upstream raw: changed",)
    calls = [each["headers"] for each in raw_legacy.record() if each["rpc"] == "tools/call"]
    assert calls[0]["mcp-session-id"] == calls[1]["mcp-session-id"]
    name = "authorization" if "bearer" in more else "x-key"
    assert [each[name].removeprefix("Bearer ") for each in calls] == ["token-before", "token-after"]


async def test_a_token_that_is_read_between_two_reloads_is_kept_out_of_the_log(tmp_path: Path, raw_modern: Running):
    (tmp_path / "secret").write_text("token-of-monday")
    more = 'auth.bearer = "${file:secret}"'
    async with reloadable(tmp_path, {"raw": raw_modern}, more) as gateway, Client(gateway) as client:
        raw_modern.control(fault="unauthorized", on="tools/call", times=1)
        (tmp_path / "secret").write_text("token-of-tuesday")
        await client.call_tool("raw_echo", {"text": "a"})
        assert raw_modern.record()[-1]["headers"]["authorization"] == "Bearer token-of-tuesday"
        assert REDACTOR.text("it said token-of-tuesday") == f"it said {MASK}"


async def test_a_file_that_is_missing_is_watched_for(tmp_path: Path):
    async with reloadable(tmp_path, {}) as gateway:
        outcome = await reload(gateway, tmp_path, {"raw": NOBODY}, 'auth.bearer = "${file:to-come}"')
        assert not outcome.well
        assert tmp_path / "to-come" in gateway.reloader.files
        (tmp_path / "to-come").write_text("here")
        assert (await gateway.reloader.reload("test")).well


async def test_watched_resources_are_watched_at_the_new_upstream(tmp_path: Path, raw_legacy: Running):
    async with reloadable(tmp_path, {"raw": raw_legacy}) as gateway:
        gateway.runtime.upstreams["raw"].watcher.watch("mem://text")
        await reload(gateway, tmp_path, {"raw": raw_legacy}, "deadline = 20.0")
        assert list(gateway.runtime.upstreams["raw"].watcher.watched) == ["mem://text"]


async def test_two_attempts_take_turns(tmp_path: Path):
    async with reloadable(tmp_path, {}) as gateway:
        written(tmp_path, configuration({"new": NOBODY}))
        first, second = await asyncio.gather(gateway.reloader.reload("one"), gateway.reloader.reload("two"))
        assert (first.changed, second.changed) == (("upstream new: added",), ())


async def test_many_changes_leave_nothing_open(tmp_path: Path, raw_modern: Running):
    with raw_http(era="legacy") as other:
        async with reloadable(tmp_path, {"raw": raw_modern}) as gateway, Client(gateway) as client:
            for number in range(10):
                upstream = (other, raw_modern)[number % 2]
                assert (await reload(gateway, tmp_path, {"raw": upstream})).changed == ("upstream raw: changed",)
                await client.call_tool("raw_echo", {"text": "a"})
            await gateway.runtime.drained()
            keepers = [task for task in asyncio.all_tasks() if task.get_name() == "keeper raw"]
            assert len(keepers) == 1


async def test_a_file_that_was_emptied_to_be_written_is_waited_for(tmp_path: Path):
    async with reloadable(tmp_path, {"raw": NOBODY}) as gateway:
        file = tmp_path / "gateway.toml"
        text = file.read_text()
        file.write_text("")
        attempt = asyncio.create_task(gateway.reloader.reload("test"))
        await asyncio.wait({attempt}, timeout=0.05)
        file.write_text(text)
        assert (await attempt).changed == ()

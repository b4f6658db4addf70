"""Any order of calls, faults, changes and reloads: what always holds (docs/reliability.md) holds after each step.

Two upstreams behind proxies, two callers who speak both eras. Hypothesis chooses the steps, the same ones in each run.
"""

import asyncio
import tempfile
from collections import Counter, defaultdict
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import cycle, product
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.policy.keys import KeyStore
from tests.contract.pairs import Era
from tests.contract.wire import Answer, Wire, wire
from tests.faults.kit import until
from tests.gateways.kit import configuration, over_http, written
from tests.upstreams.kit import Running
from tests.upstreams.raw.definitions import TOOLS
from tests.upstreams.tcp_proxy import TcpProxy, tcp_proxy

PROFILE = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # to make a failure shorter takes minutes; its steps are printed as they are
    suppress_health_check=list(HealthCheck),
)
ERAS: tuple[Era, ...] = ("modern", "legacy")
NAMES = ("modern", "legacy")
CALLERS = ("alice", "bob")
MOST_SENT = 3
"""How often a call that may be repeated is sent at most."""
BACK_SECONDS = 10.0

clients = st.tuples(st.sampled_from(CALLERS), st.sampled_from(ERAS))
names = st.sampled_from(NAMES)
ONE_FAILURE = {"close_after": "upstream_lost", "server_error": "upstream_failed", "garbage": "upstream_broken"}


@dataclass
class Front:
    """What the test knows of one upstream."""

    running: Running
    proxy: TcpProxy
    extra: str = ""
    deadline: int = 30
    is_there: bool = True
    is_configured: bool = True

    def behave(self, **more: Any) -> None:
        self.running.control(extra=[self.extra] if self.extra else [], **more)

    @property
    def table(self) -> str:
        return f'url = "{self.proxy.url}"\ndeadline = {self.deadline}\n'


@dataclass
class Sent:
    """What callers sent: whose each number is, and which of them may arrive more than once."""

    by: dict[int, str] = field(default_factory=dict)
    repeatable: set[int] = field(default_factory=set)


class Gateways(RuleBasedStateMachine):
    """One gateway, from its start to its end."""

    upstreams: ClassVar[dict[str, Running]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.sent = Sent()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def start(self) -> None:
        self.run(self._start())

    async def _start(self) -> None:
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.fronts = {}
        for name, running in self.upstreams.items():
            running.control()
            running.reset()
            self.fronts[name] = Front(running, await self.stack.enter_async_context(tcp_proxy(running.url)))
        keys = KeyStore(self.folder / "var")
        tokens = {who: keys.create(who, ["*"])[1] for who in CALLERS}
        self.gateway, url = await self.stack.enter_async_context(over_http(self.folder, self._text()))
        self.turn = cycle(product(CALLERS, ERAS))
        self.clients: dict[tuple[str, Era], Wire] = {}
        for who in CALLERS:
            for era in ERAS:
                headers = {"authorization": f"Bearer {tokens[who]}"}
                self.clients[who, era] = await self.stack.enter_async_context(wire(url, era, headers))

    def _text(self) -> str:
        tables = (f"[upstreams.{name}]\n{each.table}" for name, each in self.fronts.items() if each.is_configured)
        return configuration({}, "".join(tables) + '[log]\nlevel = "ERROR"')

    # calls

    @rule(client=clients, name=names, tool=st.sampled_from(["echo", "slow"]))
    def call(self, client: tuple[str, Era], name: str, tool: str) -> None:
        self.run(self._call(client, name, tool))

    @rule(name=names)
    def calls_of_all_at_once(self, name: str) -> None:
        async def work() -> None:
            await asyncio.gather(
                *(self._call(client, name, tool) for client in self.clients for tool in ("echo", "slow"))
            )

        self.run(work())

    async def _call(self, client: tuple[str, Era], name: str, tool: str, seconds: float = 0.0) -> None:
        may_fail = not self.fronts[name].is_there or self._is_suspended(name)
        answer, expected = await self._answer(client, name, tool, seconds)
        if not self.fronts[name].is_configured:
            assert answer.error["code"] == -32602
        elif "error" in answer.final:
            assert may_fail, answer.error
            assert answer.error["data"]["kind"] in ("upstream_down", "upstream_lost", "upstream_suspended")
        else:
            assert answer.result["content"][0]["text"] == expected

    async def _answer(self, client: tuple[str, Era], name: str, tool: str, seconds: float = 0.0) -> tuple[Answer, str]:
        """The one answer of a call, and what is in it if all is well."""
        number = len(self.sent.by) + 1
        self.sent.by[number] = " ".join(client)
        if tool == "echo":
            self.sent.repeatable.add(number)
            arguments: dict[str, Any] = {"text": f"{number} of {client}"}
            expected = arguments["text"]
        else:
            arguments = {"seconds": seconds + number / 1_000_000}
            expected = f"{arguments['seconds']} seconds later"
        answer = await self.clients[client].ask("tools/call", name=f"{name}_{tool}", arguments=arguments)
        assert len([message for message in answer.messages if "id" in message]) == 1
        return answer, expected

    def _is_suspended(self, name: str) -> bool:
        upstream = self.gateway.runtime.upstreams.get(name)
        return upstream is not None and upstream.gate.state().state != "closed"

    # faults

    @rule(
        client=clients, name=names, fault=st.sampled_from(sorted(ONE_FAILURE)), tool=st.sampled_from(["echo", "slow"])
    )
    def one_call_fails(self, client: tuple[str, Era], name: str, fault: str, tool: str) -> None:
        self.run(self._one_call_fails(client, name, fault, tool))

    async def _one_call_fails(self, client: tuple[str, Era], name: str, fault: str, tool: str) -> None:
        front = self.fronts[name]
        if not (front.is_there and front.is_configured) or self._is_suspended(name):
            return
        front.behave(fault=fault, on="tools/call", times=1)
        answer, expected = await self._answer(client, name, tool)
        front.behave()
        if "error" in answer.final:
            assert answer.error["data"]["kind"] == ONE_FAILURE[fault]
        else:
            assert tool == "echo", "a call that may not be repeated was"
            assert answer.result["content"][0]["text"] == expected

    @rule(name=names)
    def dies(self, name: str) -> None:
        async def work() -> None:
            self.fronts[name].is_there = False
            self.fronts[name].proxy.mode = "refuse"
            self.fronts[name].proxy.cut()

        self.run(work())

    @rule(name=names)
    def returns(self, name: str) -> None:
        self.run(self._returns(name))

    async def _returns(self, name: str) -> None:
        front = self.fronts[name]
        front.is_there = True
        front.proxy.mode = "pass"
        if front.is_configured:
            upstream = self.gateway.runtime.upstreams[name]
            upstream.look_again()  # by itself it does so within 8 s, which would be most of the time of this test
            await until(lambda: upstream.health.state == "up" and self._is_known(name), BACK_SECONDS)

    def _is_known(self, name: str) -> bool:
        extra = self.fronts[name].extra
        return not extra or self.gateway.runtime.catalog.tool(f"{name}_{extra}") is not None

    @rule(name=names, number=st.integers(1, 3))
    def changes_its_tools(self, name: str, number: int) -> None:
        front = self.fronts[name]
        front.extra = f"extra{number}"
        front.behave()
        if front.is_there and front.is_configured:
            self.run(until(lambda: self._is_known(name), BACK_SECONDS))

    @rule()
    def forgets_sessions(self) -> None:
        self.fronts["legacy"].behave(forget_sessions=True)

    # other configurations

    @rule(client=clients, name=names)
    def is_configured_otherwise_during_a_call(self, client: tuple[str, Era], name: str) -> None:
        self.fronts[name].deadline += 1
        self.run(self._reloaded_during_a_call(client, name))

    @rule(client=clients, name=names)
    def is_taken_out_during_a_call(self, client: tuple[str, Era], name: str) -> None:
        was, self.fronts[name].is_configured = self.fronts[name].is_configured, False
        if was:
            self.run(self._reloaded_during_a_call(client, name))

    @precondition(lambda self: not all(each.is_configured for each in self.fronts.values()))
    @rule()
    def are_all_configured_again(self) -> None:
        for front in self.fronts.values():
            front.is_configured = True
        self.run(self._reload())

    @rule()
    def is_configured_wrongly(self) -> None:
        self.run(self._is_configured_wrongly())

    async def _is_configured_wrongly(self) -> None:
        generation = self.gateway.runtime.generation
        written(self.folder, self._text() + "[upstreams.new]\nurl = 7\n")
        assert not (await self.gateway.reloader.reload("the test")).well
        assert self.gateway.runtime.generation is generation

    async def _reloaded_during_a_call(self, client: tuple[str, Era], name: str) -> None:
        """A call that runs meanwhile is answered, and then nothing is left of what served it."""
        front, upstream = self.fronts[name], self.gateway.runtime.upstreams.get(name)
        if upstream is None or not front.is_there or self._is_suspended(name):
            await self._reload()
            return
        running = upstream.bulkhead.running
        call = asyncio.create_task(self._answer(client, name, "slow", seconds=0.4))
        await until(lambda: upstream.bulkhead.running > running)
        await self._reload()
        answer, expected = await call
        assert answer.result["content"][0]["text"] == expected
        await self.gateway.runtime.drained()
        assert len(upstream.pool) == upstream.bulkhead.running == 0

    async def _reload(self) -> None:
        written(self.folder, self._text())
        assert (await self.gateway.reloader.reload("the test")).well
        for name, front in self.fronts.items():
            if front.is_there and front.is_configured:
                await until(lambda name=name: self._is_known(name), BACK_SECONDS)

    # what always holds

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "clients"):
            self.run(self._holds())

    async def _holds(self) -> None:
        assert self.gateway.runtime.guard.running == 0
        for upstream in self.gateway.runtime.upstreams.values():
            assert (upstream.bulkhead.running, upstream.bulkhead.waiting) == (0, 0)
        await self._tools_stay_listed()
        self._nothing_ran_too_often_or_in_a_session_of_others()

    async def _tools_stay_listed(self) -> None:
        wanted = {f"{name}_{tool['name']}" for name in self._configured() for tool in TOOLS}
        client = self.clients[next(self.turn)]
        listed = {tool["name"] for tool in (await client.ask("tools/list")).result["tools"]}
        assert wanted <= listed
        assert {name.split("_")[0] for name in listed} == {"own", *self._configured()}

    def _configured(self) -> list[str]:
        return [name for name, front in self.fronts.items() if front.is_configured]

    def _nothing_ran_too_often_or_in_a_session_of_others(self) -> None:
        for front in self.fronts.values():
            events = front.running.events()
            arrived: Counter[int] = Counter()
            sessions: dict[str, set[str]] = defaultdict(set)
            for entry in events:
                if entry["event"] == "request" and entry["rpc"] == "tools/call":
                    number = number_of(entry["body"]["params"]["arguments"])
                    arrived[number] += 1
                    sessions[entry["headers"].get("mcp-session-id", f"none {number}")].add(self.sent.by[number])
            assert max(arrived.values(), default=0) <= MOST_SENT
            assert all(len(callers) == 1 for callers in sessions.values())
            # One that was refused for a forgotten session has not run, and arrives once more.
            ran = [entry for entry in events if entry["event"] == "started" and entry["name"] == "slow"]
            assert len(ran) <= len(arrived.keys() - self.sent.repeatable)

    def teardown(self) -> None:
        """It ends while calls run: they are answered, and nothing stays open."""
        try:
            if hasattr(self, "clients"):
                self.run(self._end())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    async def _end(self) -> None:
        for name in NAMES:
            await self._returns(name)
        name = next(iter(self._configured()), None)
        if name is not None and not self._is_suspended(name):
            upstream = self.gateway.runtime.upstreams[name]
            calls = [asyncio.create_task(self._call(client, name, "slow", 0.2)) for client in self.clients]
            await until(lambda: upstream.bulkhead.running == len(calls))
            await asyncio.gather(*calls)


def number_of(arguments: dict[str, Any]) -> int:
    """The number of a call, from its arguments."""
    if "text" in arguments:
        return int(arguments["text"].split(" ")[0])
    return round(arguments["seconds"] % 0.1 * 1_000_000)


@pytest.mark.timeout(180)
def test_what_always_holds_in_any_order_of_events(raw_modern: Running, raw_legacy: Running) -> None:
    Gateways.upstreams = {"modern": raw_modern, "legacy": raw_legacy}
    run_state_machine_as_test(Gateways, settings=PROFILE)

"""Workers that ask each other: who answers is told, and who does not is left out."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.doors.workers import peers as module
from gateway.doors.workers.peers import Peers
from tests.workers_kit import answering

GATEWAY = "ab12"


def worker(folder: Path, number: int, count: int = 3) -> Peers:
    peers = Peers(folder, GATEWAY, number, count)
    peers.answers["name"] = lambda: {"number": number}
    return peers


async def test_all_that_serve_are_asked_and_who_does_not_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    first, second = worker(tmp_path, 1), worker(tmp_path, 2)
    async with answering(first.listen(), first.answer), answering(second.listen(), second.answer):
        assert await first.ask("name") == {1: {"number": 1}, 2: {"number": 2}}
        assert await second.ask("name") == {1: {"number": 1}, 2: {"number": 2}}
    assert "a worker gave no answer" in caplog.text
    for each in (first, second):
        each.close()
    assert os.listdir(tmp_path) == []


async def test_one_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)

    async def hang(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    first, second = worker(tmp_path, 1, 2), worker(tmp_path, 2, 2)
    async with answering(second.listen(), hang):
        assert await first.ask("name") == {1: {"number": 1}}
        first.close()


async def test_what_nobody_knows_and_what_is_no_json_is_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    first, second = worker(tmp_path, 1, 2), worker(tmp_path, 2, 2)
    first.answers["other"] = lambda: 1
    async with answering(second.listen(), second.answer):
        with caplog.at_level(logging.WARNING):
            assert await first.ask("other") == {1: 1}
        first.close()
    assert "'asked': 2" in caplog.text or "asked" in str(caplog.records[0].__dict__)


def test_there_are_connections_to_the_others_only(tmp_path: Path):
    peers = worker(tmp_path, 2)
    assert [peers.client(number) is not None for number in (0, 1, 2, 3, 4)] == [False, True, False, True, False]


async def test_what_one_says_is_heard_by_all_who_serve(tmp_path: Path):
    first, second, third = (worker(tmp_path, number) for number in (1, 2, 3))
    heard: list[str] = []
    second.hears["news"] = heard.append
    async with answering(second.listen(), second.answer):
        first.say("news", "größer")
        first.say("of no interest", "x")
        await first.said()
        assert heard == ["größer"]
        assert await third.ask("name") == {2: {"number": 2}, 3: {"number": 3}}
        first.close()
        third.close()


async def test_one_that_hangs_is_told_nothing_and_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)

    async def hang(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    first, second = worker(tmp_path, 1, 2), worker(tmp_path, 2, 2)
    async with answering(second.listen(), hang):
        first.say("news", "x")
        async with asyncio.timeout(5):
            await first.said()
        first.close()

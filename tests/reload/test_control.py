"""The socket in the state directory: who reaches it, and what is left of it."""

import asyncio
import json
import logging
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.reload.control import FOLDER, ask, controlled


async def hello() -> Mapping[str, Any]:
    return {"hello": "there"}


def sockets(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*"))


async def test_every_process_that_serves_answers(tmp_path: Path):
    async with controlled(tmp_path, {"hello": hello}), controlled(tmp_path, {"hello": hello}):
        answers = await asyncio.to_thread(ask, tmp_path, "hello")
    assert [answer["hello"] for answer in answers] == ["there", "there"]
    assert sockets(tmp_path) == []
    assert ask(tmp_path, "hello") == []


async def test_nobody_else_on_this_machine_reaches_it(tmp_path: Path):
    async with controlled(tmp_path, {}):
        (path,) = sockets(tmp_path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_path_may_be_longer_than_a_sockets(tmp_path: Path):
    folder = tmp_path.joinpath(*["a long name"] * 12)
    async with controlled(folder, {"hello": hello}):
        assert len(await asyncio.to_thread(ask, folder, "hello")) == 1


async def test_what_is_not_understood_gets_no_answer_and_does_no_harm(tmp_path: Path):
    async with controlled(tmp_path, {"hello": hello}):
        for word in ("other", "x" * 10_000, "\udcff"):
            assert await asyncio.to_thread(_told, tmp_path, word.encode(errors="surrogateescape")) == b""
        assert len(await asyncio.to_thread(ask, tmp_path, "hello")) == 1


def _told(folder: Path, word: bytes) -> bytes:
    (path,) = sockets(folder)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(word + b"\n")
        try:
            return client.recv(1024)
        except ConnectionResetError:
            return b""


def test_a_socket_that_a_crash_left_is_cleared_away(tmp_path: Path):
    (tmp_path / FOLDER).mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / FOLDER / "left.sock"))
    assert ask(tmp_path, "hello") == []
    assert sockets(tmp_path) == []


async def test_without_a_place_for_it_all_else_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        async with controlled(tmp_path / "file", {}):
            pass
    assert "cannot reach this process" in caplog.text


async def test_an_answer_is_one_line_of_json(tmp_path: Path):
    async with controlled(tmp_path, {"hello": hello}):
        assert json.loads(await asyncio.to_thread(_told, tmp_path, b"hello"))["hello"] == "there"

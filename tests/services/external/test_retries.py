"""What is safe to send twice is tried again, within the deadline; nothing else is."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from email.utils import formatdate

import httpx
import pytest

from services.external import retries
from services.external.retries import RetryingTransport, retry_after
from tests.services.external.world import raw

READY = raw(b"ready", content_type="text/plain")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.01)


@pytest.fixture
async def fetch(serve, site):
    return await serve(allow_private_hosts=[site.endpoint], methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_site_that_is_not_ready_is_asked_again(fetch, site, status):
    answer = await fetch(site.sends_in_turn("/", raw(status=status), raw(status=status), READY))
    assert (answer.data["status"], answer.data["text"], len(site.heard)) == (200, "ready", 3)


@pytest.mark.parametrize("broken", [b"", b"HTTP/1.1 2"])
async def test_a_connection_that_breaks_before_the_answer_is_made_again(fetch, site, broken):
    answer = await fetch(site.sends_in_turn("/", broken, READY))
    assert (answer.data["text"], len(site.heard)) == ("ready", 2)


async def test_the_last_of_three_answers_is_the_answer(fetch, site):
    answer = await fetch(site.sends_in_turn("/", raw(b"no", 503, content_type="text/plain")))
    assert (answer.data["status"], answer.data["text"], len(site.heard)) == (503, "no", 3)


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("PATCH", 1), ("PUT", 2), ("DELETE", 2)])
async def test_only_what_is_idempotent_is_sent_again(fetch, site, method, times):
    url = site.sends_in_turn("/", raw(status=503), READY)
    answer = await fetch(url, method=method, json={"a": 1})
    assert answer.data["status"] == (200 if times == 2 else 503)
    assert site.bodies == [b'{"a":1}'] * times


async def test_what_was_posted_is_not_sent_again_when_the_connection_breaks(fetch, site):
    answer = await fetch(site.sends_in_turn("/", b"", READY), method="POST", json={})
    assert "not valid HTTP" in answer.error
    assert len(site.heard) == 1


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_other_answers_are_not_asked_for_again(fetch, site, status):
    await fetch(site.sends_in_turn("/", raw(status=status), READY))
    assert len(site.heard) == 1


async def test_retry_after_is_obeyed(fetch, site):
    url = site.sends_in_turn("/", raw(status=503, retry_after="1"), READY)
    began = time.monotonic()
    answer = await fetch(url)
    assert answer.data["text"] == "ready"
    assert time.monotonic() - began >= 1


async def test_a_retry_after_past_the_deadline_is_the_answer_at_once(fetch, site):
    url = site.sends_in_turn("/", raw(status=429, retry_after="3600"), READY)
    answer = await fetch(url, timeout=5)
    assert (answer.data["status"], answer.data["headers"]["retry-after"], len(site.heard)) == (429, "3600", 1)


async def test_retries_can_be_switched_off(serve, site):
    fetch = await serve(allow_private_hosts=[site.endpoint], retries=0)
    await fetch(site.sends_in_turn("/", raw(status=503), READY))
    assert len(site.heard) == 1


async def test_a_retry_is_logged_without_its_url_and_never_on_stdout(fetch, site, caplog, capfd):
    with caplog.at_level(logging.WARNING, "stamina"):
        await fetch(site.sends_in_turn("/CANARY", raw(status=503), READY))
    assert [record.name for record in caplog.records] == ["stamina"]
    assert "CANARY" not in str(vars(caplog.records[0]))
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("0", 0), ("120", 120), ("-1", None), ("soon", None), ("", None), ("9" * 400, 999_999_999)],
)
def test_seconds_of_a_retry_after(value, seconds):
    assert retry_after(value) == seconds


def test_dates_of_a_retry_after():
    ahead = retry_after(formatdate(time.time() + 60, usegmt=True))
    assert ahead is not None
    assert 50 < ahead < 61
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0


class Busy(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """Answers that it is not ready, and tells when that answer was let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = asyncio.Event(), False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.set()
        return httpx.Response(503, headers={"retry-after": "20"}, stream=self)

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield b"no"

    async def aclose(self) -> None:
        self.let_go = True


async def test_who_leaves_while_it_waits_leaves_no_answer_behind():
    """It would keep its place at the host."""
    busy = Busy()
    until = asyncio.get_running_loop().time() + 60
    request = httpx.Request("GET", "http://site.example/", extensions={retries.UNTIL: until})
    leaving = asyncio.create_task(RetryingTransport(busy, 2).handle_async_request(request))
    await busy.asked.wait()
    for _ in range(10):
        await asyncio.sleep(0)  # time enough to wait for the next try
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    assert busy.let_go

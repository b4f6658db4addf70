"""The suite's URIs and a gateway's, told to each other without a change to anything else."""

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.conformance.uris import SuiteUris, to_asked, to_published


def of(endpoint: Any) -> httpx.AsyncClient:
    app: ASGIApp = SuiteUris(Starlette(routes=[Route("/mcp", endpoint, methods=["GET", "POST"])]))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    ("asked", "published"),
    [
        (b'{"uri":"test://static-text"}', b'{"uri":"test://test/static-text"}'),
        (b'{"uri": "test://template/1/data"}', b'{"uri": "test://test/template/1/data"}'),
    ],
)
def test_uris_go_there_and_back(asked: bytes, published: bytes):
    assert to_published(asked) == published
    assert to_asked(published) == asked


def test_the_tools_of_no_namespace_are_asked_for_under_one():
    asked = b'{"name":"greet","arguments":{"name":"World","label":"greet"}}'
    assert to_published(asked) == b'{"name":"test_greet","arguments":{"name":"World","label":"greet"}}'
    assert to_published(b'{"name":"greeting"}') == b'{"name":"greeting"}'


def test_templates_come_back_too():
    assert to_asked(b'{"uriTemplate":"test://test/template/{id}"}') == b'{"uriTemplate":"test://template/{id}"}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"uri":"file:///test://static-text"}',
        b'{"resourceUri":"test://example"}',
        b'{"text":"test://test/static-text"}',
        json.dumps({"text": '{"uri":"test://test/static-text"}'}).encode(),
    ],
)
def test_nothing_else_is_changed(body: bytes):
    assert to_published(body) == to_asked(body) == body


async def test_a_request_reaches_the_server_whole_with_its_headers_in_step():
    async def echo(request: Request) -> Response:
        body = await request.body()
        assert int(request.headers["content-length"]) == len(body)
        return PlainTextResponse(f"{request.headers['mcp-name']} {body.decode()}")

    async with of(echo) as client:
        headers = {"Mcp-Name": "test://static-text"}
        answer = await client.post("/mcp", content=b'{"uri":"test://static-text"}', headers=headers)
    assert answer.text == 'test://test/static-text {"uri":"test://test/static-text"}'


async def test_an_answer_that_became_shorter_has_no_length_of_before():
    async def json_answer(request: Request) -> Response:
        return Response(b'{"uri":"test://test/static-text"}', media_type="application/json")

    async with of(json_answer) as client:
        answer = await client.get("/mcp")
    assert answer.content == b'{"uri":"test://static-text"}'
    assert "content-length" not in answer.headers


async def test_a_uri_that_comes_in_two_pieces_is_still_one():
    async def pieces() -> Any:
        yield b'event: message\ndata: {"uri":"test://te'
        yield b'st/static-text"}\n\ndata: {"uri"'
        yield b':"test://test/other"}'

    async def stream(request: Request) -> Response:
        return StreamingResponse(pieces(), media_type="text/event-stream")

    async with of(stream) as client:
        answer = await client.get("/mcp")
    assert answer.text == 'event: message\ndata: {"uri":"test://static-text"}\n\ndata: {"uri":"test://other"}'


async def test_an_event_is_passed_on_as_soon_as_it_is_whole():
    sent: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        assert b"".join(sent) == b"data: 1\n\n"
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    await SuiteUris(app)({"type": "http", "method": "POST", "headers": []}, receive, send)
    assert b"".join(sent) == b"data: 1\n\n"


async def test_an_answer_of_another_type_is_let_alone():
    async def text(request: Request) -> Response:
        return PlainTextResponse('{"uri":"test://test/static-text"}')

    async with of(text) as client:
        answer = await client.get("/mcp")
    assert answer.text == '{"uri":"test://test/static-text"}'
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_the_server_hears_that_the_client_left():
    heard: list[str] = []
    messages = [{"type": "http.request", "body": b"{}", "more_body": False}, {"type": "http.disconnect"}]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        pass

    await SuiteUris(app)({"type": "http", "method": "POST", "headers": []}, receive, send)
    assert heard == ["http.request", "http.disconnect"]

"""Takes the requests that FastMCP makes of an OpenAPI document to the guarded network, with the API's credential."""

import json
from typing import Any

import httpx2
from fastmcp.exceptions import ToolError

from services.external.body import Body
from services.external.cache import caller
from services.external.content import interpreted, is_json
from services.external.settings import OWN_HEADERS, ApiSettings
from services.external.web import Received, Web

BUILT = "built"
"""The extension of a request that has its headers as they were made of the tool's arguments."""
MOST_SAID = 2_000
"""Characters of a refusal that are passed on."""
SHORTEST_SECRET = 8
# OpenAPI says that a document does not describe these. What a model gives must not stand where a credential belongs.
_NOT_ARGUMENTS = (OWN_HEADERS - {"content-type"}) | {"authorization", "proxy-authorization"}


class ApiClient(httpx2.AsyncClient):
    """FastMCP adds the headers of the MCP request to each request that it made, so those before are remembered."""

    def build_request(self, *args: Any, **parts: Any) -> httpx2.Request:
        request = super().build_request(*args, **parts)
        request.extensions = {**request.extensions, BUILT: dict(request.headers)}
        return request


class ApiTransport(httpx2.AsyncBaseTransport):
    """Sends what `ApiClient` built and nothing else; gives JSON and text, in UTF-8.

    Raises ToolError for a status that says no, and for what is neither JSON nor text.
    """

    def __init__(self, web: Web, api: ApiSettings) -> None:
        self._web = web
        self._headers = {name: value.get_secret_value() for name, value in api.headers.items()}
        self._query = {name: value.get_secret_value() for name, value in api.query.items()}
        self._secrets = [
            word.encode()
            for value in (*self._headers.values(), *self._query.values())
            for word in value.split()
            if len(word) >= SHORTEST_SECRET
        ]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        built = request.extensions[BUILT]
        own = self._web.request(
            request.method,
            str(request.url),
            caller=None if self._headers or self._query else caller(),
            params=self._query,
            headers={name: value for name, value in built.items() if name not in _NOT_ARGUMENTS} | self._headers,
            content=await request.aread() or None,
        )
        received = await self._web.exchange(own)
        media_type, text = await self._readable(received)
        answer = received.response
        if not answer.is_success:
            raise ToolError(f"The API answered {answer.status_code}{f': {text[:MOST_SAID]}' if text else '.'}")
        return httpx2.Response(answer.status_code, headers={"content-type": media_type}, content=text.encode())

    async def _readable(self, received: Received) -> tuple[str, str]:
        """Media type and text of the body, without the API's credential: some repeat what they were sent."""
        body, response = received.body, received.response
        if body.truncated:
            raise ToolError(f"The API's answer is longer than {len(body.content)} bytes. Ask for less of it.")
        content = body.content
        for secret in self._secrets:
            content = content.replace(secret, b"***")
        content_type, page = response.headers.get("content-type"), str(response.url)
        given = await interpreted(Body(content), content_type, response.charset_encoding, page)
        if given.text is not None or not content:
            return "text/plain; charset=utf-8", given.text or ""
        if is_json(given.media_type):
            return "application/json", json.dumps(given.json, ensure_ascii=False)
        raise ToolError(f"The API answered with {given.media_type}, which is neither JSON nor text.")

"""Instructions by who asks: in both doors and eras of `initialize` and `server/discover`; see there for the latter."""

from pathlib import Path

import httpx
import pytest

from gateway.policy.keys import KeyStore
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Running
from tests.upstreams.messages import ACCEPT, initialize, messages_of


@pytest.mark.parametrize(("scope", "told"), [("raw:read", True), ("own:*", False), ("*", True)])
async def test_a_session_is_told_of_what_its_client_may_use(
    tmp_path: Path, raw_modern: Running, scope: str, told: bool
) -> None:
    _, key = KeyStore(tmp_path / "var").create("one", [scope])
    async with (
        over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url),
        httpx.AsyncClient(timeout=5) as http,
    ):
        headers = {**ACCEPT, "authorization": f"Bearer {key}"}
        async with http.stream("POST", url, json=initialize(), headers=headers) as answer:
            (result,) = [message["result"] async for message in messages_of(answer)]
    assert ("# raw" in (result.get("instructions") or "")) is told

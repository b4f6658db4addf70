"""What goes out for an operation and what comes back: the credential, the arguments, and nothing of the caller's."""

import json
from functools import partial
from pathlib import Path

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from services.external.server import Settings, create_server
from tests.gateways.kit import over_http
from tests.services.external import mounted
from tests.services.external.conftest import answer_of
from tests.services.external.world import Sockets, network

PETS = Path(__file__).with_name("pets.yaml")
SECRET = "canary-8f3e1c5b7a9d"


@pytest.fixture
async def api(open_server, site):
    """Start it with this API on the site; gives a function that calls one of its operations."""

    async def start(settings=None, **api):
        client, prefix = await open_server(
            allow_private_hosts=[site.endpoint],
            apis={"pets": {"document": PETS, "base_url": site.url("/v1"), **api}},
            **(settings or {}),
        )

        async def call(operation, **arguments):
            return answer_of(await client.call_tool(f"{prefix}pets_{operation}", arguments, raise_on_error=False))

        return call

    return start


async def test_arguments_go_where_the_document_says(api, site):
    call = await api()
    site.sends("/v1/pets", b'{"pets": []}', content_type="application/json")
    site.sends("/v1/pets/a%20b%2Fc", b'{"name": "Ada"}', content_type="application/json")
    answer = await call("listPets", kind="cat", limit=3, **{"X-Trace": "t1"})
    assert answer.data == {"pets": []}
    assert site.heard[0].startswith("GET /v1/pets?kind=cat&limit=3 HTTP/1.1")
    assert "x-trace: t1" in site.heard[0].lower()
    assert (await call("getPet", id="a b/c")).data == {"name": "Ada"}
    await call("addPet", name="Bob", parents=[{"name": "Eve"}])
    assert site.heard[2].startswith("POST /v1/pets HTTP/1.1")
    assert json.loads(site.bodies[2]) == {"name": "Bob", "parents": [{"name": "Eve"}]}
    assert "content-type: application/json" in site.heard[2].lower()


async def test_the_credential_goes_with_each_request_and_comes_back_with_none(api, site):
    call = await api(headers={"Authorization": f"Bearer {SECRET}"}, query={"key": SECRET})
    site.sends("/v1/pets", json.dumps({"you sent": SECRET}).encode(), content_type="application/json")
    answer = await call("listPets", kind="cat")
    assert f"authorization: bearer {SECRET}" in site.heard[0].lower()
    assert f"GET /v1/pets?kind=cat&key={SECRET} " in site.heard[0]
    assert answer.data == {"you sent": "***"}
    site.sends("/v1/pets", SECRET.encode(), status=403, content_type="text/plain")
    assert (await call("listPets")).error == "The API answered 403: ***"


async def test_the_credential_does_not_follow_a_redirect_to_another_host(open_server, site):
    site.sends("/v1/pets", status=302, location="http://other.example.com/there")
    site.sends("/there", b"{}", content_type="application/json")
    client, prefix = await open_server(
        network(Sockets(site.port)), apis={"pets": {"document": PETS, "headers": {"x-api-key": SECRET}}}
    )
    await client.call_tool(f"{prefix}pets_listPets", {})
    assert [SECRET in head for head in site.heard] == [True, False]


async def test_answers_to_a_credential_are_not_kept_and_others_are(api, site):
    site.sends("/v1/pets", b"{}", content_type="application/json", cache_control="public, max-age=60")
    with_key = await api(headers={"x-api-key": SECRET})
    for _ in range(2):
        await with_key("listPets")
    assert len(site.heard) == 2
    without = await api()
    for _ in range(2):
        await without("listPets")
    assert len(site.heard) == 3


@pytest.mark.parametrize(
    ("body", "content_type", "data", "text"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}, '{"a":1}'),
        (b"[1, 2]", "application/json", {"result": [1, 2]}, '{"result":[1,2]}'),
        (b"null", "application/json", {"result": None}, '{"result":null}'),
        (b"Ma\xdf", "text/plain; charset=iso-8859-1", {}, "Maß"),
        (b"<h1>Hi</h1>", "text/html", {}, "# Hi"),
        (b"", "application/json", {}, ""),
    ],
)
async def test_json_and_text_come_back_whatever_the_document_says_of_them(api, site, body, content_type, data, text):
    call = await api()
    site.sends("/v1/pets", body, content_type=content_type)
    answer = await call("listPets")
    assert (answer.error, answer.data, "".join(part.text for part in answer.content)) == (None, data, text)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"status": 404, "body": b'{"detail": "no such pet"}', "content_type": "application/json"},
         'The API answered 404: {"detail": "no such pet"}'),
        ({"status": 500, "body": b"x" * 100_000, "content_type": "text/plain"}, "The API answered 500: " + "x" * 2000),
        ({"status": 304}, "The API answered 304."),
        ({"body": b"\x89PNG", "content_type": "image/png"}, "with image/png, which is neither JSON nor text."),
        ({"body": b"x" * 200_000, "content_type": "text/plain"}, "The API's answer is longer than 150000 bytes."),
        ({"body": b"x", "content_type": "text/plain", "content_encoding": "br"}, "compression that was not asked for"),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_told(api, site, sent, words):
    call = await api({"max_bytes": 150_000, "retries": 0})
    site.sends("/v1/pets", **sent)
    answer = await call("listPets")
    assert words in answer.error
    assert len(answer.error) < 2_100


async def test_an_api_that_does_not_answer_ends_at_the_deadline(api, site):
    call = await api({"timeout": 0.2})
    assert "within 0.2 s" in (await call("listPets")).error


async def test_nothing_that_the_mcp_client_sent_goes_to_the_api(site, tmp_path):
    site.sends("/v1/pets", b"{}", content_type="application/json")
    apis = {"pets": {"document": PETS, "base_url": site.url("/v1")}}
    mounted.server = create_server(Settings(allow_private_hosts=(site.endpoint,), apis=apis))
    names = ("x-trace", "x-api-key", "accept-language", "user-agent", "cookie", "x-forwarded-for", "authorization")
    transport = partial(StreamableHttpTransport, headers=dict.fromkeys(names, "CANARY"))
    text = f"[services.external]\nmodule = '{mounted.__name__}:server'\n"
    async with over_http(tmp_path, text) as (_, url), Client(transport(url)) as client:
        await client.call_tool("external_pets_listPets", {"kind": "dog"})
    [head] = site.heard
    assert head.startswith("GET /v1/pets?kind=dog ")
    assert "CANARY" not in head
    assert set(httpx.Headers([line.split(": ", 1) for line in head.splitlines()[1:] if line])) == {
        *("accept", "accept-encoding", "connection", "host", "user-agent"),
    }

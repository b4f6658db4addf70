"""What comes of one fetch: status, headers, and a body that a model can read."""

import httpx
import pytest
import respx


@respx.mock
async def test_an_api_is_asked_with_parameters_and_headers(serve):
    route = respx.get("https://api.example.com/v1/items").mock(
        return_value=httpx.Response(200, json={"items": []}, headers={"etag": '"7"', "set-cookie": "a=b", "x-own": "1"})
    )
    fetch = await serve()
    answer = await fetch(
        "https://api.example.com/v1/items?page=2",
        params={"q": "a b", "tag": ["x", "y"], "n": 3},
        headers={"Accept": "a/b"},
    )
    request = route.calls.last.request
    assert dict(request.url.params.multi_items()) == {"page": "2", "q": "a b", "tag": "y", "n": "3"}
    assert request.url.params.get_list("tag") == ["x", "y"]
    assert (request.headers["accept"], request.headers["user-agent"]) == ("a/b", "one-url-gateway")
    assert answer.data == {
        "status": 200,
        "url": str(request.url),
        "content_type": "application/json",
        "headers": {"etag": '"7"', "content-length": "12"},
        "json": {"items": []},
        "text": None,
        "cached": False,
        "truncated": False,
    }


@respx.mock
@pytest.mark.parametrize("status", [404, 500])
async def test_an_error_status_is_an_answer_like_any_other(serve, status):
    respx.get("https://api.example.com/").mock(return_value=httpx.Response(status, text="no"))
    answer = await (await serve())("https://api.example.com/")
    assert (answer.data["status"], answer.data["text"]) == (status, "no")


async def test_a_real_server_on_loopback_answers_once_it_is_opened(serve, site):
    url = site.sends("/data", b'{"a": 1}', content_type="application/json")
    closed = await serve()
    assert "not allowed" in (await closed(url)).error
    fetch = await serve(allow_private_hosts=[site.endpoint])
    answer = await fetch(url)
    assert (answer.data["status"], answer.data["json"], answer.data["url"]) == (200, {"a": 1}, url)
    assert [head.splitlines()[0] for head in site.heard] == ["GET /data HTTP/1.1"]


async def test_head_brings_the_headers_alone(serve, site):
    site.answers["/"] = b"HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 99\r\nconnection: close\r\n\r\n"
    fetch = await serve(allow_private_hosts=[site.endpoint])
    answer = await fetch(site.url("/"), method="HEAD")
    assert answer.data["headers"] == {"etag": "x", "content-length": "99"}
    assert site.heard[0].startswith("HEAD / ")

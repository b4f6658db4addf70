"""What an upstream knows the gateway by, and a replaced one that is read when the old one is refused."""

from pathlib import Path

import pytest

from gateway.config.load import load_text
from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamRefused
from gateway.upstream.credential import Credential
from tests.upstream.fronts import LEGACY, MODERN, Kind, named, text_of
from tests.upstreams.kit import Running


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("old\n")
    return file


def replace(token: Path, content: str | None) -> None:
    token.unlink() if content is None else token.write_text(f"{content}\n")


def configured(token: Path, url: str) -> UpstreamConfig:
    """An upstream whose token stands in that file."""
    text = f'[upstreams.raw]\nurl = "{url}"\nauth.bearer = "${{file:{token}}}"\nheaders = {{ X-Team = "a" }}\n'
    return load_text(text, token.parent / "gateway.toml", {}).config.upstreams["raw"]


async def test_what_is_in_a_file_is_read_anew_when_it_was_refused(token: Path):
    credential = Credential(configured(token, "https://example.com/mcp"))
    used = credential.block
    assert used == b"X-Team: a\r\nAuthorization: Bearer old\r\n"
    assert not await credential.renewed(used)
    replace(token, "new")
    assert await credential.renewed(used)
    assert credential.block == b"X-Team: a\r\nAuthorization: Bearer new\r\n"
    assert await credential.renewed(used), "another call's, which was sent with the old one"
    assert repr(credential) == "<Credential X-Team, Authorization>"


async def test_a_file_that_is_gone_leaves_what_there_was(token: Path):
    credential = Credential(configured(token, "https://example.com/mcp"))
    replace(token, None)
    assert not await credential.renewed(credential.block)
    assert b"old" in credential.block


@pytest.mark.parametrize("kind", [MODERN, LEGACY], ids=named)
async def test_a_call_refused_for_an_old_token_is_sent_once_more_with_the_new_one(
    kind: Kind, request, front, token: Path
):
    target: Running = request.getfixturevalue(kind.fixture)
    one = await front(target, **_own_keys(configured(token, target.url)))
    target.control(fault="unauthorized", on="tools/call", times=1)
    replace(token, "new")
    assert text_of(await one.call("echo", text="x")) == "x"
    assert [each["headers"]["authorization"] for each in one.asked("tools/call")] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("kind", [MODERN, LEGACY], ids=named)
async def test_the_new_token_is_tried_once(kind: Kind, request, front, token: Path):
    target: Running = request.getfixturevalue(kind.fixture)
    one = await front(target, **_own_keys(configured(token, target.url)))
    target.control(fault="unauthorized", on="tools/call")
    replace(token, "new")
    for sent in (2, 3):  # and then not again: there is no newer one
        with pytest.raises(UpstreamRefused):
            await one.call("echo", text="x")
        assert len(one.asked("tools/call")) == sent


def _own_keys(config: UpstreamConfig) -> dict[str, object]:
    return {"auth": config.auth, "headers": config.headers, "in_files": config.in_files}

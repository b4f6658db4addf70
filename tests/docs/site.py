"""The site that the docs fetch from, here on loopback: `standing_in` puts its own address in place of theirs."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

SHOWN = "https://tea.example.com"
GREEN = (
    "<h1>Green tea</h1><script>ad()</script>"
    '<p>Steep for <b>two minutes</b> at 80 °C. See <a href="/all">others</a>.</p>'
)
ANSWERS = {"/green": ("text/html", GREEN), "/v1/teas": ("application/json", '{"teas": ["sencha", "longjing"]}')}


@dataclass(frozen=True)
class Site:
    """The site while it answers."""

    endpoint: str

    def inside(self, text: str) -> str:
        """A text of the docs as it is run."""
        return text.replace(SHOWN, f"http://{self.endpoint}")

    def outside(self, text: str) -> str:
        """What was printed as the docs show it."""
        return text.replace(f"http://{self.endpoint}", SHOWN)

    def lay_out(self, folder: Path) -> None:
        """Have the files of a block lead here, and the external service reach it."""
        for file in folder.glob("*.json"):
            file.write_text(self.inside(file.read_text()))
        configuration = folder / "gateway.toml"
        opened = f'[services.external]\nallow_private_hosts = ["{self.endpoint}"]\n'
        text = configuration.read_text()
        configuration.write_text(text.replace("[services.external]\n", opened))


@asynccontextmanager
async def standing_in() -> AsyncGenerator[Site]:
    """The site, on a free port."""
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        yield Site(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    path = re.split(r"[ ?]", head.decode())[1]
    media_type, text = ANSWERS[path]
    body = text.encode()
    fields = f"content-type: {media_type}\r\ncache-control: max-age=60\r\ncontent-length: {len(body)}"
    writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\nconnection: close\r\n\r\n".encode() + body)
    writer.close()

"""The headers that an upstream is to know the gateway by, and their reading anew when it no longer does."""

import asyncio
from collections.abc import Callable, Iterable

from gateway.config.model import UpstreamConfig
from gateway.upstream.http1 import header_block


class Credential:
    """The configured headers of one upstream; `block` has them as bytes, replaced as a whole."""

    def __init__(self, config: UpstreamConfig):
        self.on_read: Callable[[Iterable[str]], None] = lambda _: None
        """Called with values that were read anew, before they are used: they are secrets that nobody knew of."""
        self.take(config)

    def take(self, config: UpstreamConfig) -> None:
        """Use from now on what `config` says."""
        self._headers = {name: value.get_secret_value() for name, value in config.headers.items()}
        if config.auth.bearer is not None:
            self._headers["Authorization"] = f"Bearer {config.auth.bearer.get_secret_value()}"
        self._files = config.in_files
        self.block = header_block(self._headers)

    def __repr__(self) -> str:
        return f"<Credential {', '.join(self._headers) or 'none'}>"

    async def renewed(self, used: bytes) -> bool:
        """Whether there is another now than `used`, which was refused. Whatever stands in files is read anew."""
        if self._files and self.block == used:
            values = await asyncio.to_thread(self._read)
            self.on_read(values.values())
            self._headers |= values
            self.block = header_block(self._headers)
        return self.block != used

    def _read(self) -> dict[str, str]:
        values = {name: each.read() for name, each in self._files.items()}
        return {name: value for name, value in values.items() if value is not None}

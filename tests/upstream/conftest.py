"""What tests of gateway/upstream share."""

from collections.abc import Callable, Generator

import pytest

from gateway.upstream.http1 import HttpClient

MakeClient = Callable[[str], HttpClient]


@pytest.fixture
def client() -> Generator[MakeClient]:
    """Makes clients, and closes them."""
    made: list[HttpClient] = []

    def make(url: str) -> HttpClient:
        made.append(HttpClient(url, connect_timeout=2.0))
        return made[-1]

    yield make
    for each in made:
        each.close()

"""Two gateways in front of the same upstreams: one with the express door, one without."""

import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, settings

from gateway.policy.keys import KeyStore
from tests.contract.conftest import Upstreams, every_kind  # noqa: F401 (a fixture)
from tests.contract.pairs import RAW
from tests.doors_agree.exchange import Answer, Pending, Sent
from tests.doors_agree.targets import EXTRA, SCOPES, session_of
from tests.gateways.kit import configuration, served
from tests.upstreams.messages import ACCEPT, initialize

# The same requests at each run, within a minute; `DOORS_EXAMPLES=20000` tries so many others of each kind.
MORE = os.environ.get("DOORS_EXAMPLES")
QUIET = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
CHOSEN = settings(QUIET, max_examples=int(MORE)) if MORE else settings(QUIET, derandomize=True, max_examples=200)


class Door(NamedTuple):
    """A gateway, and the keys and sessions that it gave out, by name."""

    url: str
    tokens: Mapping[str, str]


class Doors(NamedTuple):
    """The same request goes to both, and what they answer is to be the same."""

    main: Door
    express: Door

    def answers(self, sent: Sent) -> tuple[Answer, Answer]:
        """The main door's answer, and the express door's."""
        main, express = (Pending(door.url, sent, door.tokens) for door in self)
        return main.answer(), express.answer()


def opened_session(url: str, key: str) -> str:
    """The id of a legacy session, whose client can be asked nothing."""
    headers = ACCEPT | {"authorization": f"Bearer {key}"}
    with httpx.Client(headers=headers, verify=False) as http:
        id = http.post(url, json=initialize()).headers["mcp-session-id"]
        told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        http.post(url, json=told, headers={"mcp-session-id": id}).raise_for_status()
    return id


@pytest.fixture(scope="session")
def doors(every_kind: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Generator[Doors]:  # noqa: F811
    for kind in RAW:
        every_kind[kind.namespace].control(extra=list(EXTRA))

    @contextmanager
    def opened(express: str) -> Generator[Door]:
        folder = tmp_path_factory.mktemp(f"express-{express}")
        keys = KeyStore(folder / "var")
        made = {name: keys.create(name, scopes)[1] for name, scopes in SCOPES.items()}
        text = configuration(every_kind, f"[server]\nexpress = {express}\npage_size = 20")
        with served(folder, text) as gateway:
            sessions = {session_of(name): opened_session(gateway.url, key) for name, key in made.items()}
            yield Door(gateway.url, {name: f"Bearer {key}" for name, key in made.items()} | sessions)

    with ExitStack() as stack:
        yield Doors(*(stack.enter_context(opened(express)) for express in ("false", "true")))

"""Pages that an upstream wants its user to visit: what is asked for them, and who hears that it is done."""

from typing import Any

import pytest

from gateway.errors import UpstreamAnswered, UpstreamError
from gateway.upstream.listener import Listener
from gateway.upstream.session import VISITED
from gateway.upstream.visits import MAX_OPEN, VISIT_REQUIRED, Visits, visit

PAGES: dict[str, Any] = {"elicitation": {"url": {}}}


def page(id: str) -> dict[str, Any]:
    return {"mode": "url", "message": "Sign in", "url": f"https://example.com/{id}", "elicitationId": id}


class Client:
    """Takes these actions in turn, and keeps what it was asked and told."""

    def __init__(self, *actions: str):
        self.actions = list(actions)
        self.asked: list[str] = []
        self.told: list[tuple[str, Any]] = []

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(params["elicitationId"])
        return {"action": self.actions.pop(0)}

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        self.told.append((method, params))

    def listener(self, capabilities: dict[str, Any] = PAGES) -> Listener:
        return Listener(self.notify, self.ask, "legacy", capabilities)


def demanded(*pages: Any, code: int = VISIT_REQUIRED) -> UpstreamAnswered:
    return UpstreamAnswered(code, "This needs more.", {"elicitations": list(pages)})


async def test_every_page_is_asked_for_in_turn() -> None:
    client = Client("accept", "accept")
    await visit("up", demanded(page("a"), page("b")), client.listener())
    assert client.asked == ["a", "b"]


@pytest.mark.parametrize("action", ["decline", "cancel", ""])
async def test_a_user_who_will_not_is_asked_no_more(action: str) -> None:
    client = Client(action, "accept")
    with pytest.raises(UpstreamError, match="the user did not"):
        await visit("up", demanded(page("a"), page("b")), client.listener())
    assert client.asked == ["a"]


@pytest.mark.parametrize(
    ("error", "capabilities"),
    [
        (demanded(page("a"), code=-32000), PAGES),
        (demanded(), PAGES),
        (demanded("no page", {"mode": "form"}), PAGES),
        (UpstreamAnswered(VISIT_REQUIRED, "", {"elicitations": 5}), PAGES),
        (UpstreamAnswered(VISIT_REQUIRED, ""), PAGES),
        (demanded(page("a")), {"elicitation": {}}),
        (demanded(page("a")), {}),
    ],
    ids=["another error", "no pages", "odd pages", "odd data", "no data", "forms only", "nothing declared"],
)
async def test_an_error_that_demands_nothing_of_this_client_goes_on(
    error: UpstreamAnswered, capabilities: dict[str, Any]
) -> None:
    client = Client("accept")
    with pytest.raises(UpstreamAnswered) as raised:
        await visit("up", error, client.listener(capabilities))
    assert raised.value is error
    assert client.asked == []


async def test_who_was_asked_hears_of_it_once() -> None:
    visits, ada, bob = Visits(), Client(), Client()
    visits.asked(page("a"), ada.notify)
    visits.asked(page("b"), bob.notify)
    for id in ("a", "a", "unknown", None, 5):
        visits.done({"elicitationId": id})
    await visits.close()
    assert ada.told == [(VISITED, {"elicitationId": "a"})]
    assert bob.told == []


async def test_the_oldest_are_forgotten_and_what_is_no_page_is_not_kept() -> None:
    visits, client = Visits(), Client()
    for number in range(MAX_OPEN + 1):
        visits.asked(page(str(number)), client.notify)
    visits.asked({"mode": "form", "elicitationId": "form"}, client.notify)
    for id in ("0", "1", "form"):
        visits.done({"elicitationId": id})
    await visits.close()
    assert client.told == [(VISITED, {"elicitationId": "1"})]

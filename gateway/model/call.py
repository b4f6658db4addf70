"""What is known of a call before it runs."""

from dataclasses import dataclass
from typing import Final

from gateway.model.principal import Principal
from gateway.model.route import Route


@dataclass(init=False, slots=True)
class Call:
    """What the guard needs to know of a call: its route, who calls, and how it came in."""

    request_id: Final[str]
    route: Final[Route]
    principal: Final[Principal]
    era: Final[str]

    def __init__(self, request_id: str, route: Route, principal: Principal, era: str):
        self.request_id = request_id
        self.route = route
        self.principal = principal
        self.era = era

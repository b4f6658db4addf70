"""What is known of a call before it runs."""

from typing import NamedTuple

from gateway.model.principal import Principal
from gateway.model.route import Route


class Call(NamedTuple):
    """What the guard needs to know of a call: its route, who calls, and how it came in."""

    request_id: str
    route: Route
    principal: Principal
    era: str

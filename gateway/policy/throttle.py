"""A brake on guessing: an address that failed to authenticate too often has to wait."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

REMEMBERED_ADDRESSES = 1024


class FailureThrottle:
    """Counts failed authentications of each client address in a sliding window. No I/O; memory is bounded.

    An IPv6 address counts as its /64 network, the least that one customer gets. Past `addresses`, the one whose
    last failure is longest ago is forgotten.

    Args:
        limit: failures in a window; the attempt after the last of them is refused.
        window: seconds.
        addresses: how many are remembered.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        limit: int = 10,
        window: float = 60.0,
        addresses: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._limit = limit
        self._window = window
        self._addresses = addresses
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._failures)

    def retry_after(self, address: str) -> float:
        """Seconds until this address may try again, for an answer of 429; 0 when it may now."""
        failures = self._failures.get(_network(address))
        if failures is None or len(failures) < self._limit:
            return 0.0
        return max(0.0, failures[0] + self._window - self._clock())

    def failed(self, address: str) -> None:
        """Count a failed authentication."""
        network = _network(address)
        failures = self._failures.setdefault(network, deque(maxlen=self._limit))
        failures.append(self._clock())
        self._failures.move_to_end(network)
        if len(self._failures) > self._addresses:
            self._failures.popitem(last=False)


@lru_cache(REMEMBERED_ADDRESSES)
def _network(address: str) -> str:
    """What is counted: an IPv4 address, an IPv6 /64, or anything else as it is (a Unix socket has no address)."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))

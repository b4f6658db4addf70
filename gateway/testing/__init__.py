"""What a team needs to test its own services, and a gateway with them. `docs/testing.md` shows each part."""

from gateway.testing.client import client_of as client_of
from gateway.testing.gateways import open_gateway as open_gateway
from gateway.testing.upstream import FakeUpstream as FakeUpstream

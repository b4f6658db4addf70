"""What passes to a worker."""

import json
from dataclasses import asdict

from services.data.job import Limits


def test_limits_survive_the_way_to_a_worker(limits: Limits) -> None:
    received = Limits(**json.loads(json.dumps(asdict(limits))))
    assert asdict(received) | {"roots": tuple(received.roots)} == asdict(limits)

"""What every worker is told and says."""

import json
from dataclasses import asdict

from services.workers.job import Limits, encode


def test_limits_survive_the_way_to_a_worker():
    limits = Limits(timeout=1.5, max_bytes=10, memory_limit=20)
    assert Limits(**json.loads(json.dumps(asdict(limits)))) == limits


def test_json_without_blanks_in_utf_8():
    assert encode({"a": [1, "é"]}) == '{"a":[1,"é"]}'.encode()

"""Whoever guesses keys has to wait, whichever worker of a gateway looks at the guesses."""

from pathlib import Path

from gateway.policy.keys import KeyStore
from tests.gateways.kit import configuration
from tests.upstreams.messages import legacy_request
from tests.workers_kit import one_at_each, two_workers

GUESSES = 11


async def test_guesses_that_another_worker_refuses_count_where_they_come_in(tmp_path: Path) -> None:
    _, key = KeyStore(tmp_path / "var").create("caller", ["*"])
    with two_workers(tmp_path, configuration({})) as process:
        async with one_at_each(process.url, Authorization=f"Bearer {key}") as (here, there):
            guess = there.session | {"Authorization": "Bearer gw_guess"}
            answers = [await here.says(legacy_request("ping", number), guess) for number in range(GUESSES)]
    assert [answer.status_code for answer in answers] == [401] * (GUESSES - 1) + [429]

"""A client that leaves or cancels stops the upstream's call, in each era's own way."""

import asyncio

from tests.contract.pairs import RAW, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire

SECONDS = 30


@requirement("eras.pairing", "cancellation.modern", "cancellation.legacy", "cancellation.upstream")
@pairs(RAW)
async def test_cancelling_a_call_stops_it_upstream(pair: Pair) -> None:
    async with pair.client() as client:
        call = asyncio.create_task(client.call_tool(pair.name("slow"), {"seconds": SECONDS}))
        await pair.upstream.wait_for("started", "slow")
        call.cancel()
        (cancelled,) = await pair.upstream.wait_for("cancelled", "slow")
    by_stream = pair.kind.era == "modern" and pair.kind.transport == "http"
    assert cancelled["by"] == ("stream" if by_stream else "notification")


@requirement("cancellation.modern")
@pairs(RAW, clients=["modern"])
async def test_a_client_that_hangs_up_has_cancelled(pair: Pair) -> None:
    async with wire(pair.gateway.url, "modern") as client:
        call = asyncio.create_task(client.call(pair.name("slow"), seconds=SECONDS))
        await pair.upstream.wait_for("started", "slow")
        call.cancel()  # which closes its connection
        await pair.upstream.wait_for("cancelled", "slow")


@requirement("cancellation.legacy")
@pairs(RAW, clients=["legacy"])
async def test_a_cancelled_call_leaves_the_session_well(pair: Pair) -> None:
    async with wire(pair.gateway.url, "legacy") as client:
        call = asyncio.create_task(client.call(pair.name("slow"), seconds=SECONDS))
        await pair.upstream.wait_for("started", "slow")
        await client.tell("notifications/cancelled", requestId=1, reason="enough")
        await pair.upstream.wait_for("cancelled", "slow")
        assert (await client.call(pair.name("echo"), text="still here")).result["content"][0]["text"] == "still here"
        call.cancel()

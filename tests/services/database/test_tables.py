"""One set of tables for all callers of a server, whatever was asked before."""

import asyncio


async def test_first_calls_at_once_all_answer(tools):
    answers = await asyncio.gather(*(tools.query("users", where={"id": n}) for n in range(1, 6)))
    assert [answer.rows[0]["id"] for answer in answers] == [1, 2, 3, 4, 5]


async def test_a_refused_call_leaves_the_next_ones_well(tools):
    assert (await tools.query("canary")).error
    assert (await tools.write("insert", "users", values={"id": 1})).error
    assert len((await tools.query("users")).rows) == 12

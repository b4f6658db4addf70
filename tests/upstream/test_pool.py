"""One session a key: opened once, replaced when dead, closed when idle and never under a call."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import anyio
import pytest

from gateway.errors import UpstreamDown
from gateway.upstream.listener import Listener, Notify
from gateway.upstream.pool import MAX_OF_HOLDER, SessionPool
from gateway.upstream.session import Session
from gateway.upstream.sharing import EVERYONE, GATEWAY, ShareKey

ADA, BOB, CARL = (ShareKey(("user", name)) for name in ("ada", "bob", "carl"))
ONE_CALL = ShareKey(("everyone",), lasting=False)


class Scripted(Session):
    """A session that only knows whether it was closed. It takes a turn of the loop to do so."""

    def __init__(self, number: int):
        self.number = number
        self.ended = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Scripted {self.number}>"

    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        raise NotImplementedError

    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed = True
        await asyncio.sleep(0)
        self.ended.set()


class Opener:
    """Opens scripted sessions; `gate` holds it up, `failure` is raised instead, once."""

    def __init__(self) -> None:
        self.opened: list[Scripted] = []
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None

    async def __call__(self, key: ShareKey) -> Session:
        self.asked += 1
        await self.gate.wait()
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        self.opened.append(Scripted(len(self.opened)))
        return self.opened[-1]


class User:
    """A call in a task that keeps its session until `leave`."""

    def __init__(self, pool: SessionPool, key: ShareKey):
        self.session: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self.task = asyncio.create_task(self._use(pool, key))

    async def _use(self, pool: SessionPool, key: ShareKey) -> None:
        async with pool.acquire(key) as session:
            self.session.set_result(session)
            await self._over.wait()

    async def leave(self) -> None:
        self._over.set()
        await self.task


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def pool(opener: Opener) -> SessionPool:
    return SessionPool(opener, limit=2)


async def use(pool: SessionPool, key: ShareKey) -> Session:
    async with pool.acquire(key) as session:
        return session


async def test_one_session_a_key(pool, opener):
    assert await use(pool, ADA) is await use(pool, ADA)
    assert await use(pool, ADA) is not await use(pool, BOB)
    assert opener.asked == 2
    assert repr(pool) == "<SessionPool sessions=2 busy=0>"


async def test_it_is_opened_once_for_all_who_wait(pool, opener):
    opener.gate.clear()
    users = [User(pool, ADA) for _ in range(5)]
    await asyncio.sleep(0)
    opener.gate.set()
    sessions = {await user.session for user in users}
    assert (len(sessions), opener.asked) == (1, 1)
    assert repr(pool) == "<SessionPool sessions=1 busy=1>"
    for user in users:
        await user.leave()
    assert repr(pool) == "<SessionPool sessions=1 busy=0>"


async def test_a_failed_opening_is_told_to_one_and_tried_by_the_next(pool, opener):
    opener.gate.clear()
    opener.failure = UpstreamDown("raw", "is not there.")
    users = [User(pool, ADA) for _ in range(2)]
    await asyncio.sleep(0)
    opener.gate.set()
    with pytest.raises(UpstreamDown):
        await users[0].task
    assert await users[1].session is opener.opened[0]
    await users[1].leave()
    assert await use(pool, ADA) is opener.opened[0]


async def test_an_opener_that_leaves_lets_the_next_open(pool, opener):
    opener.gate.clear()
    first, second = User(pool, ADA), User(pool, ADA)
    await asyncio.sleep(0)
    first.task.cancel()
    opener.gate.set()
    assert await second.session is opener.opened[0]
    await second.leave()


async def test_a_dead_one_is_replaced_and_closed(pool, opener):
    dead = await use(pool, ADA)
    dead.closed = True
    assert await use(pool, ADA) is opener.opened[1]
    await opener.opened[0].ended.wait()


async def test_a_session_of_one_call_is_closed_after_it(pool, opener):
    first, second = User(pool, ONE_CALL), User(pool, ONE_CALL)
    assert await first.session is not await second.session
    assert repr(pool) == "<SessionPool sessions=2 busy=2>"
    await first.leave()
    await opener.opened[0].ended.wait()
    assert not opener.opened[1].closed
    await second.leave()
    await opener.opened[1].ended.wait()
    assert repr(pool) == "<SessionPool sessions=0 busy=0>"


async def test_it_is_closed_although_its_call_was_cancelled_and_every_await_with_it(pool, opener):
    with anyio.CancelScope() as scope:
        async with pool.acquire(ONE_CALL):
            scope.cancel()
            await anyio.sleep_forever()
    async with asyncio.timeout(2):
        await opener.opened[0].ended.wait()


async def test_trimming_closes_what_was_idle_for_long(opener):
    pool = SessionPool(opener, idle=-1.0)  # whatever is idle was so for longer
    user = User(pool, ADA)
    await user.session
    await use(pool, BOB)
    pool.trim()
    await opener.opened[1].ended.wait()
    assert not opener.opened[0].closed
    assert repr(pool) == "<SessionPool sessions=1 busy=1>"
    await user.leave()
    assert await use(pool, ADA) is opener.opened[0]


async def test_trimming_keeps_what_was_used_lately_and_drops_what_is_dead(pool, opener):
    await use(pool, ADA)
    (await use(pool, BOB)).closed = True
    pool.trim()
    await opener.opened[1].ended.wait()
    assert not opener.opened[0].closed
    assert len(pool) == 1


async def test_a_full_pool_closes_the_longest_unused(pool, opener):
    for key in (ADA, BOB, ADA, CARL):
        await use(pool, key)
    await opener.opened[1].ended.wait()
    assert [session.number for session in opener.opened if session.closed] == [1]
    assert len(pool) == 2


async def test_a_full_pool_closes_none_that_is_in_use(pool, opener):
    users = [User(pool, key) for key in (ADA, BOB, CARL)]
    for user in users:
        await user.session
    assert repr(pool) == "<SessionPool sessions=3 busy=3>"
    for user in users:
        await user.leave()
    assert not any(session.closed for session in opener.opened)


async def test_a_key_whose_openings_failed_is_forgotten(pool, opener):
    opener.failure = UpstreamDown("raw", "is not there.")
    with pytest.raises(UpstreamDown):
        await use(pool, ADA)
    pool.trim()
    assert pool._slots == {}


async def test_renewing_lets_a_running_call_finish(pool, opener):
    user = User(pool, ADA)
    old = await user.session
    pool.renew()
    assert await use(pool, ADA) is opener.opened[1]
    assert not old.closed
    assert repr(pool) == "<SessionPool sessions=2 busy=1>"
    await user.leave()
    await opener.opened[0].ended.wait()
    assert not opener.opened[1].closed


async def test_renewing_closes_what_is_idle(pool, opener):
    await use(pool, ADA)
    pool.renew()
    await opener.opened[0].ended.wait()
    assert len(pool) == 0


async def test_a_first_user_takes_over_the_gateways_own(pool, opener):
    own = ShareKey(GATEWAY)
    session = await use(pool, own)
    pool.adopt(own, ADA)
    assert await use(pool, ADA) is session
    pool.adopt(own, BOB)
    assert await use(pool, BOB) is not session
    assert opener.asked == 2


async def test_who_uses_what_is_taken_over_goes_on_doing_so(pool, opener):
    own = ShareKey(GATEWAY)
    user = User(pool, own)
    session = await user.session
    pool.adopt(own, ADA)
    assert await use(pool, ADA) is session
    await user.leave()
    assert await use(pool, ADA) is session
    assert not session.closed


async def test_nothing_is_taken_over_by_who_has_one_or_keeps_none(pool, opener):
    own = ShareKey(GATEWAY)
    await use(pool, ADA)
    session = await use(pool, own)
    pool.adopt(own, ADA)
    pool.adopt(own, ONE_CALL)
    assert await use(pool, own) is session
    assert opener.asked == 2


async def test_the_key_of_some_session(pool, opener):
    assert pool.any_key() is None
    (await use(pool, ADA)).closed = True
    assert pool.any_key() == ADA
    await use(pool, BOB)
    assert pool.any_key() == BOB


async def test_what_is_still_being_opened_is_taken_over_too(pool, opener):
    own = ShareKey(GATEWAY)
    opener.gate.clear()
    first = User(pool, own)
    await asyncio.sleep(0)
    assert pool.any_key() == own
    pool.adopt(own, ADA)
    second = User(pool, ADA)
    opener.gate.set()
    assert await first.session is await second.session
    assert opener.asked == 1
    for user in (first, second):
        await user.leave()


async def test_closing_ends_all_even_those_in_use(pool, opener):
    users = [User(pool, key) for key in (ADA, ONE_CALL)]
    for user in users:
        await user.session
    await use(pool, BOB)
    await pool.close()
    assert all(session.ended.is_set() for session in opener.opened)
    assert len(opener.opened) == 3
    for user in users:
        await user.leave()
    await pool.close()
    assert repr(pool) == "<SessionPool sessions=0 busy=0>"


async def test_who_declares_something_new_each_time_pushes_out_nobody_else(opener):
    pool = SessionPool(opener)
    async with pool.acquire(BOB) as his:
        pass
    mine = [ShareKey(ADA.holder, f'{{"{number}":{{}}}}') for number in range(MAX_OF_HOLDER + 3)]
    async with pool.acquire(mine[0]) as used:
        for key in mine[1:]:
            async with pool.acquire(key):
                pass
        assert len(pool) == MAX_OF_HOLDER + 1
        for session in opener.opened[2:5]:
            await session.ended.wait()
        assert (his.closed, used.closed) == (False, False)
        assert [session.closed for session in opener.opened] == [False] * 2 + [True] * 3 + [False] * (MAX_OF_HOLDER - 1)


async def test_what_everybody_shares_is_nobodys_to_push_out(opener):
    pool = SessionPool(opener)
    for number in range(MAX_OF_HOLDER * 2):
        async with pool.acquire(ShareKey(EVERYONE, f'{{"{number}":{{}}}}')):
            pass
    assert len(pool) == MAX_OF_HOLDER * 2

"""Who hears what an upstream says, where nobody does."""

import pytest

from gateway.errors import METHOD_NOT_FOUND, UpstreamAnswered
from gateway.upstream.listener import SILENT


async def test_a_notification_that_nobody_hears_is_lost():
    assert await SILENT.notify("notifications/progress", {}) is None


async def test_nobody_to_ask_is_an_error():
    with pytest.raises(UpstreamAnswered) as refusal:
        await SILENT.ask("elicitation/create", {})
    assert refusal.value.code == METHOD_NOT_FOUND


def test_nothing_is_declared_for_nobody():
    assert (SILENT.capabilities, SILENT.log_level, SILENT.progress) == ({}, None, False)

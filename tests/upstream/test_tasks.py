"""Task ids that hold for one caller, and what clients see of a task."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UpstreamBroken
from gateway.upstream.listener import Listener
from gateway.upstream.tasks import EXTENSION, LONGEST_ID, Task, TaskIds, declares_tasks, own_id, publish_task

ADA, EVE = "key:ada", "key:eve"
TASK = Task("raw", "raw_job", "task-1")
DECLARED = {"extensions": {EXTENSION: {}}}
KNOWS_TASKS = Listener(capabilities=DECLARED)

texts = st.text(st.characters(codec="utf-8"), max_size=50)


@given(subject=texts, task=st.builds(Task, texts, texts, texts))
def test_an_id_leads_its_owner_to_the_task(subject: str, task: Task):
    ids = TaskIds()
    assert ids.find(subject, ids.seal(subject, task)) == task


@given(subject=texts, other=texts)
def test_it_leads_nobody_else_anywhere(subject: str, other: str):
    ids = TaskIds()
    assert subject == other or ids.find(other, ids.seal(subject, TASK)) is None


@given(id=st.one_of(texts, st.text("ABCxyz019-_", max_size=120)))
def test_what_was_never_given_out_leads_nowhere(id: str):
    assert TaskIds().find(ADA, id) is None


def test_no_letter_of_it_can_be_changed():
    ids = TaskIds()
    id = ids.seal(ADA, TASK)
    for place, letter in enumerate(id):
        for other in "Ab-_"[: 4 if place == len(id) - 1 else 2]:
            changed = id[:place] + other + id[place + 1 :]
            assert other == letter or ids.find(ADA, changed) is None


def test_it_shows_nothing_of_where_it_leads_and_fits_a_header():
    ids = TaskIds()
    id = ids.seal(ADA, Task("raw", "raw_job", "t" * LONGEST_ID))
    assert id.isascii()
    assert id.replace("-", "").replace("_", "").isalnum()
    assert len(id) < 2 * LONGEST_ID
    assert ids.seal(ADA, TASK) != ids.seal(ADA, TASK)


def test_gateways_with_one_secret_read_each_others_ids():
    one, other, foreign = (TaskIds(lambda secret=secret: secret * 32) for secret in (b"a", b"a", b"b"))
    assert other.find(ADA, one.seal(ADA, TASK)) == TASK
    assert foreign.find(ADA, one.seal(ADA, TASK)) is None


def test_the_secret_is_asked_for_when_it_is_needed_and_once():
    asked: list[str] = []

    def secret() -> bytes:
        asked.append("asked")
        return b"s" * 32

    ids = TaskIds(secret)
    assert asked == []
    ids.find(ADA, ids.seal(ADA, TASK))
    assert asked == ["asked"]


@pytest.mark.parametrize("capabilities", [{}, {"extensions": None}, {"extensions": {EXTENSION: None}}, {"tasks": {}}])
def test_what_is_no_declaration(capabilities: dict[str, Any]):
    assert not declares_tasks(capabilities)
    assert declares_tasks(DECLARED)


@pytest.mark.parametrize("id", [None, "", 7, "t" * (LONGEST_ID + 1)])
def test_a_task_without_an_id_that_can_be_used_is_a_fault_of_the_upstream(id: Any):
    with pytest.raises(UpstreamBroken, match="without an id"):
        own_id("raw", {"resultType": "task", "taskId": id}, KNOWS_TASKS)


@pytest.mark.parametrize("meta", [[], "a", None])
def test_so_is_one_whose_meta_is_no_object(meta: Any):
    with pytest.raises(UpstreamBroken, match="_meta is no object"):
        own_id("raw", {"taskId": "task-1", "_meta": meta}, KNOWS_TASKS)


@pytest.mark.parametrize("listener", [Listener(), Listener(era="legacy", capabilities=DECLARED)])
def test_so_is_one_for_a_client_that_knows_none(listener: Listener):
    with pytest.raises(UpstreamBroken, match="knows none"):
        own_id("raw", {"resultType": "task", "taskId": "task-1"}, listener)
    assert own_id("raw", {"taskId": "task-1"}, KNOWS_TASKS) == "task-1"


def test_the_state_of_a_task_keeps_all_but_its_id_and_the_uris_in_its_result():
    link = {"type": "resource_link", "uri": "text://notes", "name": "notes"}
    state = {
        "taskId": "task-1",
        "status": "completed",
        "ttlMs": None,
        "com.example/x": 1,
        "result": {"content": [link]},
    }
    published = publish_task("raw", "public", state)
    public = {**link, "uri": "text://raw/notes"}
    assert published == {**state, "taskId": "public", "result": {"content": [public]}}


@pytest.mark.parametrize("state", [{}, {"resultType": "complete"}, {"result": "odd"}])
def test_what_has_no_id_gets_none(state: dict[str, Any]):
    assert publish_task("raw", "public", state) == state

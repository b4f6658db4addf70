"""JSON-RPC messages: read strictly, written as they are."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.upstream import messages
from gateway.upstream.messages import Malformed, Notification, Request, Response

ids = st.text() | st.integers(-(2**63), 2**63 - 1)
objects = st.dictionaries(st.text(), st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53), max_size=4)


def encoded(**message: object) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", **message})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (encoded(id=1, result={"a": 1}), Response(1, {"a": 1}, None)),
        (encoded(id="x", result={}), Response("x", {}, None)),
        (encoded(id=None, error={"code": -1}), Response(None, None, {"code": -1})),
        (encoded(error={"code": -1}), Response(None, None, {"code": -1})),
        (encoded(id=1, result=None, error={"code": 5}), Response(1, None, {"code": 5})),
        (encoded(id=1, method="ping"), Request(1, "ping", {})),
        (encoded(id="", method="ping", params={"a": 1}), Request("", "ping", {"a": 1})),
        (encoded(method="m", params=None), Notification("m", {})),
        (encoded(id=None, method="m"), Notification("m", {})),
        (encoded(id=1.5, method="m"), Notification("m", {})),
    ],
)
def test_a_message_is_read(raw, message):
    assert messages.decode(raw) == [message]


def test_a_batch_is_read_in_order():
    batch = b"[" + encoded(method="m") + b"," + encoded(id=1, result={}) + b"]"
    assert messages.decode(batch) == [Notification("m", {}), Response(1, {}, None)]
    assert messages.decode(b"[]") == []


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "something that is not JSON"),
        (b"{", "something that is not JSON"),
        (b"\xff", "something that is not JSON"),
        (b"NaN", "something that is not JSON"),
        (b'{"a":' * 100_000, "something that is not JSON"),
        (b'{"jsonrpc":"2.0","a":%s}' % (b"[" * 260 + b"]" * 260), "JSON with more than 250 levels"),
        (b"1", "something that is not a JSON-RPC 2.0 message"),
        (b"[1]", "something that is not a JSON-RPC 2.0 message"),
        (b'{"id":1,"result":{}}', "something that is not a JSON-RPC 2.0 message"),
        (b'{"jsonrpc":"1.0","id":1,"result":{}}', "something that is not a JSON-RPC 2.0 message"),
        (encoded(id=1), "an answer with neither a result nor an error object, or with both"),
        (
            encoded(id=1, result={}, error={"code": 1}),
            "an answer with neither a result nor an error object, or with both",
        ),
        (encoded(id=1, result=[]), "an answer with neither a result nor an error object, or with both"),
        (encoded(id=1, error={"message": "m"}), "an error without a whole number as its code"),
        (encoded(id=1, error={"code": True}), "an error without a whole number as its code"),
        (encoded(id=1, error={"code": "1"}), "an error without a whole number as its code"),
        (encoded(id=[1], result={}), "an answer whose id is neither a string nor a whole number"),
        (encoded(id=True, result={}), "an answer whose id is neither a string nor a whole number"),
        (encoded(id=1.0, result={}), "an answer whose id is neither a string nor a whole number"),
        (encoded(method="m", params=[1]), "a message whose params are not an object"),
        (encoded(method=1, id=1, params={}), "an answer with neither a result nor an error object, or with both"),
    ],
)
def test_what_is_not_the_protocol_is_named_and_not_quoted(raw, fault):
    with pytest.raises(Malformed) as malformed:
        messages.decode(raw)
    assert str(malformed.value) == fault


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"])


@given(
    st.binary(max_size=40)
    | st.dictionaries(keys, json_values | st.just("2.0")).map(lambda each: json.dumps(each).encode())
)
def test_anything_is_read_or_refused(raw):
    try:
        for message in messages.decode(raw):
            hash(message.id if not isinstance(message, Notification) else None)
    except Malformed:
        pass


@given(ids, st.text(min_size=1), objects)
def test_what_is_written_is_read_again(id, method, params):
    assert messages.decode(messages.request(id, method, params)) == [Request(id, method, params)]
    assert messages.decode(messages.notification(method, params)) == [Notification(method, params)]
    assert messages.decode(messages.result(id, params)) == [Response(id, params, None)]
    assert messages.decode(messages.error(id, -5, method, params)) == [
        Response(id, None, {"code": -5, "message": method, "data": params})
    ]


def test_members_that_are_not_there_are_left_out():
    assert json.loads(messages.notification("m")) == {"jsonrpc": "2.0", "method": "m"}
    assert json.loads(messages.error(1, -5, "no"))["error"] == {"code": -5, "message": "no"}


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, "\ud800", {"deep": None}])
def test_what_cannot_be_sent_on_is_the_clients_fault(value):
    for _ in range(300 if isinstance(value, dict) else 0):
        value = {"deeper": value}
    with pytest.raises(InvalidRequest) as refusal:
        messages.request(1, "tools/call", {"arguments": {"secret": value}})
    assert refusal.value.message == (
        "The request holds a whole number beyond 64 bits, text that is not Unicode, or more than 250 levels: "
        "send such a number as text."
    )


def test_a_long_message_may_have_any_number_of_parts():
    rows = [[number] for number in range(1000)]
    assert messages.decode(encoded(id=1, result={"rows": rows})) == [Response(1, {"rows": rows}, None)]

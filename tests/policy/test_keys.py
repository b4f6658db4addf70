"""Keys are shown once, kept only as digests, and refused the moment anything is wrong with them."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import ConfigurationError
from gateway.model.principal import Principal
from gateway.policy.keys import KeyStore


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path, clock) -> KeyStore:
    return KeyStore(tmp_path, clock=clock)


def test_a_key_opens_what_its_scopes_say(keys):
    record, key = keys.create("ci", ["data:read", "github:*", "data:read"])
    assert re.fullmatch(rf"gw_{record.id}_[A-Za-z0-9_-]{{43}}", key)
    assert keys.verify(key) == Principal(f"key:{record.id}", frozenset({"data:read", "github:*"}), "key")


def test_two_keys_are_two_principals(keys):
    first, second = (keys.create("same name", ["*"])[1] for _ in range(2))
    assert keys.verify(first).subject != keys.verify(second).subject


def test_the_folder_never_holds_a_key(keys, tmp_path):
    _, key = keys.create("ci", ["*"])
    secret = key.rpartition("_")[2]
    assert not any(secret in path.read_text() for path in tmp_path.iterdir())


WRONG = {
    "nothing": lambda key: "",
    "no prefix": lambda key: key[3:],
    "other secret": lambda key: key[:12] + "A" * 43,
    "other id": lambda key: "gw_aaaaaaaa" + key[11:],
    "last character": lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
    "cut": lambda key: key[:-1],
    "longer": lambda key: key + "A",
    "newline": lambda key: key + "\n",
    "capitals": str.upper,
    "not ASCII": lambda key: key[:-1] + "é",
    "lone surrogate": lambda key: key[:-1] + "\udcff",
    "huge": lambda key: key * 10_000,
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_a_wrong_key_is_refused(keys, spoil):
    _, key = keys.create("ci", ["*"])
    assert keys.verify(spoil(key)) is None


def test_the_secret_of_one_key_does_not_open_another(keys):
    (first, _), (_, second) = (keys.create(name, ["*"]) for name in "ab")
    assert keys.verify(f"gw_{first.id}_{second[12:]}") is None


def test_a_key_ends_when_it_expires(keys, clock):
    _, key = keys.create("ci", ["*"], expires=clock.moment() + timedelta(hours=1))
    clock.now += 3599
    assert keys.verify(key) is not None
    clock.now += 1
    assert keys.verify(key) is None


def test_a_revoked_key_is_refused_at_once_here(keys):
    record, key = keys.create("ci", ["*"])
    keys.verify(key)
    keys.revoke(record.id)
    assert keys.list()[0].revoked is not None
    assert keys.verify(key) is None


def test_revoking_again_keeps_the_first_time(keys, clock):
    record, _ = keys.create("ci", ["*"])
    first = keys.revoke(record.id)
    clock.now += 60
    assert keys.revoke(record.id) == first


def test_revoking_an_unknown_id_says_where_to_look(keys):
    with pytest.raises(LookupError, match="gateway keys list"):
        keys.revoke("aaaaaaaa")


def test_a_running_gateway_sees_a_new_key_at_once_and_a_revocation_within_a_second(keys, tmp_path, clock):
    elsewhere = KeyStore(tmp_path, clock=clock)
    assert keys.is_empty()
    record, key = elsewhere.create("ci", ["*"])
    assert keys.verify(key) is not None
    elsewhere.revoke(record.id)
    clock.now += 1
    assert keys.verify(key) is None


def test_a_clock_set_back_does_not_hide_a_revocation(keys, tmp_path, clock):
    record, key = keys.create("ci", ["*"])
    keys.verify(key)
    KeyStore(tmp_path, clock=clock).revoke(record.id)
    clock.now -= 3600
    assert keys.verify(key) is None


def test_the_list_is_in_order_of_age_and_keeps_what_is_over(keys, clock):
    made = []
    for name in ("first", "second", "third"):
        made.append(keys.create(name, ["*"])[0])
        clock.now += 1
    keys.revoke(made[0].id)
    assert [record.name for record in keys.list()] == ["first", "second", "third"]


def test_a_store_is_empty_until_the_first_key_and_never_again(keys):
    assert keys.is_empty()
    record, _ = keys.create("ci", ["*"])
    keys.revoke(record.id)
    assert not keys.is_empty()


def test_verifying_makes_no_file(keys, tmp_path):
    assert keys.verify("gw_aaaaaaaa_" + "A" * 43) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "scopes", "cure"),
    [
        ("", ["*"], "1 to 64"),
        ("x" * 65, ["*"], "1 to 64"),
        ("bad\nname", ["*"], "printable"),
        ("ci", [], "at least one"),
        ("ci", ["data"], "data:read"),
    ],
)
def test_a_key_that_cannot_be_is_not_made(keys, tmp_path, name, scopes, cure):
    with pytest.raises(ValueError, match=cure):
        keys.create(name, scopes)
    assert list(tmp_path.iterdir()) == []


def test_an_expiry_lies_in_the_future_and_has_a_zone(keys, clock):
    with pytest.raises(ValueError, match="future"):
        keys.create("ci", ["*"], expires=clock.moment())
    with pytest.raises(ValueError, match="time zone"):
        keys.create("ci", ["*"], expires=datetime.max)


def test_a_file_damaged_while_running_refuses_a_key_accepted_before(keys, tmp_path, clock):
    _, key = keys.create("ci", ["*"])
    assert keys.verify(key) is not None
    (tmp_path / "keys.json").write_text("{")
    clock.now += 1
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="damaged"):
            keys.verify(key)


def test_a_file_taken_away_while_running_refuses_its_keys(keys, tmp_path, clock):
    _, key = keys.create("ci", ["*"])
    assert keys.verify(key) is not None
    (tmp_path / "keys.json").unlink()
    clock.now += 1
    assert keys.verify(key) is None


def test_the_file_is_plain_json_for_a_person_to_read(keys, tmp_path):
    record, _ = keys.create("ci", ["data:read"])
    (stored,) = json.loads((tmp_path / "keys.json").read_text())["keys"]
    assert stored["record"] == record.model_dump(mode="json")

"""What may stand where, read off the model."""

from gateway.config import shape
from gateway.config.draft import KeyPath


def at(*path: str | int) -> shape.Shape | None:
    form = shape.ROOT
    for part in path:
        form = shape.below(form, part)
    return form


def test_it_knows_sections_maps_lists_and_scalars():
    assert shape.is_table(at("server"))
    assert shape.is_map(at("upstreams"))
    assert shape.is_table(at("upstreams", "any-name"))
    assert shape.is_table(at("auth", "oauth"))  # behind `| None`
    assert shape.is_list(at("include"))
    assert at("server", "port") is int
    assert at("upstreams", "x", "args", 0) is not None


def test_nothing_stands_where_no_key_is():
    wrong: list[KeyPath] = [("port",), ("server", "prot"), ("server", "port", "x"), ("upstreams", "x", "off_because")]
    assert [at(*path) for path in wrong] == [None] * len(wrong)


def test_a_services_own_settings_are_free():
    assert at("services", "data", "roots") is shape.FREE
    assert at("services", "data", "roots", "deep", 0) is shape.FREE
    assert at("services", "data", "enabled") is bool


def test_keys_are_those_that_a_file_may_say():
    assert shape.keys(at("log")) == ("level", "format")
    assert "off_because" not in shape.keys(at("upstreams", "x"))
    assert shape.keys(at("upstreams")) == ()

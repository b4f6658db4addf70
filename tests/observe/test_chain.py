"""A chain of lines shows what was changed, cut or taken out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.observe.chain import FIRST, Broken, Link, read


def chained(count: int) -> list[str]:
    link, lines = Link(), []
    for number in range(count):
        line, link = link.next(f'"a": {number}')
        lines.append(line.decode())
    return lines


def faults(lines: list[str]) -> list[str]:
    """What is wrong with each line that is not as it was written."""
    link, found = Link(), []
    for line in lines:
        try:
            _, link = link.follow(line)
        except Broken as broken:
            found.append(str(broken))
            try:
                _, link = read(line)
            except Broken:
                continue
    return found


def test_a_line_is_json_with_its_number_and_hash():
    line, end = Link().next('"a": "ü"')
    assert json.loads(line) == {"n": 1, "a": "ü", "hash": end.hash}
    assert line.endswith(b"\n")
    assert Link().follow(line.decode()) == (json.loads(line), end)


def test_what_was_written_holds():
    assert faults(chained(5)) == []
    assert Link() == Link(0, FIRST)


def test_a_changed_line_is_found_and_only_that():
    lines = chained(5)
    lines[2] = lines[2].replace('"a": 2', '"a": 3')
    assert faults(lines) == ["it was changed, or the end of the line before it"]


def test_a_missing_line_is_found_with_its_number():
    lines = chained(6)
    assert faults(lines[:2] + lines[3:]) == ["line 3 is missing before it"]
    assert faults(lines[:1] + lines[4:]) == ["lines 2 to 4 are missing before it"]


def test_a_line_put_in_twice_is_found():
    lines = chained(3)
    assert faults([*lines, lines[1]]) == ["it is numbered 2, after 3"]


def test_a_cut_line_is_found():
    lines = chained(3)
    assert faults([*lines[:2], lines[2][:20]]) == ["it is cut off"]
    assert faults([*lines[:2], lines[2][:20] + "\n"]) == ["it is no line of an audit"]


@given(st.integers(0, 4), st.integers(0, 400), st.characters(codec="ascii"))
def test_no_other_character_passes(number: int, place: int, character: str):
    lines = chained(5)
    place %= len(lines[number])
    changed = lines[number][:place] + character + lines[number][place + 1 :]
    assert bool(faults([*lines[:number], changed, *lines[number + 1 :]])) == (changed != lines[number])

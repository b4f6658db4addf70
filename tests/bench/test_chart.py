"""The chart is XML that a browser reads, with bars as long as what they stand for."""

from xml.etree import ElementTree

from bench.chart import LONGEST, bars

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_values():
    root = ElementTree.fromstring(bars("a < b", [("others", 4.0, False), ("ours & theirs", 1.0, True)]))
    assert root.findtext(f"{SVG}title") == "a < b"
    assert [(bar.get("class"), bar.get("width")) for bar in list(root.iter(f"{SVG}rect"))[1:]] == [
        ("bar", f"{LONGEST:.1f}"),
        ("ours", f"{LONGEST / 4:.1f}"),
    ]
    assert [text.text for text in root.iter(f"{SVG}text")] == ["a < b", "others", "4 ×", "ours & theirs", "1 ×"]


def test_the_smallest_is_still_seen():
    root = ElementTree.fromstring(bars("t", [("big", 1000.0, False), ("small", 0.001, False)]))
    assert [bar.get("width") for bar in list(root.iter(f"{SVG}rect"))[1:]] == [f"{LONGEST:.1f}", "1.0"]

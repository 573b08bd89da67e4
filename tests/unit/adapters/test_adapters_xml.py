"""XML logs and quantities: what is read, and what is refused with its line."""

from __future__ import annotations

import pytest

from benchgov.adapters.interface import Log, MalformedLogError
from benchgov.adapters.quantities import SIZE, TIME, decimal, quantity
from benchgov.adapters.xml import open_xml, parse_xml, root_tag


def test_elements_know_their_line_and_lose_their_namespace() -> None:
    """`<n:b>` on line 3 is `b`, line 3, with its text and attributes."""
    log = Log("log", '<?xml version="1.0"?>\n<a>\n <n:b x="1">text</n:b><c><b/></c></a>')
    top = parse_xml(log)
    first = top.first("b")
    assert first
    assert (first.line, first.text, first.get(log, "x")) == (3, "text", "1")
    assert [one.line for one in top.below("b")] == [3, 3]
    assert top.first("c", "b") is not None
    assert top.first("nothing") is None
    assert root_tag(log) == "a"
    with pytest.raises(MalformedLogError, match="log:3: the attribute y of <b>"):
        first.get(log, "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<a>\n<b>", "log:2: not whole XML"),
        ("<a/>\n<a/>", "log:2: not whole XML"),
        ("", "not whole XML: no element found"),
        ("<a>" * 300, "at most 200 levels"),
        ('<!DOCTYPE a [<!ENTITY x "xx">]><a>&x;</a>', "no document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "no document type"),
    ],
)
def test_what_is_no_whole_xml_is_refused(text: str, message: str) -> None:
    """Cut off, two roots, empty, too deep, and every document type."""
    with pytest.raises(MalformedLogError, match=message):
        parse_xml(Log("log", text))


@pytest.mark.parametrize("text", ["", "plain", "<", "{}", "\ufeff <!-- "])
def test_what_does_not_begin_like_xml_has_no_root(text: str) -> None:
    """Detection answers and raises nothing."""
    assert root_tag(Log("log", text)) == ""


def test_quantities_have_known_units_or_are_refused() -> None:
    """Thousands' commas, three spellings of a microsecond; `KB` is nobody's guess."""
    log = Log("log", "")
    assert quantity(log, "18,149.5 ns", TIME, 1) == 18149.5
    assert {quantity(log, f"2{unit}", TIME, 1) for unit in ("us", "µs", "μs")} == {2000.0}
    assert quantity(log, "3 KiB", SIZE, 1) == 3072
    for text in ("3 KB", "3", "x", "-3 B", "3,14 B", None):
        with pytest.raises(MalformedLogError, match="log:7: "):
            quantity(log, text, SIZE, 7)
    for text in ("1e999", "nan", "", "1_0", None):
        with pytest.raises(MalformedLogError):
            decimal(log, text, 7)


def test_a_document_that_breaks_off_is_there_up_to_its_break_when_that_is_allowed() -> None:
    """With a sentence that says where; nothing at all, and a document type, are refused all the same."""
    top, incomplete = open_xml(Log("log", "<a><b/>\n<c>"), True)
    assert [child.tag for child in top.children] == ["b", "c"]
    assert incomplete == ["log:2: not whole XML: no element found"]
    assert open_xml(Log("log", "<a/>"), True)[1] == open_xml(Log("log", "<a/>"), False)[1] == []
    for text, allow in (("<a>", False), ("", True), ("<!DOCTYPE a><a/>", True), ("<a>" * 300, True)):
        with pytest.raises(MalformedLogError):
            open_xml(Log("log", text), allow)


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1252", "utf-7", "rot13", "nonsense"])
def test_a_declared_encoding_does_not_matter(encoding: str) -> None:
    """The text is decoded already; a name that is no encoding's is no fault of detection."""
    log = Log("log", f'<?xml version="1.0" encoding="{encoding}"?><a b="\u00e9"/>')
    assert root_tag(log) == "a"
    assert parse_xml(log).attributes == {"b": "\u00e9"}

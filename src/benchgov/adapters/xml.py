"""XML logs → elements that know their line. Document types are refused: no log needs one, and they can
make a small file a huge one, or name files of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

from benchgov.adapters.interface import Log, MalformedLogError
from benchgov.adapters.values import fault
from benchgov.text import one_line

MAX_DEPTH = 200


class _DoctypeError(Exception):
    """The document has a type declaration."""


class _DepthError(Exception):
    """Elements are nested too deeply to be a log."""


@dataclass
class Element:
    """One element: `tag` without its namespace, `line` where it opens, the `text` right inside it.

    `ended` says whether its end is there, which of a document that breaks off it need not be.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""
    ended: bool = False

    def all(self, *path: str) -> Iterator[Element]:
        """The elements at `path` below this one, in their order: `all("a", "b")` is every b in every a."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Element | None:
        """The first element at `path`, or None."""
        return next(self.all(*path), None)

    def below(self, tag: str) -> Iterator[Element]:
        """Every element called `tag` at any depth below this one, in document order."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.below(tag)

    def get(self, log: Log, name: str) -> str:
        """The attribute `name`; raises MalformedLogError when it is not there."""
        if name not in self.attributes:
            raise fault(log, self.line, f"the attribute {name} of <{self.tag}>")
        return self.attributes[name]


def root_tag(log: Log) -> str:
    """The name of the outermost element, or nothing when the text does not begin like XML. Raises nothing."""
    if not log.text[:4096].lstrip("\ufeff \t\r\n").startswith("<"):
        return ""
    tags: list[str] = []
    parser = expat.ParserCreate("utf-8")  # the text is decoded already, whatever encoding it declares
    parser.StartElementHandler = lambda tag, _: tags.append(tag)
    with suppress(expat.ExpatError):
        parser.Parse(log.text[:4096].lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), False)
    return _local(tags[0]) if tags else ""


def parse_xml(log: Log) -> Element:
    """The outermost element.

    Raises:
        MalformedLogError: it is no XML, cut off, has a document type, or is nested deeper than `MAX_DEPTH`.
    """
    return _parsed(log, _Builder())


def _parsed(log: Log, builder: _Builder) -> Element:
    parser = builder.parser
    text = log.text.lstrip("\ufeff")
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise MalformedLogError(f"not whole XML: {reason}", where=log.at(error.lineno)) from error
    except _DoctypeError as error:
        raise fault(log, parser.CurrentLineNumber, "no document type", "<!DOCTYPE") from error
    except _DepthError as error:
        raise fault(log, parser.CurrentLineNumber, f"at most {MAX_DEPTH} levels of elements") from error
    return builder.top.children[0]


def open_xml(log: Log, allow_partial: bool) -> tuple[Element, list[str]]:
    """(the outermost element, what is incomplete) of an XML log.

    With `allow_partial` a document that breaks off is there up to its break: its last elements may not be
    whole. Raises as `parse_xml` does.
    """
    if not allow_partial:
        return parse_xml(log), []
    builder = _Builder()
    try:
        return _parsed(log, builder), []
    except MalformedLogError as error:
        if not builder.top.children or not isinstance(error.__cause__, expat.ExpatError):
            raise
        return builder.top.children[0], [one_line(str(error))]


class _Builder:
    def __init__(self) -> None:
        self.top = Element("", {}, 1)
        self._open = [self.top]
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_: object) -> None:
        raise _DoctypeError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise _DepthError
        element = Element(_local(tag), attributes, self.parser.CurrentLineNumber)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop().ended = True

    def _text(self, text: str) -> None:
        self._open[-1].text += text


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]

"""What an adapter is given and gives back: logs, what was measured, and the fault of a malformed log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

from benchgov.adapters.partial import whole_items, whole_members
from benchgov.canonical import sha256_hex
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Metric

MAX_LOG_BYTES = 512 * 1024 * 1024
"""Largest log that is read, in bytes: 100,000 benchmarks of pytest-benchmark need about 150 MB."""


class MalformedLogError(InputError):
    """A log of another tool is cut off, contradicts itself, or is none; `where` is file and line or path."""

    default_remedy = (
        "Let the tool write its log again; --allow-partial reads what is whole of an incomplete one."
    )


class Log:
    """One log: where it came from, its text, and its JSON value, which is parsed once, when asked for."""

    def __init__(self, where: str, text: str) -> None:
        self.where = where
        self.text = text

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the text as UTF-8. Computed once: every benchmark of the log names it."""
        return sha256_hex(self.text.encode("utf-8"))

    @cached_property
    def document(self) -> Any:
        """The text as a JSON value.

        Raises:
            MalformedLogError: it is no JSON, cut off, or has NaN or a repeated key; names the line.
        """
        try:
            return parse_json(self.text, self.where)
        except InputError as error:
            raise MalformedLogError(error.message, where=error.where) from error

    @cached_property
    def looks_like_json(self) -> bool:
        """Whether the first character that is not white space opens a JSON object or array."""
        return self.text[:4096].lstrip()[:1] in {"{", "["}

    @cached_property
    def mapping(self) -> Mapping[str, Any]:
        """The JSON object that the text is; of a broken one the members that are whole; else empty."""
        if not self.looks_like_json:
            return {}
        try:
            value = self.document
        except MalformedLogError:
            return whole_members(self.text)
        return value if isinstance(value, dict) else {}

    @cached_property
    def listing(self) -> Sequence[Any]:
        """The JSON array that the text is; of a broken one the items that are whole; else empty."""
        if not self.looks_like_json:
            return []
        try:
            value = self.document
        except MalformedLogError:
            return whole_items(self.text)
        return value if isinstance(value, list) else []

    def at(self, place: str | int) -> str:
        """`file:12` for a line, `file: benchmarks[3].stats` for a JSON path."""
        return f"{self.where}:{place}" if isinstance(place, int) else f"{self.where}: {place}"


class Measured(NamedTuple):
    """One benchmark as its tool names it, with every sample.

    `name` and `group` are the tool's own words, `metrics` are in benchgov's units per iteration.
    `warmup` counts what the tool says it ran before; `source` is where the benchmark is written down,
    (relative path, line), when the tool says so; `place` is where in the log it stands. A tuple, because
    there may be a hundred thousand, and a frozen dataclass takes four times as long to make.
    """

    name: str
    metrics: tuple[Metric, ...]
    place: str
    group: str = ""
    parameters: Mapping[str, Any] = MappingProxyType({})
    iterations: int = 1
    warmup: int = 0
    source: tuple[str, int] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one log says.

    `facts` are the tool's words about the machine, by the names of `report.Facts` where they mean the same;
    `system` is linux, darwin or windows. `revision` is (commit, work tree was dirty). `incomplete` has one
    sentence for each thing that the log should have and has not; it is empty unless partial logs are allowed.
    """

    log: Log
    tool: str
    tool_version: str
    benchmarks: Sequence[Measured]
    facts: Mapping[str, str] = field(default_factory=dict)
    revision: tuple[str, bool | None] | None = None
    incomplete: tuple[str, ...] = ()


class Adapter(Protocol):
    """Reads the logs of one tool.

    `name` is what `--tool` takes, and the variant in the report; `reads` says which output, `example` is one
    command that makes it.
    """

    name: str
    reads: str
    example: str

    def detects(self, log: Log) -> bool:
        """Whether the content is this tool's. The file's name says nothing. Raises nothing."""
        ...

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """What `log` says; units as benchgov has them, all samples in their order.

        Raises:
            MalformedLogError: it is not whole (unless `allow_partial`), or contradicts itself.
        """
        ...


@runtime_checkable
class TreeAdapter(Adapter, Protocol):
    """An adapter whose tool spreads one benchmark over several files: it is given all its logs at once."""

    def read_tree(self, logs: Sequence[Log], allow_partial: bool) -> Sequence[Reading]:
        """What `logs`, each of which `detects` claimed, say together; raises MalformedLogError."""
        ...


@runtime_checkable
class Littering(Protocol):
    """An adapter whose tool writes pages and plots into the folder of its logs."""

    def passes_over(self, log: Log) -> bool:
        """Whether `log`, which nobody claimed, is one of them: then no word about it. Raises nothing."""
        ...

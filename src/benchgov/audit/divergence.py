"""Why a chain does not hold, and where; and what the bytes of a record say, where they say anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchgov.audit.record import Record
from benchgov.audit.subjects import check_subject
from benchgov.documents import json_model, parse_json
from benchgov.errors import BenchgovError, InputError, TamperError


@dataclass(frozen=True)
class Divergence:
    """The first place where a chain does not hold: `position` is a sequence, 0 for what is no record."""

    file: str
    position: int
    expected: str
    found: str

    def error(self) -> TamperError:
        """The divergence as an error."""
        return TamperError(
            f"record {self.position}: expected {self.expected}, found {self.found}", where=self.file
        )


class DivergedError(Exception):
    """A record that is not what was expected."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found


def fields_of(data: bytes) -> dict[str, Any]:
    """The fields of a record; raises `DivergedError` when it is no canonical JSON object."""
    try:
        value = parse_json(data.decode("utf-8"), "record")
    except UnicodeDecodeError as error:
        raise DivergedError("UTF-8", f"byte 0x{data[error.start]:02x} at offset {error.start}") from error
    except InputError as error:
        raise DivergedError("a record's canonical JSON", str(error)) from error
    if not isinstance(value, dict):
        raise DivergedError("a record's canonical JSON", glimpse(data))
    return value


def in_form(data: bytes) -> Record:
    """The record, which has exactly the fields of its type and kind, in their only canonical form."""
    try:
        record = json_model(data.decode("utf-8"), Record, "record")
        check_subject(record)
        again = record.to_bytes()
    except BenchgovError as error:
        raise DivergedError("a valid record", "; ".join((error.message, *error.details))) from error
    if again != data:
        raise DivergedError("canonical JSON (RFC 8785)", "other bytes of the same record")
    return record


def glimpse(data: bytes) -> str:
    """A few bytes of what is no record."""
    return f"{len(data)} bytes that begin {data[:16]!r} and end {data[-8:]!r}" if data else "an empty file"


def short(text: str) -> str:
    """The text, or its beginning."""
    return text if len(text) <= 80 else text[:77] + "..."

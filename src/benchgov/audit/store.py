"""The layout of a log: where each host's records lie, and how far they reach.

    hosts/<host>/records/<sequence>.json    one canonical JSON file a record

Names by sequence alone, created exclusively, make a fork inside one store impossible. What else lies beside
the records is made from them: `audit.hints`, `audit.tiles`.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchgov.audit.files import LogFiles
from benchgov.errors import InputError
from benchgov.names import is_name


@dataclass(frozen=True)
class Listing:
    """The content of a folder of the store: what belongs there, sorted, and what does not."""

    names: tuple[str, ...]
    strangers: tuple[str, ...]


def host_folder(host: str) -> str:
    """The folder of a host: its records, and what is made from them."""
    return f"hosts/{host}"


def records_folder(host: str) -> str:
    """The folder of a host's records."""
    return f"hosts/{host}/records"


def record_path(host: str, sequence: int) -> str:
    """The file of a record."""
    return f"hosts/{host}/records/{sequence:012d}.json"


def require_store(files: LogFiles) -> None:
    """Refuse to call a log empty that is not there at all.

    Raises:
        InputError: there is no log.
    """
    if not files.present():
        raise InputError(
            "there is no audit log here",
            where=files.where(),
            remedy="Name the right one with --store, or start a log with `benchgov audit append`.",
        )


def list_hosts(files: LogFiles) -> Listing:
    """The hosts that have a chain in the store."""
    names: list[str] = []
    strangers: list[str] = []
    for name, kind in files.entries("hosts"):
        (names if kind == "folder" and is_name(name) else strangers).append(name)
    return Listing(tuple(sorted(names)), tuple(sorted(strangers)))

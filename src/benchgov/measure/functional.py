"""Plan a protocol: its source file, its digest, and why it must not be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.measure.protocol import Protocols
from benchgov.report import run_key
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Variant
from benchgov.suites.protocol import ProtocolEntry

VARIANT = "protocol"
"""The variant of every run of a protocol."""


@dataclass(frozen=True)
class PlannedProtocol:
    """One protocol, to be run once. `refusal` says why it must not be."""

    entry: ProtocolEntry
    timeout_seconds: float
    protocol: str
    protocol_sha256: str
    line: int
    refusal: str = ""

    @property
    def key(self) -> str:
        """`<id>/protocol`."""
        return run_key(self.entry.id, None, VARIANT)

    def to_json(self) -> Json:
        """As `run --dry-run --format json` prints it."""
        entry = self.entry
        runs: Json = (
            {"callable": entry.callable} if entry.callable else {"command": list(entry.command or ())}
        )
        return {
            "run": self.key,
            "benchmark": entry.id,
            "family": entry.family,
            **runs,
            "protocol": self.protocol,
            "protocol_sha256": self.protocol_sha256,
            "timeout_seconds": self.timeout_seconds,
        }


def plan_protocol(
    suite: Suite, entry: ProtocolEntry, timeout_seconds: float, protocols: Protocols
) -> PlannedProtocol:
    """`entry`, with its source file; one that is not as the manifest pins it is refused."""
    name, digest = protocols.of(_as_variant(entry))
    pin = entry.protocol_sha256
    refusal = changed(name, digest, pin, "the manifest pins") if pin else ""
    return PlannedProtocol(entry, timeout_seconds, name, digest, suite.line(entry.id), refusal)


def changed(name: str, found: str, wanted: str, who: str) -> str:
    """Why a source file is not run: it is another one; empty when it is as wanted."""
    return "" if found == wanted else f"the source {name} has changed: its SHA-256 is {found}, {who} {wanted}"


def refusal_now(planned: PlannedProtocol, suite: Suite, config: Mapping[str, str]) -> str:
    """Why `planned` must not be run now: as planned, or its source is not the one that was planned.

    `config` are the placeholders of the suite's config.
    """
    if planned.refusal:
        return planned.refusal
    try:
        protocols = Protocols(suite.folder, suite.root, suite.path, config=config)
        name, digest = protocols.of(_as_variant(planned.entry))
    except InputError as error:
        return f"its source cannot be read: {error.message}"
    return changed(name, digest, planned.protocol_sha256, "as planned it was")


def _as_variant(entry: ProtocolEntry) -> Variant:
    return Variant(callable=entry.callable, command=entry.command, protocol=entry.protocol)

"""Replay: what of a report a second run must reproduce, and whether it did."""

from benchgov.replay.section import (
    DETERMINISTIC_FIELDS,
    HARNESS,
    NONDETERMINISTIC_FIELDS,
    deterministic_projection,
    replay_section,
)

__all__ = [
    "DETERMINISTIC_FIELDS",
    "HARNESS",
    "NONDETERMINISTIC_FIELDS",
    "deterministic_projection",
    "replay_section",
]

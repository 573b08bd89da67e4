"""What k6's metrics mean: which of them have a unit and a direction that are certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from benchgov.adapters.interface import Measured
from benchgov.text import one_line

NANOSECONDS = 1e6
"""k6's times are milliseconds."""

FAILURES = {"checks": "fails", "http_req_failed": "passes", "browser_http_req_failed": "passes"}
"""k6's own rates → the field that counts failures; a request that failed is a `true` of `http_req_failed`."""

Meaning = Literal["latency", "throughput", "rate", "errors", ""]

_TIMES = re.compile(
    r"http_req_\w+|iteration_duration|group_duration|grpc_req_duration|ws_connecting|ws_session_duration"
    r"|ws_ping|browser_http_req_duration|browser_web_vital_(?:fcp|fid|inp|lcp|ttfb)"
)
_BYTES = {"data_sent", "data_received", "browser_data_sent", "browser_data_received"}
_RATES = {"http_reqs", "iterations", "ws_sessions", "ws_msgs_sent", "ws_msgs_received"}
_LOSSES = {"dropped_iterations"}
_SETTINGS = {"vus", "vus_max"}


def base_name(name: str) -> str:
    """The name without the tags of a sub-metric: `http_req_duration` of `http_req_duration{status:200}`."""
    return name.partition("{")[0]


def contents(name: str) -> str:
    """What the values of k6's own metric are, where the log does not say it as `contains`."""
    return "time" if _TIMES.fullmatch(base_name(name)) else "default"


def meaning(name: str, kind: str, contains: str) -> Meaning:
    """What is measured by the metric `name` of type `kind`; nothing when only its author knows.

    A trend of times is a latency, whoever made it; of counters and rates only k6's own have a direction.
    """
    base = base_name(name)
    if kind == "trend":
        return "latency" if contains == "time" else ""
    if kind == "rate":
        return "errors" if base in FAILURES else ""
    if kind != "counter":
        return ""
    if base in _BYTES:
        return "throughput"
    if base in _LOSSES:
        return "errors"
    return "rate" if base in _RATES else ""


def left_out(name: str) -> tuple[str, ...]:
    """The note on a metric without meaning; none on how many users were simulated, which is no result."""
    if base_name(name) in _SETTINGS:
        return ()
    return (f"{one_line(name, 80)} is left out: its unit or its direction is not known",)


def with_notes(found: Sequence[Measured]) -> list[Measured]:
    """Those that have metrics; the notes of the others move to the first of them."""
    read = [one for one in found if one.metrics]
    rest = [note for one in found if not one.metrics for note in one.notes]
    if read and rest:
        read[0] = read[0]._replace(notes=(*read[0].notes, *rest))
    return read

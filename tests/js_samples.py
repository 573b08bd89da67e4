"""Recorded logs of JavaScript benchmark tools and of load tools, and what their adapters make of them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.interface import Adapter, Log, MalformedLogError, Measured, Reading
from benchgov.adapters.registry import adapters

DATA = Path(__file__).resolve().parent / "data"
ADAPTERS: dict[str, Adapter] = dict(adapters())


def read(name: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter of its folder reads in the sample `name`."""
    log = Log("log", (DATA / name).read_text(encoding="utf-8"))
    return ADAPTERS[name.split("/", maxsplit=1)[0]].read(log, allow_partial)


def read_text(tool: str, text: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter of `tool` reads in `text`."""
    return ADAPTERS[tool].read(Log("log", text), allow_partial)


def document(name: str) -> Any:
    """The JSON of a sample."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def refused(tool: str, text: str) -> str:
    """The message with which the adapter of `tool` refuses `text`."""
    with pytest.raises(MalformedLogError) as caught:
        read_text(tool, text)
    return str(caught.value)


def changed(name: str, path: list[Any], value: Any) -> str:
    """A sample as JSON with `value` at `path`; `...` takes it away."""
    made = copy.deepcopy(document(name))
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(made)


def names(reading: Reading) -> list[str]:
    """The names of a reading's benchmarks."""
    return [one.name for one in reading.benchmarks]


def wall_time(measured: Measured) -> tuple[float, ...]:
    """The samples of the benchmark's one metric, which is a time."""
    (metric,) = measured.metrics
    assert (metric.name, metric.unit, metric.direction) == ("wall_time", "ns", "lower")
    return metric.samples


def values(measured: Measured) -> dict[str, tuple[float, ...]]:
    """metric → samples."""
    return {metric.name: metric.samples for metric in measured.metrics}


def shapes(measured: Measured) -> dict[str, tuple[str, str]]:
    """metric → (unit, direction)."""
    return {metric.name: (metric.unit, metric.direction) for metric in measured.metrics}


def text_of(name: str) -> str:
    """A sample as text."""
    return (DATA / name).read_text(encoding="utf-8")

"""What logs say together: every benchmark once, under its id, with the samples of all. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchgov.adapters.interface import MalformedLogError, Measured, Reading
from benchgov.adapters.values import joined
from benchgov.report import Metric
from benchgov.text import one_line

Shape = dict[str, tuple[str, str]]
"""Metric → (unit, direction)."""


@dataclass(frozen=True)
class Result:
    """One benchmark, in one log or in several: its readings and what each says, in order."""

    id: str
    given: tuple[tuple[Reading, Measured], ...]

    @property
    def tool(self) -> str:
        """The tool that measured it."""
        return self.given[0][0].tool

    @property
    def first(self) -> Measured:
        """What the first log says."""
        return self.given[0][1]

    @property
    def place(self) -> str:
        """Where it stands first."""
        reading, measured = self.given[0]
        return f"{reading.log.where}: {measured.place}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What all logs note, each thing once."""
        return tuple(dict.fromkeys(note for _, measured in self.given for note in measured.notes))

    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of all logs, each with every sample; raises MalformedLogError when they disagree."""
        shapes = [_shape(reading, measured) for reading, measured in self.given]
        for (reading, measured), shape in zip(self.given[1:], shapes[1:], strict=True):
            if shape != shapes[0]:
                raise MalformedLogError(
                    f"benchmark {one_line(measured.name)!r} has {listed(shape)} here, "
                    f"and {listed(shapes[0])} in {self.place}",
                    where=reading.log.at(measured.place),
                )
        if len(self.given) == 1:
            return self.first.metrics
        by_name = [{metric.name: metric for metric in measured.metrics} for _, measured in self.given]
        return tuple(joined([one[metric.name] for one in by_name]) for metric in self.first.metrics)


def results(readings: Sequence[Reading], identify: Callable[[str], str]) -> list[Result]:
    """Every benchmark once, in the order of the logs; `identify` makes an id of a tool's name.

    Raises:
        MalformedLogError: a log without a benchmark, or with one twice; two that have the same id.
    """
    names: dict[tuple[str, str], list[tuple[Reading, Measured]]] = {}
    for reading in readings:
        _refuse_none(reading)
        seen: dict[str, Measured] = {}
        for measured in reading.benchmarks:
            if (before := seen.setdefault(measured.name, measured)) is not measured:
                raise MalformedLogError(
                    f"benchmark {one_line(measured.name)!r} is there twice, first at {before.place}",
                    where=reading.log.at(measured.place),
                )
            names.setdefault((reading.tool, measured.name), []).append((reading, measured))
    return _with_ids(names, identify)


def _refuse_none(reading: Reading) -> None:
    if not reading.benchmarks:
        raise MalformedLogError(
            f"this log of {reading.tool} has no benchmark",
            where=reading.log.where,
            details=reading.incomplete,
            remedy="Zero results are an error: let the tool run again, and look at what it says.",
        )


def _with_ids(
    names: Mapping[tuple[str, str], list[tuple[Reading, Measured]]], identify: Callable[[str], str]
) -> list[Result]:
    found: dict[tuple[str, str], Result] = {}
    for (tool, name), given in names.items():
        one = Result(identify(name), tuple(given))
        if (other := found.setdefault((tool, one.id), one)) is not one:
            raise MalformedLogError(
                f"{one_line(name)!r} and {one_line(other.first.name)!r} ({other.place}) would both be "
                f"benchmark {one.id!r}",
                where=one.place,
                remedy="Tell them apart with --rename 'regex=replacement'.",
            )
    return list(found.values())


def _shape(reading: Reading, measured: Measured) -> Shape:
    shape = shape_of(measured.metrics)
    if len(shape) != len(measured.metrics):
        raise MalformedLogError("a metric is there twice", where=reading.log.at(measured.place))
    return shape


def shape_of(metrics: Sequence[Metric]) -> Shape:
    """What must be equal before samples are joined."""
    return {metric.name: (metric.unit, metric.direction) for metric in metrics}


def listed(shape: Mapping[str, tuple[str, str]]) -> str:
    """`cpu_time in ns, wall_time in ns`."""
    return ", ".join(f"{name} in {unit}" for name, (unit, _) in sorted(shape.items())) or "no metric"

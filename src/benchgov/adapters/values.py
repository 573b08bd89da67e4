"""Take numbers and words out of a log: what is not what it should be is a fault with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured
from benchgov.report import Metric
from benchgov.text import one_line

_NUMBERS = {int, float}
_SHOWN = 60
_MAX_WORD = 200


def fault(log: Log, place: str | int, expected: str, found: Any = None) -> MalformedLogError:
    """`file: path: a number was expected, found 'x'`."""
    message = (
        f"{expected} was expected, {'but it is not there' if found is None else f'found {shown(found)}'}"
    )
    return MalformedLogError(message, where=log.at(place))


def shown(value: Any) -> str:
    """A value as a message shows it: short, on one line. Containers are named, not printed."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "an integer of many digits"
    return one_line(repr(value), _SHOWN)


def number(log: Log, value: Any, place: str | int) -> float:
    """`value` as a float that is finite and not negative; raises MalformedLogError."""
    if type(value) in _NUMBERS and value >= 0:
        try:
            result = float(value)
        except OverflowError:
            result = float("inf")
        if isfinite(result):
            return result
    raise fault(log, place, "a finite number that is not negative", value)


def samples(log: Log, values: Any, factor: float, place: str) -> tuple[float, ...]:
    """Each of `values`, times `factor`; at least one, all finite and not negative.

    Raises:
        MalformedLogError: names the first value that is not.
    """
    if type(values) is not list or not values:
        raise fault(log, place, "an array of one sample or more", values)
    try:
        # The quick way for logs with a million samples: the sum of what holds NaN or infinity is not finite.
        if set(map(type, values)) <= _NUMBERS and min(values) >= 0:
            scaled = tuple([value * factor for value in values])
            if isfinite(sum(scaled)):
                return scaled
    except OverflowError:
        pass
    exact = [number(log, value, f"{place}[{index}]") for index, value in enumerate(values)]
    return tuple(number(log, value * factor, f"{place}[{index}]") for index, value in enumerate(exact))


def joined(metrics: Sequence[Metric]) -> Metric:
    """One metric with the samples of all, in order; each of `metrics` comes from processes of its own."""
    samples = tuple(sample for metric in metrics for sample in metric.samples)
    processes = tuple(size for metric in metrics for size in metric.processes or (len(metric.samples),))
    return metrics[0].model_copy(update={"samples": samples, "processes": processes})


def mapping(log: Log, value: Any, place: str) -> dict[str, Any]:
    """`value`, which is an object; raises MalformedLogError."""
    if isinstance(value, dict):
        return value
    raise fault(log, place, "an object", value)


def word(log: Log, value: Any, place: str | int) -> str:
    """`value`, which is a text that is not blank; raises MalformedLogError."""
    if isinstance(value, str) and value.strip():
        return value
    raise fault(log, place, "a text", value)


def count(log: Log, value: Any, place: str | int) -> int:
    """`value`, which is an integer of 1 or more; raises MalformedLogError."""
    if type(value) is int and 1 <= value < 2**53:
        return value
    raise fault(log, place, "an integer of 1 or more", value)


def words(**given: Any) -> dict[str, str]:
    """What a tool says about the machine: texts and numbers that are there, on one line each."""
    return {
        name: text
        for name, value in given.items()
        if isinstance(value, str | int | float) and (text := one_line(_as_text(value), _MAX_WORD))
    }


def _as_text(value: str | float) -> str:
    return value if isinstance(value, str) else shown(value)


def members(log: Log, name: str, allow_partial: bool) -> tuple[dict[str, Any], list[Any], list[str]]:
    """(the log's object, its array `name`, what is incomplete) of a JSON log.

    Raises:
        MalformedLogError: it is no whole JSON (unless `allow_partial`), or has no such array.
    """
    document, incomplete = _whole_or(log, log.mapping, allow_partial)
    top = mapping(log, document, "document")
    items = top.get(name)
    if not isinstance(items, list):
        raise fault(log, name, "an array", items)
    return top, items, incomplete


def listing(log: Log, allow_partial: bool) -> tuple[list[Any], list[str]]:
    """(the log's items, what is incomplete) of a JSON log that is an array; raises as `members` does."""
    document, incomplete = _whole_or(log, log.listing, allow_partial)
    if not isinstance(document, list):
        raise fault(log, "document", "an array", document)
    return document, incomplete


def _whole_or(log: Log, otherwise: Any, allow_partial: bool) -> tuple[Any, list[str]]:
    """(the log's JSON value, nothing), or (`otherwise`, what is wrong with it) when that is allowed."""
    try:
        return log.document, []
    except MalformedLogError as error:
        if not allow_partial:
            raise
        return otherwise, [one_line(str(error))]


def each(
    items: Iterable[Any], read_one: Callable[[int, Any], Measured], incomplete: list[str], allow_partial: bool
) -> Sequence[Measured]:
    """Every item read; with `allow_partial` a malformed one is left out, and `incomplete` says so."""
    found = []
    for index, item in enumerate(items):
        try:
            found.append(read_one(index, item))
        except MalformedLogError as error:
            if not allow_partial:
                raise
            incomplete.append(one_line(str(error)))
    return found


def refuse(error: MalformedLogError, incomplete: list[str], allow_partial: bool) -> None:
    """Raises `error`; with `allow_partial` it is one more sentence in `incomplete` instead."""
    if not allow_partial:
        raise error
    incomplete.append(one_line(str(error)))

"""asv (airspeed velocity): the JSON of its results folder, one file for a commit and an environment, format 1
(asv to 0.4) and 2; `benchmarks.json` beside them says units and names of parameters.

asv writes NaN, which JSON has not, for what a benchmark skips, and null for what failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from benchgov.adapters.asv_columns import SKIPPED, Columns, columns, without_nan
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.values import count, fault, mapping, number, samples, word, words
from benchgov.report import Metric
from benchgov.text import one_line

_TYPES: dict[str, tuple[str, str, str, float]] = {
    "time": ("wall_time", "seconds", "ns", 1e9),
    "memory": ("object_size", "bytes", "bytes", 1.0),
    "peakmemory": ("peak_memory", "bytes", "bytes", 1.0),
}
"""Type of a benchmark → metric, the unit that asv gives this type, ours, factor."""

_PREFIXES = {"time": "time", "timeraw": "time", "mem": "memory", "peakmem": "peakmemory", "track": "track"}
_TYPED = re.compile(r"(timeraw|time|mem|peakmem|track)_|(Timeraw|Time|Mem|PeakMem|Track)[A-Z_]")
_SERIES = re.compile(r"(?:pypy)?\d[\w.]*")
_SYSTEMS = {"Linux", "Darwin", "Windows"}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TRACKED = "asv takes every increase of a tracked value for a regression"
_MAX_CASES = 1_000_000


@dataclass(frozen=True)
class _Kind:
    """What is known about one benchmark besides its results."""

    metric: str
    unit: str
    factor: float
    parameters: Sequence[str]
    note: str = ""


class Asv:
    """asv's results. A case of a benchmark is one benchmark; the samples are asv's, when it recorded them."""

    name = "asv"
    reads = "folder .asv/results, of one commit and environment"
    example = "asv run --record-samples 'HEAD^!'"

    def detects(self, log: Log) -> bool:
        """Results of a `commit_hash` and with `requirements`, or a `benchmarks.json` of asv."""
        top = log.mapping
        if {"commit_hash", "requirements"} <= top.keys():
            return "result_columns" in top or isinstance(top.get("results"), dict)
        return _is_definitions(top)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """What one file says by itself."""
        return self.read_tree([log], allow_partial)[0]

    def read_tree(self, logs: Sequence[Log], allow_partial: bool) -> Sequence[Reading]:
        """What every file of results says, with the units of `benchmarks.json`."""
        definitions: dict[str, Any] = {}
        results = []
        for log in logs:
            top, incomplete = _document(log, allow_partial)
            if _is_definitions(top):
                definitions.update(top)
            else:
                results.append((log, top, incomplete))
        _refuse_environments(results)
        read = [
            _reading(log, top, incomplete, definitions, allow_partial) for log, top, incomplete in results
        ]
        return read or [Reading(log, self.name, "", ()) for log in logs[:1]]


def _is_definitions(top: Mapping[str, Any]) -> bool:
    """Whether `top` is a `benchmarks.json`: by name, objects that say their name and type."""
    first = next((value for key, value in top.items() if key != "version"), None)
    return isinstance(first, dict) and {"name", "type", "unit", "param_names"} <= first.keys()


def _document(log: Log, allow_partial: bool) -> tuple[Mapping[str, Any], list[str]]:
    """(the log's object, what is wrong with it). NaN is replaced, so that everything else stays strict."""
    plain = Log(log.where, without_nan(log.text))
    try:
        return mapping(log, plain.document, "document"), []
    except MalformedLogError as error:
        if not allow_partial:
            raise
        return plain.mapping, [one_line(str(error))]


def _refuse_environments(results: Sequence[tuple[Log, Mapping[str, Any], list[str]]]) -> None:
    """Raises MalformedLogError when files are of several environments: no samples of one thing."""
    seen: dict[str, Log] = {}
    for log, top, _ in results:
        environment = words(env_name=top.get("env_name")).get("env_name", "")
        if seen and environment not in seen:
            other, first = next(iter(seen.items()))
            raise MalformedLogError(
                f"measured in environment {environment!r}, but {first.where} in {other!r}",
                where=log.where,
                remedy="Import the results of one environment at a time.",
            )
        seen.setdefault(environment, log)


def _reading(
    log: Log,
    top: Mapping[str, Any],
    incomplete: list[str],
    definitions: Mapping[str, Any],
    allow_partial: bool,
) -> Reading:
    read: list[Measured] = []
    for name, item in mapping(log, top.get("results"), "results").items():
        try:
            given = columns(log, top, name, item)
            read += _cases(log, name, given, _kind(log, name, definitions.get(name)))
        except MalformedLogError as error:
            if not allow_partial:
                raise
            incomplete.append(one_line(str(error)))
    return Reading(log, Asv.name, "", read, _facts(top), _revision(top), tuple(incomplete))


def _kind(log: Log, name: str, defined: Any) -> _Kind | str:
    """What is measured; or why that cannot be told."""
    defined = defined if isinstance(defined, dict) else {}
    typed = _TYPED.match(name.rpartition(".")[2])
    kind = defined.get("type") or (_PREFIXES[(typed[1] or typed[2]).lower()] if typed else None)
    given = defined.get("param_names")
    names = [text for text in given if isinstance(text, str)] if isinstance(given, list) else []
    if kind == "track":
        return _tracked(log, name, defined.get("unit"), names)
    if kind not in _TYPES:
        raise fault(
            log, f"results.{one_line(name, 80)}", "a type that benchmarks.json or its name says", kind
        )
    metric, wanted, unit, factor = _TYPES[kind]
    if defined.get("unit", wanted) != wanted:
        raise fault(log, f"results.{one_line(name, 80)}", f"the unit {wanted}", defined["unit"])
    return _Kind(metric, unit, factor, names)


def _tracked(log: Log, name: str, unit: Any, names: Sequence[str]) -> _Kind | str:
    if unit is None:
        return "its unit is in benchmarks.json, which was not given"
    text = one_line(word(log, unit, f"unit of {one_line(name, 80)}"), 32)
    return _Kind("tracked", text, 1.0, names, _TRACKED)


def _cases(log: Log, name: str, given: Columns, kind: _Kind | str) -> Iterator[Measured]:
    """One benchmark for each combination of parameters that was not skipped."""
    place = f"results.{one_line(name, 80)}"
    cases = _combinations(log, given.params, place)
    if given.result is not None and len(given.result) != len(cases):
        raise fault(log, f"{place}.result", f"an array of {len(cases)}", given.result)
    for index, case in enumerate(cases):
        value = given.result[index] if given.result is not None else None
        if value == SKIPPED:
            continue
        names = [] if isinstance(kind, str) else kind.parameters
        metrics, notes = _metrics(log, given, index, value, kind, place)
        yield Measured(
            f"{name}({', '.join(_unquoted(text) for text in case)})" if case else name,
            metrics,
            f"{place}[{index}]",
            group=name.rpartition(".")[0],
            parameters=_parameters(case, names),
            iterations=count(log, given.at("number", index) or 1, f"{place}.stats_number[{index}]"),
            notes=notes,
        )


def _combinations(log: Log, params: Any, place: str) -> list[tuple[str, ...]]:
    """The parameters of each result: asv's order, in which the last changes quickest."""
    if not isinstance(params, list) or not all(isinstance(values, list) for values in params):
        raise fault(log, f"{place}.params", "an array of arrays", params)
    if prod(map(len, params)) > _MAX_CASES:
        raise fault(log, f"{place}.params", f"at most {_MAX_CASES:,} combinations")
    return list(product(*([str(value) for value in values] for values in params)))


def _metrics(
    log: Log, given: Columns, index: int, value: Any, kind: _Kind | str, place: str
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    if value is None:
        return (), ("asv says that it failed",)
    if isinstance(kind, str):
        return (), (kind,)
    recorded = given.at("samples", index)
    notes = (kind.note,) if kind.note else ()
    if recorded is None:
        taken: tuple[float, ...] = (number(log, value, f"{place}.result[{index}]") * kind.factor,)
        if kind.metric == "wall_time":
            notes = ("the log has no samples, only their median; --record-samples keeps them", *notes)
    else:
        taken = samples(log, recorded, kind.factor, f"{place}.samples[{index}]")
    return (Metric(name=kind.metric, unit=kind.unit, direction="lower", samples=taken),), notes


def _unquoted(text: str) -> str:
    """`'up'` as `up`: asv writes parameters as Python does."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _parameters(case: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """asv calls parameters without a name param1, param2."""
    return {
        names[index] if index < len(names) else f"param{index + 1}": _parsed(text)
        for index, text in enumerate(case)
    }


def _parsed(text: str) -> str | float:
    try:
        return int(text) if re.fullmatch(r"-?\d{1,15}", text) else float(text)
    except ValueError:
        return _unquoted(text)


def _facts(top: Mapping[str, Any]) -> dict[str, str]:
    """asv's words about the machine, without its name. Its Python is no full version, or a path."""
    params, required = top.get("params"), top.get("requirements")
    params = params if isinstance(params, dict) else {}
    system, _, kernel = str(params.get("os", "")).partition(" ")
    python = params.get("python")
    return {
        **(words(system=system, kernel=kernel) if system in _SYSTEMS else words(os=params.get("os"))),
        **words(
            arch=params.get("arch"),
            cpu_model=params.get("cpu"),
            python_series=python if isinstance(python, str) and _SERIES.fullmatch(python) else None,
        ),
        **words(**{f"requires {key}": value for key, value in _items(required)}),
    }


def _items(required: Any) -> list[tuple[str, Any]]:
    return (
        [(one_line(key, 60), value) for key, value in required.items()] if isinstance(required, dict) else []
    )


def _revision(top: Mapping[str, Any]) -> tuple[str, bool | None] | None:
    """The commit that asv checked out; with an environment that existed nobody knows if that was clean."""
    commit = top.get("commit_hash")
    return (commit, None) if isinstance(commit, str) and _COMMIT.fullmatch(commit) else None

"""hyperfine: the JSON of `--export-json`, from 1.0 on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.values import each, fault, mapping, members, number, samples, shown, word
from benchgov.report import Metric

_NANOSECONDS = 1e9


class Hyperfine:
    """hyperfine's JSON. A benchmark's name is its command, or what `--command-name` called it."""

    name = "hyperfine"
    reads = "JSON of --export-json"
    example = "hyperfine --export-json hyperfine.json 'sleep 0.1'"

    def detects(self, log: Log) -> bool:
        """An object with `results`, of which the first has a `command` and a `mean`."""
        results = log.mapping.get("results")
        first = results[0] if isinstance(results, list) and results else None
        if first is None:
            return results == [] and len(log.mapping) == 1
        return isinstance(first, dict) and {"command", "mean"} <= first.keys()

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every command with its times, its memory, and its mean CPU time."""
        _, items, incomplete = members(log, "results", allow_partial)
        read = each(items, lambda index, item: _result(log, item, index), incomplete, allow_partial)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _result(log: Log, item: Any, index: int) -> Measured:
    place = f"results[{index}]"
    given = mapping(log, item, place)
    command = word(log, given.get("command"), f"{place}.command")
    parameters = given.get("parameters")
    if not isinstance(parameters, dict):
        parameters = {}
    return Measured(
        _name(command, parameters),
        tuple(_metrics(log, given, place)),
        place,
        parameters=parameters,
        notes=tuple(_notes(given)),
    )


def _name(command: str, parameters: Mapping[str, Any]) -> str:
    """The command and its parameters, which a name of its own may not show."""
    shown_parameters = ", ".join(f"{key}={value}" for key, value in parameters.items())
    return f"{command} ({shown_parameters})" if parameters else command


def _metrics(log: Log, given: Mapping[str, Any], place: str) -> Iterator[Metric]:
    if "times" in given:
        times = samples(log, given["times"], _NANOSECONDS, f"{place}.times")
    else:
        centre = "median" if "median" in given else "mean"
        times = (number(log, given.get(centre), f"{place}.{centre}") * _NANOSECONDS,)
    # hyperfine starts a process for every run.
    alone = (1,) * len(times)
    yield Metric(name="wall_time", unit="ns", direction="lower", samples=times, processes=alone)
    if "user" in given and "system" in given:
        spent = sum(number(log, given[name], f"{place}.{name}") for name in ("user", "system"))
        yield Metric(name="cpu_time", unit="ns", direction="lower", samples=(spent * _NANOSECONDS,))
    if given.get("memory_usage_byte"):
        memory = samples(log, given["memory_usage_byte"], 1, f"{place}.memory_usage_byte")
        if len(memory) != len(times):
            raise fault(log, f"{place}.memory_usage_byte", f"an array of {len(times)}, like times,", memory)
        yield Metric(name="peak_memory", unit="bytes", direction="lower", samples=memory, processes=alone)


def _notes(given: Mapping[str, Any]) -> Iterator[str]:
    if "times" not in given:
        yield "the log has no samples, only their average"
    if "user" in given and "system" in given:
        yield "cpu_time is hyperfine's mean over all runs: it writes no samples of it"
    codes = given.get("exit_codes")
    if isinstance(codes, list) and (bad := [code for code in codes if code != 0]):
        yield f"{len(bad)} of {len(codes)} runs did not exit with 0, the first with {shown(bad[0])}"

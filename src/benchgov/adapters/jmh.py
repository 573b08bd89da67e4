"""JMH: the JSON of `-rf json`, where every iteration of every fork is a sample; and its table as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.jmh_metrics import MODES, Score, scored, secondary
from benchgov.adapters.jmh_table import is_table, read_table, version_and_facts, with_integers
from benchgov.adapters.values import each, fault, listing, mapping, number, samples, shown, word, words
from benchgov.report import Metric
from benchgov.text import one_line

MAX_SAMPLES = 10_000
"""Most samples taken from the histogram of mode `sample`, which counts every call: there may be millions."""

_NO_NUMBERS = ("NaN", "+INF")
"""How JMH writes the score of a counter that counted nothing."""

_KEYS = {"benchmark", "mode", "primaryMetric"}


class Jmh:
    """JMH's results. A benchmark's name has its parameters, and its mode where several measured it."""

    name = "jmh"
    reads = "JSON of -rf json, or the table that it prints"
    example = "java -jar target/benchmarks.jar -rf json -rff jmh.json"

    def detects(self, log: Log) -> bool:
        """An array, of which the first item has a `benchmark`, a `mode` and a `primaryMetric`; the table."""
        if not log.looks_like_json:
            return is_table(log.text)
        first = log.listing[0] if log.listing else None
        return isinstance(first, dict) and first.keys() >= _KEYS

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark, with the iterations of its forks in order; of the table its average."""
        if not log.looks_like_json:
            return self._read_table(log, allow_partial)
        items, incomplete = listing(log, allow_partial)
        first = items[0] if items and isinstance(items[0], dict) else {}
        modes = Counter(_name(item) for item in items if isinstance(item, dict))

        def read_one(index: int, item: Any) -> Measured:
            place = f"[{index}]"
            given = mapping(log, item, place)
            if given.get("jmhVersion") != first.get("jmhVersion"):
                version = shown(first.get("jmhVersion"))
                raise fault(log, f"{place}.jmhVersion", f"{version}, as before,", given.get("jmhVersion"))
            return _benchmark(log, given, place, several=modes[_name(given)] > 1)

        read = each(items, read_one, incomplete, allow_partial)
        version = words(version=first.get("jmhVersion")).get("version", "")
        return Reading(log, self.name, version, read, _facts(first), incomplete=tuple(incomplete))

    def _read_table(self, log: Log, allow_partial: bool) -> Reading:
        incomplete: list[str] = []
        read = read_table(log, incomplete, allow_partial)
        version, facts = version_and_facts(log.text)
        return Reading(log, self.name, version, read, facts, incomplete=tuple(incomplete))


def _facts(first: Mapping[str, Any]) -> dict[str, str]:
    """The virtual machine; not its path nor its arguments, which may say whose machine it is."""
    return words(jdk=first.get("jdkVersion"), vm=first.get("vmName"), vm_version=first.get("vmVersion"))


def _name(given: Mapping[str, Any]) -> str:
    params = given.get("params")
    texts = [f"{key}={value}" for key, value in params.items()] if isinstance(params, dict) else []
    return f"{given.get('benchmark')} ({', '.join(texts)})" if texts else str(given.get("benchmark"))


def _benchmark(log: Log, given: Mapping[str, Any], place: str, *, several: bool) -> Measured:
    benchmark = word(log, given.get("benchmark"), f"{place}.benchmark")
    mode = given.get("mode")
    if not isinstance(mode, str) or mode not in MODES:
        raise fault(log, f"{place}.mode", f"one of {', '.join(MODES)}", mode)
    metrics, notes = _metrics(log, given, mode, place)
    warmup = given.get("warmupIterations")
    return Measured(
        f"{_name(given)} {mode}" if several else _name(given),
        metrics,
        place,
        group=benchmark.rpartition(".")[0],
        parameters=_parameters(given),
        warmup=warmup if type(warmup) is int and 0 <= warmup < 2**53 else 0,
        notes=notes,
    )


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """`params`, which JMH writes as texts, with integers as such; and more threads than one."""
    params = given.get("params")
    found: dict[str, Any] = with_integers(params) if isinstance(params, dict) else {}
    threads = given.get("threads")
    if type(threads) is int and threads != 1:
        found.setdefault("threads", threads)
    return found


def _metrics(
    log: Log, given: Mapping[str, Any], mode: str, place: str
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    at = f"{place}.primaryMetric"
    primary = mapping(log, given.get("primaryMetric"), at)
    unit = word(log, primary.get("scoreUnit"), f"{at}.scoreUnit")
    score = scored(unit)
    if score is None or score.name != MODES[mode][0]:
        raise fault(log, f"{at}.scoreUnit", f"a unit {MODES[mode][1]} of mode {mode}", unit)
    forks, notes = _values(log, primary, score.factor, at)
    _refuse_missing(log, given, primary, at)
    metrics = {score.name: _metric(score, forks)}
    others = f"{place}.secondaryMetrics"
    for name, other in mapping(log, given.get("secondaryMetrics") or {}, others).items():
        read = _secondary(log, given, name, other, f"{others}.{one_line(name, 60)}")
        if isinstance(read, str):
            notes.append(read)
        elif metrics.setdefault(read.name, read) is not read:
            notes.append(f"{one_line(name, 60)} is left out: {read.name} is there already")
    return tuple(metrics.values()), tuple(notes)


def _metric(score: Score, forks: Sequence[tuple[float, ...]]) -> Metric:
    return Metric(
        name=score.name,
        unit=score.unit,
        direction=score.direction,
        samples=tuple(value for fork in forks for value in fork),
        processes=tuple(map(len, forks)),
    )


def _secondary(log: Log, given: Mapping[str, Any], name: str, other: Any, place: str) -> Metric | str:
    """The metric, or the sentence that says why it is left out."""
    stated = mapping(log, other, place)
    unit = word(log, stated.get("scoreUnit"), f"{place}.scoreUnit")
    score = secondary(name, str(given.get("benchmark")).rpartition(".")[2], unit)
    left_out = f"{one_line(name, 60)} in {one_line(unit, 20)} is left out"
    if score is None:
        return f"{left_out}: nothing says which way is better"
    if stated.get("score") in _NO_NUMBERS:
        return f"{left_out}: JMH has no number for it"
    forks, _ = _values(log, stated, score.factor, place)
    return _metric(score, forks)


def _values(
    log: Log, stated: Mapping[str, Any], factor: float, place: str
) -> tuple[list[tuple[float, ...]], list[str]]:
    """(samples by fork, notes). A secondary metric may have none in some of the forks."""
    if "rawDataHistogram" in stated:
        calls, notes = _from_histogram(log, stated["rawDataHistogram"], factor, f"{place}.rawDataHistogram")
        return [calls], notes
    forks = _lists(log, stated.get("rawData"), f"{place}.rawData")
    found = [
        samples(log, fork, factor, f"{place}.rawData[{index}]")
        for index, fork in enumerate(forks)
        if fork != []
    ]
    if not found:
        raise fault(log, f"{place}.rawData", "one sample or more", forks)
    return found, []


def _lists(log: Log, value: Any, place: str) -> Sequence[Any]:
    if isinstance(value, list) and value:
        return value
    raise fault(log, place, "an array with one array for each fork", value)


def _from_histogram(log: Log, forks: Any, factor: float, place: str) -> tuple[tuple[float, ...], list[str]]:
    """Every call of the histograms; evenly thinned, in the order of their values, when there are too many."""
    pairs = list(_pairs(log, forks, factor, place))
    total = sum(calls for _, calls in pairs)
    if not total:
        raise fault(log, place, "one call or more", forks)
    notes = ["the calls of an iteration are in the order of their times: JMH writes a histogram of them"]
    if total <= MAX_SAMPLES:
        return tuple(value for value, calls in pairs for _ in range(calls)), notes
    notes.append(f"{MAX_SAMPLES:,} quantiles stand for the {total:,} calls of the histogram")
    return tuple(_quantiles(sorted(pairs), total)), notes


def _pairs(log: Log, forks: Any, factor: float, place: str) -> Iterator[tuple[float, int]]:
    for fork, iterations in enumerate(_lists(log, forks, place)):
        for iteration, bins in enumerate(_lists(log, iterations, f"{place}[{fork}]")):
            at = f"{place}[{fork}][{iteration}]"
            for index, pair in enumerate(bins if isinstance(bins, list) else [bins]):
                if not isinstance(pair, list) or len(pair) != 2 or type(pair[1]) is not int:
                    raise fault(log, f"{at}[{index}]", "a pair of time and number of calls", pair)
                calls = int(number(log, pair[1], f"{at}[{index}][1]"))
                value = number(log, pair[0], f"{at}[{index}][0]")
                yield number(log, value * factor, f"{at}[{index}][0]"), calls


def _quantiles(pairs: Sequence[tuple[float, int]], total: int) -> Iterator[float]:
    """The values in the middle of `MAX_SAMPLES` equal parts of the sorted calls."""
    bins = iter(pairs)
    value, reached = 0.0, 0
    for index in range(MAX_SAMPLES):
        wanted = (2 * index + 1) * total // (2 * MAX_SAMPLES)
        while reached <= wanted:
            value, calls = next(bins)
            reached += calls
        yield value


def _refuse_missing(log: Log, given: Mapping[str, Any], primary: Mapping[str, Any], place: str) -> None:
    """A benchmark has as many forks, and each as many iterations, as JMH says it asked for."""
    name = "rawDataHistogram" if "rawDataHistogram" in primary else "rawData"
    forks, iterations = given.get("forks"), given.get("measurementIterations")
    if type(forks) is int and len(primary[name]) != max(forks, 1):
        raise fault(log, f"{place}.{name}", f"{max(forks, 1)}, the number of forks,", len(primary[name]))
    for index, fork in enumerate(primary[name]):
        if type(iterations) is int and len(fork) != iterations:
            raise fault(log, f"{place}.{name}[{index}]", f"{iterations} iterations", len(fork))

"""benchmark-ips for Ruby: the JSON of `json!` and `hold!`, and what it prints. Iterations a second."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import count, each, fault, listing, mapping, number, samples, word, words
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Metric
from benchgov.text import one_line

_HELD = {"item", "measured_us", "samples"}
_JSON = {"name", "ips", "stddev", "cycles"}
_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "Q": 1e15}
_START = "Calculating ----------"
_HEADING = re.compile(r"(?:Warming up|Calculating) -{10,}")
_RESULT = re.compile(
    r"(.{0,300}?) {0,40}(?<![\d.])(\d{1,20}\.\d{1,3})([kMBTQ]?) {0,9}\(± {0,9}[\d.]+%\) i/s\b.*"
)
_FOOTER = re.compile(r" *with \d+\.\d+% confidence")
_RUBY = re.compile(r"(?m)^((?:ruby|jruby|truffleruby) \S.*)$")
_WITHOUT_SAMPLES = "the log has no samples, only their average; hold! keeps them"


class BenchmarkIps:
    """benchmark-ips. A benchmark's name is its label."""

    name = "benchmark-ips"
    reads = "JSON of json! and hold!, and its text"
    example = 'ruby bench.rb # Benchmark.ips { |x| ...; x.json!("ips.json") }'

    def detects(self, log: Log) -> bool:
        """An array or lines of objects with `ips` or held `samples`; or the heading of the results."""
        if not log.looks_like_json:
            return _START in log.text
        first = log.listing[0] if log.listing else log.mapping
        return isinstance(first, dict) and (first.keys() >= _HELD or first.keys() >= _JSON)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark: of held results all samples, otherwise their average."""
        if not log.looks_like_json:
            return _read_text(log, self.name, allow_partial)
        if log.text.lstrip().startswith("["):
            items, incomplete = listing(log, allow_partial)
            places = [f"[{index}]" for index in range(len(items))]
        else:
            items, places, incomplete = _lines(log, allow_partial)
        read = each(
            items, lambda index, item: _benchmark(log, item, places[index]), incomplete, allow_partial
        )
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _lines(log: Log, allow_partial: bool) -> tuple[list[Any], list[str], list[str]]:
    """(objects, their places, what is incomplete) of the lines that `hold!` wrote before version 2.8."""
    items, places, incomplete = [], [], []
    for line, text in enumerate(log.text.split("\n"), 1):
        if not text.strip():
            continue
        try:
            items.append(parse_json(text, log.at(line)))
            places.append(f"line {line}")
        except InputError as error:
            if not allow_partial:
                raise MalformedLogError(error.message, where=log.at(line)) from error
            incomplete.append(one_line(f"{log.at(line)}: {error.message}"))
    return items, places, incomplete


def _benchmark(log: Log, item: Any, place: str) -> Measured:
    given = mapping(log, item, place)
    cycles = _cycles(log, given, place)
    if "samples" in given:
        name = word(log, given.get("item"), f"{place}.item")
        return _measured(name, samples(log, given["samples"], 1, f"{place}.samples"), place, cycles, ())
    name = word(log, given.get("name"), f"{place}.name")
    average = number(log, given.get("ips"), f"{place}.ips")
    return _measured(name, (average,), place, cycles, (_WITHOUT_SAMPLES,))


def _cycles(log: Log, given: Mapping[str, Any], place: str) -> int:
    """Iterations of a sample."""
    return count(log, given.get("cycles", 1), f"{place}.cycles")


def _measured(
    name: str, values: tuple[float, ...], place: str, iterations: int, notes: tuple[str, ...]
) -> Measured:
    metric = Metric(name="rate", unit="1/s", direction="higher", samples=values)
    return Measured(name, (metric,), place, iterations=iterations, notes=notes)


def _read_text(log: Log, tool: str, allow_partial: bool) -> Reading:
    incomplete: list[str] = []
    read: list[Measured] = []
    for step in _results(log):
        if isinstance(step, Measured):
            read.append(step)
        elif not allow_partial:
            raise step
        else:
            incomplete.append(one_line(str(step)))
    ruby = _RUBY.search(log.text)
    facts = words(ruby=ruby[1]) if ruby else {}
    return Reading(log, tool, "", read, facts, incomplete=tuple(incomplete))


def _results(log: Log) -> Iterator[Measured | MalformedLogError]:
    """The lines from the heading to the first that is blank; a long label has a line of its own."""
    *lines, rest = log.text.split("\n")
    inside, label = False, (0, "")
    for line, text in enumerate(lines, 1):
        if _HEADING.fullmatch(text):
            inside = text.startswith("C")
        elif inside and (found := _RESULT.fullmatch(text)) and bool(found[1].strip()) != bool(label[1]):
            yield _printed(log, line, found, label[1])
            label = (0, "")
        elif inside and not _FOOTER.fullmatch(text):
            yield from _unused(log, label)
            inside, label = bool(text.strip()), (line, text.strip())
    yield from _unused(log, label)
    if rest:
        yield fault(log, len(lines) + 1, "a whole last line", rest)


def _unused(log: Log, label: tuple[int, str]) -> Iterator[MalformedLogError]:
    if label[1]:
        yield fault(log, label[0], "a label and its result in i/s, with no other output between,", label[1])


def _printed(log: Log, line: int, found: re.Match[str], label: str) -> Measured:
    value = decimal(log, found[2], line) * _SCALES[found[3]]
    return _measured(label or found[1].strip(), (value,), f"line {line}", 1, (_WITHOUT_SAMPLES,))

"""callgrind and cachegrind: the totals of their `.out` files; Ir is the number of instructions.

The format is in valgrind's manual, "Callgrind Format Specification". A process may write several parts, in
one file or in several: their sum is the process. Processes of one command are samples of one benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import fault, refuse
from benchgov.report import Metric
from benchgov.text import one_line

EVENTS = {
    "Ir": "instructions",
    **{name: name for name in ("Dr", "Dw", "I1mr", "D1mr", "D1mw", "ILmr", "DLmr", "DLmw", "I2mr", "D2mr")},
    **{name: name for name in ("D2mw", "Bc", "Bcm", "Bi", "Bim", "Ge", "sysCount")},
}
"""Event → metric: counts of reads, writes, misses, branches, of which less is better."""

_LINE = re.compile(
    r"(?m)^(version|creator|pid|cmd|part|thread|events|summary|totals): *([^\r\n]*?)[ \t]*(\r?\n|\Z)"
)
_EVENTS = re.compile(r"(?m)^events: *(?:\S+ +)*Ir\b")
_CMD = re.compile(r"(?m)^cmd: ")
_BEGINS = {"version", "cmd", "part"}
_KEPT = ("version", "creator", "pid", "cmd", "part")
_CREATOR = re.compile(r"callgrind-(\S+)")


@dataclass(frozen=True)
class _Part:
    """One dump: whose it is, which of its process, and its total of each event."""

    line: int
    pid: str
    command: str
    number: tuple[int, str]
    version: str
    costs: Mapping[str, float]


@dataclass
class _Process:
    """The parts of one process, and the logs (by their index) in which they are."""

    parts: list[_Part] = field(default_factory=list)
    logs: set[int] = field(default_factory=set)

    def costs(self) -> dict[str, float]:
        """The process's total of each event."""
        return {name: sum(part.costs[name] for part in self.parts) for name in self.parts[0].costs}


class Callgrind:
    """The `.out` files of callgrind and cachegrind. A benchmark's name is its command."""

    name = "callgrind"
    reads = "callgrind.out and cachegrind.out files"
    example = "valgrind --tool=callgrind ./program"

    def detects(self, log: Log) -> bool:
        """callgrind's first line; or a command and the event Ir."""
        head = log.text[:65536]
        if head.startswith("# callgrind format"):
            return True
        return _CMD.search(head) is not None and _EVENTS.search(head) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """What one file says; see `read_tree`."""
        return self.read_tree([log], allow_partial)[0]

    def read_tree(self, logs: Sequence[Log], allow_partial: bool) -> Sequence[Reading]:
        """What the files say; those that hold parts of one process are one reading."""
        processes: dict[tuple[object, ...], _Process] = {}
        incomplete: list[list[str]] = [[] for _ in logs]
        for index, log in enumerate(logs):
            for part in _parts(log, incomplete[index], allow_partial):
                # cachegrind writes no process id, and one part: each is a process.
                key = (part.pid, part.command) if part.pid else (index, part.line)
                process = processes.setdefault(key, _Process())
                try:
                    _check_part(log, part, process)
                except MalformedLogError as error:
                    refuse(error, incomplete[index], allow_partial)
                    continue
                process.parts.append(part)
                process.logs.add(index)
        together: dict[tuple[int, ...], list[_Process]] = {}
        for process in processes.values():
            together.setdefault(tuple(sorted(process.logs)), []).append(process)
        for index in range(len(logs)):
            if not any(index in some for some in together):
                together[(index,)] = []
        return [
            _reading(
                [logs[index] for index in indexes],
                given,
                [text for index in indexes for text in incomplete[index]],
                allow_partial,
            )
            for indexes, given in sorted(together.items(), key=lambda item: item[0])
        ]


def _parts(log: Log, incomplete: list[str], allow_partial: bool) -> Iterator[_Part]:
    """The parts of a file. In callgrind's the line `totals` ends one, in cachegrind's the line `summary`."""
    header: dict[str, tuple[int, str]] = {}
    try:
        for line, key, value in _entries(log):
            is_callgrind = key == "version" or "version" in header
            if key in _BEGINS and "events" in header:
                raise fault(log, line, "the totals of a part before the next one", f"{key}: {value}")
            if key == ("version" if is_callgrind else "cmd"):
                header = {}
            header[key] = (line, value)
            if key == ("totals" if is_callgrind else "summary"):
                yield _part(log, header, key)
                header = {name: header[name] for name in _KEPT if name in header}
        if "events" in header or not header:
            raise fault(log, log.text.count("\n") or 1, "the totals at the end of a part")
    except MalformedLogError as error:
        refuse(error, incomplete, allow_partial)


def _entries(log: Log) -> Iterator[tuple[int, str, str]]:
    """(line, key, value) of the lines about whole parts; the costs of functions are none of them."""
    line, at = 1, 0
    for found in _LINE.finditer(log.text):
        line, at = line + log.text.count("\n", at, found.start()), found.start()
        if not found[3]:
            raise fault(log, line, "a whole last line", found[0])
        yield line, found[1], found[2]


def _part(log: Log, header: Mapping[str, tuple[int, str]], end: str) -> _Part:
    line, totals = header[end]
    for key in ("cmd", "events"):
        if not header.get(key, (0, ""))[1]:
            raise fault(log, line, f"a line `{key}: ` before this one")
    number = header.get("part", (line, "1"))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", number[1]):
        raise fault(log, number[0], "the number of a part", number[1])
    creator = _CREATOR.fullmatch(header.get("creator", (0, ""))[1])
    return _Part(
        header["events"][0],
        header.get("pid", (0, ""))[1],
        header["cmd"][1],
        (int(number[1]), header.get("thread", (0, ""))[1]),
        creator[1] if creator else "",
        _costs(log, header["events"], (line, totals)),
    )


def _costs(log: Log, events: tuple[int, str], totals: tuple[int, str]) -> dict[str, float]:
    """Event → total. Zeros at the end of a line are not written."""
    names, values = events[1].split(), totals[1].split()
    if len(set(names)) != len(names):
        raise fault(log, events[0], "each event once", events[1])
    if not values or len(values) > len(names):
        raise fault(log, totals[0], f"at most {len(names)} numbers, for {events[1]}", totals[1])
    values += ["0"] * (len(names) - len(values))
    return {name: decimal(log, value, totals[0]) for name, value in zip(names, values, strict=True)}


def _check_part(log: Log, part: _Part, process: _Process) -> None:
    """A part must be new in its process, and count what the others count."""
    if part.number in {other.number for other in process.parts}:
        raise fault(log, part.line, f"part {part.number[0]} of process {part.pid} once", part.command)
    if process.parts and (wanted := process.parts[0].costs).keys() != part.costs.keys():
        raise fault(
            log, part.line, f"the events of the other parts ({' '.join(wanted)})", " ".join(part.costs)
        )


def _reading(
    logs: Sequence[Log], processes: Sequence[_Process], incomplete: list[str], allow_partial: bool
) -> Reading:
    """What `logs` say together; several are one log, as --combine-dumps would have written it."""
    log = logs[0] if len(logs) == 1 else _combined(logs)
    by_command: dict[str, list[_Process]] = {}
    for process in processes:
        first = process.parts[0]
        try:
            _check_process(log, process)
            same = by_command.get(first.command, [process])[0]
            if same.costs().keys() != process.costs().keys():
                expected = f"the events of the process before ({' '.join(same.costs())})"
                raise fault(log, first.line, expected, " ".join(process.costs()))
            by_command.setdefault(first.command, []).append(process)
        except MalformedLogError as error:
            refuse(error, incomplete, allow_partial)
    version = processes[0].parts[0].version if processes else ""
    read = [_benchmark(command, given) for command, given in by_command.items()]
    return Reading(log, Callgrind.name, version, read, incomplete=tuple(incomplete))


def _combined(logs: Sequence[Log]) -> Log:
    return Log(", ".join(log.where for log in logs), "\n".join(log.text for log in logs))


def _check_process(log: Log, process: _Process) -> None:
    """Raises MalformedLogError when parts are missing: their sum would not be the process."""
    first = process.parts[0]
    there = {part.number[0] for part in process.parts}
    if len(there) != max(there):
        expected = f"parts 1 to {max(there)} of process {first.pid}"
        raise fault(log, first.line, expected, f"only {', '.join(map(str, sorted(there)))}")


def _benchmark(command: str, processes: Sequence[_Process]) -> Measured:
    totals = [process.costs() for process in processes]
    first = processes[0].parts[0]
    metrics = tuple(
        Metric(
            name=EVENTS[event],
            unit="count",
            direction="lower",
            samples=tuple(total[event] for total in totals),
            processes=(1,) * len(totals),
        )
        for event in totals[0]
        if event in EVENTS
    )
    odd = [event for event in totals[0] if event not in EVENTS]
    said = f"left out, as neither unit nor direction is known: {one_line(' '.join(odd), 200)}"
    return Measured(command, metrics, f"line {first.line}", notes=(said,) if odd else ())

"""pgbench: the summary that it prints, of every release since 9.6."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from benchgov.adapters.blocks import (
    Block,
    Grammar,
    Keeper,
    blocks,
    errors,
    latency,
    metric,
    named,
    rate,
    repeated,
)
from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import NUMBER, TIME, decimal
from benchgov.adapters.values import fault
from benchgov.report import Metric
from benchgov.text import one_line

_SEEN = 1024 * 1024  # thousands of lines of --progress come before the summary
_START = re.compile(r"transaction type: .")
_VERSION = re.compile(r"(?m)^pgbench \((\d[\w.]*)")
_FAILED = re.compile(
    r"pgbench: (?:error|fatal|could not)|(?:c|C)lient \d+ (?:script \d+ )?aborted|Run was aborted"
)

_ROWS = {
    "transaction type": re.compile(r"transaction type: (.+)"),
    "scaling factor": re.compile(r"scaling factor: (\d+)"),
    "query mode": re.compile(r"query mode: (\w+)"),
    "number of clients": re.compile(r"number of clients: (\d+)"),
    "number of threads": re.compile(r"number of threads: (\d+)"),
    "processed": re.compile(r"number of transactions actually processed: (\d+)(?:/\d+)?"),
    "failed": re.compile(r"number of failed transactions: (\d+) \(.*\)"),
    "aside": re.compile(
        r"number of transactions (?:skipped|above|retried).*|total number of retries: \d+|rate limit .*"
    ),
    "setting": re.compile(
        r"(?:partition method|partitions|duration|maximum number of tries"
        r"|number of transactions per client): .*"
        r"|(?: - )?number of (?:serialization|deadlock|other) failures: .*"
    ),
    "latency average": re.compile(rf"latency average(?: =|:) ({NUMBER}) ms(?: \(including failures\))?"),
    "latency stddev": re.compile(rf"latency stddev(?: =|:) {NUMBER} ms"),
    "connection time": re.compile(rf"(initial|average) connection time = ({NUMBER}) ms"),
    "tps": re.compile(r"tps = (\S+) \((including|excluding|without) .*\)"),
    "statements": re.compile(r"(?: - )?statement latencies in milliseconds.*:"),
    "statement": re.compile(rf"\s+({NUMBER})(?:\s+\d+){{0,2}}(?:  |\t)(\S.*)"),
    "script": re.compile(r"SQL script (\d+): (.+)"),
    "weight": re.compile(r" - weight(?: is|:) .*"),
    "script transactions": re.compile(rf" - (\d+) transactions \(.*, tps = ({NUMBER})\)"),
    "script failed": re.compile(r" - number of failed transactions: (\d+) \(.*\)"),
    "script latency": re.compile(rf" - latency average(?: =|:) ({NUMBER}) ms"),
    "script aside": re.compile(r" - (?:number of transactions|total number of retries|latency stddev).*"),
}
_BETWEEN = re.compile(r"pgbench \(|pgbench: warning|starting vacuum|progress: ")
_GRAMMAR = Grammar(_START, _ROWS, _FAILED, between=_BETWEEN)


class Pgbench:
    """pgbench's text; several runs of one script in a log are the samples of one benchmark."""

    name = "pgbench"
    reads = "text, with -r the statements too"
    example = "pgbench -c 8 -T 60 -r bench > pgbench.txt"

    def detects(self, log: Log) -> bool:
        """A summary names its transaction and its scaling factor."""
        return "\nscaling factor: " in (text := log.text[:_SEEN]) and (
            re.search(rf"(?m)^{_START.pattern}", text) is not None
        )

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every script with its rate and latency, and every statement with its own."""
        keeper = Keeper(allow_partial)
        found = keeper.gather(blocks(log, _GRAMMAR, keeper), _run)
        version = _VERSION.search(log.text[:_SEEN])
        said = version[1] if version else ""
        return Reading(
            log, self.name, said, repeated(log, found, keeper), incomplete=tuple(keeper.incomplete)
        )


def _run(block: Block) -> Iterator[Measured]:
    """The transaction; of several scripts each, without their total."""
    scripts = block.all("script")
    if not scripts:
        yield from _transaction(block)
        return
    _refuse_none(block)
    block.one("tps")
    ends = [line for line, _ in scripts[1:]] + [block.last + 1]
    for (line, shown), end in zip(scripts, ends, strict=True):
        yield from _script(block, _plain(shown[2]), block.between(line, end))


def _refuse_none(block: Block) -> None:
    line, shown = block.one("processed")
    if not decimal(block.log, shown[1], line):
        raise fault(block.log, line, "one transaction or more", shown[0])


def _transaction(block: Block) -> Iterator[Measured]:
    _refuse_none(block)
    name = _plain(block.one("transaction type")[1][1])
    metrics = [
        *_rates(block),
        latency("mean", block.value("latency average") * TIME["ms"]),
        *_connecting(block),
    ]
    if block.all("failed"):
        metrics.append(errors(block.value("failed")))
    notes = tuple(shown[0] for _, shown in block.all("aside"))
    yield _measured(block, name, name, metrics, f"line {block.line}")._replace(notes=notes)
    yield from _statements(block, name, block)


def _script(block: Block, name: str, inside: Block) -> Iterator[Measured]:
    line, shown = inside.one("script transactions")
    if decimal(block.log, shown[1], line):  # a script of little weight may never have been chosen
        found = [
            rate(decimal(block.log, shown[2], line)),
            latency("mean", inside.value("script latency") * TIME["ms"]),
        ]
        if inside.all("script failed"):
            found.append(errors(inside.value("script failed")))
        yield _measured(block, name, name, found, f"line {inside.line}")
    yield from _statements(block, name, inside)


def _rates(block: Block) -> Iterator[Metric]:
    """Transactions a second without the time to connect; where that is all there is, with it."""
    rows = block.all("tps")
    kinds = [shown[2] for _, shown in rows]
    if len(set(kinds)) != len(kinds):
        raise fault(block.log, rows[-1][0], "one line of 'tps' of a kind per run", rows[-1][1][0])
    if not rows:
        block.one("tps")
    for line, shown in rows:
        value = decimal(block.log, shown[1], line)
        other = shown[2] == "including" and len(rows) > 1
        yield metric("rate_with_connecting", "1/s", "higher", value) if other else rate(value)


def _connecting(block: Block) -> Iterator[Metric]:
    row = block.maybe("connection time")
    if row:
        value = decimal(block.log, row[1][2], row[0]) * TIME["ms"]
        yield metric(f"{row[1][1]}_connection_time", "ns", "lower", value)


def _statements(block: Block, script: str, inside: Block) -> Iterator[Measured]:
    """What `-r` says of each statement. Commands of pgbench itself, as `\\set`, load no server."""
    count: Counter[str] = Counter()
    for line, shown in inside.all("statement"):
        text = one_line(shown[2])
        if text.startswith("\\"):
            continue
        count[text] += 1
        again = f" #{count[text]}" if count[text] > 1 else ""
        value = decimal(block.log, shown[1], line) * TIME["ms"]
        yield _measured(block, f"{script}: {text}{again}", script, [latency("mean", value)], f"line {line}")


def _measured(block: Block, what: str, group: str, metrics: Sequence[Metric], place: str) -> Measured:
    numbers = {
        "clients": int(block.value("number of clients")),
        "scale": int(block.value("scaling factor")),
        "threads": int(block.value("number of threads")) if block.all("number of threads") else 1,
    }
    mode = block.one("query mode")[1][1]
    name = named(what, mode=mode, **numbers)
    return Measured(name, tuple(metrics), place, group=group, parameters=numbers)


def _plain(name: str) -> str:
    """`TPC-B (sort of)` of `<builtin: TPC-B (sort of)>`; of a script's absolute path the last part."""
    builtin = re.fullmatch(r"<builtin: (.+)>", name)
    if builtin:
        return builtin[1]
    return name.rpartition("/")[2] or name if name.startswith("/") else name

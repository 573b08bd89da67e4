"""Malformed logs of load tools: refused with their place, or read in part when that is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.interface import Log, MalformedLogError
from benchgov.adapters.locust import Locust
from benchgov.adapters.registry import adapters, detect, named

DATA = Path(__file__).resolve().parents[2] / "data"
WRK = (DATA / "wrk/4.1.0-latency.txt").read_text(encoding="utf-8")
WRK2 = (DATA / "wrk2/4.0.0-latency.txt").read_text(encoding="utf-8")
PGBENCH = (DATA / "pgbench/15.20-r.txt").read_text(encoding="utf-8")
SCRIPTS = (DATA / "pgbench/15.20-multi.txt").read_text(encoding="utf-8")
PGBENCH_13 = (DATA / "pgbench/13-as-documented.txt").read_text(encoding="utf-8")
REDIS = (DATA / "redis-benchmark/7.0.15.csv").read_text(encoding="utf-8")
REDIS_TEXT = (DATA / "redis-benchmark/7.0.15-mset.txt").read_text(encoding="utf-8")
SYSBENCH = (DATA / "sysbench/1.0.20-cpu.txt").read_text(encoding="utf-8")
SYSBENCH_THREADS = (DATA / "sysbench/1.0.20-threads.txt").read_text(encoding="utf-8")
SYSBENCH_MEMORY = (DATA / "sysbench/1.0.20-memory.txt").read_text(encoding="utf-8")
MEMTIER = (DATA / "memtier/2.2.0-28-runs.json").read_text(encoding="utf-8")
MEMTIER_TEXT = (DATA / "memtier/2.2.0-28-runs.txt").read_text(encoding="utf-8")
LOCUST = (DATA / "locust/2.47.0_stats.csv").read_text(encoding="utf-8")


def refused(tool: str, text: str) -> str:
    """The message with which the adapter of `tool` refuses `text`."""
    with pytest.raises(MalformedLogError) as caught:
        named(tool, adapters()).read(Log("log", text), False)
    return str(caught.value)


def changed(text: str, old: str, new: str) -> str:
    """`text` with the first `old`, which must be there, as `new`."""
    assert old in text
    return text.replace(old, new, 1)


FAULTS: list[tuple[str, str, str, str, str]] = [
    ("wrk", WRK, "3.96ms", "-3.96ms", "log:10: a number and its unit was expected, found '-3.96ms'"),
    ("wrk", WRK, "3.96ms", "nan", "log:10: a number and its unit"),
    ("wrk", WRK, "3.96ms", "3.96ks", "log:10: one of the units"),
    ("wrk", WRK, "16.12MB", "16.12MiB", "log:13: one of the units B, KB, MB, GB, TB, PB was expected"),
    ("wrk", WRK, "24928.47", "-nan", "log:12: a finite number that is not negative"),
    ("wrk", WRK, "     99%", "     90%", "log:10: each percentile once"),
    ("wrk", WRK, "  Latency Distribution\n", "", "log:6: each percentile once, below its heading"),
    ("wrk", WRK, "  Latency Distribution\n", "hello\n", "log:6: a line of the tool's report, with no other"),
    ("wrk", WRK, "  49871 requests", "  0 requests", "log:11: one answer or more was expected, found '0 req"),
    ("wrk", WRK, "Transfer/sec:     16.12MB\n", "", "log:12: a line of 'Transfer/sec' in the report that"),
    ("wrk", WRK, "Transfer/sec:     16.12MB\n", "Transfer", "log:13: a whole last line was expected, found"),
    ("wrk", WRK, "  2 threads", "  2 threads and 1 connections\n  2 threads", "log:3: one line of 'threads'"),
    ("wrk", WRK, "Running", "unable to connect to localhost:80 Connection refused\nRunning", "log:1: a run"),
    ("wrk2", WRK2, "99.999%", "99.99999999%", "a line of the tool's report"),
    ("wrk2", WRK2, "#[Mean ", "#Mean ", "a line of the tool's report"),
    ("pgbench", PGBENCH, "latency average = 23.594", "latency average = NaN", "log:15: a line of the tool's"),
    ("pgbench", PGBENCH, "tps = 83.663478", "tps = -1", "log:18: a finite number that is not negative"),
    ("pgbench", PGBENCH, "tps = 83", "tps = 1 (without x)\ntps = 83", "log:19: one line of 'tps' of a kind"),
    ("pgbench", PGBENCH, "processed: 252", "processed: 0", "log:13: one transaction or more"),
    ("pgbench", PGBENCH, "query mode: simple\n", "", "a line of 'query mode' in the report that begins at 6"),
    ("pgbench", PGBENCH, "tps = 83.663478 (without initial connection time)\n", "", "a line of 'tps' in the"),
    ("pgbench", PGBENCH, "23.594 ms", "23.594 us", "log:15: a line of the tool's report"),
    ("pgbench", PGBENCH, "starting", "client 1 aborted in state 2\nstarting", "log:2: a run that ended well"),
    ("pgbench", SCRIPTS, " - latency average = 0.556 ms\n", "", "log:24: a line of 'script latency'"),
    ("redis-benchmark", REDIS, '"27777.78"', '"nan"', "log:4: a finite number that is not negative"),
    ("redis-benchmark", REDIS, '"27777.78"', '"0.00"', "log:4: more than 0 requests per second"),
    ("redis-benchmark", REDIS, '"27777.78",', "", "log:4: a row of 8 fields was expected"),
    ("redis-benchmark", REDIS, '"LPUSH"', '"L"PUSH', "log:4: a row of CSV"),
    ("redis-benchmark", REDIS, '"LPUSH"', '" "', "log:4: each column once, and the name of a test"),
    ("redis-benchmark", REDIS, '"max_latency_ms"\n', '"rps"\n', "log:2: each column once"),
    ("redis-benchmark", REDIS_TEXT, "60606.06", "0.00", "more than 0 requests per second"),
    ("redis-benchmark", REDIS_TEXT, "4.735", "-nan", "a finite number that is not negative"),
    ("redis-benchmark", REDIS_TEXT, "2000 requests c", "0 requests c", "log:5: one request or more"),
    ("redis-benchmark", REDIS_TEXT, "Summary:\n", "Error from server: LOADING\n", "a run that ended well"),
    ("redis-benchmark", REDIS_TEXT, "  throughput summary: 60606.06 requests per second\n", "", "'rate'"),
    ("sysbench", SYSBENCH, "Threads started!\n", "", "a line of 'started' in the report that begins at 1"),
    ("sysbench", SYSBENCH, "CPU speed:\n", "CPU speed:\nhello\n", "log:15: a line of sysbench's results"),
    ("sysbench", SYSBENCH, "16835.94", "nan", "log:15: a line of sysbench's results"),
    ("sysbench", SYSBENCH, "events:              16894", "events:              0", "log:19: one event"),
    ("sysbench", SYSBENCH, "         avg:", "         min:", "each of the latencies min, avg and max, once"),
    ("sysbench", SYSBENCH, "CPU speed:\n", "FATAL: out of memory\n", "log:14: a run that ended well"),
    ("sysbench", SYSBENCH_THREADS, "1.0004s", "0.0000s", "log:14: a time above 0"),
    ("sysbench", SYSBENCH_THREADS, "1.0004s", "1.0004", "log:14: one of the units"),
    ("sysbench", SYSBENCH_MEMORY, "3577.87 MiB/sec", "3577.87 MX/sec", "log:20: one of the units"),
    ("memtier", MEMTIER_TEXT, "Gets        30590.05", "Gets        -1", "log:11: a finite number"),
    ("memtier", MEMTIER_TEXT, "Gets        30590.05", "Gets", "log:11: a row of memtier's table"),
    ("memtier", MEMTIER_TEXT, "Gets        30590.05", "hello\nGets        30590.05", "log:11: a row of"),
    ("memtier", MEMTIER_TEXT, "Gets        30590.05", "Gets            0.00", "log:11: commands per"),
    ("memtier", MEMTIER_TEXT, "AGGREGATED AVERAGE RESULTS (3 runs)", "", "AGGREGATED AVERAGE RESULTS, which"),
    ("sysbench", SYSBENCH, "         sum:     ", "         total:   ", "a line of sysbench's results"),
    ("locust", LOCUST, "GET,/missing,60,", "GET,/missing,0,", "log:3: one request or more was expected"),
    ("locust", LOCUST, "GET,/missing,60,", "GET,/missing,", "log:3: a row of 22 fields was expected"),
    ("locust", LOCUST, "GET,/missing,60,", "GET,,60,", "log:3: a text was expected"),
    ("locust", LOCUST, "GET,/missing,60,60,6,11.4", "GET,/missing,60,60,6,-11.4", "log:3: a finite number"),
    ("locust", LOCUST, ",20.0", ",N/A,20.0", "a row of 22 fields"),
    ("locust", LOCUST, '"/search ""quoted', '"/search "quoted', "log:4: a row of CSV was expected"),
    ("locust", LOCUST, "GET,/missing", ",Aggregated", "log:4: no row after the total"),
    ("locust", LOCUST, ",Aggregated", "GET,Aggregated", "log:6: a last row 'Aggregated'"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "text", "old", "new", "message"), FAULTS)
def test_a_fault_is_named_by_its_line(tool: str, text: str, old: str, new: str, message: str) -> None:
    """What was expected and what was found, and where: no number, an unknown unit, other output, a gap."""
    assert message in refused(tool, changed(text, old, new))


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("wrk", WRK),
        ("wrk2", WRK2),
        ("pgbench", PGBENCH),
        ("redis-benchmark", REDIS),
        ("redis-benchmark", REDIS_TEXT),
        ("sysbench", SYSBENCH),
        ("memtier", MEMTIER),
        ("memtier", MEMTIER_TEXT),
        ("locust", LOCUST),
    ],
    ids=lambda value: value[:10].strip(),
)
def test_a_benchmark_of_a_log_that_is_cut_off_is_whole_or_refused(tool: str, text: str) -> None:
    """At any place: what follows its last number may be missing, and whole rows after it."""
    adapter = named(tool, adapters())
    whole = adapter.read(Log("log", text), False)
    for at in range(1, len(text), max(1, len(text) // 150)):
        try:
            part = adapter.read(Log("log", text[:at]), False)
        except MalformedLogError:
            continue
        rows = {one.name: one.metrics for one in whole.benchmarks}
        for one in part.benchmarks:
            assert one.metrics == rows[one.name]


@pytest.mark.parametrize(
    ("tool", "text", "kept", "missing"),
    [
        ("wrk", WRK + WRK[:200], 1, "a whole last line"),
        ("wrk", WRK + changed(WRK, "  Latency Distribution\n", "hello\n"), 1, "log:19: a line of the tool's"),
        ("wrk", "unable to connect\n" + WRK, 1, "a run that ended well"),
        (
            "pgbench",
            PGBENCH + changed(PGBENCH, "processed: 252", "processed: 0"),
            8,
            "one transaction or more",
        ),
        ("redis-benchmark", changed(REDIS, '"27777.78"', '"-1"'), 3, "log:4: a finite number"),
        ("redis-benchmark", REDIS[:-20], 3, "log:5: a whole last line"),
        ("sysbench", SYSBENCH + SYSBENCH[:300], 1, "a line of 'sum'"),
        ("memtier", MEMTIER[: MEMTIER.index("RUN #2")], 2, "cut off"),
        ("memtier", MEMTIER_TEXT[: MEMTIER_TEXT.index("RUN #3") - 200], 2, "a whole last line"),
        ("locust", LOCUST[: LOCUST.index(",Aggregated")], 3, "a last row 'Aggregated'"),
        ("locust", changed(LOCUST, "GET,/missing,60,", "GET,/missing,"), 2, "a row of 22 fields"),
        ("locust", changed(LOCUST, "GET,/missing,60,", "GET,/missing,x,"), 2, "log:3: a finite number"),
    ],
)
def test_what_is_whole_is_read_when_that_is_allowed(tool: str, text: str, kept: int, missing: str) -> None:
    """Without leave it is refused; with it the whole reports are there, and what is missing is said."""
    refused(tool, text)
    reading = named(tool, adapters()).read(Log("log", text), True)
    assert len(reading.benchmarks) == kept
    assert missing in " ".join(reading.incomplete)


@pytest.mark.parametrize("name", ["stats_history", "failures", "exceptions"])
def test_what_locust_writes_beside_its_statistics_is_refused_alone(name: str) -> None:
    """It is claimed, so that a whole folder can be given, and says what to import."""
    text = (DATA / f"locust/2.47.0_{name}.csv").read_text(encoding="utf-8")
    assert detect(Log("log", text), adapters()).name == "locust"
    assert "beside its statistics" in refused("locust", text)


def test_damaged_failures_of_locust_are_refused_too() -> None:
    """They are read, so they must be whole."""
    failures = Log("run_failures.csv", "Method,Name,Error,Occurrences\nGET,/x,Error\n")
    with pytest.raises(MalformedLogError, match=r"run_failures\.csv:2: a row of 4 fields"):
        Locust().read_tree([failures, Log("run_stats.csv", LOCUST)], False)


def test_runs_with_other_metrics_are_not_samples_of_one_benchmark() -> None:
    """A report of wrk with percentiles and one without, of one load, contradict each other."""
    plain = WRK[: WRK.index("  Latency Dist")] + WRK[WRK.index("  49871 requests") :]
    message = refused("wrk", WRK + plain)
    assert "log: line 14: the metrics of line 1 (rate in 1/s, throughput in bytes/s" in message
    reading = named("wrk", adapters()).read(Log("log", WRK + plain), True)
    assert [len(one.metrics[0].samples) for one in reading.benchmarks] == [1]


def memtier(change: Callable[[dict[str, Any]], object]) -> str:
    """The JSON of memtier after `change`."""
    document = json.loads(MEMTIER)
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda top: top["RUN #1 RESULTS"]["Gets"].update({"Ops/sec": -1}),
            "log: RUN #1 RESULTS.Gets.Ops/sec: a finite number that is not negative was expected, found -1",
        ),
        (lambda top: top["RUN #1 RESULTS"]["Gets"].update({"KB/sec": 1e300}), "Gets.KB/sec: a number below"),
        (lambda top: top["RUN #1 RESULTS"]["Gets"].update({"Ops/sec": 0}), "Gets: commands per second above"),
        (lambda top: top["RUN #1 RESULTS"].update({"Gets": 3}), "RUN #1 RESULTS.Gets: an object"),
        (lambda top: top["RUN #2 RESULTS"].pop("Totals"), "RUN #2 RESULTS.Totals: an object"),
        (lambda top: top["RUN #3 RESULTS"]["Runtime"].update(Interrupted="true"), "RESULTS.Runtime: a run"),
        (lambda top: top["configuration"].pop("threads"), "configuration.threads: a finite number"),
        (lambda top: [top.pop(name) for name in list(top)[2:]], "log: ALL STATS: a section of results"),
        (lambda top: top["RUN #2 RESULTS"]["Gets"].pop("Max Latency"), "the metrics of RUN #1 RESULTS.Gets"),
    ],
)  # fmt: skip
def test_a_fault_of_memtier_is_named_by_its_path(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    """What was expected, what was found, and where."""
    assert message in refused("memtier", memtier(change))


def test_progress_on_a_terminal_is_written_over() -> None:
    """Of a line with carriage returns only what was written last counts; Windows' line ends are none."""
    adapter = named("wrk", adapters())
    wanted = adapter.read(Log("log", WRK), False).benchmarks
    assert adapter.read(Log("log", WRK.replace("\n", "\r\n")), False).benchmarks == wanted
    assert adapter.read(Log("log", WRK.replace("Running", "10%\r20%\rRunning")), False).benchmarks == wanted


def test_a_script_that_was_never_chosen_is_none() -> None:
    """Of scripts with small weights one may have no transaction, and no latency."""
    text = changed(SCRIPTS, " - 795 transactions (25.3% of total", " - 0 transactions (0.0% of total")
    text = changed(text, " - latency average = 0.556 ms\n", "")
    (one,) = named("pgbench", adapters()).read(Log("log", text), False).benchmarks
    assert one.group == "quick.sql"


def test_names_of_files_are_without_their_folder_when_that_is_absolute() -> None:
    """An absolute path says where, and differs from machine to machine."""
    text = changed(PGBENCH, "<builtin: TPC-B (sort of)>", "/srv/sql/quick.sql")
    found = named("pgbench", adapters()).read(Log("log", text), False).benchmarks
    assert found[0].group == "quick.sql"


def test_a_statement_that_a_script_has_twice_is_two_benchmarks() -> None:
    """Numbered, so that each has its name."""
    text = changed(PGBENCH, "  BEGIN;", "  END;")
    found = [one.name for one in named("pgbench", adapters()).read(Log("log", text), False).benchmarks]
    assert found[1].startswith("TPC-B (sort of): END; (")
    assert found[-1].startswith("TPC-B (sort of): END; #2 (")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://localhost:8080", "root"),
        ("https://localhost/a/b?c=d#e", "a/b?c=d"),
        ("http://localhost/?q", "root?q"),
        ("http://[broken/", "http://[broken/"),
    ],
)
def test_host_and_port_are_no_part_of_a_name(address: str, name: str) -> None:
    """Path and query are; an address that is none stays as it is."""
    text = changed(WRK, "http://127.0.0.1:18931/items?page=2", address)
    (one,) = named("wrk", adapters()).read(Log("log", text), False).benchmarks
    assert one.name == f"{name} (connections=8, threads=2)"


def test_one_tps_is_the_rate_whatever_it_includes() -> None:
    """With -C there is but one, with the time to connect."""
    text = changed(PGBENCH_13, "tps = 821.905513 (excluding connections establishing)\n", "")
    one = named("pgbench", adapters()).read(Log("log", text), False).benchmarks[0]
    assert {metric.name: metric.samples for metric in one.metrics}["rate"] == (820.371204,)

"""Malformed logs of google-benchmark, Catch2, GNU time, perf stat and callgrind: refused with their place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.callgrind import Callgrind
from benchgov.adapters.catch2 import Catch2
from benchgov.adapters.gnu_time import GnuTime
from benchgov.adapters.google_benchmark import GoogleBenchmark
from benchgov.adapters.interface import Adapter, Log, MalformedLogError
from benchgov.adapters.perf_stat import PerfStat
from benchgov.adapters.registry import adapters, detect

DATA = Path(__file__).resolve().parents[2] / "data"


def sample(name: str) -> str:
    """The text of a recorded log."""
    return (DATA / name).read_text(encoding="utf-8")


GOOGLE = sample("google-benchmark/1.9.5.json")
CSV = sample("google-benchmark/1.9.5.csv")
CONSOLE = sample("google-benchmark/1.7.1.txt")
CATCH2 = sample("catch2/3.7.1.xml")
TIME = sample("gnu-time/1.9.txt")
KILLED = sample("gnu-time/1.9-killed.txt")
PERF = sample("perf-stat/6.1.csv")
PERF_JSON = sample("perf-stat/6.1.jsonl")
CALLGRIND = sample("callgrind/3.19.0-callgrind.out")
COMBINED = sample("callgrind/3.19.0-combined.callgrind.out")
CACHEGRIND = sample("callgrind/3.19.0.cachegrind.out")


def refused(adapter: Adapter, text: str) -> str:
    """The message with which `adapter` refuses `text`."""
    with pytest.raises(MalformedLogError) as caught:
        adapter.read(Log("log", text), False)
    return str(caught.value)


def row(index: int, **changes: Any) -> str:
    """The google-benchmark sample with other fields in one row; `...` takes a field away."""
    document = json.loads(GOOGLE)
    for key, value in changes.items():
        if value is ...:
            del document["benchmarks"][index][key]
        else:
            document["benchmarks"][index][key] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (row(0, real_time=-1), "log: benchmarks[0].real_time: a finite number that is not negative"),
        (row(0, real_time="1"), "benchmarks[0].real_time"),
        (row(0, real_time=1e308), "benchmarks[0].real_time: a finite number"),
        (row(0, cpu_time=...), "benchmarks[0].cpu_time: a finite number that is not negative was expected"),
        (row(0, iterations=0), "benchmarks[0].iterations: an integer of 1 or more"),
        (row(0, time_unit="fortnight"), "benchmarks[0].time_unit: one of the units ns, us, ms, s"),
        (row(0, time_unit=["ns"]), "benchmarks[0].time_unit: a text"),
        (row(1, time_unit="ms"), "benchmarks[1].time_unit: us, the unit of this benchmark before,"),
        (row(1, repetition_index=0), "benchmarks[1].repetition_index: each repetition of 'BM_Join"),
        (row(0, max_bytes_used=-1), "benchmarks[0].max_bytes_used: a finite number"),
        (row(0, name=" "), "benchmarks[0].name: a text"),
        (row(0, run_name=3), "benchmarks[0].run_name: a text was expected, found 3"),
        (json.dumps({**json.loads(GOOGLE), "benchmarks": [7]}), "benchmarks[0]: an object"),
        (json.dumps({**json.loads(GOOGLE), "benchmarks": None}), "log: benchmarks: an array"),
        (re.sub(r'"real_time": [^,]*', '"real_time": NaN', GOOGLE, count=1), "benchmarks[0].real_time"),
        (GOOGLE[:-4], "log:556:3: the document is cut off"),
        (GOOGLE + "done\n", "log:"),
    ],
)  # fmt: skip
def test_a_fault_of_google_benchmark_is_named_by_its_path(text: str, message: str) -> None:
    """No number, another unit, a repetition twice, cut off, or something after it."""
    assert message in refused(GoogleBenchmark(), text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("4316.22", "nan", "log:9: a finite number that is not negative was expected, found nan"),
        ("4316.22", "-4", "log:9: a finite number"),
        ("4316.22", "quick", "log:9: a finite number that is not negative was expected, found 'quick'"),
        ("4316.22,", "", "log:9: a row of the header's columns was expected"),
        (',318,4316.22,4326.16,ns', ',318,4316.22,4326.16,us', "log:10: us, the unit of this benchmark"),
        (',318,4316.22', ',0,4316.22', "log:9: an integer of 1 or more"),
        (',318,4316.22', ',3.5,4316.22', "log:9: an integer of 1 or more"),
        ('"BM_Sort/1024",318,4316', 'warning: slow\n"BM_Sort/1024",318,4316', "log:9: a row of the header's"),
        ('"BM_Sort/1024",318,4316', '"BM_Sort"/1024,318,4316', "log:9: not CSV: "),
        (",error_message", ',"error"_message', "log:1: not CSV: "),
        ("name,iterations", "names,iterations", "log:1: a line that begins `name,iterations"),
    ],
)  # fmt: skip
def test_a_fault_of_googles_csv_is_named_by_its_line(old: str, new: str, message: str) -> None:
    """No number, another unit, a row with a cell too few, interleaved output, broken quotes."""
    assert old in CSV
    assert message in refused(GoogleBenchmark(), CSV.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("9741 ns         1522 ns", "9741 ns         1522 us", "log:14: a row of the header's columns"),
        ("9741 ns         1522 ns", "9741 days       1522 days", "log:14: one of the units ns, us, ms, s"),
        ("9741 ns         1522 ns", "9741 us         1522 us", "log:15: us, the unit of this benchmark"),
        ("9741 ns         1522 ns", "-9741 ns        1522 ns", "log:14: a finite number"),
        ("9741 ns         1522 ns", "nan ns          1522 ns", "log:14: a finite number"),
        ("9741 ns         1522 ns", "1.2.3 ns        1522 ns", "log:14: a finite number"),
        ("   981 ", "     0 ", "log:14: an integer of 1 or more"),
        ("=168.235M/s", "=many", "log:14: a finite number that is not negative was expected, found 'many'"),
        ("BM_Sort/1024  ", f"BM_{' ' * 200_000}x\nBM_Sort/1024  ", "log:21: a row of the header's columns"),
        ("BM_Sort/1024  ", "hello\nBM_Sort/1024  ", "log:21: a row of the header's columns"),
        ("Benchmark   ", "Result      ", "log:1: a line that begins `name,iterations"),
    ],
)
def test_a_fault_of_googles_console_is_named_by_its_line(old: str, new: str, message: str) -> None:
    """No number, another unit, other output between the lines, no header."""
    assert old in CONSOLE
    assert message in refused(GoogleBenchmark(), CONSOLE.replace(old, new, 1))


def test_a_csv_that_is_cut_off_is_refused() -> None:
    """In the middle of a line."""
    assert "log:23: a whole last line" in refused(GoogleBenchmark(), CSV[:-30])


def test_a_name_that_ends_like_an_aggregate_is_a_benchmark() -> None:
    """Where nothing else has the name's beginning, `_mean` is a part of it; and with `run_type` anyway."""
    header = CSV.partition("\n")[0]
    (one,) = GoogleBenchmark().read(Log("log", f"{header}\nBM_mean,3,1,1,ns,,,,,\n"), False).benchmarks
    assert one.name == "BM_mean"
    found = GoogleBenchmark().read(Log("log", row(0, name="a_mean", run_name="a_mean")), False).benchmarks
    assert found[0].name == "a_mean"


def test_a_repetition_that_failed_is_left_out_of_the_samples() -> None:
    """The others stand, and the note counts."""
    (one, *_) = GoogleBenchmark().read(Log("log", row(1, error_occurred=True)), False).benchmarks
    assert len(one.metrics[0].samples) == 2
    assert one.notes[0].startswith("1 of 3 repetitions failed")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('<mean value="418', '<mean value="-418', "log:6: a finite number"),
        (' value="', ' value="nan" was="', "log:6: a finite number that is not negative was expected"),
        ("<mean ", "<main ", "log:4: <mean> or <failed> in <BenchmarkResults>"),
        (' iterations="', ' iteration="', "log:4: the attribute iterations of <BenchmarkResults>"),
        (' iterations="', ' iterations="0" was="', "log:4: the attribute iterations of 1 or more"),
        ('<BenchmarkResults name="', '<BenchmarkResults names="', "log:4: the attribute name"),
        ('<TestCase name="', '<TestCase names="', "log:3: the attribute name of <TestCase>"),
        (' line="15"', ' lines="15"', "log:3: the attribute line of <TestCase>"),
        ("<TestCase", "warning: slow & <TestCase", "log:3: not whole XML"),
        ("</Catch2TestRun>", "", "not whole XML: no element found"),
        ("Catch2TestRun", "testsuites", "log:2: <Catch2TestRun> or <Catch> was expected"),
    ],
)
def test_a_fault_of_catch2_is_named_by_its_line(old: str, new: str, message: str) -> None:
    """No number, no mean, an attribute that is not there, cut off, another document."""
    text = CATCH2.replace("Catch2TestRun", new) if old == "Catch2TestRun" else CATCH2.replace(old, new, 1)
    if "-418" in new:
        text = re.sub('<mean value="', '<mean value="-', CATCH2, count=1)
    assert message in refused(Catch2(), text)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("src/a.cc", ("src/a.cc", 15)),
        ("src\\a.cc", ("src/a.cc", 15)),
        ("C:\\a.cc", None),
        ("", None),
    ],
)
def test_catch2_sources_are_paths_with_slashes(path: str, source: tuple[str, int] | None) -> None:
    """A path with a drive is nobody else's."""
    text = CATCH2.replace('filename="sample.cc"', f'filename="{path}"', 1)
    assert Catch2().read(Log("log", text), False).benchmarks[0].source == source


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\tSwaps: 0\n", "\tSwaps: 0\nwarning: slow\n", "log:17: a field of time -v was expected"),
        ("\tSwaps: 0\n", "\tSwaps: 0\n\tSwaps: 0\n", "log:17: each field once"),
        ("\tExit status: 0\n", "", "log:23: a whole line `Exit status: `"),
        ("\tMaximum resident set", "\tLeast resident set", "log:1: a report with the field 'Maximum"),
        ("size (kbytes): 2", "size (kbytes): -2", "log:1: a finite number that is not negative"),
        ("\tUser time (seconds): 0", "\tUser time (seconds): nan0", "log:1: a finite number"),
        ("m:ss): 0:0", "m:ss): 0.0", "log:1: an elapsed time such as 0:01.50 or 1:02:03"),
        ("\tUser time", "\tIts time", "log:1: a whole report of time -v"),
    ],
)
def test_a_fault_of_gnu_time_is_named_by_its_line(old: str, new: str, message: str) -> None:
    """Interleaved, a field twice or missing, cut off, no number."""
    assert old in TIME
    assert message in refused(GnuTime(), TIME.replace(old, new, 1))


def test_gnu_time_refuses_runs_that_a_signal_ended() -> None:
    """Their status reads 0, but they are not whole; with leave the other runs are read."""
    message = "log:25: a run of sh -c kill -9 $$ that ended by itself was expected"
    assert message in refused(GnuTime(), KILLED)
    reading = GnuTime().read(Log("log", KILLED), True)
    assert [one.name for one in reading.benchmarks] == ["./sorter 1000"]
    assert message in reading.incomplete[0]


def test_gnu_time_reads_windows_line_ends_hours_and_what_stands_around() -> None:
    """The program's own standard error may come before and after a report."""
    text = TIME.replace("0:0", "1:02:0", 1).replace("\tCommand", "noise\tCommand", 1).replace("\n", "\r\n")
    log = Log("log", f"hello\r\n{text}\r\nbye\r\n")
    assert detect(log, adapters()).name == "gnu-time"
    one = GnuTime().read(log, False).benchmarks[0]
    assert 3_720e9 <= one.metrics[0].samples[0] < 3_780e9
    assert one.place == "line 2"
    assert "a tab and `Command being timed" in refused(GnuTime(), "real 0m1s\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PERF.replace("19.82,", "nan,", 1), "log:3: value, unit, event,"),
        (PERF.replace("19.82,", "-1,", 1), "log:3: value, unit, event,"),
        (PERF.replace("19.82,msec", "19.82,days", 1), "log:3: 'task-clock' in ns or usec or msec or sec"),
        (PERF.replace("613,,page", "613,MiB,page", 1), "log:4: 'page-faults' in no unit, as a count"),
        (PERF.replace("613,,page-faults", "613,,faults", 1), "log:15: a run with the events of the first"),
        (PERF.replace("613,,page", "hello\n613,,page", 1), "log:4: value, unit, event,"),
        (PERF[:-4], "a whole last line"),
        (PERF[: PERF.rindex("<not supported>")], "log:27: a run with the events of the first"),
        ("     0.103254770,1.19,msec,task-clock,1190934,100.00,,\n", "without -A, -I and --per-"),
        ("CPU0,107.79,msec,task-clock,107794593,100.00,,\n", "without -A, -I and --per-"),
        ("S0-D0-C0,1,102.07,msec,task-clock,102071414,100.00,,\n", "without -A, -I and --per-"),
        (PERF_JSON.replace('"14.724491"', "14.7"), "log:3: a text was expected, found 14.7"),
        (PERF_JSON.replace('"14.724491"', '"-14.7"'), "log:3: a finite number"),
        (PERF_JSON.replace('"msec"', "3"), "log:3: a unit was expected, found 3"),
        (PERF_JSON.replace('{"cou', '{"interval" : 1.0, "cou', 1), "log:3: an event of the whole run"),
        (PERF_JSON.replace("}", "", 1), "log:3: an object of perf stat -j, whole and on one line,"),
    ],
)  # fmt: skip
def test_a_fault_of_perf_stat_is_named_by_its_line(text: str, message: str) -> None:
    """No number, another unit, a run with other events, interleaved, cut off, or no total of a run."""
    assert message in refused(PerfStat(), text)


def test_perf_stat_without_events_has_no_benchmark() -> None:
    """Derived metrics are none, in CSV and in JSON; NaN among them is passed over."""
    text = '# started on Thu\n\n{"metric-value" : nan, "metric-unit" : "insn per cycle"}\n'
    assert PerfStat().read(Log("log", text), False).benchmarks == []
    nan = PERF_JSON.replace('"metric-value" : 0.310444', '"metric-value" : -nan')
    assert len(PerfStat().read(Log("log", nan), False).benchmarks) == 1


def test_output_of_perf_stat_by_time_or_cpu_is_claimed_so_that_it_is_refused_with_reason() -> None:
    """Rather than as nobody's."""
    for text in (
        "     0.103254770,1.19,msec,task-clock,1190934,100.00,,\n",
        "S0-D0-C0,1,102.07,msec,task-clock,102071414,100.00,,\n",
        PERF_JSON.replace('{"counter', '{"interval" : 0.100192838, "counter'),
    ):
        assert detect(Log("log", text), adapters()).name == "perf-stat"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CALLGRIND.replace("totals: 587316", "totals: -1"), "log:1342: a finite number"),
        (CALLGRIND.replace("totals: 587316", "totals: nan"), "log:1342: a finite number"),
        (CALLGRIND.replace("totals: 587316", "totals: 1 2"), "log:1342: at most 1 numbers, for Ir"),
        (CALLGRIND.replace("totals: 587316\n", ""), "the totals at the end of a part"),
        (CALLGRIND[:-1], "log:1342: a whole last line"),
        (CALLGRIND.replace("cmd:  ./sorter 2000\n", ""), "log:1341: a line `cmd: ` before this one"),
        (CALLGRIND.replace("events: Ir\n", ""), "a line `events: ` before this one"),
        (CALLGRIND.replace("events: Ir\n", "events: Ir Ir\n"), "log:17: each event once"),
        (CALLGRIND.replace("part: 1", "part: one"), "log:6: the number of a part was expected, found 'one'"),
        (CALLGRIND.replace("part: 1", "part: 2"), "log:17: parts 1 to 2 of process"),
        (CALLGRIND * 2, "log:1359: part 1 of process"),
        (COMBINED.replace("part: 2", "part: 1"), "part 1 of process"),
        (COMBINED.replace("events: Ir\n", "events: Ir Dr\n", 1), "the events of the other parts (Ir Dr)"),
        (COMBINED.replace("totals: 51911\n", ""), "log:955: the totals of a part before the next one"),
        (CACHEGRIND.replace("summary: ", "sum: "), "log:273: the totals at the end of a part"),
        (CACHEGRIND + CACHEGRIND.replace(" DLmw", " DLw"), "log:278: the events of the process before (Ir"),
        ("hello\n", "log:1: the totals at the end of a part"),
    ],
)
def test_a_fault_of_callgrind_is_named_by_its_line(text: str, message: str) -> None:
    """No number, no totals, no command, a part missing or twice, other events."""
    assert message in refused(Callgrind(), text)


@pytest.mark.parametrize(
    ("adapter", "text", "kept", "missing"),
    [
        (GoogleBenchmark(), row(0, real_time=-1), 4, "benchmarks[0].real_time"),
        (GoogleBenchmark(), row(0, name=None), 5, "benchmarks[0].name"),
        (GoogleBenchmark(), GOOGLE[:-400], 5, "log:"),
        (GoogleBenchmark(), CSV[:-30], 4, "log:23: a whole last line"),
        (GoogleBenchmark(), CSV + '"x"y,\n', 4, "log:24: not CSV: "),
        (GoogleBenchmark(), CONSOLE[:-20], 4, "log:39: a whole last line"),
        (Catch2(), CATCH2[:-400], 4, "not whole XML"),
        (Catch2(), CATCH2[: CATCH2.index("<outliers", 1200)], 3, "not whole XML"),
        (GnuTime(), TIME[:-10], 2, "a whole line `Exit status: `"),
        (PerfStat(), PERF[:-60], 1, "a run with the events of the first"),
        (PerfStat(), PERF.replace("613,,page", "hello\n613,,page", 1), 1, "log:4: value, unit, event,"),
        (Callgrind(), COMBINED[:-1], 1, "a whole last line"),
        (Callgrind(), COMBINED.replace("part: 2", "part: 1"), 1, "part 1 of process"),
        (Callgrind(), CALLGRIND.replace("part: 1", "part: 2"), 0, "parts 1 to 2"),
        (Callgrind(), CALLGRIND[:-30], 0, "the totals at the end of a part"),
    ],
)
def test_what_is_whole_is_read_when_that_is_allowed(
    adapter: Adapter, text: str, kept: int, missing: str
) -> None:
    """Without leave it is refused; with it the whole benchmarks are there, and what is missing is said."""
    refused(adapter, text)
    reading = adapter.read(Log("log", text), True)
    assert len(reading.benchmarks) == kept
    assert missing in " ".join(reading.incomplete)


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("google-benchmark", '{"context": {"num_cpus": 2, "mhz_per_cpu": 2}, "benchmarks": []}'),
        ("google-benchmark", CSV.partition("\n")[0] + "\n"),
        ("catch2", '<Catch2TestRun name="x"/>'),
        ("catch2", '<?xml version="1.0"?><Catch name="x"><Group name="x"></Group></Catch>'),
    ],
)
def test_a_log_of_nothing_is_claimed_and_has_no_benchmark(tool: str, text: str) -> None:
    """So that it is refused as this tool's, which ran no benchmark."""
    log = Log("log", text)
    adapter = detect(log, adapters())
    assert adapter.name == tool
    assert list(adapter.read(log, False).benchmarks) == []


@pytest.mark.parametrize("name", ["catch2/3.7.1.xml", "google-benchmark/1.7.1.json", "perf-stat/6.1.csv"])
def test_windows_line_ends_change_nothing(name: str) -> None:
    """What a checkout on Windows makes of a log is read the same."""
    text = sample(name)
    known = adapters()
    adapter = detect(Log("log", text), known)
    other = Log("log", text.replace("\n", "\r\n"))
    assert detect(other, known) is adapter
    assert adapter.read(other, False).benchmarks == adapter.read(Log("log", text), False).benchmarks

"""google-benchmark, Catch2, GNU time, perf stat and callgrind: what their real logs say, read completely."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from benchgov.adapters.callgrind import Callgrind
from benchgov.adapters.google_benchmark import GoogleBenchmark
from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.perf_stat import PerfStat
from benchgov.adapters.registry import adapters, detect, read_all

DATA = Path(__file__).resolve().parents[2] / "data"
JOIN = "BM_Join<int>/pieces:8/width:2/real_time/threads:2"
TIMES = {"wall_time": ("ns", "lower"), "cpu_time": ("ns", "lower")}
RATES = {"throughput": ("bytes/s", "higher"), "rate": ("1/s", "higher")}
MEMORY = {"allocations": ("count", "lower"), "peak_memory": ("bytes", "lower")}


def read(name: str) -> Reading:
    """What the adapter that claims the sample `name` reads."""
    log = Log(name, (DATA / name).read_text(encoding="utf-8"))
    reading = detect(log, adapters()).read(log, False)
    assert (reading.tool, reading.incomplete, reading.revision) == (name.partition("/")[0], (), None)
    return reading


def named(reading: Reading) -> dict[str, Measured]:
    """The benchmarks of a reading by name."""
    found = {one.name: one for one in reading.benchmarks}
    assert len(found) == len(reading.benchmarks)
    return found


def shapes(measured: Measured) -> dict[str, tuple[str, str]]:
    """name → (unit, direction)."""
    return {one.name: (one.unit, one.direction) for one in measured.metrics}


def samples(measured: Measured) -> dict[str, tuple[float, ...]]:
    """name → samples."""
    return {one.name: one.samples for one in measured.metrics}


@pytest.mark.parametrize(
    ("version", "memory", "names"),
    [
        ("1.4.1", {}, {"BM_Sort/256", "BM_Sort/1024", JOIN}),
        ("1.7.1", {}, {"BM_Sort/256", "BM_Sort/1024", JOIN, "BM_Broken"}),
        ("1.9.5", MEMORY, {"BM_Sort/256", "BM_Sort/1024", JOIN, "BM_Broken", "BM_Skipped"}),
    ],
)
def test_google_benchmark_has_a_sample_for_each_repetition(
    version: str, memory: dict[str, tuple[str, str]], names: set[str]
) -> None:
    """Aggregates, BigO and RMS are no benchmarks; times, rates and memory are those of the rows."""
    reading = read(f"google-benchmark/{version}.json")
    found = named(reading)
    assert set(found) == names
    assert shapes(found["BM_Sort/1024"]) == {**TIMES, **RATES, **memory}
    assert shapes(found[JOIN]) == {**TIMES, **memory}
    document = json.loads(reading.log.text)
    for name in ("BM_Sort/256", "BM_Sort/1024", JOIN):
        rows = [row for row in document["benchmarks"] if row["name"] == name]
        factor = 1000 if name == JOIN else 1
        given = samples(found[name])
        assert len(rows) == 3
        assert given["wall_time"] == tuple(row["real_time"] * factor for row in rows)
        assert given["cpu_time"] == tuple(row["cpu_time"] * factor for row in rows)
        assert given.get("rate", ()) == tuple(
            row["items_per_second"] for row in rows if "items_per_second" in row
        )
        assert found[name].iterations == min(row["iterations"] for row in rows)


def test_google_benchmark_keeps_arguments_threads_label_and_family() -> None:
    """Arguments are parameters, by their names where they have one; settings of the library are not."""
    found = named(read("google-benchmark/1.9.5.json"))
    assert found["BM_Sort/256"].parameters == {"argument_1": 256}
    assert found["BM_Sort/256"].group == "BM_Sort"
    assert found[JOIN].parameters == {"pieces": 8, "width": 2, "threads": 2}
    assert found[JOIN].group == "BM_Join<int>"
    assert found[JOIN].notes[0] == "label: two words"
    assert "idle, pieces, total_allocated_bytes, net_heap_growth" in found[JOIN].notes[1]
    assert samples(found[JOIN])["peak_memory"] == (4096.0,) * 3
    assert samples(found[JOIN])["allocations"] == (2.0,) * 3


def test_google_benchmark_says_what_failed_and_what_was_skipped() -> None:
    """Neither has a metric; the tool's own words say why."""
    found = named(read("google-benchmark/1.9.5.json"))
    assert found["BM_Broken"].metrics == found["BM_Skipped"].metrics == ()
    assert found["BM_Broken"].notes == ('3 of 3 repetitions failed: the file "x" is not there',)
    assert found["BM_Skipped"].notes == ("3 of 3 repetitions skipped: needs a network",)


def test_google_benchmark_says_which_version_and_machine() -> None:
    """The version is there since 1.8; the host's name is never kept."""
    facts = {"num_cpus": "2", "mhz_per_cpu": "2445", "cpu_scaling_enabled": "false"}
    new, old = read("google-benchmark/1.9.5.json"), read("google-benchmark/1.7.1.json")
    assert (new.tool_version, new.facts) == ("v1.9.5", {**facts, "library_build_type": "release"})
    assert (old.tool_version, old.facts) == ("", {**facts, "library_build_type": "debug"})


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_google_benchmark_gives_the_median_where_only_aggregates_were_written(suffix: str) -> None:
    """One sample, and a note that says what it is."""
    reading = read(f"google-benchmark/1.7.1-aggregates.{suffix}")
    one = named(reading)["BM_Sort/256"]
    text = reading.log.text
    rows = (
        json.loads(text)["benchmarks"] if suffix == "json" else csv.DictReader(text.splitlines(keepends=True))
    )
    median = next(row for row in rows if row["name"] == "BM_Sort/256_median")
    assert samples(one)["wall_time"] == (float(median["real_time"]),)
    assert samples(one)["throughput"] == (float(median["bytes_per_second"]),)
    assert (one.iterations, one.notes) == (1, ("the log has no repetitions, only their median",))
    assert not any(re.search("_(mean|median|BigO)$", name) for name in named(reading))


def test_google_benchmark_reads_csv_as_its_json() -> None:
    """The same names, metrics and notes; `place` is the line."""
    found = named(read("google-benchmark/1.9.5.csv"))
    assert set(found) == {"BM_Sort/256", "BM_Sort/1024", "BM_Broken", "BM_Skipped"}
    assert shapes(found["BM_Sort/1024"]) == {**TIMES, **RATES}
    assert samples(found["BM_Sort/1024"])["wall_time"] == (4316.22, 42403.4, 4558.61)
    assert found["BM_Sort/1024"].place == "line 9"
    assert found["BM_Broken"].notes == ('3 of 3 repetitions failed: the file "x" is not there',)
    assert found["BM_Skipped"].notes == ("3 of 3 repetitions skipped: needs a network",)
    old = named(read("google-benchmark/1.4.1.csv"))
    assert set(old) == {"BM_Sort/256", "BM_Sort/1024"}
    assert samples(old["BM_Sort/256"])["rate"] == (149937000.0, 145873000.0, 148743000.0)


def test_google_benchmark_csv_may_follow_what_goes_to_standard_error() -> None:
    """With Windows line ends, user counters, and the library's own lines above the header."""
    text = (
        "2026-01-01T00:00:00+00:00\nRunning ./x\nname,iterations,real_time,cpu_time,time_unit,"
        'bytes_per_second,items_per_second,label,error_occurred,error_message,"odd"\n'
        '"BM ""x"", y/2",10,1.5,1,ms,,5,"a b",,,7\n'
    )
    log = Log("log", text.replace("\n", "\r\n"))
    assert detect(log, adapters()).name == "google-benchmark"
    (one,) = GoogleBenchmark().read(log, False).benchmarks
    assert (one.name, one.place) == ('BM "x", y/2', "line 4")
    assert samples(one) == {"wall_time": (1.5e6,), "cpu_time": (1e6,), "rate": (5.0,)}
    assert one.notes == ("label: a b", "left out, as the log says neither unit nor direction: odd")


@pytest.mark.parametrize("version", ["1.4.1", "1.7.1"])
def test_google_benchmarks_console_says_what_the_json_of_the_same_run_says(version: str) -> None:
    """Rounded, with bytes by 1024 and items by 1000; before 1.5 without names, and both by 1024."""
    exact = named(read(f"google-benchmark/{version}.json"))
    shown = named(read(f"google-benchmark/{version}.txt"))
    assert list(shown) == list(exact)
    for name in ("BM_Sort/256", "BM_Sort/1024"):
        assert shapes(shown[name]) == shapes(exact[name])
        assert shown[name].iterations == exact[name].iterations
        for metric, given in samples(shown[name]).items():
            assert given == pytest.approx(samples(exact[name])[metric], rel=0.001)
    assert shown[JOIN].parameters == exact[JOIN].parameters
    assert set(exact[JOIN].notes) <= set(shown[JOIN].notes)
    assert "the console rounds what it shows; the JSON of --benchmark_out is exact" in shown[JOIN].notes


def test_google_benchmarks_console_may_have_columns_of_counters_and_colours() -> None:
    """`--benchmark_counters_tabular` writes a header for each set of counters; colours are no content."""
    found = named(read("google-benchmark/1.9.5.txt"))
    assert list(found) == ["BM_Sort/256", "BM_Sort/1024", JOIN, "BM_Broken", "BM_Skipped"]
    assert samples(found["BM_Sort/256"])["throughput"] == pytest.approx(
        [508.249 * 2**20, 424.062 * 2**20, 405.437 * 2**20]
    )
    assert samples(found["BM_Sort/256"])["rate"] == pytest.approx([133.234e6, 111.165e6, 106.283e6])
    assert found[JOIN].notes[1:] == (
        "label: two words",
        "left out, as the log says neither unit nor direction: idle, pieces",
    )
    assert found["BM_Broken"].notes == ('3 of 3 repetitions failed: the file "x" is not there',)
    assert found["BM_Skipped"].notes == ("3 of 3 repetitions skipped: needs a network",)
    coloured = read("google-benchmark/1.9.5-colours.txt")
    assert list(named(coloured)) == ["BM_Sort/256", "BM_Sort/1024"]
    assert coloured.facts == {"num_cpus": "2", "mhz_per_cpu": "2445.42"}
    assert shapes(coloured.benchmarks[0]) == {**TIMES, **RATES}


def test_a_console_whose_names_begin_as_gos_do_is_no_log_of_go() -> None:
    """`BenchmarkSort/8  1234 ns` has a unit where Go has a number."""
    text = (DATA / "google-benchmark/1.9.5.txt").read_text(encoding="utf-8").replace("BM_", "Benchmark")
    log = Log("log", text)
    assert [name for name, one in adapters().items() if one.detects(log)] == ["google-benchmark"]
    assert detect(log, adapters()).read(log, False).benchmarks[0].name == "BenchmarkSort/256"


@pytest.mark.parametrize(
    ("shown", "metric", "value"),
    [
        ("items_per_second=1.5k/s", "rate", 1500.0),
        ("items_per_second=2Ki/s", "rate", 2048.0),
        ("items_per_second=500m/s", "rate", 0.5),
        ("bytes_per_second=12/s", "throughput", 12.0),
        ("INSTRUCTIONS=1.2e+03", "instructions", 1200.0),
    ],
)
def test_google_benchmarks_console_writes_numbers_for_people(shown: str, metric: str, value: float) -> None:
    """A prefix is a factor."""
    text = f"{'-' * 40}\nBenchmark  Time  CPU  Iterations UserCounters...\nBM_x 5 ns 4 ns 10 {shown} a b\n"
    (one,) = GoogleBenchmark().read(Log("log", text), False).benchmarks
    assert samples(one)[metric] == (value,)
    assert "label: a b" in one.notes


@pytest.mark.parametrize(
    ("version", "tool_version", "lines"),
    [("2.13.10", "", (5, 11, 21, 30)), ("3.7.1", "3.7.1", (4, 10, 20, 29))],
)
def test_catch2_gives_the_mean_of_each_benchmark(
    version: str, tool_version: str, lines: tuple[int, ...]
) -> None:
    """By test case, section and name, in nanoseconds; what threw has no metric."""
    reading = read(f"catch2/{version}.xml")
    assert (reading.tool_version, reading.facts) == (tool_version, {})
    found = named(reading)
    assert list(found) == [
        "sort/sort 100",
        'sort/sort <1000> & "more"',
        "text/join/short",
        "text/broken/throws",
    ]
    means = re.findall(r'<mean value="([^"]*)"', reading.log.text)
    iterations = re.findall(r' iterations="([^"]*)"', reading.log.text)
    assert len(means) == 3
    measured = reading.benchmarks[:3]
    for one, mean, times in zip(measured, means, iterations, strict=True):
        assert shapes(one) == {"wall_time": ("ns", "lower")}
        assert samples(one)["wall_time"] == (float(mean),)
        assert one.iterations == int(times)
        assert one.parameters == {"samples": 20, "resamples": 1000}
        assert one.notes[0] == "the log has no samples, only the mean of 20"
        assert one.notes[1].startswith("the clock's resolution was ")
    assert tuple(one.place for one in reading.benchmarks) == tuple(f"line {line}" for line in lines)
    assert found["text/join/short"].group == "text"
    assert found["text/join/short"].source == ("sample.cc", 25 if version == "2.13.10" else 23)
    assert found["text/broken/throws"].metrics == ()
    assert found["text/broken/throws"].notes[0] == "it failed: no such file"


def test_catch2_says_that_an_assertion_failed() -> None:
    """Version 3 counts what threw as a failure of its test case; the sibling was measured all the same."""
    found = named(read("catch2/3.7.1.xml"))
    assert "an assertion of its test case failed" in found["text/join/short"].notes
    assert "an assertion of its test case failed" not in found["sort/sort 100"].notes
    assert set(named(read("catch2/3.7.1-no-analysis.xml"))) == {"sort/sort 100", 'sort/sort <1000> & "more"'}


def test_gnu_time_takes_runs_of_one_command_as_its_samples() -> None:
    """Wall and CPU time in hundredths of a second, peak memory, page faults and context switches."""
    found = named(read("gnu-time/1.9.txt"))
    assert list(found) == ["./sorter 200000", "./sorter 400000"]
    for one in found.values():
        assert shapes(one) == {
            **TIMES,
            "peak_memory": ("bytes", "lower"),
            "major_page_faults": ("count", "lower"),
            "minor_page_faults": ("count", "lower"),
            "voluntary_context_switches": ("count", "lower"),
            "involuntary_context_switches": ("count", "lower"),
        }
        assert {len(given) for given in samples(one).values()} == {3}
        assert one.notes[0] == "time counts in hundredths of a second"
    given = samples(found["./sorter 400000"])
    text = (DATA / "gnu-time/1.9.txt").read_text(encoding="utf-8")
    memory = re.findall(r"Maximum resident set size \(kbytes\): (\d+)", text)
    elapsed = re.findall(r"\(h:mm:ss or m:ss\): 0:(\S+)", text)
    assert given["peak_memory"] == tuple(int(size) * 1024 for size in memory[3:])
    assert given["wall_time"] == pytest.approx([float(seconds) * 1e9 for seconds in elapsed[3:]])


def test_gnu_time_says_which_runs_failed_and_keeps_commands_of_several_lines() -> None:
    """A status that is not 0 is noted: some commands end so by design."""
    found = named(read("gnu-time/1.9-failures.txt"))
    assert list(found) == ["sh -c exit 3", "sh -c true false 'x'"]
    assert "1 of 1 runs did not exit with 0, the first with 3" in found["sh -c exit 3"].notes


def test_gnu_time_reads_busybox_without_its_wrong_memory() -> None:
    """busybox takes KiB for pages; everything else is as in GNU time."""
    one = named(read("gnu-time/1.35-busybox.txt"))["./sorter 400000"]
    assert "peak_memory" not in shapes(one)
    assert samples(one)["wall_time"] == (5e7, 5e7)
    assert "peak_memory is left out" in one.notes[1]


def test_perf_stat_takes_appended_runs_as_samples() -> None:
    """Times in nanoseconds, counts as they are; what was not counted is left out, and noted."""
    (one,) = read("perf-stat/6.1.csv").benchmarks
    assert one.name == "perf-stat/6.1"
    assert {name: shape[0] for name, shape in shapes(one).items()} == {
        "cpu_time": "ns",
        "page_faults": "count",
        "context_switches": "count",
        "cpu_migrations": "count",
        "wall_time": "ns",
        "user_time": "ns",
        "system_time": "ns",
    }
    assert {shape[1] for shape in shapes(one).values()} == {"lower"}
    given = samples(one)
    assert given["cpu_time"] == pytest.approx([19.82e6, 13.88e6, 15.18e6])
    assert given["wall_time"] == (20424267.0, 19084373.0, 24813645.0)
    assert given["page_faults"] == (613.0, 614.0, 612.0)
    assert given["system_time"] == (8361000.0, 3867000.0)
    assert one.notes[0] == "system_time was not counted in 1 of 3 runs"
    assert one.notes[1] == "cycles was not supported"


@pytest.mark.parametrize("name", ["6.1-repeated.csv", "6.1-repeated.jsonl"])
def test_perf_stat_says_that_a_mean_is_one(name: str) -> None:
    """With -r perf writes a mean and its variance, in both forms and with any separator."""
    (one,) = read(f"perf-stat/{name}").benchmarks
    assert {len(given) for given in samples(one).values()} == {1}
    assert "each sample is the mean of the runs of -r" in one.notes[-1]
    assert samples(one)["context_switches"] == (3.0,)


def test_perf_stat_reads_json_and_user_space_events() -> None:
    """`page-faults:u` is not `page-faults`; task-clock is the same under every modifier."""
    (whole,) = read("perf-stat/6.1.jsonl").benchmarks
    assert samples(whole)["cpu_time"] == (14724491.0,)
    (user,) = read("perf-stat/6.1-user.csv").benchmarks
    assert samples(user) == {"cpu_time": (14070000.0,), "page_faults_u": (609.0,)}
    assert user.notes == ("instructions:u was not supported",)


def test_perf_stat_reads_hardware_counters() -> None:
    """Instructions and misses are counts; a share of time is noted, and an energy left out."""
    text = (
        "1234567,,instructions,1000000,100.00,1.50,insn per cycle\n"
        ",,,,,0.10,stalled cycles per insn\n"
        "500,,L1-dcache-load-misses:u,600000,60.00,,\n"
        "7.25,Joules,power/energy-pkg/,1000000,100.00,,\n"
    )
    (one,) = PerfStat().read(Log("-", text.replace("\n", "\r\n")), False).benchmarks
    assert one.name == "perf stat"
    assert samples(one) == {"instructions": (1234567.0,), "L1_dcache_load_misses_u": (500.0,)}
    assert one.notes == (
        "L1-dcache-load-misses:u was counted for a part of the time, and scaled up",
        "power/energy-pkg/ is left out: perf does not say which way is better",
    )


def test_callgrind_gives_instructions_by_command() -> None:
    """Ir is `instructions`; caches and branches keep the tool's names."""
    reading = read("callgrind/3.19.0-caches.callgrind.out")
    (one,) = reading.benchmarks
    assert (reading.tool_version, one.name) == ("3.19.0", "./sorter 2000")
    assert set(shapes(one).values()) == {("count", "lower")}
    assert list(shapes(one)) == [
        *("instructions", "Dr", "Dw", "I1mr", "D1mr", "D1mw"),
        *("ILmr", "DLmr", "DLmw", "Bc", "Bcm", "Bi", "Bim"),
    ]
    assert (samples(one)["instructions"], samples(one)["Bim"]) == ((587316.0,), (52.0,))
    (nothing,) = read("callgrind/3.19.0-nothing.callgrind.out").benchmarks
    assert samples(nothing) == {"instructions": (0.0,)}


@pytest.mark.parametrize(
    ("name", "events", "instructions"),
    [("3.19.0.cachegrind.out", 9, 588337.0), ("3.19.0-without-caches.cachegrind.out", 1, 588391.0)],
)
def test_cachegrind_is_read_too(name: str, events: int, instructions: float) -> None:
    """Its summary is the total; it says neither version nor process."""
    reading = read(f"callgrind/{name}")
    (one,) = reading.benchmarks
    assert (reading.tool_version, one.name, len(one.metrics)) == ("", "./sorter 2000", events)
    assert samples(one)["instructions"] == (instructions,)


def parts() -> list[Log]:
    """The two files of one process."""
    return [Log(path.name, path.read_text(encoding="utf-8")) for path in sorted(DATA.glob("*/*-part-*"))]


def test_parts_of_one_process_are_added_up() -> None:
    """In one file, or in two that are given together, in any order; the reading keeps both."""
    (combined,) = read("callgrind/3.19.0-combined.callgrind.out").benchmarks
    (reading,) = read_all(((log, Callgrind()) for log in reversed(parts())), False)
    (one,) = reading.benchmarks
    assert samples(one) == samples(combined) == {"instructions": (51911.0 + 535405.0,)}
    assert all(log.where in reading.log.where and log.text in reading.log.text for log in parts())


def test_processes_of_one_command_are_its_samples() -> None:
    """Each file is a process of its own; in one file they are told apart by their ids, or not at all."""
    text = (DATA / "callgrind/3.19.0-callgrind.out").read_text(encoding="utf-8")
    other = text.replace("pid: ", "pid: 1").replace("totals: 587316", "totals: 587320")
    logs = [Log("a", text), Log("b", other)]
    assert [samples(one.benchmarks[0]) for one in Callgrind().read_tree(logs, False)] == [
        {"instructions": (587316.0,)},
        {"instructions": (587320.0,)},
    ]
    (one,) = Callgrind().read(Log("both", text + other), False).benchmarks
    assert samples(one) == {"instructions": (587316.0, 587320.0)}
    cachegrind = (DATA / "callgrind/3.19.0.cachegrind.out").read_text(encoding="utf-8")
    (two,) = Callgrind().read(Log("both", cachegrind * 2), False).benchmarks
    assert samples(two)["instructions"] == (588337.0, 588337.0)


def test_callgrind_events_that_nobody_knows_are_noted() -> None:
    """sysTime may be in three units; trailing zeros of a total are not written."""
    text = "version: 1\ncreator: callgrind-3.24.0\ncmd: ./x\nevents: Ir sysCount sysTime\ntotals: 9\n"
    (one,) = Callgrind().read(Log("log", text.replace("\n", "\r\n")), False).benchmarks
    assert samples(one) == {"instructions": (9.0,), "sysCount": (0.0,)}
    assert one.notes == ("left out, as neither unit nor direction is known: sysTime",)

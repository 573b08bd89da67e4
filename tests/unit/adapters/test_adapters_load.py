"""The adapters of load tools against what the real tools wrote."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.locust import Locust
from benchgov.adapters.registry import adapters, detect

DATA = Path(__file__).resolve().parents[2] / "data"
TIMES = {"latency_mean", "latency_min", "latency_max"}


def log(name: str) -> Log:
    """The sample `name`."""
    return Log(name, (DATA / name).read_text(encoding="utf-8"))


def read(name: str) -> Reading:
    """What the adapter that claims the sample `name` reads, of which nothing may be missing."""
    given = log(name)
    reading = detect(given, adapters()).read(given, False)
    assert reading.incomplete == ()
    return reading


def only(name: str) -> Measured:
    """The one benchmark of a sample."""
    (one,) = read(name).benchmarks
    return one


def samples(measured: Measured) -> dict[str, tuple[float, ...]]:
    """metric → samples."""
    return {metric.name: metric.samples for metric in measured.metrics}


def names(reading: Reading) -> list[str]:
    """The benchmarks' names in order."""
    return [one.name for one in reading.benchmarks]


REDIS_SET = (33333.34, 215e3, 24e3, 151e3, 255e3, 3879e3, 5375e3)
REDIS_STATISTICS = ["mean", "min", "p50", "p95", "p99", "max"]
LOAD_TOOLS = ("wrk", "wrk2", "locust", "pgbench", "redis-benchmark", "memtier", "sysbench")


@pytest.mark.parametrize("tool", LOAD_TOOLS)
def test_every_metric_has_its_unit_and_direction(tool: str) -> None:
    """Rates and throughputs grow, times and errors shrink; no metric is called anything else."""
    shapes = {
        (metric.name.split("_p")[0] if metric.name.startswith("latency") else metric.name): (
            metric.unit,
            metric.direction,
        )
        for path in sorted((DATA / tool).glob("[0-9]*"))
        if "aborted" not in path.name and (tool != "locust" or path.name.endswith("_stats.csv"))
        for one in read(f"{tool}/{path.name}").benchmarks
        for metric in one.metrics
    }
    assert shapes
    for name, shape in shapes.items():
        if name.endswith("rate") or name == "rate_with_connecting":
            assert shape == ("1/s", "higher")
        elif name.endswith("throughput"):
            assert shape == ("bytes/s", "higher")
        elif name == "errors":
            assert shape == ("count", "lower")
        else:
            assert name.startswith("latency") or name.endswith("connection_time")
            assert shape == ("ns", "lower")


def test_wrk_gives_rate_throughput_and_latencies() -> None:
    """Megabytes have 1,024 times 1,024 bytes; the name is the path and the load."""
    one = only("wrk/4.1.0-latency.txt")
    assert one.name == "items?page=2 (connections=8, threads=2)"
    assert one.parameters == {"connections": 8, "threads": 2}
    assert samples(one) == {
        "rate": (24928.47,),
        "throughput": (16.12 * 1024**2,),
        "latency_mean": (576.90e3,),
        "latency_p50": (257e3,),
        "latency_p75": (407e3,),
        "latency_p90": (1.69e6,),
        "latency_p99": (3.96e6,),
        "latency_max": (9.54e6,),
        "errors": (0.0,),
    }


def test_wrk_without_latency_has_no_percentiles() -> None:
    """Mean and maximum are always there."""
    assert list(samples(only("wrk/4.1.0-plain.txt"))) == [
        "rate",
        "throughput",
        "latency_mean",
        "latency_max",
        "errors",
    ]


def test_runs_of_wrk_in_one_log_are_samples() -> None:
    """Five reports of one address are one benchmark with five samples, in order."""
    one = only("wrk/4.1.0-repeats.txt")
    assert samples(one)["rate"] == (15707.61, 9477.72, 14423.76, 15636.32, 20879.39)
    assert {len(values) for values in samples(one).values()} == {5}


def test_wrk_counts_errors_of_sockets_and_of_answers() -> None:
    """Both kinds are `errors`, with a note. What a script prints after a report is none of it."""
    missing, dropped = read("wrk/4.1.0-errors.txt").benchmarks
    assert (missing.name, samples(missing)["errors"]) == ("missing (connections=4, threads=1)", (14050.0,))
    assert missing.notes == ("Non-2xx or 3xx responses: 14050",)
    assert (dropped.name, samples(dropped)["errors"]) == ("root (connections=4, threads=1)", (45.0,))
    assert dropped.notes == ("Socket errors: connect 0, read 45, write 0, timeout 0",)


def test_wrk2_has_percentiles_up_to_five_nines() -> None:
    """Its spectrum is not read: it has other percentiles in every run."""
    one = only("wrk2/4.0.0-latency.txt")
    assert one.name == "items?page=2 (connections=8, threads=2)"
    assert samples(one)["latency_p99.99"] == (8.56e6,)
    assert "latency_p99.999" in samples(one)
    assert samples(only("wrk2/4.0.0-slow.txt"))["latency_p50"] == (10.33e9,)


def test_wrk2_gives_the_latencies_that_are_corrected_for_waiting() -> None:
    """With --u_latency there is a second distribution, which is left out."""
    one = only("wrk2/4.0.0-uncorrected.txt")
    reports = log("wrk2/4.0.0-uncorrected.txt").text.split("Running ")[1:]
    first = [re.findall(r"(?m)^ 99\.000%\s+([\d.]+)ms", report)[0] for report in reports]
    assert samples(one)["latency_p99"] == tuple(float(text) * 1e6 for text in first)
    assert len(first) == 2


@pytest.mark.parametrize(
    ("version", "requests", "statistics"),
    [("2.47.0", "Request Count", 10), ("1.0.3", "Request Count", 11), ("0.14.6", "# requests", 11)],
)
def test_locust_gives_every_request_with_its_percentiles(
    version: str, requests: str, statistics: int
) -> None:
    """Each row but the total; columns changed from release to release."""
    reading = read(f"locust/{version}_stats.csv")
    rows = list(csv.DictReader(reading.log.text.splitlines()))
    assert [one.name for one in reading.benchmarks] == [f"{row['Type']} {row['Name']}" for row in rows[:-1]]
    for one, row in zip(reading.benchmarks, rows[:-1], strict=True):
        found = samples(one)
        assert found["rate"] == (float(row["Requests/s"]),)
        assert found["latency_p50"] == (float(row["50%"]) * 1e6,)
        assert found["latency_p99.9"] == (float(row["99.9%"]) * 1e6,)
        assert found.keys() > TIMES
        assert len([name for name in found if name.startswith("latency_p")]) == statistics
        assert float(row[requests]) >= found["errors"][0]
    assert samples(reading.benchmarks[1])["errors"][0] > 0


def test_locust_notes_which_failures_there_were() -> None:
    """Given together, the failures are notes of the requests, and history and exceptions are passed over."""
    files = [f"locust/2.47.0_{name}.csv" for name in ("exceptions", "failures", "stats", "stats_history")]
    (reading,) = Locust().read_tree([log(name) for name in files], False)
    notes = {one.name: one.notes for one in reading.benchmarks}
    assert notes["GET /missing"] == ("60 × HTTPError('404 Client Error: Not Found for url: /missing')",)
    assert notes["GET /items/1"] == ()


def test_failures_of_two_runs_of_locust_are_told_apart() -> None:
    """By the prefix that their files have in common."""
    files = [
        f"locust/{version}_{name}.csv" for name in ("failures", "stats") for version in ("1.0.3", "2.47.0")
    ]
    old, new = Locust().read_tree([log(name) for name in files], False)
    assert old.benchmarks[1].notes[0].startswith("117 × 404")
    assert new.benchmarks[1].notes[0].startswith("60 × HTTPError")


@pytest.mark.parametrize(
    ("name", "version", "bench", "found"),
    [
        (
            "15.20-plain",
            "15.20",
            "TPC-B (sort of) (mode=simple, clients=2, scale=1, threads=2)",
            {
                "rate": 72.545453,
                "latency_mean": 27.569e6,
                "initial_connection_time": 40.446e6,
                "errors": 0.0,
            },
        ),
        (
            "15.20-C",
            "15.20",
            "select only (mode=simple, clients=2, scale=1, threads=1)",
            {
                "rate": 47.383306,
                "latency_mean": 42.209e6,
                "average_connection_time": 20.58e6,
                "errors": 0.0,
            },
        ),
        (
            "13-as-documented",
            "",
            "simple update (mode=simple, clients=4, scale=5, threads=2)",
            {"rate_with_connecting": 820.371204, "rate": 821.905513, "latency_mean": 4.857e6},
        ),
    ],
)
def test_pgbench_gives_rate_latency_and_connecting(
    name: str, version: str, bench: str, found: dict[str, float]
) -> None:
    """`rate` is without the time to connect, where the tool can tell; releases before 14 give both."""
    reading = read(f"pgbench/{name}.txt")
    assert reading.tool_version == version
    assert reading.benchmarks[0].name == bench
    values = {metric: value for metric, (value,) in samples(reading.benchmarks[0]).items()}
    assert values == pytest.approx(found)


def test_runs_of_pgbench_in_one_log_are_samples() -> None:
    """Vacuum and progress stand between the reports, and are no part of them."""
    given = read("pgbench/15.20-repeats.txt")
    (one,) = given.benchmarks
    rates = tuple(float(text) for text in re.findall(r"(?m)^tps = ([\d.]+)", given.log.text))
    assert len(rates) == 5
    assert samples(one)["rate"] == rates


@pytest.mark.parametrize("name", ["15.20-r", "16.2-retries"])
def test_pgbench_gives_each_statement(name: str) -> None:
    """With -r, in columns that differ by release; what pgbench itself computes is no statement."""
    script, *statements = read(f"pgbench/{name}.txt").benchmarks
    assert script.name.startswith("TPC-B (sort of) (")
    assert [one.name.split(" (mode")[0].split()[3] for one in statements] == [
        "BEGIN;",
        "UPDATE",
        "SELECT",
        "UPDATE",
        "UPDATE",
        "INSERT",
        "END;",
    ]
    assert {one.group for one in statements} == {"TPC-B (sort of)"}
    assert all(list(samples(one)) == ["latency_mean"] for one in statements)
    begin = re.search(r"([\d.]+)[ \d]*  BEGIN;", log(f"pgbench/{name}.txt").text)
    assert begin
    assert samples(statements[0])["latency_mean"] == (float(begin[1]) * 1e6,)


def test_pgbench_gives_each_of_several_scripts_without_their_total() -> None:
    """Every script has its rate and latency; the total is the sum of what is there."""
    quick, select = read("pgbench/15.20-multi.txt").benchmarks
    assert quick.name == "quick.sql (mode=simple, clients=2, scale=1, threads=1)"
    assert samples(quick) == {"rate": (2375.272832,), "latency_mean": (0.622e6,), "errors": (0.0,)}
    assert (select.group, select.place) == ("select only", "line 20")


def test_pgbench_notes_what_was_late() -> None:
    """Transactions skipped, or above the limit of latency, are said."""
    notes = only("pgbench/15.20-rate.txt").notes
    assert "number of transactions skipped: 58 (15.104%)" in notes
    assert any("above the 10.0 ms latency limit" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "benchmarks", "found"),
    [
        ("7.0.15.csv", ["SET", "GET", "LPUSH", "MSET (10 keys)"], REDIS_SET),
        ("7.0.15-eval.csv", ["eval return 1 0"], (17543.86, 442e3, 48e3, 175e3, 3447e3, 6823e3, 7391e3)),
        ("6.0.16.csv", ["SET", "GET", "MSET (10 keys)"], (36363.64,)),
        (
            "7.0.15.txt",
            ["SET (clients=10, payload=3)", "GET (clients=10, payload=3)"],
            (17543.86, 386e3, 48e3, 167e3, 1679e3, 4527e3, 11055e3),
        ),
        (
            "7.0.15-mset.txt",
            ["MSET (10 keys) (clients=10, payload=64)"],
            (60606.06, 569e3, 152e3, 479e3, 935e3, 4735e3, 4871e3),
        ),
        (
            "7.0.15-threads.txt",
            ["GET (clients=10, payload=3, threads=2)"],
            (7968.13, 196e3, 24e3, 103e3, 311e3, 2879e3, 3591e3),
        ),
        ("7.0.15-quiet.txt", ["SET"], (117647.05, 175e3)),
        ("6.0.16.txt", ["SET (clients=10, payload=3)", "GET (clients=10, payload=3)"], (33898.30,)),
        ("5.0.14.txt", ["SET (clients=10, payload=3)", "GET (clients=10, payload=3)"], (29850.75,)),
        ("5.0.14-quiet.txt", ["SET", "GET"], (33333.34, )),
    ],
)  # fmt: skip
def test_redis_benchmark_gives_rates_and_since_6_2_latencies(
    name: str, benchmarks: list[str], found: tuple[float, ...]
) -> None:
    """CSV, text and -q: each test by its name, milliseconds as nanoseconds."""
    reading = read(f"redis-benchmark/{name}")
    assert names(reading) == benchmarks
    first = samples(reading.benchmarks[0])
    assert tuple(value for (value,) in first.values()) == pytest.approx(found)
    if len(found) == 7:
        assert list(first) == ["rate", *(f"latency_{name}" for name in REDIS_STATISTICS)]


def test_repeated_csv_of_redis_benchmark_gives_samples() -> None:
    """Every run brings its header again."""
    first = samples(read("redis-benchmark/7.0.15-repeats.csv").benchmarks[0])
    assert first["rate"] == (34482.76, 40816.33, 42553.19, 33898.3, 40816.33)


@pytest.mark.parametrize("name", ["2.2.0-28-runs.json", "2.2.0-28-runs.txt"])
def test_memtier_gives_a_sample_per_run(name: str) -> None:
    """The best, the worst and the average of all runs are those runs again, and left out."""
    sets, gets = read(f"memtier/{name}").benchmarks
    assert sets.name.startswith("Sets (threads=1, connections=4")
    assert samples(gets)["rate"] == (30590.05, 26868.15, 34829.45)
    assert samples(gets)["throughput"] == tuple(kb * 1024 for kb in (1210.66, 1063.41, 1378.51))
    assert samples(gets)["latency_p99.9"] == pytest.approx((559e3, 1751e3, 1375e3))
    assert ("latency_min" in samples(gets)) == name.endswith("json")


@pytest.mark.parametrize("name", ["2.2.0-28-average.json", "2.2.0-28-average.txt"])
def test_memtier_without_its_runs_gives_their_average_and_says_so(name: str) -> None:
    """One sample, with the option that would have given more."""
    for one in read(f"memtier/{name}").benchmarks:
        assert {len(values) for values in samples(one).values()} == {1}
        assert "--print-all-runs" in one.notes[0]


@pytest.mark.parametrize("name", ["1.2.17.json", "1.2.17.txt"])
def test_memtier_1_has_one_latency(name: str) -> None:
    """Kinds of command that were not sent (`Waits`) are none."""
    sets, gets = read(f"memtier/{name}").benchmarks
    assert list(samples(sets)) == ["rate", "throughput", "latency_mean"]
    assert samples(gets)["rate"] == (7866.33,)


@pytest.mark.parametrize("name", ["2.2.0-28-command.json", "2.2.0-28-command.txt"])
def test_memtier_names_commands_of_ones_own(name: str) -> None:
    """As the tool names them."""
    assert [one.split(" (")[0] for one in names(read(f"memtier/{name}"))] == ["Sets", "Lpushs"]


def test_memtier_names_a_load_by_all_that_its_json_says() -> None:
    """So that two loads are not taken for one; connection errors are counted."""
    one = read("memtier/2.2.0-28-all.json").benchmarks[0]
    document = json.loads(log("memtier/2.2.0-28-all.json").text)
    assert one.name == "Sets (threads=1, connections=4, pipeline=1, data_size=32, ratio=1:10)"
    given = document["ALL STATS"]["Sets"]
    assert samples(one)["errors"] == (given["Connection Errors"],)
    assert samples(one)["latency_mean"] == (given["Average Latency"] * 1e6,)


@pytest.mark.parametrize(
    ("name", "bench", "found"),
    [
        ("1.0.20-cpu", "cpu (prime=2000, threads=1)", {"rate": 16835.94, "latency_p95": 0.04e6}),
        ("1.1.0-cpu", "cpu (prime=2000, threads=1)", {"rate": 29731.06, "latency_max": 10.24e6}),
        (
            "1.0.20-memory",
            "memory (block=1KiB, operation=write, scope=global, threads=2)",
            {"rate": 3663742.42, "throughput": 3577.87 * 1024**2, "latency_mean": 0.0},
        ),
        (
            "1.0.20-fileio",
            "fileio (mode=random r/w, block=16KiB, size=8MiB, threads=1)",
            {"read_rate": 3703.82, "write_throughput": 38.58 * 1024**2, "fsync_rate": 248.88},
        ),
        (
            "1.1.0-fileio",
            "fileio (mode=random r/w, block=16KiB, size=8MiB, threads=1)",
            {"read_rate": 39396.56, "write_throughput": 410.38 * 1024**2, "fsync_rate": 2630.43},
        ),
        (
            "1.0.20-oltp",
            "sql (threads=2)",
            {"rate": 218.02, "query_rate": 4405.09, "errors": 5.0, "latency_min": 1.72e6},
        ),
        ("1.1.0-oltp", "sql (threads=2)", {"rate": 449.28, "query_rate": 8985.65, "errors": 0.0}),
        ("1.0.20-threads", "unnamed (threads=1)", {"rate": 930 / 1.0004, "latency_p99": 5.18e6}),
    ],
)
def test_sysbench_tells_tests_by_their_results(name: str, bench: str, found: dict[str, float]) -> None:
    """The name holds the options that the test prints; releases 1.0 and 1.1 have one shape."""
    one = only(f"sysbench/{name}.txt")
    assert one.name == bench
    values = {metric: value for metric, (value,) in samples(one).items()}
    assert {metric: values[metric] for metric in found} == pytest.approx(found)
    assert values.keys() >= TIMES


def test_sysbench_leaves_out_what_a_mode_does_not_do() -> None:
    """A sequential read writes nothing: rates of 0 are none."""
    assert {name for name in samples(only("sysbench/1.0.20-seqrd.txt")) if not name.startswith("lat")} == {
        "read_rate",
        "read_throughput",
    }


def test_sysbench_leaves_out_intervals_and_a_percentile_that_is_off() -> None:
    """`--report-interval` prints the same run in pieces; `--percentile=0` has none."""
    one = only("sysbench/1.0.20-cpu-report.txt")
    assert samples(one)["rate"] == (17793.21,)
    assert {name for name in samples(one) if name.startswith("latency")} == TIMES


def test_runs_of_sysbench_in_one_log_are_samples() -> None:
    """Even where some round to 0: the metrics are the same in every run."""
    reading = read("sysbench/1.0.20-repeats.txt")
    assert reading.tool_version == "1.0.20"
    (one,) = reading.benchmarks
    assert {len(values) for values in samples(one).values()} == {5}


def test_sysbench_says_when_it_does_not_know_the_test() -> None:
    """threads, mutex and scripts of one's own print no word about themselves."""
    assert "--rename" in only("sysbench/1.0.20-threads.txt").notes[0]
    assert "0.01 ms" in only("sysbench/1.0.20-memory.txt").notes[0]

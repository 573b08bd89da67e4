"""libtest and criterion: every sample completely, and the faults of each format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.criterion import Criterion
from benchgov.adapters.interface import Littering, Log, MalformedLogError, Measured, Reading, TreeAdapter
from benchgov.adapters.libtest import NOTE, Libtest

DATA = Path(__file__).resolve().parents[2] / "data"
Shape = dict[str, tuple[str, str, tuple[float, ...]]]


def metrics(measured: Measured) -> Shape:
    """name → (unit, direction, samples)."""
    return {one.name: (one.unit, one.direction, one.samples) for one in measured.metrics}


def time(*samples: float) -> Shape:
    return {"wall_time": ("ns", "lower", samples)}


def libtest(text: str, *, allow_partial: bool = False) -> Reading:
    return Libtest().read(Log("log", text), allow_partial)


def sample(name: str) -> str:
    return (DATA / "libtest" / name).read_text(encoding="utf-8")


def test_libtest_reads_every_crate_of_cargos_output() -> None:
    """Old whole numbers and new decimals; MB/s as throughput; Cargo's lines name the crate."""
    reading = libtest(sample("1.95-cargo.txt"))
    assert reading.incomplete == ()
    assert {one.name: metrics(one) for one in reading.benchmarks} == {
        "sample::tests::inner": time(1315.05),
        "numbers::bytes::sum": {**time(9902.21), "throughput": ("bytes/s", "higher", (413e6,))},
        "numbers::fib_20": time(81958.81),
        "numbers::tiny": time(0.65),
        "with_bencher::copy": {**time(7385.0), "throughput": ("bytes/s", "higher", (554e6,))},
        "with_bencher::fib_15": time(9381.0),
    }
    assert [one.group for one in reading.benchmarks] == ["sample", *["numbers"] * 3, *["with_bencher"] * 2]
    assert {one.notes for one in reading.benchmarks} == {(NOTE,)}
    assert reading.benchmarks[1].place == "line 13"


@pytest.mark.parametrize(
    ("name", "times"),
    [
        (
            "1.95-stdout.txt",
            {"tests::inner": 716.75, "bytes::sum": 5977.52, "fib_20": 58713.36, "tiny": 0.68},
        ),
        ("0.1.5-bencher.txt", {"copy": 1436.0, "fib_15": 3714.0}),
        (
            "0.5.1-criterion.txt",
            {"fib 12": 633.0, "sum/bytes/fold/64": 28.0, "sum/bytes/fold/1024": 956.0, "flat/loop": 218.0},
        ),
        (
            "0.8.2-criterion.txt",
            {"fib 12": 360.0, "sum/bytes/fold/64": 47.0, "sum/bytes/fold/1024": 486.0, "flat/loop": 50.0},
        ),
    ],
)
def test_libtest_reads_what_harnesses_print_without_cargos_lines(name: str, times: dict[str, float]) -> None:
    """Then the names are the harness's own, and there is no group."""
    reading = libtest(sample(name))
    assert {one.name: metrics(one)["wall_time"] for one in reading.benchmarks} == {
        name: ("ns", "lower", (value,)) for name, value in times.items()
    }
    assert {one.group for one in reading.benchmarks} == {""}


def test_libtest_reads_its_json_events() -> None:
    """The median, and its MiB/s, which are megabytes of 10^6 as in the text."""
    reading = libtest(sample("1.95-events.txt"))
    found = {one.name: metrics(one) for one in reading.benchmarks}
    assert list(found) == ["tests::inner", "bytes::sum", "fib_20", "tiny"]
    assert found["fib_20"] == time(52688.34583333333)
    assert found["bytes::sum"]["throughput"] == ("bytes/s", "higher", (1228e6,))


def test_events_between_cargos_lines_are_read_and_named_by_crate() -> None:
    """`2>&1` puts Cargo's lines before the events."""
    text = (
        "    Finished `bench` profile\n     Running benches/a.rs (target/release/deps/a-0123456789abcdef)\n"
    )
    log = Log("log", text + sample("1.95-events.txt"))
    assert Libtest().detects(log)
    assert Libtest().read(log, False).benchmarks[0].name == "a::tests::inner"


@pytest.mark.parametrize(
    ("line", "crate"),
    [
        ("     Running unittests src/lib.rs (target/release/deps/one-0123456789abcdef)", "one"),
        ("     Running unittests (target/release/deps/one-0123456789abcdef)", "one"),
        ("     Running target/release/deps/one-0123456789abcdef", "one"),
        (r"     Running benches\one.rs (target\release\deps\one-0123456789abcdef.exe)", "one"),
    ],
)
def test_cargos_lines_of_every_age_name_the_crate(line: str, crate: str) -> None:
    """With and without the source, on every system; line ends of Windows are line ends."""
    (one,) = libtest(f"{line}\r\ntest x ... bench: 5 ns/iter (+/- 1)\r\n").benchmarks
    assert (one.name, one.group) == (f"{crate}::x", crate)


def test_repeats_of_a_crate_are_samples() -> None:
    """`cargo bench` several times into one log, with Cargo's lines."""
    text = sample("1.95-cargo.txt")
    found = {one.name: metrics(one) for one in libtest(text + text.replace("0.65 ns", "0.75 ns")).benchmarks}
    assert found["numbers::tiny"] == time(0.65, 0.75)
    assert found["with_bencher::copy"]["throughput"] == ("bytes/s", "higher", (554e6, 554e6))


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("1.5 us", 1500.0), ("2 ms", 2e6), ("1,234.5 ns", 1234.5), ("3 s", 3e9), ("0 ns", 0.0)],
)
def test_libtest_units_become_nanoseconds(text: str, nanoseconds: float) -> None:
    """Other harnesses write other units of time."""
    (one,) = libtest(f"test x ... bench: {text}/iter (+/- 1)\n").benchmarks
    assert metrics(one) == time(nanoseconds)


BENCH = "test x ... bench: 5 ns/iter (+/- 1)\n"
RUNNING = "     Running benches/a.rs (target/release/deps/a-0123456789abcdef)\n"
EVENT = '{ "type": "suite", "event": "started", "test_count": 1 }\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BENCH + "test y ... ben", "log:2: a whole last line was expected, found 'test y"),
        ("running 2 tests\n" + BENCH, "log:3: the result of the tests that line 1 announces"),
        ("running 1 test\nrunning 1 test\n", "log:2: the result of the tests that line 1 announces"),
        ("test x ... warning: hello\n", "log:1: `test name ... bench: time` on one line"),
        ("test x ... FAILED\n", "log:1: `test name ... bench: time` on one line, or a test that ended well"),
        ("test x ... \nbench: 5 ns/iter (+/- 1)\n", "log:1: `test name ... bench: time`"),
        (BENCH + "      bench: 5 ns/iter (+/- 1)\n", "log:2: a benchmark's name before its numbers"),
        ("test x ... bench: NaN ns/iter (+/- 1)\n", "log:1: a finite number that is not negative"),
        ("test x ... bench: -5 ns/iter (+/- 1)\n", "log:1: a finite number that is not negative"),
        ("test x ... bench: 1e999 ns/iter (+/- 1)\n", "log:1: a finite number"),
        ("test x ... bench: 5 cycles/iter (+/- 1)\n", "log:1: one of the units ps, ns"),
        ("test x ... bench: 5 ns/iter (+/- 1) = 5 KB/s\n", "log:1: one of the units MB was expected"),
        ("test x ... bench: 5 ns/iter\n", "log:1: `time unit/iter (+/- deviation)` was expected"),
        (BENCH + BENCH, "log:2: benchmark 'x' is there twice, first on line 1"),
        (RUNNING + BENCH + BENCH.replace("\n", " = 5 MB/s\n"), "log:3: wall_time of 'x' as on line 2"),
        (f"running 2 tests\n{BENCH}test result: ok. 1 measured\n", "log:3: each of the 2 tests"),
        (f"running 1 test\n{BENCH}test result: ok. 0 passed; 2 measured\n", "log:3: 1 measured, as many"),
        ("test result: ok. 0 passed;\n", "log:1: the line `running … tests` of this result"),
        ("running 0 tests\ntest result: FAILED. 0 passed;\n", "a run of cargo bench that ended well"),
        (BENCH + "error: bench failed\n", "log:2: a run of cargo bench that ended well"),
        (BENCH + "thread 'main' panicked at src/lib.rs:3:5:\n", "log:2: a run of cargo bench"),
        (EVENT, "log:2: the result of the tests that line 1 announces"),
        (EVENT + '{ "type": "bench", "na\n', "log:2: an event of libtest, whole and on one line"),
        (EVENT + '{ "type": "other" }\n', "log:2: an event of libtest was expected"),
        ('{ "type": "bench", "name": "x" }\n', "log:1: a finite number that is not negative"),
        ('{ "type": "bench", "median": 1 }\n', "log:1: a text was expected"),
        ('{ "type": "test", "event": "failed", "name": "x" }\n', "log:1: a run of cargo bench"),
        (EVENT + '{ "type": "suite", "event": "failed" }\n', "log:2: a run of cargo bench that ended well"),
    ],
)
def test_a_fault_of_libtest_is_named_by_its_line(text: str, message: str) -> None:
    """Cut off, interleaved, contradictory, failed, or no number; whole lines are read when allowed."""
    with pytest.raises(MalformedLogError) as caught:
        libtest(text)
    assert message in str(caught.value)
    reading = libtest(text, allow_partial=True)
    assert any(message in one for one in reading.incomplete)
    assert [one.name.removeprefix("a::") for one in reading.benchmarks] == (["x"] if BENCH in text else [])


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured\n", True),
        ("running 1 test\ntest x ... ok\n\ntest result: ok. 1 passed; 0 failed\n", True),
        ('{ "type": "suite", "event": "ok" }\n', True),
        ("test of something ... bench\n", False),
        ('{"type": "suite"}', False),
        ('[{ "type": "suite", "event": "ok" }]', False),
        ("running tests\n", False),
    ],
)
def test_libtest_claims_logs_without_benchmarks_and_nothing_else(text: str, claimed: bool) -> None:
    """`cargo test` and a crate without benches write libtest's log of none."""
    assert Libtest().detects(Log("log", text)) is claimed
    if claimed:
        assert list(libtest(text, allow_partial=True).benchmarks) == []


def tree(version: str, changes: Mapping[str, str | None] | None = None) -> list[Log]:
    """The logs of criterion's tree of `version`; `changes`: path → another text, or None to leave it out."""
    found = {
        "/".join(("target/criterion", *path.name.split("+")[1:])): path.read_text(encoding="utf-8")
        for path in sorted((DATA / "criterion").glob(f"{version}+*"))
    }
    assert found
    texts = {**found, **(changes or {})}
    return [Log(path, text) for path, text in texts.items() if text is not None]


def expected(log: Log) -> tuple[float, ...]:
    """Time per iteration of each sample of a `sample.json`."""
    document = json.loads(log.text)
    counts, times = document if isinstance(document, list) else (document["iters"], document["times"])
    return tuple(spent / count for spent, count in zip(times, counts, strict=True))


@pytest.mark.parametrize("version", ["0.8.2", "0.3.6", "0.2.11"])
def test_criterion_reads_the_last_measurement_of_every_benchmark(version: str) -> None:
    """Ten samples each, time per iteration; group, parameter, throughput in bytes and in elements."""
    logs = tree(version)
    by_path = {log.where: log for log in logs}
    readings = Criterion().read_tree(logs, False)
    found = {one.name: one for reading in readings for one in reading.benchmarks}
    sizes = ["64"] if version == "0.3.6" else ["1024", "64"]
    assert list(found) == ["fib 12", "flat/loop", *(f"sum/bytes/fold/{size}" for size in sizes)]
    folders = ["fib 12", "flat/loop", *(f"sum_bytes/fold/{size}" for size in sizes)]
    for reading, folder in zip(readings, folders, strict=True):
        assert reading.log.where == f"target/criterion/{folder}/new"
        (one,) = reading.benchmarks
        times = expected(by_path[f"target/criterion/{folder}/new/sample.json"])
        assert len(times) == 10
        assert metrics(one)["wall_time"] == ("ns", "lower", times)
    rates = tuple(100e9 / time for time in metrics(found["flat/loop"])["wall_time"][2])
    assert metrics(found["flat/loop"])["rate"] == ("1/s", "higher", rates)
    assert found["flat/loop"].group == "flat"
    assert metrics(found["sum/bytes/fold/64"])["throughput"][:2] == ("bytes/s", "higher")
    assert found["sum/bytes/fold/64"].parameters == {"value": 64}
    assert found["sum/bytes/fold/64"].group == "sum/bytes"
    assert (found["fib 12"].group, set(metrics(found["fib 12"]))) == ("", {"wall_time"})


def test_what_is_kept_of_a_benchmark_is_every_file_of_its_measurement() -> None:
    """The reading's log holds the texts of `new/`, whole; not those of `base/` and `change/`."""
    logs = tree("0.8.2")
    reading = Criterion().read_tree(logs, False)[1]
    kept = json.loads(reading.log.text)
    assert kept == {log.where.rpartition("/")[2]: log.text for log in logs if "/flat/loop/new/" in log.where}
    assert set(kept) == {"benchmark.json", "sample.json", "estimates.json", "tukey.json"}


def test_criterion_is_a_tree_adapter_that_knows_its_pages() -> None:
    """Only pages and plots below `report/` are its litter."""
    adapter = Criterion()
    assert isinstance(adapter, TreeAdapter)
    assert isinstance(adapter, Littering)
    for path, own in [
        ("target/criterion/report/index.html", True),
        ("target/criterion/fib 12/report/both/pdf.svg", True),
        ("report/x.svg", True),
        ("target/criterion/notes.md", False),
        ("reports/x.svg", False),
        ("target/criterion/report/x.json", False),
    ]:
        assert adapter.passes_over(Log(path, "")) is own


NEW = "target/criterion/fib 12/new"
WHAT = {"group_id": "g", "function_id": "f", "value_str": None, "throughput": None}
SAMPLE = {"sampling_mode": "Flat", "iters": [2.0, 2.0], "times": [10.0, 30.0]}


def measured(what: Mapping[str, Any], sample: Any = SAMPLE) -> Measured:
    """The one benchmark of a folder with `benchmark.json` and `sample.json`."""
    logs = [Log("x/new/benchmark.json", json.dumps(what)), Log("x/new/sample.json", json.dumps(sample))]
    (reading,) = Criterion().read_tree(logs, False)
    (one,) = reading.benchmarks
    return one


def test_samples_from_before_sampling_modes_are_pairs_of_arrays() -> None:
    """Iterations, then nanoseconds; benchmarks had no full id in the oldest versions."""
    one = measured({**WHAT, "value_str": "a b"}, [[1.0, 2.0], [10.0, 30.0]])
    assert metrics(one) == time(10.0, 15.0)
    assert (one.name, one.group, one.parameters, one.iterations) == ("g/f/a b", "g", {"value": "a b"}, 1)


@pytest.mark.parametrize(
    ("throughput", "rates"),
    [
        ({"Bytes": 5}, {"throughput": ("bytes/s", "higher", (1e9, 5e9 / 15))}),
        ({"BytesDecimal": 5}, {"throughput": ("bytes/s", "higher", (1e9, 5e9 / 15))}),
        ({"Bits": 40}, {"throughput": ("bytes/s", "higher", (1e9, 5e9 / 15))}),
        ({"Elements": 5}, {"rate": ("1/s", "higher", (1e9, 5e9 / 15))}),
        (
            {"ElementsAndBytes": {"elements": 5, "bytes": 10}},
            {
                "throughput": ("bytes/s", "higher", (2e9, 10e9 / 15)),
                "rate": ("1/s", "higher", (1e9, 5e9 / 15)),
            },
        ),
    ],
)
def test_criterions_throughputs_are_rates_per_second(throughput: Any, rates: Shape) -> None:
    """Whatever an iteration handles, in bytes or elements."""
    one = measured({**WHAT, "throughput": throughput})
    assert {name: shape for name, shape in metrics(one).items() if name != "wall_time"} == rates
    assert metrics(one)["wall_time"] == ("ns", "lower", (5.0, 15.0))


def test_a_sample_without_time_has_no_throughput() -> None:
    """A clock that did not move gives no rate; the time stays, and a note says why."""
    one = measured({**WHAT, "throughput": {"Bytes": 5}}, {**SAMPLE, "times": [0.0, 10.0]})
    assert metrics(one) == time(0.0, 5.0)
    assert "throughput is left out" in one.notes[0]


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (f"{NEW}/sample.json", None, f"{NEW}/sample.json: this part of a benchmark was expected"),
        (f"{NEW}/benchmark.json", None, f"{NEW}/benchmark.json: this part of a benchmark was expected"),
        (
            f"{NEW}/sample.json",
            '{"sampling_mode":"Flat","iters":[1.0],"times":[1.0',
            "sample.json:1:51: the document is cut off",
        ),
        (f"{NEW}/benchmark.json", '{"group_id":"g","function_id":null,', "benchmark.json:1:36: the document"),
        (
            f"{NEW}/sample.json",
            '{"sampling_mode":"Flat","iters":[1.0],"times":[NaN]}',
            "sample.json: NaN is not a JSON number",
        ),
        (
            f"{NEW}/sample.json",
            json.dumps({**SAMPLE, "times": [-1, 2]}),
            "sample.json: times[0]: a finite number that is not negative was expected, found -1",
        ),
        (f"{NEW}/sample.json", json.dumps({**SAMPLE, "times": [1]}), "times: an array of 2, like the iter"),
        (f"{NEW}/sample.json", json.dumps({**SAMPLE, "iters": [0, 1]}), "iters: numbers of iterations"),
        (f"{NEW}/sample.json", json.dumps({**SAMPLE, "iters": []}), "iters: an array of one sample or more"),
        (f"{NEW}/sample.json", "[[0.5], [1]]", "[0]: numbers of iterations was expected, found 0.5"),
        (f"{NEW}/benchmark.json", json.dumps({**WHAT, "group_id": 3}), "group_id: a text was expected"),
        (f"{NEW}/benchmark.json", json.dumps({**WHAT, "full_id": ""}), "full_id: a text was expected"),
        (
            f"{NEW}/benchmark.json",
            json.dumps({**WHAT, "throughput": {"Cycles": 3}}),
            "benchmark.json: throughput: one of Bytes, BytesDecimal, Elements, Bits",
        ),
        (f"{NEW}/benchmark.json", json.dumps({**WHAT, "throughput": {}}), "throughput: one of Bytes"),
        (
            f"{NEW}/benchmark.json",
            json.dumps({**WHAT, "throughput": {"Bytes": -1}}),
            "throughput.Bytes: a finite number that is not negative",
        ),
    ],
)
def test_a_fault_of_criterion_is_named_by_file_and_path(path: str, text: str | None, message: str) -> None:
    """Missing, cut off, contradictory, or no number; the other benchmarks are read when that is allowed."""
    logs = tree("0.8.2", {path: text})
    with pytest.raises(MalformedLogError) as caught:
        Criterion().read_tree(logs, False)
    assert message in str(caught.value)
    readings = Criterion().read_tree(logs, True)
    assert [one.name for reading in readings for one in reading.benchmarks] == [
        "flat/loop",
        "sum/bytes/fold/1024",
        "sum/bytes/fold/64",
    ]
    incomplete = [text for reading in readings for text in reading.incomplete]
    assert len(incomplete) == 1
    assert message in incomplete[0]


def test_a_benchmark_that_has_only_other_measurements_is_refused() -> None:
    """`base/` is an older measurement, never the new one."""
    logs = [log for log in tree("0.8.2") if "/flat/loop/base/" in log.where]
    for allow_partial in (False, True):
        with pytest.raises(MalformedLogError, match=r"flat/loop/new/benchmark\.json: this part"):
            Criterion().read_tree(logs, allow_partial)


def test_a_file_of_criterion_alone_is_no_measurement() -> None:
    """The message names the file that is missing."""
    log = next(log for log in tree("0.8.2") if log.where == f"{NEW}/sample.json")
    with pytest.raises(MalformedLogError, match=r"new/benchmark\.json"):
        Criterion().read(log, False)
    with pytest.raises(MalformedLogError, match="new: this part"):
        Criterion().read(Log("report/index.html", "<html>"), True)


def test_other_files_are_refused_when_criterion_is_said() -> None:
    """Nobody's file, and a second one of a kind in one folder."""
    with pytest.raises(MalformedLogError, match=r"x: document: benchmark\.json, sample\.json"):
        Criterion().read(Log("x", "hello"), False)
    twice = [Log(f"x/new/{name}.json", json.dumps(SAMPLE)) for name in "ab"]
    with pytest.raises(MalformedLogError, match=r"one sample\.json in a folder was expected"):
        Criterion().read_tree(twice, False)


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("[[1.0], [2.0]]", True),
        ("[[1.0], [2.0, 3.0]]", False),
        ("[[1.0], [true]]", False),
        ('[["a"], [1]]', False),
        ("[-1.0, 0.0, 1.0, 2.0]", True),
        ("[1.0, 0.0, 1.0, 2.0]", False),
        ("[1, 2, 3, 4]", False),
        ("[]", False),
        ('{"Mean": {"point_estimate": 1.0}}', True),
        ('{"mean": 1.0}', False),
        ('{"iters": [], "times": []}', False),
        ('{"group_id": "x"}', False),
        ("group_id", False),
    ],
)
def test_criterion_claims_its_own_files_and_nothing_else(text: str, claimed: bool) -> None:
    """By content, in every version."""
    assert Criterion().detects(Log("log", text)) is claimed

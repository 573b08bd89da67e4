"""Malformed logs: refused with file and line or JSON path, or read in part when that is allowed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.go import Go
from benchgov.adapters.hyperfine import Hyperfine
from benchgov.adapters.interface import Adapter, Log, MalformedLogError
from benchgov.adapters.partial import whole_items, whole_members
from benchgov.adapters.pytest_benchmark import PytestBenchmark
from benchgov.adapters.registry import adapters, detect, named
from benchgov.errors import ExitCode, UsageError, exit_code_for

DATA = Path(__file__).resolve().parents[2] / "data"
PYTEST = json.loads((DATA / "pytest-benchmark/5.2.3.json").read_text(encoding="utf-8"))
HYPERFINE = json.loads((DATA / "hyperfine/1.20.0.json").read_text(encoding="utf-8"))
GO = (DATA / "go/1.26-text.txt").read_text(encoding="utf-8")
EVENTS = (DATA / "go/1.26-events.txt").read_text(encoding="utf-8")


def changed(document: Any, path: list[Any], value: Any) -> str:
    """`document` as JSON with `value` at `path`; `...` takes it away."""
    made = copy.deepcopy(document)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(made)


def refused(adapter: Adapter, text: str) -> str:
    """The message with which `adapter` refuses `text`."""
    with pytest.raises(MalformedLogError) as caught:
        adapter.read(Log("log", text), False)
    assert exit_code_for(caught.value, "import") == ExitCode.MALFORMED
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["benchmarks", 1, "stats", "data", 2], -1.0, "log: benchmarks[1].stats.data[2]: a finite number"),
        (["benchmarks", 1, "stats", "data", 2], "1", "benchmarks[1].stats.data[2]"),
        (["benchmarks", 1, "stats", "data", 2], True, "benchmarks[1].stats.data[2]"),
        (["benchmarks", 1, "stats", "data", 2], 10**400, "benchmarks[1].stats.data[2]"),
        (["benchmarks", 1, "stats", "data", 2], 1e308, "benchmarks[1].stats.data[2]"),
        (["benchmarks", 0, "stats", "data"], [], "benchmarks[0].stats.data: an array of one sample"),
        (["benchmarks", 0, "stats", "data"], None, "not there"),
        (["benchmarks", 0, "stats", "rounds"], 3, "benchmarks[0].stats.rounds: 86, the number of samples"),
        (["benchmarks", 0, "stats", "iterations"], 0, "benchmarks[0].stats.iterations: an integer of 1"),
        (["benchmarks", 0, "stats"], [], "benchmarks[0].stats: an object was expected, found an array"),
        (["benchmarks", 0, "fullname"], " ", "benchmarks[0].fullname: a text"),
        (
            ["benchmarks", 0, "options", "timer"],
            "sundial",
            "benchmarks[0].options.timer: one of perf_counter",
        ),
        (["benchmarks", 2], "x", "benchmarks[2]: an object was expected, found 'x'"),
        (["benchmarks"], {}, "benchmarks: an array was expected, found an object"),
    ],
)
def test_a_fault_of_pytest_benchmark_is_named_by_its_path(path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where."""
    assert message in refused(PytestBenchmark(), changed(PYTEST, path, value))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["results", 0, "times", 0], -0.1, "results[0].times[0]: a finite number that is not negative"),
        (["results", 1, "memory_usage_byte"], [1], "results[1].memory_usage_byte: an array of 6, like times"),
        (["results", 0, "user"], "much", "results[0].user"),
        (["results", 0, "command"], None, "results[0].command: a text was expected, but it is not there"),
        (["results"], 3, "results: an array was expected, found 3"),
    ],
)
def test_a_fault_of_hyperfine_is_named_by_its_path(path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where."""
    assert message in refused(Hyperfine(), changed(HYPERFINE, path, value))


def test_hyperfine_without_times_gives_its_median() -> None:
    """A log without samples is read, with a note; so is one without CPU times or parameters."""
    document = {"results": [{"command": "x", "mean": 2.0, "median": 1.0}, {"command": "y", "mean": 2.0}]}
    reading = Hyperfine().read(Log("log", json.dumps(document)), False)
    assert [one.metrics[0].samples for one in reading.benchmarks] == [(1e9,), (2e9,)]
    assert reading.benchmarks[0].notes == ("the log has no samples, only their average",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BenchmarkX-2 \t 10\t 5 ns/op\nBenchmarkX-2 \t 10\t 5 ns", "log:2: a whole last line was expected"),
        (
            "BenchmarkX-2 \thello\n     500\t  226 ns/op\n",
            "log:1: a number of iterations after 'BenchmarkX-2'",
        ),
        ("BenchmarkX-2 \t\n     500\t  226 ns/op\n", "log:2: a result's name before its numbers"),
        ("BenchmarkX-2 \t 10\t NaN ns/op\n", "log:1: a finite number that is not negative was expected"),
        ("BenchmarkX-2 \t 10\t -5 ns/op\n", "log:1: a finite number"),
        ("BenchmarkX-2 \t 10\t 1_0 ns/op\n", "log:1: a finite number"),
        ("BenchmarkX-2 \t 10\t five ns/op\n", "log:1: a finite number"),
        ("BenchmarkX-2 \t 10\t 5 ns/op 3\n", "log:1: pairs of value and unit"),
        ("BenchmarkX-2 \t 10\n", "log:1: pairs of value and unit was expected, but it is not there"),
        ("BenchmarkX-2 \t 0\t 5 ns/op\n", "log:1: a number of iterations"),
        ("BenchmarkX-2 \t 10\t 5 ns/op 6 ns/op\n", "log:1: each unit once"),
        (
            "BenchmarkX \t 10\t 5 ns/op\nBenchmarkX \t 10\t 5 B/op\n",
            "log:2: BenchmarkX in the units of line 1",
        ),
        ("BenchmarkX \t 10\t 5 ns/op\nFAIL\texample.org/x\n", "log:2: a run of go test that ended well"),
        ('{"Action":"start","Package":"p"}\nwarning\n', "log:2: an event of go test -json, whole"),
        ('{"Action":"start","Package":"p"}\n[1]\n', "log:2: an event of go test -json was expected"),
        (
            '{"Action":"output","Package":"p","Output":3}\n',
            "log:1: an event whose Package and Output are texts",
        ),
        ('{"Action":"start","Package":"p"}\n', "log:1: the end of package 'p'"),
        ('{"Action":"pass","Package":"p"}\n{"Action":"pa', "log:2: a whole last line"),
    ],
)
def test_a_fault_of_go_is_named_by_its_line(text: str, message: str) -> None:
    """Cut off, interleaved with other output, contradictory, or no number."""
    assert message in refused(Go(), text)


def test_go_units_of_its_author_count_when_a_unit_line_says_the_direction() -> None:
    """`Unit … better=` is how Go's format says it."""
    text = "Unit words/op better=higher\nBenchmarkX 	 10	 5 ns/op 7 words/op 3 odd\n"
    (one,) = Go().read(Log("log", text), False).benchmarks
    shapes = [(metric.name, metric.unit, metric.direction, metric.samples) for metric in one.metrics]
    assert shapes[1] == ("words_per_op", "words/op", "higher", (7.0,))
    assert len(shapes) == 2
    assert one.notes[0].startswith("odd is left out")


def test_a_name_that_ends_like_gomaxprocs_is_not_cut_where_there_is_none() -> None:
    """With GOMAXPROCS=1 package testing appends nothing, so `-8` belongs to the name."""
    text = "BenchmarkA/utf-8 10 5 ns/op\nBenchmarkB 10 5 ns/op\n"
    assert [one.name for one in Go().read(Log("log", text), False).benchmarks] == ["A/utf-8", "B"]


def test_go_announcements_and_version_lines_are_no_results() -> None:
    """`-v` prints a name before its result."""
    text = "go: go1.26\nBenchmarkX\nBenchmarkX-2 10 5 ns/op\n"
    reading = Go().read(Log("log", text), False)
    assert (reading.tool_version, [one.name for one in reading.benchmarks]) == ("go1.26", ["X"])


def test_packages_whose_events_alternate_are_told_apart() -> None:
    """A result belongs to the package of its event, though another's name was begun before it."""
    events = [
        ("output", "a", "BenchmarkX-2 \t"),
        ("output", "b", "BenchmarkX-2 \t 10\t 7 ns/op\n"),
        ("output", "a", " 10\t 5 ns/op\n"),
    ]
    text = "".join(
        json.dumps({"Action": action, "Package": package, "Output": output}) + "\n"
        for action, package, output in events
    )
    found = {one.name: one.metrics[0].samples for one in Go().read(Log("log", text), False).benchmarks}
    assert found == {"a/X": (5.0,), "b/X": (7.0,)}


@pytest.mark.parametrize(
    ("adapter", "text", "kept", "missing"),
    [
        (PytestBenchmark(), changed(PYTEST, ["benchmarks", 1, "stats"], None), 4, "benchmarks[1].stats"),
        (PytestBenchmark(), json.dumps(PYTEST)[:-700], 4, "cut off"),
        (Hyperfine(), json.dumps(HYPERFINE)[:-200], 1, "cut off"),
        (Go(), GO[: GO.index("BenchmarkJoin") + 40], 2, "log:17: a whole last line"),
        (Go(), GO + "FAIL\n", 5, "ended well"),
        (Go(), EVENTS + "noise\n", 5, "an event of go test -json"),
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
    ("text", "message"),
    [
        ("", "log: the log is empty"),
        ("  \n", "the log is empty"),
        ("hello\n", "no known tool wrote this, which begins with 'hello'"),
        ('{"a": ', "log:1:7: the document is cut off"),
        ('{"a": 1}', "no known tool"),
        ("[1, 2]", "no known tool"),
        ('{"results": [3]}', "no known tool"),
        (json.dumps({**PYTEST, **HYPERFINE}), "it could be of pytest-benchmark or hyperfine"),
    ],
)
def test_what_no_tool_or_several_would_claim_is_refused(text: str, message: str) -> None:
    """Nobody's log lists what can be read; an ambiguous one names the candidates."""
    with pytest.raises(MalformedLogError) as caught:
        detect(Log("log", text), adapters())
    assert message in str(caught.value)


def test_an_unknown_tool_is_a_wrong_use() -> None:
    """The nearest name is offered."""
    with pytest.raises(UsageError, match="did you mean 'hyperfine'"):
        named("hyperfin", adapters())
    assert named("go", adapters()).name == "go"


@pytest.mark.parametrize(
    ("text", "items"), [('[1, {"a": 2}, {"a"', [1, {"a": 2}]), ("{}", []), ("[", []), ("[1] rest", [1])]
)
def test_whole_items_are_saved(text: str, items: list[Any]) -> None:
    """The items of an array up to the break; what is no array has none."""
    assert whole_items(text) == items


@pytest.mark.parametrize("cut", [str.upper, lambda text: text.replace("{", "[", 1)], ids=["upper", "array"])
def test_only_objects_are_saved_in_part(cut: Callable[[str], str]) -> None:
    """What is no object at all has no members."""
    assert whole_members(cut("{a")) == {}


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ('{"a": 1, "b": [1, 2, {"c"', {"a": 1, "b": [1, 2]}),
        ('{"a": 1, "b": {"c": ', {"a": 1}),
        ('{"a": 1} rest', {"a": 1}),
        ('{"a": [', {"a": []}),
        ('{"\\q": 1}', {}),
        ('{"a": ' + "[" * 100_000, {"a": []}),
    ],
)
def test_whole_members_are_saved(text: str, members: dict[str, Any]) -> None:
    """Everything up to the break, and the whole items of the array that broke."""
    assert whole_members(text) == members

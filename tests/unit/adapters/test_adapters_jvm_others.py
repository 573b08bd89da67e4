"""BenchmarkTools.jl, benchmark-ips and phpbench: their logs, and their faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.benchmark_ips import BenchmarkIps
from benchgov.adapters.benchmarktools import BenchmarkTools
from benchgov.adapters.interface import Adapter, Log, MalformedLogError, Measured, Reading
from benchgov.adapters.phpbench import Phpbench

DATA = Path(__file__).resolve().parents[2] / "data"
JULIA, IPS, PHP = BenchmarkTools(), BenchmarkIps(), Phpbench()


def text(adapter: Adapter, name: str) -> str:
    """The sample called `name` of the tool."""
    return (DATA / adapter.name / name).read_text(encoding="utf-8")


def read(adapter: Adapter, given: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter reads of the text `given`."""
    return adapter.read(Log("log", given), allow_partial)


def named(reading: Reading) -> dict[str, Measured]:
    """The benchmarks by name."""
    return {one.name: one for one in reading.benchmarks}


def shapes(measured: Measured) -> dict[str, tuple[str, str, int]]:
    """Metric → (unit, direction, number of samples)."""
    return {one.name: (one.unit, one.direction, len(one.samples)) for one in measured.metrics}


def values(measured: Measured) -> dict[str, tuple[float, ...]]:
    """Metric → samples."""
    return {one.name: one.samples for one in measured.metrics}


def refused(adapter: Adapter, given: str) -> str:
    """The message with which `given` is refused."""
    with pytest.raises(MalformedLogError) as caught:
        read(adapter, given)
    return str(caught.value)


def changed(document: Any, path: list[Any], value: Any) -> str:
    """`document` as JSON with `value` at `path`; `...` takes it away."""
    made = json.loads(json.dumps(document))
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(made)


# BenchmarkTools.jl


def test_julias_groups_are_names_and_families() -> None:
    """The keys from the outermost group; those around the benchmark are its group; tuples stay as written."""
    reading = read(JULIA, text(JULIA, "1.5.0.json"))
    assert (reading.tool_version, reading.facts, reading.incomplete) == ("1.5.0", {"julia": "1.10.4"}, ())
    assert [(one.name, one.group) for one in reading.benchmarks] == [
        ('sort/("quick", 1000)', "sort"),
        ('sort/("quick", 10)', "sort"),
        ("text/join", "text"),
        ("text/utf8/replace", "text/utf8"),
    ]


@pytest.mark.parametrize(("name", "samples"), [("1.5.0.json", 8), ("0.2.5.json", 7)])
def test_a_trial_has_times_collection_times_and_memory(name: str, samples: int) -> None:
    """In nanoseconds an evaluation, which are many in a sample; types may have their module's name."""
    reading = read(JULIA, text(JULIA, name))
    first = reading.benchmarks[0]
    assert shapes(first) == {
        "wall_time": ("ns", "lower", samples),
        "gc_time": ("ns", "lower", samples),
        "allocated_bytes": ("bytes", "lower", 1),
        "allocations": ("count", "lower", 1),
    }
    data = json.loads(reading.log.text)[1][0][1]["data"]
    trial = (data["sort"][1]["data"]['("quick", 1000)'] if "sort" in data else data["sin"])[1]
    assert values(first) == {
        "wall_time": tuple(trial["times"]),
        "gc_time": tuple(trial["gctimes"]),
        "allocated_bytes": (trial["memory"],),
        "allocations": (trial["allocs"],),
    }
    assert first.iterations == trial["params"][1]["evals"]


def test_several_saved_values_are_told_apart_and_an_estimate_says_so() -> None:
    """A trial without a group, a group of an estimate; parameters are no result."""
    reading = read(JULIA, text(JULIA, "1.6.0-values.json"))
    found = named(reading)
    assert list(found) == ["value 1", "value 2/median"]
    assert reading.tool_version == "1.6.0"
    assert found["value 2/median"].notes == ("an estimate: the log has no samples of it",)
    assert values(found["value 2/median"])["wall_time"] == (5200.5,)
    document = json.loads(reading.log.text)
    document[1] = document[1][:1]
    del document[1][0][1]["params"]
    (only,) = read(JULIA, json.dumps(document)).benchmarks
    assert (only.name, only.iterations) == ("trial", 1)


TRIAL = [1, 0, 1, "data", "text", 1, "data", "join", 1]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ([*TRIAL, "times", 2], None, "log: [1][0][1].data.text[1].data.join[1].times[2]: a finite number"),
        ([*TRIAL, "times", 2], -1, "data.join[1].times[2]: a finite number"),
        ([*TRIAL, "times"], [], "data.join[1].times: an array of one sample"),
        ([*TRIAL, "gctimes"], [0.0], "data.join[1].gctimes: an array of 6, like times, was expected"),
        ([*TRIAL, "memory"], None, "data.join[1].memory: a finite number"),
        ([*TRIAL, "params", 1, "evals"], 0, "data.join[1].params[1].evals: an integer of 1"),
        ([*TRIAL[:-1]], ["Trial"], "data.join: a type of BenchmarkTools and its fields"),
        ([*TRIAL], 3, "data.join[1]: an object"),
        ([1, 0, 1, "data"], [], "[1][0][1].data: an object"),
        ([1], 3, "[1]: an array of what was saved"),
        ([0], 3, "[0]: an object"),
    ],
)
def test_a_fault_of_benchmarktools_is_named_by_its_path(path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where."""
    assert message in refused(JULIA, changed(json.loads(text(JULIA, "1.5.0.json")), path, value))


def test_julias_broken_trials_are_left_out_when_that_is_allowed() -> None:
    """Cut off in its one value nothing is whole; zero benchmarks are refused later."""
    document = json.loads(text(JULIA, "1.5.0.json"))
    reading = read(JULIA, changed(document, [*TRIAL, "times"], []), allow_partial=True)
    assert (len(reading.benchmarks), len(reading.incomplete)) == (3, 1)
    cut = text(JULIA, "1.5.0.json")[:-90]
    assert "cut off" in refused(JULIA, cut)
    reading = read(JULIA, cut, allow_partial=True)
    assert reading.benchmarks == []
    assert "cut off" in reading.incomplete[0]


@pytest.mark.parametrize("given", ["[]", "{}", "x", '[{"Julia": "1"}]', "[[]]"])
def test_other_documents_are_not_julias(given: str) -> None:
    """An array that begins with both versions is."""
    assert not JULIA.detects(Log("log", given))
    assert JULIA.detects(Log("log", '[{"Julia": "1", "BenchmarkTools": "1"}, []]'))


# benchmark-ips


@pytest.mark.parametrize("name", ["2.7.2-held.jsonl", "2.14.0-held.json"])
def test_held_results_have_every_sample(name: str) -> None:
    """As lines and as an array: iterations a second are higher-is-better."""
    given = text(IPS, name)
    items = json.loads(given) if given.startswith("[") else list(map(json.loads, given.splitlines()))
    reading = read(IPS, given)
    assert [one.name for one in reading.benchmarks] == [item["item"] for item in items]
    for measured, item in zip(reading.benchmarks, items, strict=True):
        assert shapes(measured) == {"rate": ("1/s", "higher", len(item["samples"]))}
        assert values(measured)["rate"] == tuple(item["samples"])
        assert (measured.iterations, measured.notes) == (item["cycles"], ())


def test_the_json_of_benchmark_ips_has_averages() -> None:
    """One sample, and a note that says what it is."""
    reading = read(IPS, text(IPS, "2.7.2.json"))
    items = json.loads(reading.log.text)
    assert [one.name for one in reading.benchmarks] == ["map 10", "sort 1000", "join"]
    assert [values(one)["rate"] for one in reading.benchmarks] == [(item["ips"],) for item in items]
    assert all("only their average" in one.notes[0] for one in reading.benchmarks)


def test_the_text_of_benchmark_ips_is_read_with_its_scales() -> None:
    """Labels on a line of their own, k and M, the interpreter; the comparison at the end is no result."""
    reading = read(IPS, text(IPS, "2.7.2-text.txt"))
    assert [(one.name, values(one)["rate"][0], one.place) for one in reading.benchmarks] == [
        ("map 10", 1146000.0, "line 7"),
        ("concatenation of many words", 957942.0, "line 9"),
        ("sleep", 49.588, "line 10"),
    ]
    newer = read(IPS, text(IPS, "2.14.0-text.txt"))
    assert [values(one)["rate"] for one in newer.benchmarks] == [(1200000.0,), (150000.0,)]
    assert newer.facts == {"ruby": "ruby 3.3.6 (2024-11-05 revision 75015d4c1f) [x86_64-linux]"}


def test_the_footer_of_bootstrapped_results_is_no_label() -> None:
    """`with 95.0% confidence` stands below the results."""
    given = text(IPS, "2.14.0-text.txt") + "                   with 95.0% confidence\n"
    assert len(read(IPS, given).benchmarks) == 2


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "                gsub    150.000k",
            "noise\n                gsub    150.000k",
            "log:7: a label and its",
        ),
        ("gsub    150.000k (± 0.7%) i/s", "gsub    150.0", "log:7: a label and its result in i/s"),
        ("gsub    150.000k", "gsub    NaN", "log:7: a label"),
        ("500100s\n", "500100s", "log:7: a whole last line"),
        ("gsub    150.000k", "\n                gsub    150.000k", None),
    ],
)
def test_text_that_is_mixed_or_cut_off_is_refused(before: str, after: str, message: str | None) -> None:
    """With its line; what follows a blank line is no result any more."""
    given = text(IPS, "2.14.0-text.txt").replace(before, after)
    if message is None:
        assert len(read(IPS, given).benchmarks) == 1
        return
    assert message in refused(IPS, given)
    reading = read(IPS, given, allow_partial=True)
    assert reading.benchmarks
    assert message in reading.incomplete[0]


HELD = json.loads(text(IPS, "2.14.0-held.json"))
AVERAGES = json.loads(text(IPS, "2.7.2.json"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (changed(HELD, [1, "samples", 2], -1), "log: [1].samples[2]: a finite number"),
        (changed(HELD, [1, "samples"], []), "[1].samples: an array of one sample"),
        (changed(HELD, [1, "item"], ""), "[1].item: a text"),
        (changed(HELD, [1, "cycles"], 0), "[1].cycles: an integer of 1"),
        (changed(HELD, [1], 7), "[1]: an object"),
        (changed(AVERAGES, [2, "ips"], None), "[2].ips: a finite number"),
        (changed(AVERAGES, [2, "name"], ...), "[2].name: a text"),
        (text(IPS, "2.7.2-held.jsonl") + '{"item": "x"', "log:3: the document is cut off"),
        (text(IPS, "2.7.2-held.jsonl") + "7\n", "log: line 3: an object"),
    ],
)
def test_a_fault_of_benchmark_ips_is_named_by_its_place(given: str, message: str) -> None:
    """Path or line; what is whole is read when that is allowed."""
    assert message in refused(IPS, given)
    reading = read(IPS, given, allow_partial=True)
    assert reading.benchmarks
    assert len(reading.incomplete) == 1


@pytest.mark.parametrize("given", ["[]", "{}", "x", '[{"name": "x", "ips": 3}]', "[3]", "Calculating\n"])
def test_other_documents_are_not_of_benchmark_ips(given: str) -> None:
    """Nothing is raised."""
    assert not IPS.detects(Log("log", given))


def test_a_heading_without_results_has_no_benchmark() -> None:
    """It is this tool's log all the same."""
    given = "Calculating -------------------------------------\n\n"
    assert IPS.detects(Log("log", given))
    assert read(IPS, given).benchmarks == []


# phpbench


def test_an_iteration_of_phpbench_is_a_sample() -> None:
    """Net microseconds over revolutions, and peak memory; parameters and revolutions tell variants apart."""
    reading = read(PHP, text(PHP, "1.2.15.xml"))
    found = named(reading)
    owner = "Example\\Benchmark\\TextBench"
    assert list(found) == [
        f"{owner}::benchJoin (length=10, glue=-)",
        f"{owner}::benchJoin (length=100, glue=-)",
        f"{owner}::benchWords (set two words)",
        f"{owner}::benchTrim revs=1",
        f"{owner}::benchTrim revs=1000",
    ]
    first = reading.benchmarks[0]
    assert shapes(first) == {"wall_time": ("ns", "lower", 5), "peak_memory": ("bytes", "lower", 5)}
    assert values(first)["wall_time"][0] == pytest.approx(1994.681)
    assert values(first)["peak_memory"][0] == 480216
    assert (first.group, first.parameters) == ("text", {"length": 10, "glue": "-"})
    assert (first.iterations, first.warmup, first.place) == (1000, 2, "line 30")
    assert found[f"{owner}::benchTrim revs=1"].group == owner


@pytest.mark.parametrize(
    ("name", "version", "php", "commit"),
    [
        ("1.2.15.xml", "1.2.15", "8.2.13", "0123456789abcdef0123456789abcdef01234567"),
        ("0.14.0.xml", "0.14.0", "7.1.12", "89abcdef0123456789abcdef0123456789abcdef"),
    ],
)
def test_phpbench_says_machine_and_commit_but_never_the_host(
    name: str, version: str, php: str, commit: str
) -> None:
    """In elements, and before version 1.0 in attributes."""
    reading = read(PHP, text(PHP, name))
    facts = {key: value for key, value in reading.facts.items() if key != "xdebug"}
    assert facts == {"system": "Linux", "kernel": "6.1.0-18-amd64", "arch": "x86_64", "php": php}
    assert (reading.tool_version, reading.revision) == (version, (commit, None))


def test_before_version_1_the_variant_says_the_revolutions() -> None:
    """`revs` of the variant divides the net time."""
    first = read(PHP, text(PHP, "0.14.0.xml")).benchmarks[0]
    assert values(first)["wall_time"] == (823.0, 807.0, 855.0, 806.0)
    assert first.iterations == 1000


def variant(body: str, attributes: str = 'revs="10"') -> str:
    """A log of one variant, on line 3."""
    return (
        '<phpbench version="1.2.15">\n<suite><benchmark class="A"><subject name="b">\n'
        f"<variant {attributes}>{body}</variant></subject></benchmark></suite></phpbench>"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (variant('<iteration time-net="-1"/>'), "log:3: a finite number that is not negative"),
        (variant('<iteration time-net="NAN"/>'), "log:3: a finite number"),
        (variant('<iteration time-net="1e308"/>', 'revs="1"'), "log:3: a finite number"),
        (variant("<iteration/>"), "log:3: the attribute time-net of <iteration>"),
        (variant('<iteration time-net="1"/>', ""), "log:3: an integer of revolutions in <iteration>"),
        (variant('<iteration time-net="1"/>', 'revs="0"'), "log:3: one revolution or more"),
        (variant('<iteration time-net="1" mem-peak="1"/><iteration time-net="1"/>'), "attribute mem-peak"),
        (variant('<iteration time-net="1"/>', 'revs="1" warmup="x"'), "log:3: an integer of revolutions"),
        (variant(""), "log:3: an iteration in <variant>"),
        (variant("<errors><error>it\nbroke</error></errors>"), "log:3: a result of A::b was expected, found"),
    ],
)
def test_a_fault_of_phpbench_is_named_by_its_line(given: str, message: str) -> None:
    """A variant that failed is one; with leave it is left out."""
    assert message in refused(PHP, given)
    reading = read(PHP, given, allow_partial=True)
    assert reading.benchmarks == []
    assert message in reading.incomplete[0]


def test_xml_that_is_cut_off_or_anothers_is_refused() -> None:
    """Even with leave: nothing of a broken tree is sure."""
    cut = text(PHP, "1.2.15.xml")[:-40]
    assert "not whole XML" in refused(PHP, cut)
    with pytest.raises(MalformedLogError):
        read(PHP, cut, allow_partial=True)
    assert "log:1: <phpbench> was expected, found '<a>'" in refused(PHP, "<a/>")
    assert "the attribute class of <benchmark>" in refused(
        PHP, "<phpbench><suite><benchmark/></suite></phpbench>"
    )


def test_a_failed_assertion_is_a_note_and_an_empty_log_has_no_benchmark() -> None:
    """The numbers stand; memory is only there when it was measured; unknown facts are not said."""
    (only,) = read(
        PHP, variant('<iteration time-net="10"/><failures><failure>too slow</failure></failures>')
    ).benchmarks
    assert only.notes == ("an assertion failed: too slow",)
    assert shapes(only) == {"wall_time": ("ns", "lower", 1)}
    empty = read(PHP, "<phpbench/>")
    assert (list(empty.benchmarks), empty.facts, empty.revision) == ([], {}, None)

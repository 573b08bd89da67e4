"""Readings as a report: ids, families, repeats, the machine, and what a partial log does to its standing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.gate_builders import FACTS

from benchgov.adapters.assemble import Rules, build_report, raw_of
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.machine import contradictions
from benchgov.adapters.names import Rule, benchmark_id, family_of, family_rule, rename_rule, renamed
from benchgov.canonical import canonical_json, sha256_hex
from benchgov.environment.pinned import fingerprint
from benchgov.errors import UsageError
from benchgov.report import Environment, Metric, Report

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HERE = Environment(facts=FACTS, fingerprint=fingerprint(FACTS), gate="pass")


def timed(name: str, *samples: float, unit: str = "ns", **given: Any) -> Measured:
    """One benchmark with one metric."""
    metric = Metric(name="wall_time", unit=unit, direction="lower", samples=samples or (1.0,))
    return Measured(name, (metric,), "line 1", **given)


def reading(*benchmarks: Measured, log: str = "a.txt", **given: Any) -> Reading:
    """One log of a tool called `tool`."""
    return Reading(Log(log, log), "tool", "1", benchmarks, **given)


def build(
    *readings: Reading, rename: Sequence[Rule] = (), families: Sequence[Rule] = (), here: Environment = HERE
) -> Report:
    """The report of `readings` in the suite `demo`."""
    rules = Rules("demo", "default", rename, families)
    return build_report(readings, rules, environment=here, revision=("f" * 40, False), now=NOW)


def test_a_run_names_its_tool_its_log_and_how_it_was_sampled() -> None:
    """Variant is the tool, protocol the log with its digest, isolation `imported`."""
    (run,) = build(reading(timed("x y", 1, 2, 3, iterations=7, warmup=2, parameters={"n": 5, "k": "a"}))).runs
    assert (run.benchmark, run.variant, run.family, run.signature) == ("x y", "tool", "tool", "x y")
    assert (run.protocol, run.protocol_sha256) == ("a.txt", sha256_hex(b"a.txt"))
    assert (run.sampling.isolation, run.sampling.runs, run.sampling.iterations) == ("imported", 3, 7)
    assert (run.sampling.warmup, run.features, run.source.path) == (2, {"n": 5.0}, "a.txt")
    assert run.run_is_valid


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tests/a.py::test[x-1]", "tests/a.py::test[x-1]"),
        ("./run  --fast", "run --fast"),
        ("größe<b>|`@", "gr__e_b____"),
        ("a\nb\x1b[0m", "a b_[0m"),
        ("half\ud800", "half_"),
    ],
)
def test_an_id_has_only_safe_characters(name: str, expected: str) -> None:
    """What an id cannot hold becomes an underscore; it begins with a letter or digit."""
    assert benchmark_id(name) == expected


def test_names_of_nothing_safe_and_of_any_length_have_ids() -> None:
    """Too long a name ends in its digest, so that two stay two; so does one with no safe beginning."""
    ids = {benchmark_id("x" * 300), benchmark_id("x" * 301), benchmark_id("«»"), benchmark_id("--")}
    assert len(ids) == 4
    assert all(len(one) <= 255 for one in ids)


def test_rename_rules_apply_in_order_to_the_tools_own_names() -> None:
    """Groups may be named; the last equals sign divides."""
    rules = [rename_rule("^tests/="), rename_rule(r"size=(\d+)=n\1")]
    assert renamed("tests/sort[size=10]", rules) == "sort[n10]"
    (run,) = build(reading(timed("tests/grün")), rename=[*rules, rename_rule("ü=ue")]).runs
    assert run.benchmark == "gruen"


@pytest.mark.parametrize("given", ["", "abc", "=x", "(=x", r"a=\1", r"a=\g<n>", "a=\\"])
def test_a_rename_rule_that_is_none_is_a_wrong_use(given: str) -> None:
    """No equals sign, no expression, or a group that is not there."""
    with pytest.raises(UsageError, match="--rename"):
        rename_rule(given)


@pytest.mark.parametrize("given", ["abc", "x=", "x=a b", "x=../y"])
def test_a_family_must_be_a_name(given: str) -> None:
    """A family is safe as a file's name."""
    with pytest.raises(UsageError, match="--family"):
        family_rule(given)


def test_the_family_is_the_first_rule_that_fits_then_the_group_then_the_tool() -> None:
    """A group is made safe as a name."""
    rules = [family_rule("sort=sorting"), family_rule(".*fast=quick")]
    assert family_of("a sort fast", "g", "tool", rules) == "sorting"
    assert family_of("a fast", "g", "tool", rules) == "quick"
    assert family_of("a", "example.org/pkg name", "tool", rules) == "example.org_pkg_name"
    assert family_of("a", " ", "tool", rules) == "tool"
    assert build(reading(timed("a sort")), families=rules).runs[0].family == "sorting"


@pytest.mark.parametrize("names", [("ä", "ö"), ("a<", "a>")])
def test_two_names_with_one_id_are_refused_until_they_are_told_apart(names: tuple[str, str]) -> None:
    """The error names both, and a rename resolves it."""
    with pytest.raises(MalformedLogError) as caught:
        build(reading(*map(timed, ("x", *(f"b{name}" for name in names)))))
    assert all(f"'b{name}'" in str(caught.value) for name in names)
    assert "--rename" in caught.value.remedy
    assert len(build(reading(*map(timed, names)), rename=[rename_rule(f"{names[0]}=one")]).runs) == 2


def test_several_logs_of_one_benchmark_are_its_repeats() -> None:
    """Samples are joined in the order of the logs, and the protocol names every log."""
    given = (reading(timed("x", 1, 2)), reading(timed("x", 3), log="b.txt"))
    (run,) = build(*given).runs
    assert run.metrics[0].samples == (1, 2, 3)
    assert run.protocol == "a.txt, b.txt"
    assert run.protocol_sha256 == sha256_hex(canonical_json([sha256_hex(b"a.txt"), sha256_hex(b"b.txt")]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((reading(),), "a.txt: this log of tool has no benchmark"),
        ((reading(timed("x"), timed("x")),), "a.txt: line 1: benchmark 'x' is there twice"),
        (
            (reading(timed("x")), reading(timed("x", unit="s"), log="b.txt")),
            "b.txt: line 1: benchmark 'x' has wall_time in s here, and wall_time in ns in a.txt: line 1",
        ),
        (
            (reading(Measured("x", timed("x").metrics * 2, "line 3")),),
            "a.txt: line 3: a metric is there twice",
        ),
        (
            (
                reading(timed("x"), revision=("a" * 40, None)),
                reading(timed("y"), log="b.txt", revision=("b" * 40, None)),
            ),
            f"b.txt: measured at commit {'b' * 40}, but a.txt at {'a' * 40}",
        ),
    ],
)
def test_logs_that_contradict_themselves_are_refused(given: tuple[Reading, ...], message: str) -> None:
    """No benchmark, one twice, other units in the next log, other commits."""
    with pytest.raises(MalformedLogError) as caught:
        build(*given)
    assert message in str(caught.value)


def test_a_benchmark_without_a_metric_is_blocked() -> None:
    """It is not dropped: the report says why it has no number."""
    (run,) = build(reading(Measured("x", (), "line 1", notes=("odd is left out",)))).runs
    assert (run.overall, run.run_is_valid) == ("blocked", False)
    assert "odd is left out" in run.reason


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.py", "a/../../b.py"])
def test_a_source_outside_the_repository_is_not_taken(path: str) -> None:
    """The log itself is the source then."""
    (run,) = build(reading(timed("x", source=(path, 3)))).runs
    assert (run.source.path, run.source.line) == ("a.txt", 1)


def test_the_commit_is_the_tools_when_it_says_one() -> None:
    """Otherwise it is the work tree's; a dirty log makes the report dirty."""
    assert build(reading(timed("x"))).config.revision == "f" * 40
    config = build(reading(timed("x"), revision=("a" * 40, True))).config
    assert (config.revision, config.dirty) == ("a" * 40, True)


def test_a_log_of_this_machine_leaves_its_standing() -> None:
    """The pinned machine's numbers are authoritative; what the tool says is kept, in its own words."""
    report = build(reading(timed("x"), facts={"system": "Linux", "arch": FACTS.arch.upper()}))
    assert report.summary.authoritative
    assert report.environment == HERE
    assert report.config.options["import"] == {
        "tools": [{"name": "tool", "version": "1"}],
        "machines": [{"system": "Linux", "arch": FACTS.arch.upper()}],
    }


@pytest.mark.parametrize(
    ("name", "value", "drift"),
    [("system", "Windows", "os"), ("cpu_model", "Another", "cpu_model"), ("kernel", "0.1", "kernel")],
)
def test_a_log_of_another_machine_is_never_authoritative(name: str, value: str, drift: str) -> None:
    """It drifts, and its fingerprint is not this machine's: nothing can take it for comparable."""
    report = build(reading(timed("x"), facts={name: value}))
    assert not report.summary.authoritative
    assert report.environment.gate == "drift"
    assert [(one.name, one.found) for one in report.environment.drift] == [(drift, value)]
    assert report.environment.fingerprint != HERE.fingerprint
    assert report.environment.fingerprint == fingerprint(report.environment.facts)


def test_spellings_of_one_architecture_do_not_contradict() -> None:
    """Go writes amd64 where the kernel says x86_64."""
    here = FACTS.model_copy(update={"arch": "x86_64", "os": "macos-15"})
    assert contradictions(here, [{"arch": "amd64", "system": "Darwin"}, {"arch": "AMD64"}]) == ()
    assert len(contradictions(here, [{"arch": "arm64"}, {"arch": "arm64"}])) == 1


def test_a_report_of_a_partial_log_says_so_and_is_not_authoritative() -> None:
    """What is missing is in the report's options."""
    report = build(reading(timed("x"), incomplete=("a.txt:9: cut off",)))
    assert report.config.options["import"]["incomplete"] == ["a.txt:9: cut off"]
    assert not report.summary.authoritative


def test_the_same_logs_give_the_same_plan_and_other_rules_another() -> None:
    """Reports of two logs of one suite can be joined into a baseline; those under other rules cannot."""
    one, two = build(reading(timed("x"))), build(reading(timed("x"), log="b.txt"))
    other = build(reading(timed("x")), families=[family_rule("x=y")])
    assert one.config == two.config
    assert one.config.suite_sha256 != other.config.suite_sha256


def test_the_logs_themselves_are_kept() -> None:
    """Whole, with their digest."""
    raw = raw_of([reading(timed("x")), reading(timed("x"), log="b.txt")])
    assert list(raw) == ["log-001.json", "log-002.json"]
    assert raw["log-002.json"]["sha256"] == sha256_hex(raw["log-002.json"]["text"].encode())

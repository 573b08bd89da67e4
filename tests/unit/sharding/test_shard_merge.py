"""Merging shards: one report whatever the order, or every reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from tests.gate_builders import FACTS, active, metric, report, run
from tests.sharding_builders import changed, shard_reports

from benchgov.baselines.generate import condense
from benchgov.config import Policy
from benchgov.environment.pinned import fingerprint
from benchgov.errors import BlockedError
from benchgov.gate.compare import compare
from benchgov.gate.policy import GatePolicy
from benchgov.measure.plan import plan_suite
from benchgov.replay import replay_section
from benchgov.report import Against, Environment, Sampling
from benchgov.sharding.merge import Part, merge
from benchgov.sharding.plan import plan_shards
from benchgov.sharding.shard import OPTION
from benchgov.suites.load import Suite
from benchgov.suites.select import select

TIMES = {"a": 1.0, "b[1]": 4.0, "b1": 3.0, "c": 2.0}


@pytest.fixture
def parts(suite: Suite) -> list[Part]:
    """Three shards: `b[1]`, `b1`, and `a` with `c`."""
    return shard_reports(suite, plan_shards(suite, suite.manifest.benchmarks, TIMES, 3))


def faults(parts: list[Part], planned: tuple[str, ...] = ()) -> str:
    """What merging these ends with."""
    with pytest.raises(BlockedError, match="don't belong together") as caught:
        merge(parts, planned)
    return "\n".join(caught.value.details)


def test_any_order_gives_the_same_bytes(parts: list[Part]) -> None:
    """All six orders of three shards."""
    made = {merge(list(order)).report.to_bytes() for order in permutations(parts)}
    assert len(made) == 1


def test_the_report_is_the_one_that_one_job_would_have_given(suite: Suite, parts: list[Part]) -> None:
    """Runs in the manifest's order; the span, the counts, the config and the replay section of the whole."""
    merged = merge(parts).report
    assert [one.key for one in merged.runs] == [one.key for one in plan_suite(suite).runs]
    assert merged.config.selection == ()
    assert merged.config.options == {"shards": 3}
    assert merged.started_at_utc == min(one.report.started_at_utc for one in parts)
    assert merged.finished_at_utc == max(one.report.finished_at_utc for one in parts)
    assert merged.summary.passed == len(merged.runs) == 6
    assert merged.summary.authoritative
    assert merged.replay == replay_section(merged.config, merged.runs)


def test_the_parts_come_back_in_the_order_of_their_shards(parts: list[Part]) -> None:
    """So that the raw files are numbered the same way each time."""
    assert [one.name for one in merge(parts[::-1]).parts] == ["1.json", "2.json", "3.json"]


def test_a_merged_report_makes_a_baseline_and_is_compared_with_it(parts: list[Part]) -> None:
    """It passes its own baseline, all of it."""
    merged = merge(parts).report
    verdict = compare(merged, active(merged), GatePolicy(Policy().mode))
    assert (verdict.verdict, len(verdict.findings)) == ("pass", 6)
    assert len(condense([merged])) == 6


def test_one_shard_that_is_not_authoritative_makes_the_whole_so(parts: list[Part]) -> None:
    """The weakest part counts."""
    weak = parts[0].report.summary.model_copy(update={"authoritative": False})
    parts[0] = replace(parts[0], report=parts[0].report.model_copy(update={"summary": weak}))
    assert not merge(parts).report.summary.authoritative


def test_a_selection_stays_one(suite: Suite) -> None:
    """A plan of a part of the suite merges into a report of that part."""
    made = plan_shards(suite, select(suite, ["c", "b[[]1]@10"]), TIMES, 2)
    merged = merge(shard_reports(suite, made)).report
    assert merged.config.selection == ("b[1]@10", "c")
    assert [one.key for one in merged.runs] == ["b[1]@10/x", "c/x"]


def test_a_missing_shard_is_named_with_its_benchmarks(parts: list[Part]) -> None:
    """The benchmarks when the suite is known."""
    assert faults(parts[:2]) == "shard 3 of 3 is missing"
    told = faults(parts[1:], ("a", "b[1]", "b1", "c"))
    assert told.splitlines() == ["shard 1 of 3 is missing", "benchmark b[1] is missing"]
    many = faults(parts[1:], tuple(f"n{number}" for number in range(25)))
    assert "5 more benchmarks are missing" in many


def test_a_shard_that_is_there_twice_is_refused(parts: list[Part]) -> None:
    """Also when both are the same bytes."""
    assert "shard 1 is there twice: 1.json and again.json" in faults(
        [*parts, replace(parts[0], name="again.json")]
    )


def test_a_run_in_two_shards_is_refused(parts: list[Part]) -> None:
    """Nobody could say which one counts."""
    runs = [*parts[1].report.runs, parts[0].report.runs[0]]
    told = faults([parts[0], changed(parts[1], runs), parts[2]])
    assert "run b[1]@1/x is in shard 1 (1.json) and in shard 2 (2.json)" in told


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"regime": "other"}, "shard 2 (2.json): regime is other, that of shard 1 (1.json) default"),
        ({"revision": "bad\x1b[31m\n2"}, "revision is bad 2"),
        ({"dirty": True}, "dirty is True"),
        ({"suite_sha256": "1" * 64}, "suite_sha256 is 1111"),
        ({"runs": 9}, "runs is 9"),
        ({"suite": "another"}, "suite is another"),
    ],
)
def test_mixed_reports_are_refused_with_the_difference(
    parts: list[Part], config: dict[str, Any], message: str
) -> None:
    """Suite, regime, revision and every setting are held against the first shard's."""
    assert message in faults([parts[0], changed(parts[1], **config), parts[2]])


def test_flags_that_only_one_shard_had_are_refused(parts: list[Part]) -> None:
    """Another number of runs is another measurement."""
    options = {**parts[1].report.config.options, "runs": 20}
    told = faults([parts[0], changed(parts[1], options=options), parts[2]])
    assert "option runs is 20, that of shard 1 (1.json) None" in told


def test_another_machine_is_refused_with_what_differs(parts: list[Part]) -> None:
    """Its numbers are not comparable with the others'."""
    facts = FACTS.model_copy(update={"cpu_model": "Another"})
    place = Environment(facts=facts, fingerprint=fingerprint(facts), gate="pass")
    parts[2] = replace(parts[2], report=parts[2].report.model_copy(update={"environment": place}))
    told = faults(parts)
    assert "shard 3 (3.json): environment: cpu_model is Another, that of shard 1 (1.json) CPU" in told
    assert "environment fingerprint" in told


def test_shards_of_two_plans_are_refused(suite: Suite, parts: list[Part]) -> None:
    """They may overlap, or leave something out."""
    other = shard_reports(suite, plan_shards(suite, suite.manifest.benchmarks, {**TIMES, "c": 9.0}, 3))
    assert "plan is blake3:" in faults([parts[0], parts[1], other[2]])


def test_a_benchmark_that_was_left_out_or_added_is_named(parts: list[Part]) -> None:
    """A shard gives what it was planned to give, all of it and nothing else."""
    dropped = changed(parts[2], [one for one in parts[2].report.runs if one.benchmark != "c"])
    assert "benchmark c is missing from shard 3" in faults([*parts[:2], dropped])
    added = changed(parts[2], [*parts[2].report.runs, run("extra")])
    assert "benchmark extra is in shard 3 (3.json), which was not to measure it" in faults(
        [*parts[:2], added]
    )


def test_a_shard_that_forgot_a_benchmark_everywhere_does_not_give_the_plan(parts: list[Part]) -> None:
    """The plan's digest covers every item, so leaving one out of runs, selection and record shows."""
    short = parts[2].report
    record = {**short.config.options[OPTION], "positions": [0]}
    cut = changed(
        parts[2],
        [one for one in short.runs if one.benchmark == "a"],
        selection=("a",),
        options={OPTION: record},
    )
    assert "are not those of the plan" in faults([*parts[:2], cut])


def test_a_report_whose_runs_were_edited_is_refused(parts: list[Part]) -> None:
    """The replay section follows from the runs: a failure that was turned into a pass shows."""
    runs = tuple(one.model_copy(update={"protocol_sha256": "1" * 64}) for one in parts[0].report.runs)
    edited = replace(parts[0], report=parts[0].report.model_copy(update={"runs": runs}))
    with pytest.raises(BlockedError, match="not those that its replay section was made of"):
        merge([edited, *parts[1:]])


@pytest.mark.parametrize("record", [None, {}, [], "2/3", {"shard": 1}])
def test_a_report_of_no_shard_is_refused(parts: list[Part], record: Any) -> None:
    """It is not known what is missing of it."""
    options = {} if record is None else {OPTION: record}
    with pytest.raises(BlockedError, match="not the report of a shard"):
        merge([changed(parts[0], options=options)])


def test_positions_that_do_not_fit_the_selection_are_refused(parts: list[Part]) -> None:
    """They would give no order."""
    record = {**parts[0].report.config.options[OPTION], "positions": [1, 2]}
    with pytest.raises(BlockedError, match="position"):
        merge([changed(parts[0], options={OPTION: record}), *parts[1:]])


@pytest.fixture
def imported() -> Callable[..., Part]:
    """The report of an import."""

    def make(name: str, count: int, **config: Any) -> Part:
        sampling = Sampling(isolation="imported", warmup=0, runs=count, iterations=1)
        options = {"import": {"tools": [{"name": "go"}]}}
        one = run(name, metric([1.0] * count), sampling=sampling)
        return Part(name, report(one, **{"options": options, "runs": count, "warmup": 0, **config}))

    return make


def test_imports_of_a_matrix_are_joined_by_name(imported: Callable[..., Part]) -> None:
    """They are of no plan; the fewest samples count for the whole."""
    parts = [imported("z/2", 9), imported("a/1", 7)]
    merged = merge(parts).report
    assert merged == merge(parts[::-1]).report
    assert [one.benchmark for one in merged.runs] == ["a/1", "z/2"]
    assert merged.config.runs == 7
    assert merged.config.options["shards"] == 2


def test_imports_that_overlap_or_differ_are_refused(imported: Callable[..., Part], parts: list[Part]) -> None:
    """The same benchmark twice, another regime, or an import beside a shard."""
    assert "run a/fast is in report (a) and in report (a)" in faults([imported("a", 5), imported("a", 6)])
    assert "regime" in faults([imported("a", 5), imported("b", 5, regime="x")])
    assert "of a plan" in faults([imported("q", 5), parts[0]])


def test_shards_of_a_paired_measurement_join_what_the_other_revision_has(parts: list[Part]) -> None:
    """Each shard knows a part of it; another revision, or one side only, does not belong together."""

    def against(revision: str, *runs: str) -> Against:
        return Against(ref="main", revision=revision, looks=(10,), runs=runs)

    first, *others = parts
    one = changed(first, against=against("f00d", "b/x", "gone/x"))
    rest = [changed(part, against=against("f00d", "a/x", "gone/x")) for part in others]
    found = merge([one, *rest]).report.config.against
    assert found == against("f00d", "a/x", "b/x", "gone/x")
    assert merge([*rest[::-1], one]).report.config.against == found
    assert "against" in faults([changed(first, against=against("beef")), *rest])
    assert "against" in faults([first, *rest])

"""Planning shards: balanced, repeatable, whole; and the entry that carries a shard to its job."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.gate_builders import blocked, metric, report, run

from benchgov.errors import BlockedError, UsageError
from benchgov.measure.plan import plan_suite
from benchgov.report import Run, Sampling
from benchgov.sharding import plan as planning
from benchgov.sharding.durations import durations, fill_in
from benchgov.sharding.plan import plan_shards
from benchgov.sharding.shard import MatrixEntry, parse_entry, take
from benchgov.suites.load import Suite
from benchgov.suites.select import select

TIMES = {"a": 5.0, "b[1]": 4.0, "b1": 3.0, "c": 2.0}


def test_the_longest_goes_first_to_the_shard_with_the_least(suite: Suite) -> None:
    """5, 4, 3, 2 on two shards: 5 + 2 and 4 + 3, each in manifest order."""
    made = plan_shards(suite, suite.manifest.benchmarks, TIMES, 2)
    assert [one.items for one in made.shards] == [("a", "c"), ("b[1]", "b1")]
    assert [one.seconds for one in made.shards] == [7.0, 7.0]
    assert made.whole
    assert made.unknown == ()


def test_no_shard_is_empty_even_when_nothing_takes_time(suite: Suite) -> None:
    """More shards than benchmarks are fewer shards; with durations of 0 each has one all the same."""
    made = plan_shards(suite, suite.manifest.benchmarks, dict.fromkeys(TIMES, 0.0), 256)
    assert [one.items for one in made.shards] == [("a",), ("b[1]",), ("b1",), ("c",)]


def test_the_plan_is_the_same_each_time_and_its_digest_says_when_it_is_not(suite: Suite) -> None:
    """The digest covers the assignment and the suite."""
    first = plan_shards(suite, suite.manifest.benchmarks, TIMES, 2)
    assert first == plan_shards(suite, suite.manifest.benchmarks, dict(reversed(TIMES.items())), 2)
    other = plan_shards(suite, suite.manifest.benchmarks, {**TIMES, "a": 50.0}, 2)
    edited = plan_shards(replace(suite, sha256="1" * 64), suite.manifest.benchmarks, TIMES, 2)
    assert len({first.digest, other.digest, edited.digest}) == 3


def test_what_is_not_known_counts_as_the_median(suite: Suite) -> None:
    """It is named; where nothing is known each counts one second."""
    made = plan_shards(suite, suite.manifest.benchmarks, {"a": 1.0, "b1": 9.0, "c": 2.0}, 1)
    assert made.unknown == ("b[1]",)
    assert made.shards[0].seconds == 1 + 9 + 2 + 2
    assert fill_in({}, ["x", "y"]) == ({"x": 1.0, "y": 1.0}, ("x", "y"))


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_matrix_has_from_1_to_256_jobs(suite: Suite, count: int) -> None:
    """Other numbers are refused."""
    with pytest.raises(UsageError, match="1 to 256"):
        plan_shards(suite, suite.manifest.benchmarks, {}, count)


def test_a_selection_is_planned_item_by_item(suite: Suite) -> None:
    """A benchmark of which only a scale was selected is `id@scale`, and the plan is not whole."""
    made = plan_shards(suite, select(suite, ["b[[]1]@10", "c"]), {}, 1)
    assert made.shards[0].items == ("b[1]@10", "c")
    assert not made.whole


@pytest.mark.parametrize("limit", ["MAX_ENTRY_BYTES", "MAX_MATRIX_BYTES"])
def test_a_matrix_that_no_job_could_take_is_refused(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A job gets its entry in a variable, and the matrix is an output; both have a limit."""
    made = plan_shards(suite, suite.manifest.benchmarks, {}, 2)
    assert len(made.matrix()["include"]) == 2
    monkeypatch.setattr(planning, limit, 5)
    with pytest.raises(UsageError, match="a shard names its benchmarks in"):
        made.matrix()


def test_an_entry_survives_the_way_through_a_workflow(suite: Suite) -> None:
    """`toJSON(matrix)` indents it, and a workflow may add keys of its own."""
    entry = plan_shards(suite, suite.manifest.benchmarks, TIMES, 2).entries()[1]
    text = json.dumps({**entry.to_json(), "os": "ubuntu-latest"}, indent=2)
    assert parse_entry(text) == entry
    shard = take(suite, entry)
    assert [one.id for one in shard.benchmarks] == ["b[1]", "b1"]
    assert shard.positions == (1, 2)


def test_a_shard_is_looked_up_by_name_and_not_by_pattern(suite: Suite) -> None:
    """As a pattern `b[1]` would be `b1`; every scale and variant of a benchmark comes along."""
    entry = MatrixEntry(shard=1, shards=1, select="b[1]", plan="blake3:" + "0" * 64, whole=False)
    plan = plan_suite(suite, shard=take(suite, entry))
    assert [one.key for one in plan.runs] == ["b[1]@1/x", "b[1]@10/x"]
    assert plan.selection == ("b[1]",)
    assert plan.options == {
        "shard": {"shard": 1, "shards": 1, "plan": entry.plan, "whole": False, "positions": [1]}
    }
    only = take(suite, entry.model_copy(update={"select": "b[1]@10"}))
    assert [one.key for one in plan_suite(suite, shard=only).runs] == ["b[1]@10/x"]


@pytest.mark.parametrize("item", ["nothing", "b[1]@7", "a@1", "*", "family:parsing", "$(touch x)"])
def test_a_shard_of_another_suite_is_blocked(suite: Suite, item: str) -> None:
    """What the suite does not have is named, and nothing is guessed."""
    with pytest.raises(BlockedError, match="which shard 1 is to measure"):
        take(suite, MatrixEntry(shard=1, shards=1, select=item, plan="blake3:" + "0" * 64, whole=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shard": 3}, "there is no shard 3 of 2"),
        ({"shards": 257}, "less than or equal to 256"),
        ({"shard": 0}, "greater than or equal to 1"),
        ({"plan": "x"}, "plan"),
        ({"select": ""}, "select"),
        ({"whole": None}, "whole"),
    ],
)
def test_an_entry_that_is_none_is_wrong_usage(changes: dict[str, Any], message: str) -> None:
    """Every fault is named."""
    good = {"shard": 1, "shards": 2, "select": "a", "plan": "blake3:" + "0" * 64, "whole": True}
    with pytest.raises(UsageError) as caught:
        parse_entry(json.dumps({**good, **changes}))
    assert message in "\n".join(caught.value.details)


@pytest.mark.parametrize("text", ["", "2/4", "[]", "{", '{"shard": 1, "shard": 2}', "null"])
def test_what_is_no_json_object_is_wrong_usage(text: str) -> None:
    """Such as what other tools call a shard."""
    with pytest.raises(UsageError, match="not a matrix entry"):
        parse_entry(text)


def test_durations_are_samples_iterations_and_an_even_share_of_the_rest(timed: Callable[..., Run]) -> None:
    """All runs of a benchmark together; a source's `id/name` belongs to `id`."""
    one = report(
        timed("a", 1.0),
        timed("a", 2.0, variant="y"),
        timed("tool/x", 3.0),
        timed("tool/y", 4.0),
    )
    assert durations([one]) == pytest.approx({"a": 3.0, "tool": 7.0})
    later = one.model_copy(update={"finished_at_utc": one.started_at_utc + timedelta(seconds=14)})
    assert durations([later]) == pytest.approx({"a": 3.0 + 2.0, "tool": 7.0 + 2.0})
    assert durations([one, report(timed("a", 5.0))]) == pytest.approx({"a": 4.0, "tool": 7.0})


def test_the_span_of_merged_shards_is_no_duration(timed: Callable[..., Run]) -> None:
    """They ran side by side, and may have waited for a machine."""
    one = report(timed("a", 1.0), options={"shards": 2})
    late = one.model_copy(update={"finished_at_utc": one.started_at_utc + timedelta(hours=5)})
    assert durations([late]) == pytest.approx({"a": 1.0})


def test_without_a_time_there_is_no_duration() -> None:
    """CPU time stands in for wall time; a count or a blocked run says nothing."""
    counted = run("a", metric([5.0], name="instructions", unit="count"))
    cpu = run(
        "b",
        metric([1e9], name="cpu_time"),
        sampling=Sampling(isolation="shared", warmup=1, runs=1, iterations=3),
    )
    assert durations([report(counted, cpu, blocked("c"))]) == pytest.approx({"b": 6.0})

"""Properties of the eval harness: keys, aggregates, severities, and the bound, for whatever scores."""

from __future__ import annotations

import math
import statistics
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.eval_builders import mode, score

from benchgov.canonical import canonical_json
from benchgov.errors import InputError
from benchgov.eval.aggregate import aggregate
from benchgov.eval.models import BenchScore, FailureMode
from benchgov.eval.plan import cache_key
from benchgov.eval.registry import TaskClass
from benchgov.eval.taxonomy import resolve_mode, resolved

NAMES = ("case", "case.toml", "sut", "rubric", "cassettes", "interpreter", "isolation", "harness")
parts = st.tuples(*[st.text(max_size=8) for _ in NAMES]).map(
    lambda values: dict(zip(NAMES, values, strict=True))
)
codes = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True)
severities = st.sampled_from(["block", "warn", "info"])
units = st.floats(0, 1).map(abs)
values = st.lists(units, min_size=1, max_size=40)


plain_values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
json_values = st.recursive(
    plain_values, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@settings(deadline=None)
@given(parts, parts)
def test_a_cache_key_is_a_function_of_all_its_parts(one: dict[str, str], other: dict[str, str]) -> None:
    """The same parts in any order give the same key; other parts give another."""
    shuffled = dict(sorted(one.items(), reverse=True))
    assert cache_key(one) == cache_key(shuffled)
    assert (cache_key(one) == cache_key(other)) == (one == other)


@settings(deadline=None)
@given(parts)
def test_no_part_runs_into_the_next(one: dict[str, str]) -> None:
    """Moving a character from one part to its neighbour is another key."""
    if one["sut"]:
        moved = {**one, "sut": one["sut"][:-1], "rubric": one["sut"][-1] + one["rubric"]}
        assert cache_key(moved) != cache_key(one)


@settings(deadline=None, max_examples=60)
@given(values, st.integers(0, 2**64 - 1), st.randoms())
def test_an_aggregate_follows_from_its_scores(found: list[float], seed: int, shuffle: object) -> None:
    """The mean is the mean; the bound is not above it; equal inputs give equal numbers."""
    cases = [(f"{number:03}", score(value)) for number, value in enumerate(found)]
    numbers = aggregate(cases, seed, "landlock")
    assert math.isclose(numbers.mean_score, statistics.fmean(found), abs_tol=1e-12)
    assert 0 <= numbers.lower_bound_95 <= numbers.mean_score <= 1
    assert 0 <= numbers.passed_count <= len(cases)
    assert numbers == aggregate(cases, seed, "landlock")
    if numbers.lower_bound_method == "bca":
        assert numbers.mean_score - 2 * numbers.score_stddev <= numbers.lower_bound_95


@settings(deadline=None)
@given(codes, severities, st.dictionaries(codes, severities, max_size=5), st.none() | st.text(max_size=30))
def test_a_failure_mode_is_of_the_taxonomy_or_blocks(
    code: str, claimed: str, taxonomy: dict[str, str], detail: str | None
) -> None:
    """Whatever a rubric says: its code with the taxonomy's severity, or the harness's with that code."""
    found = resolve_mode(mode(code, claimed, detail), taxonomy)  # type: ignore[arg-type]
    if code in taxonomy:
        assert found == FailureMode(code=code, severity=taxonomy[code], detail=detail)  # type: ignore[arg-type]
    else:
        assert found == mode("rubric.unknown_failure_mode", "block", code)


@given(
    st.floats(0, 1).map(abs),
    st.dictionaries(codes, st.floats(0, 1).map(abs), max_size=4),
    st.lists(codes, max_size=4),
)
def test_what_is_resolved_names_only_what_the_task_class_has(
    value: float, breakdown: dict[str, float], given_codes: list[str]
) -> None:
    """Or it is a failure that blocks, with a score of nothing."""
    task_class = TaskClass(
        "x", Path("x"), {}, breakdown_keys=frozenset({"right"}), failure_mode_taxonomy={"bad": "warn"}
    )
    modes = tuple(mode(code) for code in given_codes)
    found = resolved(
        BenchScore(passed=True, score=value, breakdown=breakdown, failure_modes=modes), task_class
    )
    known = set(breakdown) <= {"right"} and set(given_codes) <= {"bad"}
    if known:
        assert (found.score, found.blocking) == (value, ())
    else:
        assert (found.score, found.passed, bool(found.blocking)) == (0.0, False, True)


@settings(deadline=None)
@given(json_values)
def test_a_value_has_the_same_bytes_before_the_quick_encoder_is_loaded(value: object) -> None:
    """A digest does not depend on what else a process has imported."""

    def encoded() -> bytes | str:
        try:
            return canonical_json(value)
        except InputError as error:
            return type(error).__name__

    with_it = encoded()
    core = sys.modules.pop("pydantic_core")
    try:
        assert encoded() == with_it
    finally:
        sys.modules["pydantic_core"] = core

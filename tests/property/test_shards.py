"""Shards of any suite: every benchmark once, none empty, never far from the best; merged in any order."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.sharding_builders import shard_reports

from benchgov.documents import parse_yaml, yaml_model
from benchgov.sharding.merge import merge
from benchgov.sharding.plan import plan_shards
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Manifest

ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+,=()\[\]:-]{0,8}", fullmatch=True)
TIMES = st.dictionaries(ID, st.floats(0, 1e4), min_size=1, max_size=12)


def suite_with(names: list[str]) -> Suite:
    """A suite with these benchmarks."""
    items = "".join(
        f"  - {{id: '{name}', family: f, signature: (), variants: {{x: {{callable: 'm:f'}}}}}}\n"
        for name in names
    )
    text = f"version: 1\nsuite: demo\nkind: measured\nfamilies: {{f: {{}}}}\nbenchmarks:\n{items}"
    document = parse_yaml(text, "suite.yaml")
    manifest = yaml_model(document, Manifest)
    return Suite(manifest, Path("bench/demo"), Path(), "bench/demo/suite.yaml", "0" * 64, document)


@given(TIMES, st.integers(1, 20))
def test_a_plan_is_a_partition(times: dict[str, float], count: int) -> None:
    """Every benchmark is on one shard, and no shard is empty."""
    suite = suite_with(list(times))
    made = plan_shards(suite, suite.manifest.benchmarks, times, count)
    assert sorted(item for one in made.shards for item in one.items) == sorted(times)
    assert len(made.shards) == min(count, len(times))
    assert all(one.items for one in made.shards)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.integers(1, 3))
def test_the_longest_shard_is_near_the_best(seconds: list[float], count: int) -> None:
    """At most 4/3 − 1/3m of what the best of all plans gives (Graham 1969)."""
    times = {f"b{number}": value for number, value in enumerate(seconds)}
    suite = suite_with(list(times))
    made = plan_shards(suite, suite.manifest.benchmarks, times, count)
    best = min(
        max(sum(one for one, at in zip(seconds, places, strict=True) if at == shard) for shard in places)
        for places in product(range(count), repeat=len(seconds))
    )
    longest = max(one.seconds for one in made.shards)
    assert longest <= (4 / 3 - 1 / (3 * count)) * best + 1e-9


@given(TIMES, st.integers(1, 6), st.randoms(use_true_random=False))
def test_merging_undoes_planning(times: dict[str, float], count: int, rng: random.Random) -> None:
    """The merged runs are the manifest's benchmarks in its order, whatever the order of the parts."""
    suite = suite_with(list(times))
    parts = shard_reports(suite, plan_shards(suite, suite.manifest.benchmarks, times, count))
    shuffled = list(parts)
    rng.shuffle(shuffled)
    assert merge(shuffled).report.to_bytes() == merge(parts).report.to_bytes()
    assert [one.benchmark for one in merge(parts).report.runs] == list(times)

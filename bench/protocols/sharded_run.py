"""A suite that is measured in shards gives the report of one job, in any order, or none at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

from layers import Layers, main
from samples import FACTS, report, run, write

from benchgov.canonical import Json
from benchgov.errors import BlockedError, UsageError
from benchgov.replay import replay_section
from benchgov.report import Report, Run
from benchgov.sharding import merge as merging
from benchgov.sharding.merge import Part
from benchgov.sharding.plan import ShardPlan, plan_shards
from benchgov.sharding.shard import OPTION, MatrixEntry, take
from benchgov.suites.load import Suite, load_suite
from benchgov.suites.manifest import Benchmark

LAYERS = ("planned", "merged", "refused")
HEAD = "version: 1\nsuite: synthetic\nkind: measured\nfamilies: {sorting: {}}\nbenchmarks:\n"
ENTRY = (
    "  - {id: %s, family: sorting, signature: '()', scale: [1, 10], variants: {plain: {command: ['true']}}}\n"
)
SECONDS = {"a": 8.0, "b": 4.0, "c": 4.0, "d": 2.0, "e": 1.0, "f": 1.0}


def protocol(layers: Layers, *, merge: Any = merging.merge, plan: Any = plan_shards) -> Json:
    """Six benchmarks of known duration on three shards."""
    root = layers.folder
    write(root, {"bench/synthetic/suite.yaml": HEAD + "".join(ENTRY % name for name in SECONDS)})
    suite = load_suite(root / "bench" / "synthetic", root)
    everything = suite.manifest.benchmarks
    with layers.layer("planned"):
        planned: ShardPlan = plan(suite, everything, SECONDS, 3)
        listed = [list(one.items) for one in planned.shards]
        placed = sorted(item for items in listed for item in items)
        layers.equal("every benchmark is on one shard", placed, sorted(SECONDS))
        longest = max(one.seconds for one in planned.shards)
        layers.equal("the longest shard is as short as it can be", longest, 8.0)
        layers.expect("the same input gives the same plan", plan(suite, everything, SECONDS, 3) == planned)
        for count in (0, 257):
            ask = lambda n=count: plan(suite, everything, SECONDS, n)  # noqa: E731
            layers.refused(f"{count} shards are refused", ask, UsageError)
    with layers.layer("merged"):
        parts = [Part(f"{entry.shard}.json", _report(suite, entry)) for entry in planned.entries()]
        whole: Report = merge(parts).report
        keys = [f"{name}@{scale}/plain" for name in SECONDS for scale in (1, 10)]
        layers.equal("all runs are there, in the manifest's order", [one.key for one in whole.runs], keys)
        made = {merge(order).report.to_bytes() for order in permutations(parts)}
        layers.equal("the order of the parts does not matter", made, {whole.to_bytes()})
        layers.equal("nothing was left out", whole.config.selection, ())
        section = replay_section(whole.config, whole.runs)
        layers.expect("its replay section follows from it", whole.replay == section)
    with layers.layer("refused"):
        for name, wrong, naming in _wrong(parts, suite, planned):
            call = lambda given=wrong: merge(given)  # noqa: E731
            layers.refused(f"{name} is refused", call, BlockedError, naming)
    return {"plan": planned.digest, "shards": listed, "runs": keys}


def _report(suite: Suite, entry: MatrixEntry, **changes: Any) -> Report:
    """The report of one shard, as its job would give it."""
    shard = take(suite, entry)
    runs: list[Run] = [
        run(one.id, scale=scale)
        for one in shard.benchmarks
        if isinstance(one, Benchmark)
        for scale in one.scale
    ]
    config = {"suite_sha256": suite.sha256, "selection": entry.items, "options": {OPTION: shard.record}}
    made: Report = report(*runs, **(config | changes))
    return made


def _wrong(
    parts: Sequence[Part], suite: Suite, planned: ShardPlan
) -> Iterator[tuple[str, Sequence[Part], str]]:
    """(name, parts that don't belong together, what the refusal must name)."""
    first, *others = parts
    entry = planned.entries()[0]
    yield "a shard that is missing", others, "shard 1 of 3 is missing"
    yield "a shard that is there twice", [*parts, Part("again", first.report)], "shard 1 is there twice"
    for name, changes, naming in (
        ("a shard of another revision", {"revision": "1" * 40}, "revision"),
        ("a shard of another regime", {"regime": "alloc_v2"}, "regime"),
        ("a shard of another machine", {"facts": FACTS.model_copy(update={"cpu_count": 4})}, "cpu_count"),
    ):
        yield name, [Part("other", _report(suite, entry, **changes)), *others], naming
    cut = first.report.model_copy(update={"runs": first.report.runs[:1]})
    yield "a shard from which runs were cut", [Part("cut", cut), *others], "replay section"


if __name__ == "__main__":
    main(protocol, LAYERS)

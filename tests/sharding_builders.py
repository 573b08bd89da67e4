"""A small suite, and the reports that the shards of a plan of it give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.gate_builders import metric, report, run

from benchgov.replay import replay_section
from benchgov.report import Report, Run
from benchgov.sharding.merge import Part
from benchgov.sharding.plan import ShardPlan
from benchgov.sharding.shard import OPTION, MatrixEntry, take
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Benchmark

SUITE = """\
version: 1
suite: demo
kind: measured
defaults: {min_sample_ms: 0.05}
families: {parsing: {}}
benchmarks:
  - {id: a, family: parsing, signature: (), variants: {x: {callable: 'work:one'}, y: {callable: 'work:one'}}}
  - {id: "b[1]", family: parsing, signature: (n), scale: [1, 10], variants: {x: {callable: 'work:same'}}}
  - {id: b1, family: parsing, signature: (), variants: {x: {callable: 'work:one'}}}
  - {id: c, family: parsing, signature: (), variants: {x: {callable: 'work:slow'}}}
"""
WORK = """\
import time
def one(): return 1
def same(n): return n
def slow(): time.sleep(0.01)
"""


def write_suite(root: Path, text: str = SUITE) -> Path:
    """`bench/demo` below `root`."""
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(text)
    (folder / "work.py").write_text(WORK)
    return folder


def runs_of(suite: Suite, entry: MatrixEntry) -> list[Run]:
    """The runs that a shard gives: every benchmark, scale and variant; the value tells which."""
    return [
        run(one.id, metric([100.0 + len(one.id)] * 5), scale=scale, variant=variant)
        for one in take(suite, entry).benchmarks
        if isinstance(one, Benchmark)
        for scale in (one.scale or (None,))
        for variant in one.variants
    ]


def shard_report(suite: Suite, entry: MatrixEntry, **config: Any) -> Report:
    """The report of one shard; the later the shard, the later it ran."""
    options = {OPTION: take(suite, entry).record, **config.pop("options", {})}
    asked = {"suite_sha256": suite.sha256, "selection": entry.items, "options": options, **config}
    made = report(*runs_of(suite, entry), **asked)
    start = made.started_at_utc + timedelta(minutes=entry.shard)
    return made.model_copy(
        update={"started_at_utc": start, "finished_at_utc": start + timedelta(minutes=10 - entry.shard)}
    )


def shard_reports(suite: Suite, plan: ShardPlan) -> list[Part]:
    """The reports of all shards."""
    return [Part(f"{entry.shard}.json", shard_report(suite, entry)) for entry in plan.entries()]


def changed(part: Part, others: Iterable[Run] | None = None, /, **config: Any) -> Part:
    """`part` with `others` as runs, or another config, and a replay section that follows from them."""
    made = part.report
    asked = made.config.model_copy(update=config)
    listed = made.runs if others is None else tuple(others)
    update = {"config": asked, "runs": listed, "replay": replay_section(asked, listed)}
    return Part(part.name, made.model_copy(update=update))

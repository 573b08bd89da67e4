"""How two revisions take turns: the order, the looks, the budget; with lanes that make their samples up."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.builders import report_of, run_of

from benchgov.canonical import canonical_json, sha256_hex
from benchgov.measure.estimate import estimate
from benchgov.measure.host import busy_wait
from benchgov.measure.host_values import keep_apart, stray_module
from benchgov.measure.lanes import Rows, is_tested, measure_looks
from benchgov.measure.order import Budget, Lot, Side, blocks_between, marks
from benchgov.measure.other import Other, Revision, relocated
from benchgov.measure.plan import Planned, plan_suite
from benchgov.measure.slowdown import delays_of
from benchgov.report import Metric
from benchgov.sharding.plan import plan_shards
from benchgov.sharding.shard import take
from benchgov.suites.load import Suite, load_suite

LOT = Lot("a" * 64, "b" * 64, "c0ffee", "f00d")
LOOKS = (10, 20, 40)
START = datetime(2026, 1, 31, tzinfo=UTC)


class FakeLane:
    """A lane whose `here` is slower than its `there` by a factor."""

    def __init__(self, key: str, factor: float = 1.0, alone: bool = False) -> None:
        self.key = key
        self.planned: Any = key
        self.alone = alone
        self.notes: list[str] = []
        self.order: list[str] = []
        self.samples: dict[Side, list[float]] = {"here": [], "there": []}
        self._factor = factor
        self._noise = random.Random(key)

    def take(self, side: Side) -> None:
        """One more sample, with noise of 2 %."""
        level = 100.0 * (self._factor if side == "here" else 1.0)
        self.samples[side].append(level * self._noise.lognormvariate(0, 0.02))

    def tested(self) -> Rows:
        """One metric."""
        return [self.samples["there"]], [self.samples["here"]]


class Seen:
    """A progress that keeps what it was told about looks."""

    def __init__(self) -> None:
        self.looks: list[tuple[object, int, int, int]] = []

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """Kept."""
        self.looks.append((planned, look, looks, pairs))

    def begin(self, planned: Planned) -> None:
        """Nothing."""

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """Nothing."""

    def found(self, count: int) -> None:
        """Nothing."""

    def done(self, run: Any) -> None:
        """Nothing."""


def measured(
    *lanes: FakeLane, looks: Sequence[int] = LOOKS, minutes: float | None = None, per_call: float = 0.0
) -> Seen:
    """Measure `lanes` with a clock that goes on by `per_call` minutes whenever it is looked at."""
    moments = iter(START + timedelta(minutes=per_call * count) for count in range(10_000))
    seen = Seen()
    measure_looks(lanes, looks, LOT, Budget(lambda: next(moments), minutes), seen)
    return seen


def test_an_order_follows_from_what_was_measured_alone() -> None:
    """The documented derivation, done again by hand, gives the same order."""
    seed = bytes.fromhex(sha256_hex(canonical_json(["a" * 64, "b" * 64, "c0ffee", "f00d", "sort/x", 3])))
    tickets = [bytes.fromhex(sha256_hex(seed + index.to_bytes(8, "big"))) for index in range(10)]
    drawn = sorted(range(10), key=lambda index: tickets[index])
    wanted = tuple("here" if index < 5 else "there" for index in drawn)
    assert LOT.order("sort/x", 3, 5) == wanted


def test_orders_differ_between_blocks_runs_and_revisions() -> None:
    """No order is used twice in a row, and another revision has others."""
    other = Lot("a" * 64, "b" * 64, "c0ffee", "beef")
    found = {marks(LOT.order(key, block, 5)) for key in ("x", "y") for block in range(8)}
    assert len(found) > 12
    assert [LOT.order("x", block, 5) for block in range(8)] != [
        other.order("x", block, 5) for block in range(8)
    ]


@pytest.mark.parametrize(
    ("done", "pairs", "blocks"),
    [(0, 10, [(0, 5), (1, 5)]), (10, 20, [(2, 5), (3, 5)]), (0, 7, [(0, 5), (1, 2)]), (20, 20, [])],
)
def test_blocks_hold_five_pairs_and_the_last_what_is_left(
    done: int, pairs: int, blocks: list[tuple[int, int]]
) -> None:
    """Blocks are numbered over all looks."""
    assert list(blocks_between(done, pairs)) == blocks


def test_only_what_looks_suspicious_gets_more_pairs() -> None:
    """A planted slowdown of 10 % goes to the end; what is equal stops after the first look."""
    slow, equal = FakeLane("slow", 1.1), FakeLane("equal")
    seen = measured(slow, equal)
    assert {side: len(given) for side, given in slow.samples.items()} == {"here": 40, "there": 40}
    assert {side: len(given) for side, given in equal.samples.items()} == {"here": 10, "there": 10}
    assert seen.looks == [("slow", 1, 3, 10), ("equal", 1, 3, 10), ("slow", 2, 3, 20), ("slow", 3, 3, 40)]
    assert [len(order) for order in slow.order] == [10] * 8


def test_an_improvement_is_suspicious_too() -> None:
    """Both directions are looked at to the end."""
    fast = FakeLane("fast", 0.9)
    measured(fast)
    assert len(fast.samples["here"]) == 40


def test_lanes_take_their_blocks_in_turn() -> None:
    """A block of one, a block of the next: a slow phase of the machine is spread over all."""
    taken: list[str] = []

    class Logged(FakeLane):
        def take(self, side: Side) -> None:
            super().take(side)
            taken.append(self.key)

    measured(Logged("one"), Logged("two"))
    assert taken[:40] == ["one"] * 10 + ["two"] * 10 + ["one"] * 10 + ["two"] * 10


def test_a_lane_with_one_side_is_not_measured_further() -> None:
    """There is nothing to compare, so the first look is enough."""
    lane = FakeLane("new", 2.0, alone=True)
    measured(lane)
    assert len(lane.samples["here"]) == 10


def test_a_single_look_has_as_many_pairs_as_it_says() -> None:
    """`--pairs 12` is two blocks of five and one of two, suspicious or not."""
    lane = FakeLane("slow", 1.5)
    measured(lane, looks=(12,))
    assert [len(order) for order in lane.order] == [10, 10, 4]


def test_when_the_time_is_over_nothing_suspicious_is_looked_at_again_and_that_is_said() -> None:
    """The first look is always taken; the note names the pairs and the budget."""
    slow, equal = FakeLane("slow", 1.1), FakeLane("equal")
    measured(slow, equal, minutes=5, per_call=10)
    assert len(slow.samples["here"]) == 10
    assert slow.notes == ["stopped after 10 pairs, undecided: the time budget of 5 minutes was over"]
    assert equal.notes == []


def test_a_budget_that_is_not_used_up_changes_nothing() -> None:
    """As without one."""
    slow = FakeLane("slow", 1.1)
    measured(slow, minutes=1000, per_call=1)
    assert (len(slow.samples["here"]), slow.notes) == (40, [])


@pytest.mark.parametrize(
    ("unit", "aggregate", "before", "after", "tested"),
    [
        ("ns", "median", [1.0, 1.0], [2.0, 2.0], True),
        ("bytes", "median", [1.0, 1.0], [2.0, 2.0], False),
        ("bytes", "median", [1.0, 3.0], [2.0, 2.0], True),
        ("ns", "p95", [1.0, 3.0], [2.0, 4.0], False),
    ],
)
def test_what_needs_no_test_asks_for_no_pairs(
    unit: str, aggregate: str, before: list[float], after: list[float], tested: bool
) -> None:
    """Constant counts are certain, and a worst case has its limit; a coarse clock that repeats is neither."""
    assert is_tested(unit, aggregate, before, after) is tested


def test_variables_lead_to_the_same_place_in_the_other_tree(tmp_path: Path) -> None:
    """What the other tree has is moved, what it does not have stays, and secrets are not looked at."""
    root, other = tmp_path / "here", tmp_path / "there"
    for folder in (root / "src", root / ".venv" / "bin", other / "src"):
        folder.mkdir(parents=True)
    environ = {
        "PYTHONPATH": f"{root / 'src'}:{tmp_path}",
        "PATH": f"{root / '.venv' / 'bin'}::{tmp_path / 'bin'}",
        "BENCHGOV_PYTHON": str(root / "src"),
        "TOKEN": str(root / "src"),
    }
    assert relocated(environ, root, other) == {
        **environ,
        "PYTHONPATH": f"{other / 'src'}:{tmp_path}",
        "BENCHGOV_PYTHON": str(other / "src"),
    }


def test_a_delay_is_a_share_of_the_median_wall_time() -> None:
    """5 % of the median over both sides of all rounds; other metrics have none."""
    times = Metric(
        name="wall_time", unit="ns", direction="lower", samples=(900.0, 1000.0), reference=(1000.0, 1100.0)
    )
    memory = Metric(name="peak_memory", unit="bytes", direction="lower", samples=(5.0, 5.0))
    rounds = [report_of([run_of(metrics=(times, memory)), run_of("other", metrics=(memory,))])]
    assert delays_of(rounds, 5.0) == {"parse/product": 50}


def test_an_estimate_multiplies_what_a_sample_took(tmp_path: Path) -> None:
    """Two runs, 20 s for 2 × 7 samples; a report of another suite, or without samples, tells nothing."""
    folder = tmp_path / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(
        "version: 1\nsuite: demo\nkind: measured\nfamilies: {f: {}}\nbenchmarks:\n"
        "  - {id: a, family: f, signature: (), variants: {x: {command: 'true'}, y: {command: 'true'}}}\n"
    )
    plan = plan_suite(load_suite(folder, tmp_path))
    run = run_of(metrics=(Metric(name="wall_time", unit="ns", direction="lower", samples=(1.0,) * 5),))
    runs = [run, run.model_copy(update={"benchmark": "other"})]
    end = START + timedelta(seconds=14)
    times: dict[str, Any] = {"started_at_utc": START, "finished_at_utc": end}
    found = estimate(plan, report_of(runs, **times), LOOKS)
    assert found is not None
    assert found.least == pytest.approx(2 * (2 * 10 + 4) * 1.1)
    assert found.most == pytest.approx(2 * (2 * 40 + 4) * 1.1)
    against = {"ref": "x", "revision": "y", "looks": (10,), "runs": ()}
    paired = estimate(plan, report_of(runs, config={"against": against}, **times), LOOKS)
    assert paired is not None
    assert paired.least == pytest.approx(2 * (2 * 10 + 4) * 0.5)
    assert estimate(plan, report_of(runs, config={"suite": "another"}), LOOKS) is None
    blocked = run_of(overall="blocked", ok=False, run_is_valid=False)
    assert estimate(plan, report_of([blocked]), LOOKS) is None


def test_python_looks_in_its_own_tree_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths into either tree lead to this one, for programs that are started too; installed packages stay."""
    paths = ["/lib", "/b/src", "/a/lib", "/b/.venv/lib/site-packages", ""]
    monkeypatch.setattr(sys, "path", list(paths))
    monkeypatch.setenv("PYTHONPATH", "/b/src:/other:/a/lib")
    keep_apart({})
    assert sys.path == paths
    keep_apart({"apart": ["/a", "/b"]})
    assert sys.path == ["/lib", "/a/src", "/a/lib", "/b/.venv/lib/site-packages", ""]
    assert os.environ["PYTHONPATH"] == "/a/src:/a/lib:/other"


def test_a_python_environment_inside_of_a_tree_is_not_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library of a virtual environment stays where it is."""
    monkeypatch.setattr(sys, "prefix", "/b/.venv")
    monkeypatch.setattr(sys, "path", ["/b/.venv/lib/python3.12", "/b/src"])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    keep_apart({"apart": ["/a", "/b"]})
    assert sys.path == ["/b/.venv/lib/python3.12", "/a/src"]
    monkeypatch.setattr(sys, "path", ["/lib"])
    monkeypatch.delenv("PYTHONPATH")
    keep_apart({"apart": ["/a", "/b"]})
    assert "PYTHONPATH" not in os.environ


def test_a_module_of_the_other_tree_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the file that it was loaded from, links followed."""
    other, link = tmp_path / "other", tmp_path / "link"
    other.mkdir()
    (other / "stray.py").write_text("")
    link.symlink_to(other)
    module = ModuleType("stray_example")
    module.__file__ = str(link / "stray.py")
    monkeypatch.setitem(sys.modules, "stray_example", module)
    assert stray_module({}) == ""
    assert stray_module({"apart": [str(tmp_path / "own"), str(tmp_path / "elsewhere")]}) == ""
    assert "module stray_example" in stray_module({"apart": [str(tmp_path / "own"), str(other)]})


def test_a_busy_wait_lasts_as_long_as_it_says() -> None:
    """Not less; nothing is nothing."""
    start = time.perf_counter_ns()
    busy_wait(2_000_000)
    assert time.perf_counter_ns() - start >= 2_000_000
    busy_wait(0)


SHARED = """\
version: 1
suite: demo
kind: measured
families: {f: {}}
benchmarks:
"""


def suite_of(root: Path, *names: str) -> Suite:
    """A suite with these benchmarks, one command each, and two scales of `sized`."""
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True)
    lines = [
        f"  - {{id: {name}, family: f, signature: (n), {'scale: [1, 2], ' if name == 'sized' else ''}"
        "variants: {v: {command: 'true'}}}\n"
        for name in names
    ]
    (folder / "suite.yaml").write_text(SHARED + "".join(lines))
    return load_suite(folder, root)


def test_what_no_revision_shares_is_named_by_every_shard_of_a_whole_plan(tmp_path: Path) -> None:
    """No shard was given what is gone, so each names it; of the rest it names its own part."""
    own = suite_of(tmp_path / "own", "a", "b", "sized")
    theirs = suite_of(tmp_path / "theirs", "a", "b", "sized", "gone")
    other = Other(Revision("main", "f00d", tmp_path / "theirs"), None, plan_suite(theirs))
    entries = plan_shards(own, own.manifest.benchmarks, {}, 2).entries()
    named = [other.runs(plan_suite(own, shard=take(own, entry))) for entry in entries]
    assert all("gone/v" in keys for keys in named)
    assert {key for keys in named for key in keys} == {"a/v", "b/v", "sized@1/v", "sized@2/v", "gone/v"}
    assert other.runs(plan_suite(own, patterns=("sized@2", "b"))) == ["b/v", "sized@2/v"]
    assert Other(other.revision).runs(plan_suite(own)) == []

"""The other revision of a paired measurement: its work tree, its suite, and what its processes are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import BenchgovError, UsageError
from benchgov.measure.bench import Tree
from benchgov.measure.build import Fault, build
from benchgov.measure.plan import Plan, PlannedRun, PlannedSource, plan_suite
from benchgov.measure.session import INHERITED
from benchgov.report import Against
from benchgov.suites.load import MANIFEST, Suite, load_suite
from benchgov.suites.parameters import with_config
from benchgov.suites.select import select

PYTHON = "BENCHGOV_PYTHON"


@dataclass(frozen=True)
class Revision:
    """What a paired measurement is held against: the name that was given, its commit, and its work tree."""

    ref: str
    commit: str
    root: Path


@dataclass(frozen=True)
class Other:
    """The other revision, ready to be measured.

    Without a `plan` nothing of it can be: for the reason of `fault`, or because it does not have the suite.
    """

    revision: Revision
    tree: Tree | None = None
    plan: Plan | None = None
    fault: Fault | None = None

    def group(self, like: PlannedRun) -> tuple[PlannedRun, ...]:
        """All variants that it has of the benchmark of `like`, at the same scale."""
        groups = self.plan.groups() if self.plan else iter(())
        wanted = (like.benchmark.id, like.scale)
        return next((found for found in groups if (found[0].benchmark.id, found[0].scale) == wanted), ())

    def source(self, key: str) -> PlannedSource | None:
        """Its source with this id."""
        return next((one for one in self.plan.sources if one.key == key), None) if self.plan else None

    def against(self, looks: tuple[int, ...], runs: tuple[str, ...]) -> Against:
        """What the report says of it."""
        return Against(ref=self.revision.ref, revision=self.revision.commit, looks=looks, runs=runs)

    def runs(self, plan: Plan) -> list[str]:
        """The keys of its runs among those that were asked for; a source of which nothing is known counts
        as one."""
        if self.plan is None:
            return []
        asked = _selected(self.plan.suite, plan.selection)
        if plan.shard and plan.shard.entry.whole:
            # No shard was given what is not in this revision's manifest: each names it, once they are merged.
            known = {entry.id for entry in plan.suite.manifest.benchmarks}
            lost = _selected(self.plan.suite, ())
            asked |= {name: scales for name, scales in lost.items() if name not in known}
        here = {source.key for source in plan.sources}
        keys = [run.key for run in self.plan.runs if _is_of(run, asked)]
        return keys + [
            f"{source.key}/{source.entry.source.tool}"
            for source in self.plan.sources
            if source.key in asked and source.key not in here
        ]


def same_revision(plan: Plan, commit: str, environ: Mapping[str, str]) -> Other:
    """This very work tree as the other revision, to see what is found when nothing has changed."""
    return Other(Revision("HEAD", commit, plan.suite.root), Tree.of(plan.suite, environ), plan)


def prepare_other(plan: Plan, revision: Revision, environ: Mapping[str, str]) -> Other:
    """Load the same suite in the other work tree, plan it with the same flags, and build it.

    What is wrong with it is its `fault`; nothing is raised for that.
    """
    own = plan.suite
    folder = revision.root / own.folder.relative_to(own.root)
    if not (folder / MANIFEST).is_file():
        return Other(revision)
    try:
        theirs = plan_suite(load_suite(folder, revision.root), sampling=plan.flags, given=plan.given)
    except BenchgovError as error:
        said = "; ".join([str(error), *error.details[:3]]).replace(str(revision.root), ".")
        return Other(revision, fault=Fault(f"its suite cannot be loaded: {said}"))
    if theirs.values != plan.values:
        return Other(revision, fault=Fault("its suite has another config, so the two are not comparable"))
    environ = with_config(environ, theirs.values)
    before = Tree.of(theirs.suite, relocated(environ, own.root, revision.root), own.root)
    built = build(before)
    if isinstance(built, Fault):
        return Other(revision, fault=built)
    # Only now: `build` may have made what the variables lead to.
    tree = Tree.of(theirs.suite, relocated(environ, own.root, revision.root), own.root)
    return Other(revision, tree, theirs)


def relocated(environ: Mapping[str, str], root: Path, other: Path) -> dict[str, str]:
    """`environ` for the work tree at `other`: what leads into that at `root` leads to the same place there.

    Only what a benchmark inherits, and `BENCHGOV_PYTHON`; what the other tree does not have stays as it is.
    """

    def moved(part: str) -> str:
        if not part or not Path(part).is_relative_to(root):
            return part
        place = other / Path(part).relative_to(root)
        return str(place) if place.exists() else part

    return {
        name: os.pathsep.join(map(moved, value.split(os.pathsep)))
        if name in INHERITED or name == PYTHON
        else value
        for name, value in environ.items()
    }


def _selected(suite: Suite, patterns: tuple[str, ...]) -> dict[str, frozenset[float]]:
    """Id → scales of what `patterns` select in the other suite, if anything."""
    found: dict[str, frozenset[float]] = {}
    for pattern in patterns or ("*",):
        try:
            entries = select(suite, (pattern,))
        except UsageError:
            continue
        for entry in entries:
            scales = frozenset(getattr(entry, "scale", ()))
            found[entry.id] = found.get(entry.id, frozenset()) | scales
    return found


def _is_of(run: PlannedRun, asked: Mapping[str, frozenset[float]]) -> bool:
    if run.benchmark.id not in asked:
        return False
    return run.scale is None or run.scale in asked[run.benchmark.id]

"""`run --against`: check the other revision out, and measure it in turn with the work tree."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from benchgov.cli.common import Project
    from benchgov.measure.assemble import Measurement
    from benchgov.measure.plan import Plan
    from benchgov.report import Environment

MIN_PAIRS, MAX_PAIRS = 5, 1000


@dataclass(frozen=True)
class AgainstFlags:
    """What the command line says about a paired measurement; `ref` None means that there is none."""

    ref: str | None = None
    pairs: int | None = None
    max_minutes: float | None = None

    def check(self, runs: int | None) -> None:
        """Raise `UsageError` for flags that don't belong together."""
        from benchgov.errors import UsageError

        for name, value in (("--pairs", self.pairs), ("--max-minutes", self.max_minutes)):
            if value is not None and self.ref is None:
                raise UsageError(f"{name} without --against: there is no other revision to measure")
        if self.ref is not None and runs is not None:
            raise UsageError("--runs with --against: give the number of pairs with --pairs")
        if self.pairs is not None and not MIN_PAIRS <= self.pairs <= MAX_PAIRS:
            raise UsageError(f"--pairs {self.pairs}: at least {MIN_PAIRS} and at most {MAX_PAIRS}")
        if self.max_minutes is not None and not self.max_minutes > 0:
            raise UsageError(f"--max-minutes {self.max_minutes:g}: more than 0")

    def check_plan(self, plan: Plan, *, skip_build: bool) -> None:
        """Raise `UsageError` for a plan of which two revisions cannot be measured in turn."""
        from benchgov.errors import UsageError

        if self.ref is None:
            return
        if plan.protocols:
            raise UsageError(
                "--against with a suite of protocols: its results are not measured",
                remedy="Hold them against a published report with `benchgov replay`.",
            )
        if skip_build:
            raise UsageError("--skip-build with --against: the other revision is a fresh checkout")


def looks_of(project: Project, flags: AgainstFlags) -> tuple[int, ...]:
    """The numbers of pairs after which it is decided which benchmarks need more; one look with `--pairs`."""
    return (flags.pairs,) if flags.pairs else project.settings.policy.statistics.looks


def print_pairs(project: Project, plan: Plan, flags: AgainstFlags) -> None:
    """For a dry run, on standard error: how many pairs there will be, and how long they will take."""
    if flags.ref is None:
        return
    looks = looks_of(project, flags)
    listed = ", then ".join(map(str, looks))
    write = project.rim.stderr.write
    write(f"against {flags.ref}: {listed} pairs of each run, each sample a process of its own\n")
    if expected := expectation(project, plan, looks):
        write(f"{expected}\n")


def expectation(project: Project, plan: Plan, looks: tuple[int, ...]) -> str:
    """How long it will take, by the latest report; empty when there is none to learn from."""
    from benchgov.documents import load_json_model
    from benchgov.errors import InputError
    from benchgov.measure.estimate import estimate
    from benchgov.report import Report

    try:
        found = estimate(plan, load_json_model(project.output_dir / "report.json", Report), looks)
    except InputError:
        return ""
    if found is None:
        return ""
    least, most = found.least / 60, found.most / 60
    upper = f", and {most:.1f} if everything looked suspicious" if len(looks) > 1 else ""
    return f"expected, by the latest report: {least:.1f} minutes for {looks[0]} pairs of everything{upper}"


def measure_against(
    project: Project, plan: Plan, environment: Environment, flags: AgainstFlags
) -> Measurement:
    """Measure `plan` in turn with the revision that `flags` name, in a work tree of its own.

    Raises:
        BlockedError: there is no such revision, or it cannot be checked out.
    """
    from benchgov.cli.measured import progress
    from benchgov.git import checkout, commit_of, revision
    from benchgov.measure.other import Revision, prepare_other
    from benchgov.measure.paired import Pairing, measure_paired

    rim = project.rim
    assert flags.ref is not None
    if expected := expectation(project, plan, looks_of(project, flags)):
        rim.stderr.write(f"{expected}\n")
    commit = commit_of(rim.run, project.root, flags.ref)
    with ended_as_by_ctrl_c(), checkout(rim.run, project.root, commit) as root:
        if (root / ".gitmodules").exists():
            rim.stderr.write(
                f"note: the submodules of {flags.ref} are empty; let the suite's `build` fill them "
                "(git submodule update --init)\n"
            )
        other = prepare_other(plan, Revision(flags.ref, commit, root), rim.environ)
        if other.fault:
            rim.stderr.write(f"{flags.ref} cannot be measured: {other.fault.reason}\n")
        own = revision(rim.run, project.root)
        pairing = Pairing(own, other, looks_of(project, flags), flags.max_minutes)
        with progress(rim, plan.steps) as shown:
            return measure_paired(
                plan,
                pairing,
                environment=environment,
                regime=project.settings.regime,
                now=rim.now,
                environ=rim.environ,
                progress=shown,
            )


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """While the block runs SIGTERM, with which a cancelled job ends, cleans up as Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

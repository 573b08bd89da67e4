"""`benchgov baseline`: generate, activate, verify, list and show; two more have files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.baseline_approve import approve
from benchgov.cli.baseline_derive import derive_thresholds
from benchgov.cli.baseline_input import index_name, say_how, store_for, thresholds_of
from benchgov.cli.common import config_option, format_option, open_project, print_json
from benchgov.cli.propose import propose_baseline

if TYPE_CHECKING:
    from benchgov.baselines.model import Baseline
    from benchgov.baselines.store import BaselineStore
    from benchgov.cli.common import Project

MIN_WARMUP, MIN_RUNS = (
    2,
    5,
)  # as in suites.manifest, which is too heavy for start-up; a test holds them together


@click.group()
def baseline() -> None:
    """Publish, approve and verify immutable baselines.

    A baseline is a folder below bench/<suite>/baselines/<regime>/ that is never edited; index.json says
    which one is active. Both are changed through pull requests that code owners review.

    Exit codes: 0 done, 4 a rule is not kept or a file is not valid, 5 published evidence was changed.
    """


@baseline.command()
@click.argument("suite")
@click.option("--warmup", type=int, default=2, show_default=True, help="Warm-up samples, 2 or more.")
@click.option("--runs", type=int, default=5, show_default=True, help="Measured samples, 5 or more.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Use this report instead of measuring; several of one plan are joined. May be repeated.",
)
@click.option("--activate", "to_activate", is_flag=True, help="Also make it the active baseline.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Publish below this folder.  [default: the suite's baselines/]",
)
@click.option("--by", "login", help='Login of who makes it.  [default: "unknown"]')
@click.option("--regime", help="Named set of measuring conditions.  [default: benchgov.yaml's]")
@format_option
@config_option
def generate(suite: str, output_format: str, to_activate: bool, **given: Any) -> int:
    """Publish a new baseline of SUITE: medians, p95 for worst-case metrics, raw runs, checksums.

    Nothing is overwritten. Without --activate the active baseline stays what it is. Thresholds that
    `derive-thresholds` found in this environment are published with the data that they follow from.

    \b
    Examples:
      benchgov baseline generate core --runs 10
      benchgov baseline generate core --report .benchgov/out/report.json --activate --by octocat
    """
    from benchgov.baselines.generate import Origin, draft
    from benchgov.cli.baseline_input import given_reports, limits_for, measured

    project = open_project(given["config_file"], {("regime",): given["regime"]})
    store = store_for(project, suite, given["into"])
    reports = given_reports(suite, given["reports"]) or [
        measured(project, suite, given["warmup"], given["runs"])
    ]
    command = _command(suite, project.settings.regime, given)
    origin = Origin(command, given["login"] or "unknown", project.rim.now())
    made = draft(reports, limits_for(project, suite, reports[0]), origin)
    folder = store.publish(made.baseline, made.raw, made.derivation)
    if to_activate:
        store.activate(made.baseline)
    if output_format == "json":
        print_json(project.rim, {**made.baseline.to_json(), "active": to_activate})
    else:
        _print_published(project, made.baseline, folder, to_activate)
    return 0


@baseline.command()
@click.argument("suite")
@click.argument("baseline_id", metavar="ID")
@click.option("--regime", help="[default: benchgov.yaml's]")
@config_option
def activate(suite: str, baseline_id: str, regime: str | None, config_file: Path | None) -> int:
    """Make the published baseline ID of SUITE the active one in its regime and environment.

    This writes index.json and nothing else: commit it and let the code owners decide.

    \b
    Example:
      benchgov baseline activate core 20260131T120000Z-0f1e2d3c
    """
    project = open_project(config_file, {("regime",): regime})
    store = store_for(project, suite)
    store.activate(store.read(project.settings.regime, baseline_id).baseline)
    project.rim.stdout.write(f"active: {baseline_id}\n")
    say_how(project, f"commit {index_name(project, suite)} and open a pull request for its code owners.")
    return 0


@baseline.command()
@click.argument("suites", nargs=-1, metavar="[SUITE]...")
@click.option("--against", metavar="GIT_REF", help="Also compare with what this revision had published.")
@format_option
@config_option
def verify(suites: tuple[str, ...], against: str | None, output_format: str, config_file: Path | None) -> int:
    """Verify every published baseline of the SUITEs (default: all suites).

    Files, checksums, ids, indexes, and that the aggregates follow from the raw reports. With --against also
    that nothing which that revision had published has changed, vanished or moved.

    \b
    Example:
      benchgov baseline verify --against origin/main
    """
    from benchgov.baselines.history import changes
    from benchgov.baselines.verify import verify as verify_store

    project = open_project(config_file)
    found = {name: verify_store(store_for(project, name)) for name in suites or _suites(project, against)}
    tampered = [line for one in found.values() for line in one.tampered]
    invalid = [line for one in found.values() for line in one.invalid]
    if against is not None:
        for name in found:
            folder = PurePosixPath(project.settings.bench_dir, name, "baselines")
            tampered += changes(project.rim.run, project.root, against, folder.as_posix())
        notes = PurePosixPath(project.settings.bench_dir, "regimes").as_posix()
        tampered += changes(project.rim.run, project.root, against, notes, whole=True)
    counts = {name: one.baselines for name, one in found.items()}
    _raise_faults(tampered, invalid, sum(counts.values()))
    if output_format == "json":
        print_json(project.rim, {"verified": counts, "against": against})
    else:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        since = f"; everything that {against} had published is unchanged" if against else ""
        project.rim.stdout.write(f"verified: {listed}{since}\n")
    return 0


@baseline.command("list")
@click.argument("suites", nargs=-1, metavar="[SUITE]...")
@format_option
@config_option
def list_(suites: tuple[str, ...], output_format: str, config_file: Path | None) -> int:
    """List the published baselines of the SUITEs (default: all), and which are active.

    \b
    Example:
      benchgov baseline list core
    """
    from benchgov.cli.published import print_list

    project = open_project(config_file)
    rows = [row for name in suites or _suites(project) for row in _listed(store_for(project, name))]
    if output_format == "json":
        print_json(project.rim, rows)
        return 0
    print_list(project.rim, rows)
    return 0


@baseline.command()
@click.argument("suite")
@click.argument("baseline_id", metavar="[ID]", required=False)
@click.option("--regime", help="[default: benchgov.yaml's]")
@format_option
@config_option
def show(suite: str, baseline_id: str | None, output_format: str, **given: Any) -> int:
    """Show a baseline of SUITE (default: the newest): provenance, environment, values and limits.

    \b
    Example:
      benchgov baseline show core
    """
    from benchgov.cli.published import print_baseline
    from benchgov.errors import InputError

    project = open_project(given["config_file"], {("regime",): given["regime"]})
    store, regime = store_for(project, suite), project.settings.regime
    ids = [baseline_id] if baseline_id else store.ids(regime)[-1:]
    if not ids:
        raise InputError(
            f"no baseline in regime {regime!r}",
            where=str(store.folder),
            remedy=f"Make one with `benchgov baseline generate {suite}`.",
        )
    found = store.read(regime, ids[0]).baseline
    if output_format == "json":
        print_json(project.rim, found.to_json())
    else:
        print_baseline(project.rim, found)
    return 0


baseline.add_command(derive_thresholds)
baseline.add_command(approve)
baseline.add_command(propose_baseline)


def _suites(project: Project, ref: str | None = None) -> list[str]:
    """The suites that have baselines, or had them at `ref`.

    Raises:
        InputError: there is none, and nothing to verify must not look verified.
    """
    from benchgov.errors import InputError
    from benchgov.git import blobs
    from benchgov.names import is_name

    bench = project.root / project.settings.bench_dir
    names = {path.parent.name for path in bench.glob("*/baselines")}
    if ref is not None:
        home = PurePosixPath(project.settings.bench_dir)
        published = blobs(project.rim.run, project.root, ref, home.as_posix())
        parts = [PurePosixPath(path).relative_to(home).parts for path in published]
        names |= {part[0] for part in parts if len(part) > 2 and part[1] == "baselines"}
    if not names:
        raise InputError("no published baselines", where=str(bench))
    return sorted(filter(is_name, names))


def _command(suite: str, regime: str, given: dict[str, Any]) -> str:
    """The command as provenance: without folders, which name machines and people."""
    source = [f"--report {file.name}" for file in given["reports"]]
    source = source or [f"--warmup {given['warmup']} --runs {given['runs']}"]
    return " ".join(["benchgov baseline generate", suite, "--regime", regime, *source])


def _print_published(project: Project, made: Baseline, folder: Path, active: bool) -> None:
    kind = "" if made.authoritative else " (not authoritative: the environment is not pinned)"
    shown = folder.relative_to(project.root) if folder.is_relative_to(project.root) else folder
    project.rim.stdout.write(f"published: {made.baseline_id}{kind}\n  {shown}\n{thresholds_of(made)}")
    if active:
        project.rim.stdout.write("  active in its regime and environment once the change is merged\n")
        say_how(project, "commit the folder and index.json, and open a pull request for their code owners.")
    else:
        project.rim.stdout.write("  not active: reports are still held against what they were before\n")
        say_how(
            project,
            f"to promote it, run `benchgov baseline activate {made.suite} {made.baseline_id}`, commit, and "
            "open a pull request that the code owners review.",
        )


def _raise_faults(tampered: Sequence[str], invalid: Sequence[str], count: int) -> None:
    from benchgov.errors import RefusedError, TamperError

    if tampered:
        raise TamperError("published baselines were changed", details=[*tampered, *invalid])
    if invalid:
        raise RefusedError(
            "published baselines are not valid", details=invalid, remedy="Correct what is named."
        )
    if not count:
        raise RefusedError(
            "there is no published baseline to verify", remedy="Make one with `baseline generate`."
        )


def _listed(store: BaselineStore) -> Iterable[dict[str, Any]]:
    for regime in store.regimes():
        index = store.index(regime)
        active = {name for one in (index.active if index else {}).values() for name in one.ids}
        for baseline_id in store.ids(regime):
            one = store.read(regime, baseline_id).baseline
            yield {
                "suite": one.suite,
                "regime": regime,
                "id": baseline_id,
                "created_at_utc": one.to_json()["created_at_utc"],
                "fingerprint": one.fingerprint,
                "runs": len(one.entries),
                "authoritative": one.authoritative,
                "active": baseline_id in active,
            }

"""`benchgov audit sweep`: find artifacts that never made it into the log, and record them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_collect import as_json, listed, log_files, print_collection, record, writing_options
from benchgov.cli.common import open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchgov.audit.artifacts import Haul
    from benchgov.audit.files import LogFiles
    from benchgov.cli.common import Project
    from benchgov.github.artifacts import ArtifactClient
    from benchgov.github.sweep import Choice, Missing, Place


@click.command("sweep")
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True, max=400),
    default=14,
    show_default=True,
    help="How far to look back.",
)
@click.option(
    "--name",
    "pattern",
    default="benchgov-*",
    show_default=True,
    help="Which artifacts should be in the log, as a pattern.",
)
@click.option("--forks", is_flag=True, help="Take artifacts of forks' runs, too.")
@click.option("--repository", metavar="OWNER/NAME", help="Whose artifacts.  [default: $GITHUB_REPOSITORY]")
@click.option("--dry-run", is_flag=True, help="Only say what is missing.")
@writing_options
def sweep(dry_run: bool, output_format: str, **given: Any) -> int:
    """Find artifacts of recent workflow runs that never made it into the log, and record them.

    A record knows the workflow run and the artifact that it was made of; an artifact that no record was made
    of is missing. The token is read from GITHUB_TOKEN or GH_TOKEN, and needs the permission `actions: read`.
    Artifacts of forks are named, and not taken without --forks: anybody can make one.

    Exit codes: 0 nothing is missing now; 1 something is, and it is named: it has expired, is no evidence, or
    was not fetched because of --dry-run; otherwise as `audit collect`.

    \b
    Example:
      benchgov audit sweep --store git:benchgov-audit --push origin --days 30
      benchgov audit sweep --dry-run --repository org/repository
    """
    import contextlib
    import tempfile
    from pathlib import Path

    from benchgov.audit.artifacts import Haul
    from benchgov.github.sweep import fetch, find_missing

    project = open_project(given["config_file"])
    recorded = _recorded(log_files(project, given))
    with contextlib.ExitStack() as stack, _as_errors():
        client = _client(project, given["repository"])
        stack.callback(client.close)
        missing = find_missing(client, recorded, _choice(project, given))
        haul = Haul((), (), ())
        if missing.there and not dry_run:
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchgov-"))
            haul = fetch(client, missing, Path(place))
    return _finish(project, missing, haul, given, dry_run=dry_run, as_table=output_format == "table")


def _recorded(files: LogFiles) -> set[Place]:
    from benchgov.audit.chain import read
    from benchgov.github.sweep import recorded_places

    return recorded_places(one for _, one in read(files)) if files.present() else set()


def _client(project: Project, repository: str | None) -> ArtifactClient:
    import time

    from benchgov.errors import UsageError
    from benchgov.github.artifacts import ArtifactClient
    from benchgov.github.session import PUBLIC_API, Connection

    environ = project.rim.environ
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    repository = repository or environ.get("GITHUB_REPOSITORY")
    if not token or not repository:
        raise UsageError(
            "GitHub cannot be asked without a token and a repository",
            remedy="Set GITHUB_TOKEN to a token with `actions: read`, and name the repository: --repository.",
        )
    return ArtifactClient(
        Connection(token, repository, environ.get("GITHUB_API_URL") or PUBLIC_API), time.sleep
    )


def _choice(project: Project, given: dict[str, Any]) -> Choice:
    from datetime import timedelta

    from benchgov.github.sweep import Choice

    since = project.rim.now() - timedelta(days=given["days"])
    return Choice(since, given["pattern"], given["forks"])


def _as_errors() -> Any:
    """Until the block ends, GitHub's refusals are errors of the program's own."""
    from contextlib import contextmanager

    from benchgov.errors import UnreachableError
    from benchgov.github.session import RefusedByGitHubError

    @contextmanager
    def translating() -> Iterator[None]:
        try:
            yield
        except RefusedByGitHubError as error:
            raise UnreachableError(
                f"GitHub does not list the artifacts: {error}",
                remedy="The token needs the permission `actions: read`; or do it again later.",
            ) from error

    return translating()


def _finish(
    project: Project, missing: Missing, haul: Haul, given: dict[str, Any], *, dry_run: bool, as_table: bool
) -> int:
    done = record(project, haul, given, "a sweep")
    faults = (*haul.faults, *done.refused)
    left = {"expired": missing.expired, "fork": missing.foreign, "there": missing.there if dry_run else ()}
    gaps = [
        {"run_id": one.run_id, "artifact": one.name, "why": why} for why, some in left.items() for one in some
    ]
    if as_table:
        _print_gaps(project, missing, gaps)
        if not dry_run:
            print_collection(project, done, faults)
    else:
        found = {"seen": missing.seen, "missing": gaps, "artifacts": haul.artifacts}
        print_json(project.rim, {**found, **as_json(done), "faults": listed(faults)})
    return 1 if faults or missing.expired or left["there"] else 0


_WHY = {
    "expired": "it has expired, so its evidence is gone",
    "fork": "a fork made it; --forks takes it",
    "there": "not recorded, as this is a dry run",
}


def _print_gaps(project: Project, missing: Missing, gaps: list[dict[str, Any]]) -> None:
    from benchgov.text import one_line

    rim = project.rim
    count = len(missing.there) + len(missing.expired) + len(missing.foreign)
    rim.stdout.write(f"{missing.seen} artifacts, of which the log lacks {count}\n")
    for gap in gaps:
        rim.stdout.write(f"missing: run {gap['run_id']}, {one_line(gap['artifact'])}: {_WHY[gap['why']]}\n")

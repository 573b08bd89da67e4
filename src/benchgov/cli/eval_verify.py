"""`benchgov eval verify`: the audit log, and every run file against its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json
from benchgov.cli.eval_places import EvalPlaces, folder_type

if TYPE_CHECKING:
    from benchgov.audit.eval_runs import RunsFound


@click.command()
@click.option("--strict", is_flag=True, help="Also: every run file is here, and each one is recorded.")
@click.option("--since", metavar="ISO", help="Only the records since then, and their link to those before.")
@click.option("--out", type=folder_type, help="Folder of run files.  [default: .benchgov/eval/runs]")
@format_option
@config_option
def verify(
    strict: bool, since: str | None, out: Path | None, output_format: str, config_file: Path | None
) -> int:
    """Verify the audit log, and hold each run file against its record.

    Complete and incomplete runs are counted apart: an incomplete one is history, and no evidence.

    \b
    Exit codes: 0 verified
                1 with --strict: a run file is missing, or is not recorded
                5 the log, or a run file, is not what was written; it is named

    \b
    Example:
      benchgov eval verify --strict
      benchgov eval verify --since 2026-10-01T00:00:00Z
    """
    from benchgov.audit.eval_runs import check_runs
    from benchgov.audit.reading import parse_moment
    from benchgov.audit.store import require_store
    from benchgov.errors import EvalError

    project = open_project(config_file)
    places = EvalPlaces.of(project, runs=out)
    moment = parse_moment(since) if since else None
    require_store(places.log)
    verification = places.verify_log(strict=strict, since=moment)
    found = check_runs(places.log, places.runs, since=moment)
    if output_format == "json":
        print_json(project.rim, {"ok": True, "log_records": verification.records, **_as_json(found)})
    else:
        project.rim.stdout.write(_sentence(found, verification.records))
    gaps = [f"missing: {name}" for name in found.missing]
    gaps += [f"not recorded: {name}" for name in found.unrecorded]
    if strict and gaps:
        raise EvalError("run files and records do not match one to one", where=str(places.runs), details=gaps)
    return 0


def _as_json(found: RunsFound) -> dict[str, Any]:
    return {
        "runs": found.records,
        "complete": found.complete,
        "incomplete": found.records - found.complete,
        "missing": list(found.missing),
        "unrecorded": list(found.unrecorded),
    }


def _sentence(found: RunsFound, log_records: int) -> str:
    noun = "run" if found.records == 1 else "runs"
    lines = [
        f"{found.records} recorded {noun} verified"
        f" ({found.complete} complete, {found.records - found.complete} incomplete),"
        f" in a log of {log_records}"
    ]
    lines += [f"missing: {name}" for name in found.missing]
    lines += [f"not recorded: {name}" for name in found.unrecorded]
    return "\n".join(lines) + "\n"

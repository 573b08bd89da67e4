"""`benchgov audit redact-check`: what must not get into the log for ever."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_checkpoint import file_type
from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchgov.audit.chain import Kind
    from benchgov.canonical import Json
    from benchgov.cli.common import Project

kind_option = click.option(
    "--kind",
    type=click.Choice(
        [
            "auto",
            "verify-env",
            "run",
            "comparison",
            "baseline",
            "dossier",
            "eval",
            "verdict",
            "control",
            "history",
            "replay",
        ]
    ),
    default="auto",
    show_default=True,
    help="What the files are.",
)
allow_option = click.option(
    "--allow",
    multiple=True,
    metavar="PATTERN",
    help="Regular expression for texts that may be recorded; it must match all that was found. Repeatable.",
)


def wanted_kind(name: str) -> Kind | None:
    """The kind that --kind names; None leaves it to the content."""
    return None if name == "auto" else name  # type: ignore[return-value]


def default_files(project: Project) -> list[Path]:
    """What is recorded when nothing is named: report.json and comparison.json, whichever are there.

    Raises:
        InputError: neither is.
    """
    from benchgov.errors import InputError

    candidates = [project.output_dir / name for name in ("report.json", "comparison.json")]
    found = [path for path in candidates if path.exists()]
    if not found:
        raise InputError(
            "there is neither report.json nor comparison.json to record",
            where=str(project.output_dir),
            remedy="Run `benchgov run SUITE` first, or name the files.",
        )
    return found


@click.command("redact-check")
@click.argument("files", nargs=-1, type=file_type)
@kind_option
@click.option(
    "--content", is_flag=True, help="Also look through the files themselves, which may be published."
)
@allow_option
@config_option
@format_option
def redact_check(files: tuple[Path, ...], content: bool, output_format: str, **given: Any) -> int:
    """Look for secrets, e-mail addresses and private paths in what would be recorded of FILES.

    Without FILES, report.json and comparison.json of output_dir. Each finding is named by its JSON pointer;
    what was found is never printed. `audit append` makes the same check, and refuses. What is harmless can be
    allowed with --allow, or for good with `audit.allow` in the settings.

    Exit codes: 0 nothing was found; 4 something was; 65 a file is not valid.

    \b
    Example:
      benchgov audit redact-check
      benchgov audit redact-check report.json --content --allow 'bot@example\\.org'
    """
    from benchgov.audit.redaction import inspect
    from benchgov.errors import RefusedError

    project = open_project(given["config_file"])
    allow = (*project.settings.audit.allow, *given["allow"])
    found = [
        (where, finding)
        for path in files or default_files(project)
        for where, value in _values(path, wanted_kind(given["kind"]), project.rim.environ, content)
        for finding in inspect(value, allow)
    ]
    if output_format == "json":
        listed = [{"file": where, "pointer": one.pointer, "what": one.what} for where, one in found]
        print_json(project.rim, {"ok": not found, "findings": listed})
    elif not found:
        project.rim.stdout.write("nothing found that must not be recorded\n")
    else:
        project.rim.stdout.writelines(f"{where} {finding}\n" for where, finding in found)
    if found:
        raise RefusedError(
            f"{len(found)} {'text' if len(found) == 1 else 'texts'} must not be recorded",
            remedy="Take them out, or allow what is harmless with --allow PATTERN.",
        )
    return 0


def _values(
    path: Path, kind: Kind | None, environ: Mapping[str, str], content: bool
) -> Iterator[tuple[str, Json]]:
    """(where, JSON value) of what would be recorded of a file, and of the file itself."""
    from datetime import UTC, datetime

    from benchgov.audit.chain import content_of
    from benchgov.audit.drafts import draft_of

    draft = draft_of(path, environ, kind)
    yield f"{path} (record)", content_of(draft, "host", lambda: datetime.now(UTC))
    for file in sorted(path.iterdir()) if content and path.is_dir() else [path] if content else []:
        if file.is_file():
            yield str(file), _value(file)


def _value(path: Path) -> Json:
    """The JSON value of a file, or its text."""
    from benchgov.documents import parse_json
    from benchgov.files import read_bytes

    text = read_bytes(path).decode("utf-8", "replace")
    return parse_json(text, str(path)) if path.suffix == ".json" else text

"""`benchgov regime`: start a new regime with notes, and see which ones there were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.baselines.regimes import Regimes
    from benchgov.cli.common import Project


@click.group(no_args_is_help=True)
def regime() -> None:
    """Start a new regime with notes, and see which ones there were.

    A regime is a named set of measuring conditions: baselines are comparable only inside one. Old regimes
    and their baselines stay, for the audit trail.

    Exit codes: 0 done, 4 a rule is not kept or a file is not valid.
    """


@regime.command()
@click.argument("new")
@click.option("--from", "old", required=True, metavar="OLD", help="The regime that it replaces.")
@click.option("--notes", required=True, help="What changes, for whoever reads the baselines later.")
@click.option("--rationale", default="", help="What the new regime is for, in one line.")
@format_option
@config_option
def migrate(new: str, old: str, output_format: str, **given: Any) -> int:
    """Start the regime NEW in place of OLD.

    Writes bench/regimes/NEW.json with the notes, docs/benchmarks/regimes.md, and the one line `regime:` of
    benchgov.yaml; nothing else changes. Baselines of OLD stay where they are, and no report of NEW is ever
    held against them: generate a baseline of NEW next.

    \b
    Example:
      benchgov regime migrate alloc_v2 --from alloc_v1 --notes "No allocation in hot loops any more"
    """
    from benchgov.baselines.regimes import Regime, breaches, regimes_page, with_regime
    from benchgov.cli.baseline_derive import DOCS
    from benchgov.errors import RefusedError, UsageError
    from benchgov.files import write_together
    from benchgov.names import is_name

    if not is_name(new):
        raise UsageError(f"{new!r} is not a regime's name: letters, digits, `.`, `_`, `+` and `-`")
    if not given["notes"].strip() or len(given["notes"]) > 16_384 or len(given["rationale"]) > 4096:
        raise UsageError("--notes: say what changes, in at most 16,384 characters (--rationale: 4,096)")
    project = open_project(given["config_file"])
    regimes, (file, text) = _regimes(project), _settings(project, given["config_file"])
    if found := list(breaches(new, old, _current(text), regimes.names())):
        raise RefusedError(f"the regime is not changed to {new}", details=found)
    made = Regime(
        schema_version=1,
        regime=new,
        replaces=old,
        rationale=given["rationale"],
        notes=given["notes"],
        created_at_utc=project.rim.now(),
    )
    page = project.root / DOCS / "regimes.md"
    files = {
        regimes.path(new): made.to_bytes(),
        page: regimes_page((*regimes.all(), made)).encode("utf-8"),
        file: with_regime(text, new).encode("utf-8"),
    }
    write_together(files)
    _print_migrated(project, made.to_json(), [_shown(project, path) for path in files], output_format)
    return 0


def _regimes(project: Project) -> Regimes:
    from benchgov.baselines.regimes import Regimes

    return Regimes(project.root / project.settings.bench_dir)


def _settings(project: Project, given: Path | None) -> tuple[Path, str]:
    """(file, text) of the settings; the least that they can be where there are none yet."""
    from benchgov.config import FILE_NAME
    from benchgov.files import MAX_MANIFEST_BYTES, read_text

    file = project.rim.cwd / given if given else project.root / FILE_NAME
    return file, read_text(file, MAX_MANIFEST_BYTES) if file.exists() else "version: 1\n"


def _current(text: str) -> str:
    """The regime that the file says: a variable may say another for one run, and is not what is changed."""
    from benchgov.config import FILE_NAME, Settings
    from benchgov.documents import parse_yaml, yaml_model

    return yaml_model(parse_yaml(text, FILE_NAME), Settings).regime


def _shown(project: Project, path: Path) -> str:
    return (path.relative_to(project.root) if path.is_relative_to(project.root) else path).as_posix()


def _print_migrated(project: Project, made: dict[str, Any], written: list[str], output_format: str) -> None:
    rim = project.rim
    if output_format == "json":
        print_json(rim, {"regime": made, "written": written})
    else:
        rim.stdout.write(f"regime: {made['regime']}, replaces {made['replaces']}\n")
        rim.stdout.write("".join(f"  {name}\n" for name in written))
        rim.stderr.write(
            "  next: commit these, and generate baselines of the new regime "
            "(`benchgov baseline generate SUITE`).\n"
        )
    if rim.environ.get("BENCHGOV_REGIME"):
        rim.stderr.write("benchgov: BENCHGOV_REGIME is set, and takes precedence over benchgov.yaml.\n")


@regime.command("list")
@format_option
@config_option
def list_(output_format: str, config_file: Path | None) -> int:
    """List the regimes that have notes or baselines, and which one is current.

    \b
    Example:
      benchgov regime list
    """
    from rich.table import Table
    from rich.text import Text

    project = open_project(config_file)
    rows = _rows(project)
    if output_format == "json":
        print_json(project.rim, rows)
        return 0
    table = Table("regime", "current", "replaces", "started (UTC)", "suites with baselines", "notes")
    for row in rows:
        cells = (
            row["regime"],
            "yes" if row["current"] else "-",
            row["replaces"] or "-",
            (row["created_at_utc"] or "-")[:10],
            ", ".join(row["suites"]) or "-",
            (row["notes"] or "-").splitlines()[0],
        )
        table.add_row(*map(Text, cells))
    console(project.rim).print(table)
    return 0


@regime.command()
@click.argument("name", required=False)
@format_option
@config_option
def show(name: str | None, output_format: str, config_file: Path | None) -> int:
    """Show the notes of the regime NAME (default: the current one).

    \b
    Example:
      benchgov regime show alloc_v2
    """
    from benchgov.errors import InputError
    from benchgov.suggest import did_you_mean

    project = open_project(config_file)
    wanted = name or project.settings.regime
    rows = {row["regime"]: row for row in _rows(project)}
    if wanted not in rows:
        raise InputError(
            f"no such regime: {wanted!r}{did_you_mean(wanted, rows)}",
            where=project.settings.bench_dir,
            remedy="`benchgov regime list` shows what there is.",
        )
    if output_format == "json":
        print_json(project.rim, rows[wanted])
        return 0
    for key, value in rows[wanted].items():
        shown = ", ".join(value) if isinstance(value, (list, tuple)) else value
        project.rim.stdout.write(f"{key}: {'-' if shown in (None, '') else shown}\n")
    return 0


def _rows(project: Project) -> list[dict[str, Any]]:
    """Every regime by name; the current one too where it has neither notes nor baselines yet."""
    regimes, current = _regimes(project), project.settings.regime
    notes = {one.regime: one.to_json() for one in regimes.all()}
    keys = ("replaces", "created_at_utc", "rationale", "notes")
    return [
        {
            "regime": name,
            "current": name == current,
            **{key: notes.get(name, {}).get(key) for key in keys},
            "suites": list(regimes.suites(name)),
        }
        for name in sorted({*regimes.names(), current})
    ]

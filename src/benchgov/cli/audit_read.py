"""`benchgov audit log`, `show` and `export`: read the audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from benchgov.cli.audit_checkpoint import file_type, host_option, store_option
from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchgov.audit.files import LogFiles
    from benchgov.audit.reading import Choice
    from benchgov.audit.record import Record
    from benchgov.rim import Rim

_HEADER = ("host", "seq", "time (UTC)", "kind", "suite", "verdict", "complete", "chain head")
_WIDTHS = (11, 7, 19, 10, 20, 14, 8, 12)


def _choice_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in (
        click.option("--since", metavar="ISO", help="Only what was recorded at this time or later."),
        click.option("--suite", help="Only records of this suite."),
        click.option("--kind", help="Only records of this kind: run, comparison, …"),
    ):
        command = option(command)
    return command


def _choice(given: dict[str, Any]) -> Choice:
    from benchgov.audit.reading import Choice, parse_moment
    from benchgov.audit.subjects import SUBJECTS
    from benchgov.errors import UsageError
    from benchgov.suggest import did_you_mean

    kind, since = given["kind"], given["since"]
    if kind is not None and kind not in SUBJECTS:
        raise UsageError(f"no kind of record: {kind!r}{did_you_mean(kind, SUBJECTS)}", details=list(SUBJECTS))
    return Choice(kind, given["suite"], parse_moment(since) if since else None)


@click.command("log")
@click.option("--limit", type=click.IntRange(min=1), help="Only the last so many records of each host.")
@click.option(
    "--follow", "follows", is_flag=True, help="Go on: print new records as they come, until ctrl-C."
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05, max=3600),
    default=1.0,
    show_default=True,
    help="Seconds between two looks, with --follow.",
)
@_choice_options
@store_option
@config_option
@format_option
def log(limit: int | None, follows: bool, interval: float, output_format: str, **given: Any) -> int:
    """List the records of the audit log. They are not verified: `audit verify` does that.

    With --follow, `--format json` prints one record a line. Ctrl-C ends it with 0.

    \b
    Example:
      benchgov audit log --limit 20 --kind comparison --suite core
      benchgov audit log --since 2026-01-31 --follow
    """
    from benchgov.audit import reading

    project = open_project(given["config_file"])
    files, choice = project.audit_log(given["store"]), _choice(given)
    if follows:
        return _follow(project.rim, files, choice, (limit, interval, output_format == "json"))
    records = reading.latest(files, choice, limit)
    if output_format == "json":
        print_json(project.rim, [record.to_json() for record in records])
    else:
        print_records(project.rim, records)
    return 0


def _follow(rim: Rim, files: LogFiles, choice: Choice, how: tuple[int | None, float, bool]) -> int:
    """Print what is there and then what comes, line by line."""
    import time

    from benchgov.audit import reading

    limit, interval, as_json = how
    after = reading.ends(files)
    print_line = _print_json_line if as_json else _print_row
    try:
        if not as_json:
            _print_cells(rim.stdout, _HEADER)
        for record in reading.latest(files, choice, limit):
            if record.sequence <= after.get(record.host, 0):
                print_line(rim.stdout, record)
        for record in reading.follow(files, after, lambda: time.sleep(interval)):
            if choice.takes(record):
                print_line(rim.stdout, record)
    except KeyboardInterrupt:
        return 0
    return 0  # pragma: no cover - following ends by being interrupted


def _print_json_line(out: TextIO, record: Record) -> None:
    out.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")
    out.flush()


def _print_row(out: TextIO, record: Record) -> None:
    _print_cells(out, _row(record))


def _print_cells(out: TextIO, cells: Sequence[str]) -> None:
    padded = (cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
    out.write("  ".join(padded).rstrip() + "\n")
    out.flush()


def _row(record: Record) -> tuple[str, ...]:
    from benchgov.audit.reading import suite, verdict
    from benchgov.text import one_line

    return (
        record.host[:11],
        str(record.sequence),
        f"{record.recorded_at_utc:%Y-%m-%d %H:%M:%S}",
        record.kind,
        one_line(str(suite(record) or "-")),
        one_line(verdict(record) or "-"),
        "yes" if record.complete else "no",
        record.chain_head[:12],
    )


def print_records(rim: Rim, records: Sequence[Record], states: Sequence[str] = ()) -> None:
    """Print records as a table; `states` say what became of each."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*_HEADER)
    if states:
        table.add_column("")
    for index, record in enumerate(records):
        table.add_row(*map(Text, (*_row(record), *states[index : index + 1])))
    console(rim).print(table)


@click.command("show")
@click.argument("which", metavar="SEQ|HEAD")
@host_option
@store_option
@config_option
@format_option
def show(
    which: str, host: str | None, store: str | None, config_file: Path | None, output_format: str
) -> int:
    """Print one record: by its sequence, or HEAD for the last. It is not verified.

    \b
    Example:
      benchgov audit show HEAD
      benchgov audit show 12
    """
    from benchgov.audit.chain import find

    project = open_project(config_file)
    record = find(project.audit_log(store), which, host=host)
    if output_format == "json":
        print_json(project.rim, record.to_json())
    else:
        _print_record(project.rim, record)
    return 0


def _print_record(rim: Rim, record: Record) -> None:
    from rich.table import Table
    from rich.text import Text

    value = record.to_json()
    subject, evidence = value.pop("subject"), value.pop("evidence")
    rows = {**value, **{f"subject.{name}": fact for name, fact in subject.items()}}
    rows |= {f"evidence {one['name']}": f"{one['size']} bytes, sha256 {one['sha256']}" for one in evidence}
    table = Table("field", "value")
    for name, fact in rows.items():
        table.add_row(Text(name), Text(str(fact), overflow="fold"))
    console(rim).print(table)


@click.command("export")
@click.option(
    "--format",
    "export_format",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="JSON Lines are exact: each is a record's file. CSV is for spreadsheets.",
)
@click.option("--out", type=file_type, help="Write to this file instead of standard output.")
@_choice_options
@store_option
@config_option
def export(export_format: str, out: Path | None, **given: Any) -> int:
    """Write the records as JSON Lines or CSV. They are not verified: `audit verify` does that.

    In CSV a cell that a spreadsheet would run as a formula begins with an apostrophe.

    \b
    Example:
      benchgov audit export > log.jsonl
      benchgov audit export --format csv --kind comparison --out log.csv
    """
    from benchgov.audit import reading
    from benchgov.audit.chain import read

    project = open_project(given["config_file"])
    choice = _choice(given)
    records = (record for _, record in read(project.audit_log(given["store"])) if choice.takes(record))
    write = reading.write_csv if export_format == "csv" else reading.write_jsonl
    if out is None:
        write(records, project.rim.stdout)
    else:
        _write_file(out, write, records)
    return 0


def _write_file(
    path: Path, write: Callable[[Iterable[Record], TextIO], None], records: Iterable[Record]
) -> None:
    import io

    from benchgov.files import write_atomic

    stream = io.StringIO(newline="")
    write(records, stream)
    write_atomic(path, stream.getvalue().encode("utf-8"))

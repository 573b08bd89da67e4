"""`benchgov dossier`: render the release report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import Project, config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.audit.record import Record
    from benchgov.audit.verification import Verification
    from benchgov.baselines.active import Stored
    from benchgov.dossier.model import Dossier
    from benchgov.dossier.rows import SampleSource
    from benchgov.gate.comparison import Comparison
    from benchgov.gate.control_result import Control


@click.group()
def dossier() -> None:
    """Render the release report."""


@dossier.command()
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    help="The report.  [default: report.json in the output folder]",
)
@click.option(
    "--comparison",
    "comparison_file",
    type=click.Path(path_type=Path),
    help="What `benchgov compare` found.  [default: comparison.json in the output folder, if it is there]",
)
@click.option(
    "--store",
    metavar="LOG",
    help="Folder of the audit log, or git:BRANCH.  [default: audit.store of the settings, if it is there]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to.  [default: dossier in the output folder]",
)
@click.option(
    "--authoritative",
    is_flag=True,
    help="Refuse, with exit code 2, to publish numbers without a passed environment gate.",
)
@format_option
@config_option
def render(
    *,
    report_file: Path | None,
    comparison_file: Path | None,
    store: str | None,
    out: Path | None,
    authoritative: bool,
    output_format: str,
    config_file: Path | None,
) -> int:
    """Write the dossier: index.html, one file that needs no network, and dossier.md.

    A missing comparison or audit log is said in the dossier. Exit codes: 0 rendered, 1 the evidence is
    missing or does not hold together: no report, a comparison of another report, or a changed audit log
    (the last two are rendered all the same, and say so); 5 a baseline is not what was published.

    \b
    Example:
      benchgov dossier render --out public/benchmarks
    """
    from benchgov.dossier.gather import gather
    from benchgov.dossier.render import html, markdown
    from benchgov.dossier.rows import unknown_samples
    from benchgov.errors import BlockedError
    from benchgov.files import write_atomic
    from benchgov.gate.question import load_report

    project = open_project(config_file)
    report, digest = load_report(report_file or project.output_dir / "report.json")
    comparison = _read_comparison(project, comparison_file)
    records, verification = _read_log(project, store)
    found = gather(
        report,
        comparison,
        records,
        verification,
        report_sha256=digest,
        baseline_samples=_baseline_samples(project, comparison) if comparison else unknown_samples,
        control=_read_control(project),
    )
    if authoritative and not found.authoritative:
        raise BlockedError(
            "not authoritative: the report, or a baseline, is without a passed environment gate",
            remedy="Pin the environment (benchgov verify-env), and measure there; nothing was written.",
        )
    folder = (project.output_dir / "dossier" if out is None else out).resolve()
    page, text = html(found).encode("utf-8"), markdown(found).encode("utf-8")
    write_atomic(folder / "dossier.md", text)
    write_atomic(folder / "index.html", page)
    _print(project, found, folder, output_format)
    return 0 if found.sound else 1


def _read_comparison(project: Project, given: Path | None) -> Comparison | None:
    """The comparison; None when none was named and there is none."""
    from benchgov.documents import load_json_model
    from benchgov.gate.comparison import Comparison

    path = given or project.output_dir / "comparison.json"
    return load_json_model(path, Comparison) if given or path.exists() else None


def _read_control(project: Project) -> Control | None:
    """What `benchgov control` found, if it is in the output folder."""
    from benchgov.documents import load_json_model
    from benchgov.gate.control_result import Control

    path = project.output_dir / "control.json"
    return load_json_model(path, Control) if path.exists() else None


def _baseline_samples(project: Project, comparison: Comparison) -> SampleSource:
    """Where the raw samples of the compared baselines are found, as far as the work tree has them.

    A baseline of another revision (`compare --baseline-ref`) may not be there; its value is in the
    comparison. One that is there, and is not what was published, raises TamperError.
    """
    from benchgov.errors import InputError
    from benchgov.gate.question import store_of

    found: list[Stored] = []
    for baseline in comparison.baselines:
        with suppress(InputError):
            store = store_of(project.root, project.settings, comparison.suite)
            found.append(store.read(comparison.regime, baseline))

    def samples(key: str, metric: str) -> Sequence[float]:
        for stored in reversed(found):  # later baselines stand over earlier ones, run by run
            with suppress(KeyError):
                return stored.samples(key, metric)
        return ()

    return samples


def _read_log(project: Project, given: str | None) -> tuple[Sequence[Record], Verification | None]:
    """The records that can be read and what verifying them found; no verification without a log."""
    from benchgov.audit.chain import read
    from benchgov.audit.verification import verify
    from benchgov.errors import InputError

    log = project.audit_log(given)
    if not given and not log.present():
        return (), None
    verification = verify(log)
    records: list[Record] = []
    try:
        records.extend(record for _, record in read(log))
    except InputError:
        # A record that cannot be read is a divergence: the verification has it, and the dossier says so.
        if verification.ok:
            raise
    return records, verification


def _print(project: Project, found: Dossier, folder: Path, output_format: str) -> None:
    page = folder / "index.html"
    if output_format == "json":
        print_json(project.rim, _as_json(found, folder))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(title=None, box=None, pad_edge=False, header_style="bold")
    table.add_column("section")
    table.add_column("what it says")
    for section in found.sections:
        table.add_row(Text(section.title), Text(section.summary))
    screen = console(project.rim)
    screen.print(table)
    for notice in found.notices:
        screen.print(Text(f"{notice.level}: {notice.title}"))
    # Not through the console, which would fold a long path.
    project.rim.stdout.write(f"\ndossier: {page}\nopen:    {page.as_uri()}\n")


def _as_json(found: Dossier, folder: Path) -> dict[str, object]:
    return {
        "verdict": found.headline,
        "title": found.title,
        "sound": found.sound,
        "authoritative": found.authoritative,
        "counts": found.counts,
        "chain": found.chain.status,
        "sections": [
            {"anchor": part.anchor, "title": part.title, "summary": part.summary} for part in found.sections
        ],
        "notices": [
            {"level": notice.level, "title": notice.title, "text": notice.text} for notice in found.notices
        ],
        "html": str(folder / "index.html"),
        "markdown": str(folder / "dossier.md"),
        "uri": (folder / "index.html").as_uri(),
    }

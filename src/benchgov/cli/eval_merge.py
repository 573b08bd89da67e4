"""`benchgov eval merge`: join the shards of a run into its report, and record that."""

from __future__ import annotations

from pathlib import Path

import click

from benchgov.cli.common import config_option, open_project
from benchgov.cli.eval_places import EvalPlaces, folder_type, scores_option
from benchgov.cli.eval_run import print_report, say_recorded


@click.command()
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SHARD...")
@click.option("--out", type=folder_type, help="Folder of run files.  [default: .benchgov/eval/runs]")
@scores_option
@config_option
def merge(shards: tuple[Path, ...], out: Path | None, output_format: str, config_file: Path | None) -> int:
    """Join the reports of all shards of a run into the report that one machine would have given.

    A SHARD is a file, or a folder with such files (anywhere below it), such as a downloaded artifact. The
    report is recorded in the audit log of this machine, as the shards were not.

    \b
    Exit codes: 0 joined
                1 they are not the shards of one run: one is missing, there twice, partial, or of another
                  commit; each fault is named
                5 the audit log was tampered with

    \b
    Example:
      benchgov eval run --task-class=vuln-remediation --shard 1/2      (on each machine of a matrix)
      benchgov eval merge .benchgov/eval/runs/shards
    """
    from benchgov.audit.eval_runs import MAX_RUN_BYTES, record_run
    from benchgov.audit.host import host_fingerprint
    from benchgov.documents import load_json_model
    from benchgov.eval.merge import Part
    from benchgov.eval.merge import merge as join
    from benchgov.eval.models import BenchRunReport

    project = open_project(config_file)
    rim = project.rim
    places = EvalPlaces.of(project, runs=out)
    files = [file for given in shards for file in _files(rim.cwd / given)]
    parts = [Part(file.name, load_json_model(file, BenchRunReport, MAX_RUN_BYTES)) for file in files]
    places.verify_log()
    report = join(parts, host_fingerprint(rim.environ, places.log))
    recorded = record_run(
        places.log,
        report,
        places.runs,
        environ=rim.environ,
        now=rim.now,
        allow=project.settings.audit.allow,
    )
    print_report(rim, recorded.report, 0, output_format)
    say_recorded(rim, recorded, places)
    return 0


def _files(given: Path) -> list[Path]:
    """A file, or the reports below a folder; what is kept of cases lies in folders named `cases`."""
    if not given.is_dir():
        return [given]
    found = sorted(given.rglob("*.json"))
    return [
        path for path in found if path.is_file() and not path.is_symlink() and path.parent.name != "cases"
    ]

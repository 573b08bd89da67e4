"""`benchgov verify-env`: is this machine the pinned environment?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.cli.common import Project
    from benchgov.environment.pinned import Check
    from benchgov.report import Environment


@click.command("verify-env")
@config_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the environment as JSON.  [default: environment.json in output_dir]",
)
@format_option
def verify_env(config_file: Path | None, output: Path | None, output_format: str) -> int:
    """Check that this machine is the pinned environment.

    The pins are `environment.pins` of benchgov.yaml: properties of the machine (os, kernel, image, arch,
    cpu_model, cpu_count, memory_mb, python) and versions of tools. A pin is an exact value, a
    specifier (">=3.11,<3.15") or a prefix ("1.92.*").

    Exit codes: 0 all pins hold, or nothing is pinned; 2 drift, shown as a diff of wanted against found.

    \b
    Example:
      benchgov verify-env
      benchgov verify-env --format json --output environment.json
    """
    from benchgov.environment import check
    from benchgov.environment.pinned import checks
    from benchgov.errors import ExitCode
    from benchgov.files import write_atomic

    project = open_project(config_file)
    rim, config = project.rim, project.settings.environment
    environment = check(config, run=rim.run, environ=rim.environ, folder=project.root)
    write_atomic(output or project.output_dir / "environment.json", environment.to_bytes())
    if output_format == "json":
        print_json(rim, environment.to_json())
    else:
        _print_table(project, environment, checks(environment.facts, config))
    if environment.gate == "unpinned":
        rim.stderr.write(
            "benchgov: nothing is pinned, so no result of this machine is authoritative\n"
            "  next: put the properties that matter under environment.pins in benchgov.yaml.\n"
        )
    return ExitCode.BLOCKED if environment.gate == "drift" else ExitCode.OK


def _print_table(project: Project, environment: Environment, results: Sequence[Check]) -> None:
    from rich.table import Table
    from rich.text import Text

    from benchgov.environment.pinned import unified_diff

    table = Table("property", "wanted", "found", "ok")
    for one in results:
        mark = Text("") if one.wanted is None else Text("yes", "green") if one.ok else Text("NO", "bold red")
        table.add_row(Text(one.name), Text(one.wanted or "-"), Text(one.found), mark)
    screen = console(project.rim)
    screen.print(table)
    screen.print(Text(f"environment: {environment.gate}   fingerprint: {environment.fingerprint}"))
    if diff := unified_diff(results):
        screen.print(Text(f"\n{diff}"))

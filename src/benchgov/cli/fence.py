"""`benchgov fence`: do the benches honour their contract."""

from __future__ import annotations

from pathlib import Path

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json


@click.command()
@click.option(
    "--bench-root", type=click.Path(path_type=Path), help="Folder of the benches.  [default: bench_dir]"
)
@format_option
@config_option
def fence(bench_root: Path | None, output_format: str, config_file: Path | None) -> int:
    """Check that every task class honours its contract, without running any of its code.

    Seven assertions: its files are there (directory-contract); it has enough cases (case-count) and
    held-out ones (held-out); its registration says a literal name (literal-name); no part of a score is what
    a model says of itself (breakdown-keys); every failure mode has a severity and a description
    (failure-modes); case ids are unique, and the names of their folders (case-ids). The floors are those of
    docs/trust-tiers.yaml.

    \b
    Exit codes: 0 they do
                1 one line for each breach, naming the path
                4 there is no folder of benches, or docs/trust-tiers.yaml is not valid

    \b
    Example:
      benchgov fence
      benchgov fence --bench-root bench --format json
    """
    from benchgov.eval.fence import ASSERTIONS, benches, check_bench
    from benchgov.promotion.floors import floors_of

    project = open_project(config_file)
    rim = project.rim
    root = rim.cwd / bench_root if bench_root else project.root / project.settings.bench_dir
    floors = floors_of(project.root)
    folders = benches(root)
    breaches = [breach for folder in folders for breach in check_bench(folder, floors)]
    shown = [(breach.assertion, _relative(breach.path, project.root), breach.message) for breach in breaches]
    if output_format == "json":
        rows = [{"assertion": kind, "path": path, "message": message} for kind, path, message in shown]
        names = [folder.name for folder in folders]
        print_json(rim, {"task_classes": names, "assertions": list(ASSERTIONS), "breaches": rows})
    else:
        for kind, path, message in shown:
            rim.stdout.write(f"{path}: {message} [{kind}]\n")
        count = f"{len(breaches)} breach{'' if len(breaches) == 1 else 'es'}"
        rim.stderr.write(f"{len(folders)} task classes, {count}\n")
    return 1 if breaches else 0


def _relative(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}/")

"""`benchgov eval mutate`: which wrong answers does a rubric let pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json
from benchgov.cli.eval_places import EvalPlaces, folder_type

if TYPE_CHECKING:
    from benchgov.canonical import Json
    from benchgov.eval.mutation import MutationResult
    from benchgov.rim import Rim

_WIDTH = 80
LEVELS = ["auto", "subprocess", "landlock", "bubblewrap"]


@click.command("mutate")
@click.argument("task_class")
@click.option("--cases", metavar="GLOB", help="Only the cases whose id matches.")
@click.option("--sut", metavar="MODULE:CALLABLE", help="What solves cases.  [default: that of the bench]")
@click.option("--sut-command", metavar="COMMAND", help="What solves cases: JSON on stdin, JSON on stdout.")
@click.option("--sut-env", metavar="NAME", multiple=True, help="A variable held back, to pass on.")
@click.option("--per-case", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Mutants.")
@click.option("--min-score", type=click.FloatRange(0, 1), help="End with 1 when fewer were rejected.")
@click.option(
    "--isolation", type=click.Choice(LEVELS), default="auto", show_default=True, help="Of the rubric."
)
@click.option("--bench-root", type=folder_type, help="Folder of the benches.  [default: bench_dir]")
@format_option
@config_option
def mutate(
    min_score: float | None, per_case: int, output_format: str, config_file: Path | None, **given: Any
) -> int:
    """Make right answers wrong, and count how many of them the rubric rejects.

    Right answers are those of the system under test, and those in expected/, that the rubric passes. Of each,
    keys are dropped and doubled, numbers moved, texts cut, lists shuffled, answers swapped, inputs echoed. A
    good rubric rejects all but those that mean the same: look at every survivor.

    Exit codes: 0 done; 1 no right answer to begin with, or fewer than --min-score; 3, 4, 6 as `eval run`.

    \b
    Example:
      benchgov eval mutate vuln-remediation
      benchgov eval mutate vuln-remediation --min-score 0.95 --format json
    """
    from benchgov.cli.eval_request import make_request
    from benchgov.eval.hosts import isolated_hosts
    from benchgov.eval.loader import load_task_class, parse_cases
    from benchgov.eval.mutation import mutate as mutated
    from benchgov.eval.prepare import prepare
    from benchgov.eval.runner import default_concurrency
    from benchgov.eval.starters import Starters

    project = open_project(config_file)
    places = EvalPlaces.of(project, given["bench_root"])
    request = make_request(project.root, places, project.settings.eval.model_dump(), given)
    prepared = prepare(request, project.rim.environ, places.changed)
    task_class = load_task_class(request.task_class, request.bench_root)
    cases = parse_cases(prepared.plan.cases, task_class, request.root)
    hosts = isolated_hosts(
        task_class,
        prepared.spec,
        root=request.root,
        level=prepared.level,
        deny=prepared.hidden,
        starters=Starters(project.rim.environ),
    )
    result = mutated(task_class, cases, hosts, per_case=per_case, concurrency=default_concurrency())
    if output_format == "json":
        print_json(project.rim, _as_json(result))
    else:
        _show(project.rim, result)
    return 1 if min_score is not None and result.score < min_score else 0


def _as_json(result: MutationResult) -> Json:
    return {
        "task_class": result.task_class,
        "score": result.score,
        "mutants": result.made,
        "killed": result.made - len(result.survivors),
        "answers": [{"case_id": one.case.case_id, "made_by": one.made_by} for one in result.answers],
        "by_operator": {
            name: {"killed": killed, "made": made} for name, (killed, made) in result.by_operator.items()
        },
        "survivors": [
            {
                "case_id": one.case_id,
                "operator": one.operator,
                "where": one.where,
                "score": one.score,
                "passed": one.passed,
            }
            for one in result.survivors
        ],
    }


def _show(rim: Rim, result: MutationResult) -> None:
    from rich.table import Table
    from rich.text import Text

    from benchgov.text import one_line

    out = console(rim)
    counts = Table("operator", "killed", "made", box=None)
    for name, (killed, made) in result.by_operator.items():
        counts.add_row(name, str(killed), str(made))
    out.print(counts)
    if result.survivors:
        table = Table("survivor", "operator", "where", "score", "passed", box=None)
        for one in result.survivors:
            passed = "yes" if one.passed else "no"
            where = Text(one_line(one.where, _WIDTH) or "whole answer")
            table.add_row(one.case_id, one.operator, where, f"{one.score:.3f}", passed)
        out.print(table)
    killed = result.made - len(result.survivors)
    out.print(f"{result.task_class}: {killed} of {result.made} wrong answers rejected ({result.score:.1%})")

"""`benchgov eval explain-cache` and `benchgov eval levels`: what the harness would do here, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json
from benchgov.cli.eval_places import EvalPlaces, folder_type, sut_process_option, task_class_option
from benchgov.cli.eval_request import LEVELS, make_request

_SENTENCES = {
    "hit": "is in the cache",
    "never": "was never scored here",
    "lost": "was scored here under the same key, but its score is gone (cleaned up after 90 days?)",
    "changed": "is to be scored again, because of:",
}


@click.command("explain-cache")
@click.argument("case", metavar="CASE")
@task_class_option
@click.option("--sut", metavar="MODULE:CALLABLE", help="System under test.  [default: that of the bench]")
@click.option("--sut-command", metavar="COMMAND", help="System under test: JSON on stdin, JSON on stdout.")
@click.option(
    "--sut-env", metavar="NAME", multiple=True, help="A variable held back, to pass on. Repeatable."
)
@sut_process_option
@click.option(
    "--isolation", type=click.Choice(LEVELS), default="auto", show_default=True, help="Of the rubric."
)
@click.option("--bench-root", type=folder_type, help="Folder of the benches.  [default: bench_dir]")
@click.option("--cache-dir", type=folder_type, help="Folder of the cache.  [default: .benchgov/eval/cache]")
@format_option
@config_option
def explain_cache(case: str, output_format: str, config_file: Path | None, **given: Any) -> int:
    """Say whether a case is in the cache, and if not, which part of its key changed.

    CASE is a case id, or a glob. The parts: the case, its case.toml, the SUT and whether its process is
    reused, the rubric, the cassettes, the interpreter, the level of isolation, the harness.

    \b
    Example:
      benchgov eval explain-cache 001-two --task-class=stub-task-class
    """
    from benchgov.errors import UsageError
    from benchgov.eval.cache import Cache
    from benchgov.eval.explain import explain
    from benchgov.eval.prepare import prepare

    project = open_project(config_file)
    places = EvalPlaces.of(project, bench_root=given["bench_root"], cache=given["cache_dir"])
    request = make_request(project.root, places, project.settings.eval.model_dump(), given)
    prepared = prepare(request, project.rim.environ, places.changed)
    found = explain(prepared.plan, Cache(places.cache), case)
    if not found:
        raise UsageError(f"no case of {given['task_class']} matches {case!r}")
    if output_format == "json":
        print_json(project.rim, [one.to_json() for one in found])
        return 0
    for one in found:
        project.rim.stdout.write(f"{one.case_id} {_SENTENCES[one.standing]}\n")
        for name, before, now in one.changed:
            project.rim.stdout.write(f"  {name}: {before} → {now}\n")
    return 0


@click.command()
@format_option
def levels(output_format: str) -> int:
    """List the levels of isolation, from the weakest to the strongest, and which of them work here.

    \b
    Example:
      benchgov eval levels
    """
    from benchgov.eval.isolation.levels import available, choose
    from benchgov.eval.models import ISOLATION_LEVELS
    from benchgov.rim import real_rim

    rim, here, chosen = real_rim(), available(), choose()
    if output_format == "json":
        print_json(rim, {"available": list(here), "auto": chosen})
        return 0
    for level in ISOLATION_LEVELS:
        note = "works here" if level in here else "not here"
        rim.stdout.write(f"{level:<12} {note}{'  (auto)' if level == chosen else ''}\n")
    return 0

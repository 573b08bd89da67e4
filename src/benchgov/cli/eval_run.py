"""`benchgov eval run`: score the cases of a task class, and record the report."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, open_project
from benchgov.cli.eval_places import (
    EvalPlaces,
    folder_type,
    scores_option,
    sut_process_option,
    task_class_option,
)
from benchgov.cli.eval_quick import answered, is_first, keep_settings, lines_of
from benchgov.cli.eval_request import LEVELS, make_request, sut_given

if TYPE_CHECKING:
    from benchgov.audit.eval_runs import Recorded
    from benchgov.cli.common import Project
    from benchgov.eval.models import BenchRunReport
    from benchgov.eval.prepare import Prepared, Request
    from benchgov.eval.runner import Finished, Options
    from benchgov.eval.starters import Starters
    from benchgov.rim import Rim


@click.command()
@task_class_option
@click.option(
    "--cases", metavar="GLOB", help="Only the cases whose id matches; the report is incomplete then."
)
@click.option("--sut", metavar="MODULE:CALLABLE", help="System under test.  [default: that of the bench]")
@click.option("--sut-command", metavar="COMMAND", help="System under test: JSON on stdin, JSON on stdout.")
@click.option(
    "--sut-env", metavar="NAME", multiple=True, help="A variable held back, to pass on. Repeatable."
)
@sut_process_option
@click.option(
    "--retries", type=click.IntRange(0, 10), default=0, show_default=True, help="Per case, recorded."
)
@click.option(
    "--concurrency", type=click.IntRange(1, 256), help="Of SUT and rubric each.  [default: processors, ≤ 4]"
)
@click.option(
    "--timeout", type=click.FloatRange(0.1, 86_400), default=600.0, show_default=True, help="Seconds."
)
@click.option("--max-cost-usd", type=click.FloatRange(0), help="What the run may spend.  [default: 5.00]")
@click.option("--no-cache", is_flag=True, help="Score every case anew, and keep no score.")
@click.option(
    "--isolation", type=click.Choice(LEVELS), default="auto", show_default=True, help="Of the rubric."
)
@click.option("--min-isolation", type=click.Choice(LEVELS[1:]), help="Do not run below this level.")
@click.option("--shard", metavar="I/N", help="Only every Nth case; `eval merge` joins the shards.")
@click.option("--with-verdict", is_flag=True, help="Also print the promotion verdict for the next tier.")
@click.option("--promotion-source-host", metavar="HOST", help="Whose runs count for a promotion.")
@click.option("--out", type=folder_type, help="Folder of run files.  [default: .benchgov/eval/runs]")
@click.option("--bench-root", type=folder_type, help="Folder of the benches.  [default: bench_dir]")
@click.option("--cache-dir", type=folder_type, help="Folder of the cache.  [default: .benchgov/eval/cache]")
@scores_option
@config_option
def run(output_format: str, config_file: Path | None, **given: Any) -> int:
    """Score the cases of a task class, and record the report in the audit log.

    Each case's input goes to the system under test in a process of its own, and what that answers goes to the
    rubric, in a confined one. Scores are cached by all that they depend on. Standard output gets one line for
    each case, by case id, and one for the report.

    With --sut-process=reused, one process of the system under test answers case after case: quicker, for a
    callable that keeps nothing in its memory that could tell on a later case. Such scores are kept apart.

    \b
    Example:
      benchgov eval run --task-class=vuln-remediation
      benchgov eval run --task-class=vuln-remediation --cases='001-*' --no-cache --format human
      benchgov eval run --task-class=vuln-remediation --sut-command './agent --json' --max-cost-usd 2
      benchgov eval run --task-class=vuln-remediation --shard 2/4
    """
    if answered(given, config_file, output_format):
        return 0
    from benchgov.errors import CostCapError
    from benchgov.eval.prepare import prepare
    from benchgov.eval.starters import Starters
    from benchgov.eval.sut.spec import SutSpec

    if "OPENBLAS_NUM_THREADS" not in os.environ:
        # No matrix is multiplied here: NumPy's threads would only wait for one. The system under test, which
        # may want them, is given what `os.environ` says, and that stays as it is.
        os.putenv("OPENBLAS_NUM_THREADS", "1")
    with closing(Starters(os.environ)) as starters:
        if is_first(given):
            starters.begin_sut(sut_given(given) or SutSpec(keep=given["sut_env"]))
        project = open_project(config_file)
        places = EvalPlaces.of(project, given["bench_root"], given["out"], given["cache_dir"])
        request = make_request(project.root, places, project.settings.eval.model_dump(), given)
        settled = [starters.begin] if given["no_cache"] or places.is_new(request.task_class) else []
        prepared = prepare(request, project.rim.environ, places.changed, *settled)
        places.verify_log()
        finished, recorded = _carried_out(project, places, request, prepared, given, starters)
    report = recorded.report if recorded else finished.report
    print_report(project.rim, report, finished.hits, output_format)
    say_recorded(project.rim, recorded, places)
    if not given["no_cache"]:
        _remember(places, prepared, finished, recorded)
        keep_settings(project, config_file)
    if given["with_verdict"] and recorded:
        _print_verdict(project, places, request, given)
    if report.run_id != report.content_id:
        raise CostCapError(
            f"the run spent more than {_options(project, places, given).max_cost_usd:.2f} US dollars;"
            f" {len(report.per_case)} of {len(prepared.plan.cases)} cases were scored"
        )
    return 0


def _options(project: Project, places: EvalPlaces, given: dict[str, Any]) -> Options:
    from benchgov.eval.runner import Options, default_concurrency

    settings = project.settings.eval
    cost = given["max_cost_usd"]
    return Options(
        cache=None if given["no_cache"] else places.cache,
        details=places.runs,
        concurrency=given["concurrency"] or settings.default_concurrency or default_concurrency(),
        timeout=given["timeout"],
        max_cost_usd=settings.default_max_cost_usd if cost is None else cost,
    )


def _carried_out(
    project: Project,
    places: EvalPlaces,
    request: Request,
    prepared: Prepared,
    given: dict[str, Any],
    starters: Starters,
) -> tuple[Finished, Recorded | None]:
    """The run, and its record; a lone shard is not recorded, but kept for `eval merge`."""
    from benchgov.audit.eval_runs import record_run, run_name
    from benchgov.audit.host import host_fingerprint
    from benchgov.eval.logs import EvalLog
    from benchgov.eval.runner import World, run_eval
    from benchgov.eval.spans import open_tracer
    from benchgov.files import create_exclusive

    rim = project.rim
    log = EvalLog(rim.environ, rim.stderr)
    host = host_fingerprint(rim.environ, places.log)
    world = World(rim.environ, rim.now, host, log, open_tracer(rim.environ), starters=starters)
    finished = run_eval(request, prepared, _options(project, places, given), world)
    log.reported(finished.report, finished.hits)
    report = finished.report
    if report.shard:
        create_exclusive(places.runs / "shards" / run_name(report), report.to_bytes(), 0o600)
        return finished, None
    allow = project.settings.audit.allow
    recorded = record_run(places.log, report, places.runs, environ=rim.environ, now=rim.now, allow=allow)
    return finished, recorded


def print_report(rim: Rim, report: BenchRunReport, hits: int, output_format: str) -> None:
    """Print a report as JSON lines, one a case and one for the rest, or for people."""
    if output_format == "human":
        from benchgov.cli.eval_table import print_table

        print_table(rim, report, hits)
        return
    rim.stdout.write("".join(lines_of(report.to_json(), hits)))


def say_recorded(rim: Rim, recorded: Recorded | None, places: EvalPlaces) -> None:
    """Say on standard error where the report is."""
    if recorded is None:
        text = "a lone shard is not recorded; join all of them with `benchgov eval merge`"
    elif recorded.new:
        text = f"report: {places.shown(recorded.path)} (record {recorded.record.sequence})"
    else:
        text = f"warning: this run is record {recorded.record.sequence} already; nothing was recorded"
    rim.stderr.write(f"benchgov: {text}\n")


def _remember(places: EvalPlaces, prepared: Prepared, finished: Finished, recorded: Recorded | None) -> None:
    """Let the same run, asked for again, be found at once; one with a failure of the harness is run again."""
    from benchgov.audit.folder import FolderFiles
    from benchgov.eval.finished import keep, keep_verified
    from benchgov.eval.taxonomy import is_of_harness

    report = finished.report
    whole = report.run_id == report.content_id and not any(is_of_harness(one) for _, one in report.per_case)
    if recorded is None or recorded.path is None or not whole or not isinstance(places.log, FolderFiles):
        return
    places.verify_log()
    keep_verified(places.cache, places.log.home)
    keep(places.cache, prepared.plan, recorded.path, recorded.record.sequence, finished.oldest)


def _print_verdict(project: Project, places: EvalPlaces, request: Request, given: dict[str, Any]) -> None:
    from benchgov.promotion.verdicts import judge

    source = given["promotion_source_host"] or project.settings.eval.promotion_source_host
    verdict, _ = judge(places.for_verdict(project), request.task_class, promotion_source=source)
    project.rim.stdout.write(json.dumps(verdict.to_json(), ensure_ascii=False) + "\n")

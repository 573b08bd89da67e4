"""Action run-eval: score a task class. Its step is given no token, as it runs the code under test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, ArtifactUrl, Flag, Lines
from benchgov.actions.job import Job, StepFailedError, option
from benchgov.actions.workflow import MAX_SUMMARY_BYTES, Level
from benchgov.audit.eval_runs import run_name
from benchgov.cli.common import Project
from benchgov.errors import CostCapError, ExitCode
from benchgov.eval.models import BenchRunReport, PromotionVerdict
from benchgov.files import write_atomic
from benchgov.github.blocks import page
from benchgov.github.render import Links
from benchgov.github.render_eval import present_eval


class Inputs(ActionInputs):
    """Inputs of run-eval."""

    task_class: Annotated[str, Field(description="the task class: a folder under `bench/`")]
    sut: Annotated[
        str, Field(description="system under test, `module:callable`; default: that of the bench")
    ] = ""
    sut_command: Annotated[
        str, Field(description="system under test as a command: JSON on stdin, JSON on stdout")
    ] = ""
    sut_env: Annotated[
        Lines, Field(description="variables held back that the system under test may see, one a line")
    ] = ()
    cases: Annotated[
        str, Field(description="only the cases whose id matches; the report is incomplete then")
    ] = ""
    shard: Annotated[
        str, Field(description="`I/N`: only every Nth case; `benchgov eval merge` joins the shards")
    ] = ""
    max_cost_usd: Annotated[str, Field(description="what the run may spend; default: the settings'")] = ""
    isolation: Annotated[str, Field(description="of the rubric; default: the strongest that there is")] = ""
    min_isolation: Annotated[
        str, Field(description="do not run below this level; default: the settings'")
    ] = ""
    with_verdict: Annotated[
        Flag, Field(description="`true`: judge too whether the evidence suffices for the next tier")
    ] = False
    fail_on_block: Annotated[
        Flag, Field(description="`false`: a failure mode that blocks is told, and does not fail the step")
    ] = True
    annotate: Annotated[
        Flag, Field(description="`false`: leave the annotations to publish-eval's check run")
    ] = True
    artifact_name: Annotated[
        str,
        Field(
            description="name of the artifact with the report; default `benchgov-eval-<task class>`, or "
            "`benchgov-eval-<task class>-<shard>`"
        ),
    ] = ""
    upload: Annotated[Flag, Field(description="`false`: keep the report in the job")] = True


class Outputs(ActionOutputs):
    """Outputs of run-eval."""

    run_id: Annotated[str, Field(description="id of the run")]
    mean_score: Annotated[str, Field(description="mean score of the cases")]
    lower_bound: Annotated[str, Field(description="lower confidence bound of the mean score, 95 %")]
    passed: Annotated[str, Field(description="how many cases passed")]
    cases: Annotated[str, Field(description="how many cases were scored")]
    complete: Annotated[str, Field(description="`true` when all cases were scored")]
    verdict: Annotated[
        str, Field(description="with `with-verdict`: `sufficient` or `insufficient` for the next tier")
    ] = ""
    report: Annotated[str, Field(description="path of the report")]
    folder: Annotated[str, Field(description="folder of the report, which the artifact holds")]
    artifact_name: Annotated[str, Field(description="name of the artifact")]
    artifact_url: ArtifactUrl = ""


def run(inputs: Inputs, job: Job) -> int:
    """Score, keep the report, and show it; a run that its cost cap ended is shown too, and fails the step."""
    project = job.project(inputs.config)
    try:
        lines, capped = _lines(job.command(_arguments(inputs), capture=True).stdout), 0
    except StepFailedError as failure:
        if not isinstance(failure.error, CostCapError):
            raise
        lines, capped = _lines(failure.stdout), failure.code
    report, verdict = _report_of(lines)
    path = _keep(project, report)
    job.workflow.set_outputs(_outputs(inputs, report, verdict, job.shown(path)).as_outputs())
    shown = present_eval(
        report, Links(), bench=f"{project.settings.bench_dir}/{report.task_class}", verdict=verdict
    )
    job.workflow.add_summary(page(shown.blocks, MAX_SUMMARY_BYTES))
    if inputs.annotate:
        for item in shown.annotations:
            level: Level = "error" if inputs.fail_on_block else "warning"
            job.workflow.annotate(level, item.message, title=item.title, file=item.path, line=item.line)
    if capped:
        return capped
    return int(ExitCode.FAILED) if report.block_severity_failure_modes and inputs.fail_on_block else 0


def _arguments(inputs: Inputs) -> list[str]:
    return [
        "eval",
        "run",
        *option("task-class", inputs.task_class),
        *option("sut", inputs.sut),
        *option("sut-command", inputs.sut_command),
        *(argument for name in inputs.sut_env for argument in option("sut-env", name)),
        *option("cases", inputs.cases),
        *option("shard", inputs.shard),
        *option("max-cost-usd", inputs.max_cost_usd),
        *option("isolation", inputs.isolation),
        *option("min-isolation", inputs.min_isolation),
        *option("config", inputs.config),
        *(["--with-verdict"] if inputs.with_verdict else []),
    ]


def _lines(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]


def _report_of(lines: list[dict[str, Any]]) -> tuple[BenchRunReport, PromotionVerdict | None]:
    """The report that `eval run` printed case by case, and the verdict, where it was asked for."""
    per_case = []
    rest: dict[str, Any] = {}
    verdict = None
    for line in lines:
        if "case_id" in line:
            per_case.append((line.pop("case_id"), line))
        elif "evidence_sufficient" in line:
            verdict = PromotionVerdict.model_validate_json(json.dumps(line))
        else:
            rest = {name: value for name, value in line.items() if name not in ("cases", "cache_hits")}
    return BenchRunReport.model_validate_json(json.dumps({**rest, "per_case": per_case})), verdict


def _keep(project: Project, report: BenchRunReport) -> Path:
    """Keep the report for publish-eval and the artifact, by the name that the audit log knows it by."""
    path = project.output_dir / "eval" / report.task_class / run_name(report)
    write_atomic(path, report.unlinked().to_bytes())
    return path


def _outputs(inputs: Inputs, report: BenchRunReport, verdict: PromotionVerdict | None, path: str) -> Outputs:
    shard = f"-{report.shard.index}" if report.shard else ""
    said = "" if verdict is None else "sufficient" if verdict.evidence_sufficient else "insufficient"
    return Outputs(
        run_id=report.run_id,
        mean_score=f"{report.mean_score:.6f}",
        lower_bound=f"{report.lower_bound_95:.6f}",
        passed=str(report.passed_count),
        cases=str(len(report.per_case)),
        complete=str(report.complete).lower(),
        verdict=said,
        report=path,
        folder=str(Path(path).parent),
        artifact_name=inputs.artifact_name or f"benchgov-eval-{report.task_class}{shard}",
    )

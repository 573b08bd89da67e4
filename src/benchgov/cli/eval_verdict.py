"""`benchgov eval promote-verdict`: whether the recorded runs suffice for a tier. It promotes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json
from benchgov.cli.eval_places import EvalPlaces, folder_type, task_class_option


@click.command("promote-verdict")
@task_class_option
@click.option("--target-tier", metavar="TIER", help="Which tier.  [default: the next one]")
@click.option("--promotion-source-host", metavar="HOST", help="Whose runs count.")
@click.option("--out", type=folder_type, help="Folder of run files.  [default: .benchgov/eval/runs]")
@click.option("--bench-root", type=folder_type, help="Folder of the benches.  [default: bench_dir]")
@format_option
@config_option
def promote_verdict(
    task_class: str,
    target_tier: str | None,
    promotion_source_host: str | None,
    out: Path | None,
    bench_root: Path | None,
    output_format: str,
    config_file: Path | None,
) -> int:
    """Judge the newest complete recorded run of a task class, and write a recommendation.

    Every condition that is not met is named. Nothing is promoted: a tier changes in docs/trust-tiers.yaml,
    by a pull request that code owners approve. The verdict is recorded in the audit log.

    \b
    Exit codes: 0 there is a verdict, whichever
                1 there is no complete recorded run
                3 no such task class
                4 docs/trust-tiers.yaml is not valid, or has no such tier
                5 the audit log, or the run file, is not what was written

    \b
    Example:
      benchgov eval promote-verdict --task-class=vuln-remediation --target-tier=silver
    """
    from benchgov.audit.host import host_fingerprint
    from benchgov.promotion.recorded import Recorder
    from benchgov.promotion.verdicts import promote_verdict as judged

    project = open_project(config_file)
    rim = project.rim
    places = EvalPlaces.of(project, bench_root=bench_root, runs=out)
    recorder = Recorder(
        host_fingerprint(rim.environ, places.log), rim.now, rim.environ, project.settings.audit.allow
    )
    source = promotion_source_host or project.settings.eval.promotion_source_host
    found = judged(
        places.for_verdict(project), task_class, target_tier, promotion_source=source, recorder=recorder
    )
    verdict = found.verdict
    if output_format == "json":
        print_json(rim, verdict.to_json())
    else:
        word = "suffices" if verdict.evidence_sufficient else "does not suffice"
        rim.stdout.write(
            f"{task_class}: the evidence of run {verdict.run_id} {word} for {verdict.target_tier}"
            f" (now {verdict.current_tier})\n" + "".join(f"  - {reason}\n" for reason in verdict.reasons)
        )
    rim.stderr.write(f"benchgov: recommendation: {places.shown(found.path)}; people decide\n")
    return 0

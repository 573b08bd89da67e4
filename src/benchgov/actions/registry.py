"""The actions: name → what it does and its module; and the inputs that the whole pipeline passes on."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

ACTIONS: dict[str, tuple[str, str]] = {
    "verify-env": ("benchgov.actions.verify_env", "Check that this machine is the pinned environment."),
    "run-bench": (
        "benchgov.actions.run_bench",
        "Measure a suite, and keep report and raw runs as an artifact.",
    ),
    "compare-thresholds": (
        "benchgov.actions.compare_thresholds",
        "Hold a report against its baseline; tell the reviewer by check run, comment and job summary.",
    ),
    "append-audit": ("benchgov.actions.append_audit", "Record the results in the tamper-evident audit log."),
    "render-dossier": ("benchgov.actions.render_dossier", "Render the release report as HTML and Markdown."),
    "plan-shards": ("benchgov.actions.plan_shards", "Spread a suite over the jobs of a matrix."),
    "merge-shards": ("benchgov.actions.merge_shards", "Join the reports of a matrix into one."),
    "publish-results": (
        "benchgov.actions.publish_results",
        "Second stage for pull requests from forks: judge the report again, and publish the verdict.",
    ),
    "report-incident": (
        "benchgov.actions.report_incident",
        "Keep one issue for each failure or regression on the default branch.",
    ),
    "run-eval": (
        "benchgov.actions.run_eval",
        "Score the cases of a task class, and keep the report as an artifact.",
    ),
    "publish-eval": (
        "benchgov.actions.publish_eval",
        "Tell the reviewer of an eval run by check run and comment.",
    ),
    "track-history": (
        "benchgov.actions.track_history",
        "Find where a suite's level changed, over what earlier runs of a branch left as artifacts.",
    ),
    "promotion-guard": (
        "benchgov.actions.promotion_guard",
        "Required check: may this pull request change tiers, baselines, limits, policy, owners or workflows?",
    ),
}

PIPELINE_INPUTS: dict[str, str] = {
    "suite": "run-bench",
    "only": "run-bench",
    "against": "run-bench",
    "pairs": "run-bench",
    "max_minutes": "run-bench",
    "warmup": "run-bench",
    "runs": "run-bench",
    "timeout": "run-bench",
    "regime": "run-bench",
    "allow_drift": "run-bench",
    "baseline_ref": "compare-thresholds",
    "thresholds": "compare-thresholds",
    "github_token": "compare-thresholds",
    "check": "compare-thresholds",
    "comment": "compare-thresholds",
    "fail_on_blocked": "compare-thresholds",
    "store": "append-audit",
    "config": "verify-env",
    "working_directory": "verify-env",
    "artifact_name": "run-bench",
    "upload": "run-bench",
}
"""Inputs of the root action, and the action whose input of that name each one is."""

PIPELINE_OUTPUTS: dict[str, str] = {
    "status": "run-bench",
    "authoritative": "run-bench",
    "fingerprint": "run-bench",
    "report": "run-bench",
    "artifact_name": "run-bench",
    "artifact_url": "run-bench",
    "verdict": "compare-thresholds",
    "reason": "compare-thresholds",
    "regressions": "compare-thresholds",
    "comparison": "compare-thresholds",
    "check_url": "compare-thresholds",
    "comment_url": "compare-thresholds",
    "head": "append-audit",
    "dossier": "render-dossier",
}
"""Outputs of the root action, and the action whose output of that name each one is."""


def module_of(action: str) -> ModuleType:
    """The module of `action`: it has `Inputs`, `Outputs` and `run(inputs, job) -> exit code`."""
    return import_module(ACTIONS[action][0])

"""A pull request that is measured in turn with its base, in a workflow."""

from __future__ import annotations

import json

import pytest
from tests.e2e.consumer import PAIRED, Consumer
from tests.e2e.support import Act, Emulator, artifact, commit_all, git, lines

from benchgov.report import Report

pytestmark = pytest.mark.e2e


def test_a_slower_pull_request_is_found_without_a_stored_baseline(
    act: Act, github: Emulator, consumer: Consumer
) -> None:
    """Ten times the work fails the check; the report has both sides, and nothing is left in the checkout."""
    workflow = consumer.folder / ".github" / "workflows" / "benchmarks.yml"
    workflow.write_text(PAIRED)
    git(consumer.folder, "rm", "-r", "--quiet", "bench/demo/baselines")
    base = Consumer(consumer.folder, commit_all(consumer.folder, "no baseline"))
    number, head = github.open_pull_request()
    base.change(10)

    run = act.run(base.folder, base.event(head, number), {"GITHUB_API_URL": github.url})

    assert run.status == 1, run.log
    assert "verdict=regression" in lines(run)
    report = Report.model_validate(json.loads(artifact(run, "benchgov-demo").read("report.json")))
    against = report.config.against
    assert against is not None
    assert (against.revision, report.config.revision) == (base.base, git(base.folder, "rev-parse", "HEAD"))
    [metric] = report.runs[0].metrics
    assert len(metric.samples) == len(metric.reference) == 40
    assert [check["conclusion"] for check in github.check_runs(head)] == ["failure"]
    assert len(git(base.folder, "worktree", "list").splitlines()) == 1

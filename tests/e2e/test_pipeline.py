"""Workflows of a consumer, run by act on a pull_request event, against GitHub's emulator."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.e2e.consumer import TWO_JOBS, WHOLE_PIPELINE, Consumer
from tests.e2e.support import Act, Emulator, artifact, lines, read_only_github

from benchgov.audit.verification import verify
from benchgov.report import Report

pytestmark = pytest.mark.e2e


def test_a_regression_is_red_and_its_repair_updates_the_same_comment(
    act: Act, github: Emulator, consumer: Consumer
) -> None:
    """A real slow-down ends in a failed check run with an annotation at the benchmark and a red job;
    the next push, which undoes it, turns both green and changes the one comment."""
    number, head = github.open_pull_request()
    environ = {"GITHUB_API_URL": github.url}

    consumer.change(rounds=30)
    red = act.run(consumer.folder, consumer.event(head, number), environ)

    assert red.status != 0, red.log
    assert "verdict=regression" in lines(red)
    (check,) = github.check_runs(head)
    assert (check["name"], check["conclusion"]) == ("benchgov / demo", "failure")
    assert check["output"]["title"] == "regression: 1 finding is over the limit"
    (annotation,) = github.annotations(check["id"])
    place = (annotation["path"], annotation["start_line"])
    manifest = (consumer.folder / "bench/demo/suite.yaml").read_text().splitlines()
    assert place == ("bench/demo/suite.yaml", 1 + manifest.index("  - id: sum-of-squares"))
    assert "over the 400 % limit of family arithmetic" in annotation["message"]
    (comment,) = github.comments(number)
    assert "regression: 1 finding is over the limit" in comment["body"]
    assert any("::error title=benchgov / demo::regression" in line for line in red.log.splitlines())
    assert any("Summary - ### 🔴 benchgov `demo`" in line for line in red.log.splitlines())
    assert "no leaked Python" in lines(red)

    consumer.change(rounds=1)
    green = act.run(consumer.folder, consumer.event(head, number), environ)

    assert green.status == 0, green.log
    assert "verdict=pass" in lines(green)
    assert [run["conclusion"] for run in github.check_runs(head)].count("success") == 1
    (updated,) = github.comments(number)
    assert updated["id"] == comment["id"]
    assert "pass: " in updated["body"]
    assert "regression: " not in updated["body"]


def test_the_results_are_artifacts(act: Act, github: Emulator, consumer: Consumer, tmp_path: Path) -> None:
    """Report, raw runs, audit log and dossier arrive whole over the real artifact protocol."""
    number, head = github.open_pull_request()
    consumer.change()

    run = act.run(consumer.folder, consumer.event(head, number), {"GITHUB_API_URL": github.url})

    assert run.status == 0, run.log
    results = artifact(run, "benchgov-demo")
    report = Report.model_validate(json.loads(results.read("report.json")))
    assert report.summary.authoritative
    assert any(name.startswith("runs/") and "/raw/" in name for name in results.namelist())
    page = artifact(run, "benchgov-dossier").read("index.html").decode()
    assert "sum-of-squares" in page
    artifact(run, "benchgov-audit").extractall(tmp_path / "audit")
    log = verify(tmp_path / "audit", strict=True)
    assert (log.ok, log.records) == (True, 2)


def test_a_drifted_environment_is_blocked_and_not_red(act: Act, github: Emulator, consumer: Consumer) -> None:
    """On a machine that is not the pinned one the job stays green, and every place says `blocked`."""
    number, head = github.open_pull_request()
    consumer.change(python="==3.0.1")

    run = act.run(consumer.folder, consumer.event(head, number), {"GITHUB_API_URL": github.url})

    assert run.status == 0, run.log
    assert "verdict=blocked" in lines(run)
    (check,) = github.check_runs(head)
    assert check["conclusion"] == "neutral"
    assert check["output"]["title"].startswith("blocked: ")
    (comment,) = github.comments(number)
    assert "blocked: " in comment["body"]
    assert "| `python` | `==3.0.1` |" in comment["body"]
    warnings = [line for line in run.log.splitlines() if "::warning" in line]
    assert any("title=benchgov%3A blocked::" in line for line in warnings)
    assert any("Summary - ### ⚪ benchgov" in line for line in run.log.splitlines())
    assert not any("::error" in line for line in run.log.splitlines())


def test_the_whole_pipeline_in_one_step(act: Act, github: Emulator, consumer: Consumer) -> None:
    """`uses: org/benchgov@v1` measures, compares, records, renders, publishes and uploads."""
    (consumer.folder / ".github/workflows/benchmarks.yml").write_text(WHOLE_PIPELINE)
    number, head = github.open_pull_request()
    event = consumer.event(head, number)

    run = act.run(consumer.folder, event, {"GITHUB_API_URL": github.url})

    assert run.status == 0, run.log
    assert "verdict=pass" in lines(run)
    assert any(line.startswith("head=2:") for line in lines(run))
    assert [check["conclusion"] for check in github.check_runs(head)] == ["success"]
    (comment,) = github.comments(number)
    assert re.search(r"\[artifact\]\(https?://\S+/actions/runs/\d+/artifacts/\d+\)", comment["body"])
    (recorded,) = [line.removeprefix("head=") for line in lines(run) if line.startswith("head=2:")]
    assert f"audit record `{recorded}`" in comment["body"]
    names = artifact(run, "benchgov-demo").namelist()
    assert {"out/report.json", "out/comparison.json", "out/dossier/index.html"} <= set(names)
    assert any(name.startswith("audit/hosts/") for name in names)

    consumer.change(rounds=30)
    (consumer.folder / ".github/workflows/benchmarks.yml").write_text(WHOLE_PIPELINE)
    red = act.run(consumer.folder, event, {"GITHUB_API_URL": github.url})

    assert red.status != 0, red.log
    assert "verdict=regression" in lines(red)
    (updated,) = github.comments(number)
    assert "regression: 1 finding is over the limit" in updated["body"]
    assert "out/dossier/index.html" in artifact(red, "benchgov-demo").namelist()


def test_a_token_that_may_only_read_costs_no_verdict(act: Act, github: Emulator, consumer: Consumer) -> None:
    """With a read-only token a warning names the permission; annotations take the check's place."""
    number, head = github.open_pull_request()
    consumer.change(rounds=30)

    with read_only_github(github.url) as url:
        run = act.run(consumer.folder, consumer.event(head, number), {"GITHUB_API_URL": url})

    assert run.status != 0
    assert "verdict=regression" in lines(run)
    assert github.comments(number) == []
    assert "`checks: write`" in run.log
    assert "`pull-requests: write`" in run.log
    assert any("Summary - ### 🔴 benchgov `demo`" in line for line in run.log.splitlines())
    assert any("::error file=bench/demo/suite.yaml,line=" in line for line in run.log.splitlines())


def test_a_later_job_compares_the_report_of_an_earlier_one(
    act: Act, github: Emulator, consumer: Consumer
) -> None:
    """compare-thresholds takes the report from the artifact that run-bench made in another job."""
    (consumer.folder / ".github/workflows/benchmarks.yml").write_text(TWO_JOBS)
    number, head = github.open_pull_request()

    run = act.run(consumer.folder, consumer.event(head, number), {"GITHUB_API_URL": github.url})

    assert run.status == 0, run.log
    assert "verdict=pass" in lines(run)
    assert [check["conclusion"] for check in github.check_runs(head)] == ["success"]


def test_the_action_works_from_its_own_checkout(act: Act, product: Path, github: Emulator) -> None:
    """`uses: ./verify-env` and `uses: ./actions/verify-env`: the launcher is found either way."""
    run = act.run(product, {}, {"GITHUB_API_URL": github.url}, name="push", workflow=SELF_TEST)

    assert run.status == 0, run.log
    assert lines(run).count("status=unpinned") == 2


SELF_TEST = """\
name: self
on: push
permissions: {}
jobs:
  self:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - run: 'printf "version: 1\\n" > unpinned.yaml'
      - uses: ./verify-env
        id: link
        with:
          config: unpinned.yaml
      - uses: ./actions/verify-env
        id: folder
        with:
          config: unpinned.yaml
      - env:
          LINK: ${{ steps.link.outputs.status }}
          FOLDER: ${{ steps.folder.outputs.status }}
        run: |
          echo "status=$LINK"
          echo "status=$FOLDER"
"""

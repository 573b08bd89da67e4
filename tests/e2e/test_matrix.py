"""A suite over the jobs of a real matrix: planned, measured, merged, compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.e2e.consumer import MATRIX, SUITE, Consumer, benchgov, write_consumer
from tests.e2e.support import Act, Emulator, artifact, commit_all, git, lines

from benchgov.report import Report

pytestmark = pytest.mark.e2e

MORE = "".join(
    f"""\
  - id: {name}
    family: arithmetic
    signature: "(size: int) -> int"
    metrics: [wall_time]
    input: {{value: 2000}}
    variants:
      product: {{callable: "work:sum_of_squares"}}
"""
    for name in ("b[1]", "c=(2)")
)


@pytest.fixture
def three(tmp_path: Path) -> Consumer:
    """A consumer with three benchmarks, whose baseline is published, and a workflow with a matrix."""
    folder = write_consumer(tmp_path / "matrix" / "widgets", MATRIX)
    (folder / "bench" / "demo" / "suite.yaml").write_text(SUITE + MORE)
    commit_all(folder, "suite")
    benchgov(folder, "baseline", "generate", "demo", "--activate", "--by", "maintainer")
    return Consumer(folder, commit_all(folder, "baseline"))


def test_a_matrix_measures_merges_and_compares(act: Act, github: Emulator, three: Consumer) -> None:
    """Four jobs were asked for and three are planned; their one report has every benchmark, and a verdict."""
    number, head = github.open_pull_request()
    three.change()

    run = act.run(three.folder, three.event(head, number), {"GITHUB_API_URL": github.url})

    assert run.status == 0, run.log
    assert "verdict=pass" in lines(run)
    merged = artifact(run, "benchgov-demo")
    report = Report.model_validate(json.loads(merged.read("report.json")))
    assert [one.benchmark for one in report.runs] == ["sum-of-squares", "b[1]", "c=(2)"]
    assert report.config.revision == git(three.folder, "rev-parse", "HEAD")
    assert report.summary.authoritative
    names = merged.namelist()
    assert sum("/raw/shard-" in name for name in names) == 3
    assert sum("/shards/report-" in name for name in names) == 3
    for shard in (1, 2, 3):
        one = Report.model_validate(json.loads(artifact(run, f"benchgov-demo-{shard}").read("report.json")))
        assert one.config.options["shard"]["shard"] == shard
    assert [check["conclusion"] for check in github.check_runs(head)] == ["success"]

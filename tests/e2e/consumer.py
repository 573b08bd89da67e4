"""A consumer's repository: a suite with one quick benchmark, settings, a workflow, and a baseline."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.support import NAME, OWNER, ROOT, commit_all, git

SUITE = """\
version: 1
suite: demo
kind: measured
defaults: {min_sample_ms: 5}
families:
  arithmetic: {thresholds: {wall_time: 400}}
benchmarks:
  - id: sum-of-squares
    family: arithmetic
    signature: "(size: int) -> int"
    metrics: [wall_time]
    input: {value: 2000}
    variants:
      product: {callable: "work:sum_of_squares"}
"""
WORK = '''\
"""What the consumer measures."""


def sum_of_squares(size: int) -> int:
    total = 0
    for _ in range(ROUNDS):
        total = sum(number * number for number in range(size))
    return total


ROUNDS = 1
'''
SETTINGS = """\
version: 1
regime: ci
environment:
  pins:
    python: "{python}"
"""
STEPS = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  benchmarks:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      checks: write
      pull-requests: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/verify-env@v1
      - uses: org/benchgov/run-bench@v1
        with:
          suite: demo
      - uses: org/benchgov/compare-thresholds@v1
        id: compare
      - uses: org/benchgov/append-audit@v1
        if: ${{ !cancelled() }}
      - uses: org/benchgov/render-dossier@v1
        if: ${{ !cancelled() }}
      - name: Show the outputs
        if: ${{ !cancelled() }}
        env:
          VERDICT: ${{ steps.compare.outputs.verdict }}
          REASON: ${{ steps.compare.outputs.reason }}
        run: |
          echo "verdict=$VERDICT"
          echo "reason=$REASON"
          cat "$GITHUB_STEP_SUMMARY"
          env | grep -E '^PYTHON|^BENCHGOV_PYTHON|^VIRTUAL_ENV' || echo "no leaked Python"
"""
WHOLE_PIPELINE = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  benchmarks:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      checks: write
      pull-requests: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov@v1
        id: benchgov
        with:
          suite: demo
      - name: Show the outputs
        if: ${{ !cancelled() }}
        env:
          VERDICT: ${{ steps.benchgov.outputs.verdict }}
          HEAD: ${{ steps.benchgov.outputs.head }}
          DOSSIER: ${{ steps.benchgov.outputs.dossier }}
        run: |
          echo "verdict=$VERDICT"
          echo "head=$HEAD"
          test -s "$DOSSIER"
"""
TWO_JOBS = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  measure:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/run-bench@v1
        with:
          suite: demo
          artifact-name: measured-elsewhere
  compare:
    runs-on: ubuntu-latest
    needs: measure
    permissions:
      contents: read
      checks: write
      pull-requests: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - run: rm -rf .benchgov
      - uses: org/benchgov/compare-thresholds@v1
        id: compare
        with:
          artifact-name: measured-elsewhere
      - env:
          VERDICT: ${{ steps.compare.outputs.verdict }}
        run: echo "verdict=$VERDICT"
"""

MATRIX = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  plan:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    outputs:
      matrix: ${{ steps.plan.outputs.matrix }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/plan-shards@v1
        id: plan
        with:
          suite: demo
          shards: 4
  measure:
    needs: plan
    runs-on: ubuntu-latest
    permissions:
      contents: read
    strategy:
      fail-fast: false
      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/run-bench@v1
        with:
          suite: demo
          shard: ${{ toJSON(matrix) }}
  compare:
    needs: measure
    if: ${{ !cancelled() }}
    runs-on: ubuntu-latest
    permissions:
      contents: read
      checks: write
      pull-requests: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/merge-shards@v1
        with:
          artifact-pattern: benchgov-demo-*
      - uses: org/benchgov/compare-thresholds@v1
        id: compare
      - uses: org/benchgov/append-audit@v1
        if: ${{ !cancelled() }}
      - uses: org/benchgov/render-dossier@v1
        if: ${{ !cancelled() }}
      - name: Show the outputs
        if: ${{ !cancelled() }}
        env:
          VERDICT: ${{ steps.compare.outputs.verdict }}
        run: echo "verdict=$VERDICT"
"""

PAIRED = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  benchmarks:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      checks: write
      pull-requests: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/run-bench@v1
        with:
          suite: demo
          against: ${{ github.event.pull_request.base.sha }}
          max-minutes: 20
      - uses: org/benchgov/compare-thresholds@v1
        id: compare
      - env:
          VERDICT: ${{ steps.compare.outputs.verdict }}
        if: ${{ !cancelled() }}
        run: echo "verdict=$VERDICT"
"""

COLLECT = """\
name: benchmarks
on: push
permissions: {}
jobs:
  measure:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    strategy:
      fail-fast: false
      matrix:
        part: [1, 2, 3]
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/run-bench@v1
        with:
          suite: demo
          artifact-name: benchgov-demo-${{ matrix.part }}
  audit:
    needs: measure
    if: ${{ !cancelled() }}
    runs-on: ubuntu-latest
    permissions:
      contents: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/append-audit@v1
        id: audit
        with:
          mode: collect
          host: ci
      - env:
          HEAD: ${{ steps.audit.outputs.head }}
          RECORDED: ${{ steps.audit.outputs.recorded }}
        run: |
          echo "head=$HEAD"
          echo "recorded=$RECORDED"
"""


@dataclass(frozen=True)
class Consumer:
    """A repository whose base commit holds a published baseline, measured on this machine."""

    folder: Path
    base: str

    def change(self, rounds: int = 1, python: str | None = None) -> str:
        """Commit, on a branch, code that does `rounds` times the work (and other pins)."""
        git(self.folder, "checkout", "--quiet", "-B", "change", self.base)
        work = self.folder / "bench" / "demo" / "work.py"
        work.write_text(work.read_text() + f"# changed\nROUNDS = {rounds}\n")
        if python is not None:
            (self.folder / "benchgov.yaml").write_text(SETTINGS.format(python=python))
        return commit_all(self.folder, "change")

    def event(self, head: str, number: int) -> dict[str, Any]:
        """The pull_request event of `head` against the base commit."""
        repository = {"full_name": f"{OWNER}/{NAME}", "name": NAME, "owner": {"login": OWNER}}
        return {
            "action": "synchronize",
            "number": number,
            "repository": {**repository, "default_branch": "main"},
            "pull_request": {
                "number": number,
                "head": {"ref": "change", "sha": head, "repo": repository},
                "base": {"ref": "main", "sha": self.base, "repo": repository},
            },
        }


def write_consumer(folder: Path, workflow: str = STEPS) -> Path:
    """Write the files of the repository: a suite, settings, a workflow."""
    suite = folder / "bench" / "demo"
    suite.mkdir(parents=True)
    (suite / "suite.yaml").write_text(SUITE)
    (suite / "work.py").write_text(WORK)
    (folder / "benchgov.yaml").write_text(SETTINGS.format(python=">=3.11"))
    (folder / ".gitignore").write_text(".benchgov/\n__pycache__/\n")
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "benchmarks.yml").write_text(workflow)
    return folder


def make_consumer(folder: Path, workflow: str = STEPS) -> Consumer:
    """Write the repository, measure and publish its baseline, and commit both to main."""
    commit_all(write_consumer(folder, workflow), "suite")
    benchgov(folder, "baseline", "generate", "demo", "--activate", "--by", "maintainer")
    return Consumer(folder, commit_all(folder, "baseline"))


def benchgov(folder: Path, *arguments: str) -> str:
    """Run this tree's benchgov in `folder`; returns what it printed."""
    # act calls its image this, so a baseline for it is one of this image.
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ImageOS": "ubuntu20"}
    done = subprocess.run(
        [sys.executable, "-m", "benchgov", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

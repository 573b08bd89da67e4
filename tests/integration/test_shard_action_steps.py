"""The steps plan-shards, run-bench with a shard, and merge-shards, as the launcher starts them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.support import ROOT, commit_all
from tests.sharding_builders import write_suite
from tests.step_builders import outputs_of

Step = Callable[..., tuple[int, dict[str, str], str]]


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """Run an action's step in a repository with suite `demo`: exit code, outputs, log."""
    folder = tmp_path / "widgets"
    write_suite(folder)
    (folder / "benchgov.yaml").write_text('version: 1\nenvironment: {pins: {python: ">=3.11"}}\n')
    (folder / ".gitignore").write_text(".benchgov\n__pycache__\nshards\n")
    commit_all(folder, "suite")

    def run(
        action: str, environ: dict[str, str] | None = None, **inputs: str
    ) -> tuple[int, dict[str, str], str]:
        output = tmp_path / "output"
        output.write_text("")
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
            "PYTHONPATH": str(ROOT / "src"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
            **(environ or {}),
        }
        done = subprocess.run(
            [sys.executable, "-P", "-m", "benchgov.actions", action],
            cwd=folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, outputs_of(output), done.stdout

    return run


def test_the_steps_hand_a_matrix_on(step: Step, tmp_path: Path) -> None:
    """Plan, measure each entry as a job would, keep it as an artifact would, merge."""
    code, planned, log = step("plan-shards", suite="demo", shards="3", only="a\nb1\nc")
    assert code == 0, log
    include = json.loads(planned["matrix"])["include"]
    assert (planned["shards"], planned["plan"]) == ("3", include[0]["plan"])
    names = []
    for entry in include:
        code, measured, log = step("run-bench", suite="demo", shard=json.dumps(entry, indent=2))
        assert code == 0, log
        names.append(measured["artifact-name"])
        shutil.move(tmp_path / "widgets" / measured["folder"], tmp_path / "artifacts" / names[-1])
    assert names == ["benchgov-demo-1", "benchgov-demo-2", "benchgov-demo-3"]

    artifacts = {"BENCHGOV_ARTIFACT": str(tmp_path / "artifacts")}
    code, merged, log = step("merge-shards", artifacts, artifact_pattern="benchgov-demo-*")
    assert code == 0, log
    assert (merged["status"], merged["authoritative"], merged["artifact-name"]) == (
        "pass",
        "true",
        "benchgov-demo",
    )
    report = json.loads((tmp_path / "widgets" / merged["report"]).read_text())
    assert [one["benchmark"] for one in report["runs"]] == ["a", "a", "b1", "c"]

    shutil.rmtree(tmp_path / "artifacts" / names[1])
    for fail, expected in (("true", 2), ("false", 0)):
        code, merged, log = step(
            "merge-shards", artifacts, artifact_pattern="x", fail_on_blocked=fail, artifact_name="mine"
        )
        assert (code, merged) == (expected, {})
        told = "these reports don't belong together; shard 2 of 3 is missing"
        assert any(told in line for line in log.splitlines() if line.startswith("::"))


@pytest.mark.parametrize(
    ("action", "inputs", "code", "message"),
    [
        ("plan-shards", {"suite": "demo", "shards": "0"}, 64, "1 to 256"),
        ("plan-shards", {"suite": "demo", "shards": "many"}, 64, "expected a whole number"),
        ("plan-shards", {"suite": "none", "shards": "2"}, 2, "no such suite"),
        ("plan-shards", {"suite": "demo", "shards": "2", "durations": "bench"}, 2, "there is no report.json"),
        ("merge-shards", {}, 64, "neither `artifact-pattern` nor `reports`"),
        ("merge-shards", {"reports": "none.json"}, 2, "no such file"),
        ("run-bench", {"suite": "demo", "shard": "2/4"}, 64, "not a matrix entry"),
    ],
)
def test_what_is_wrong_is_an_annotation(
    step: Step, action: str, inputs: dict[str, str], code: int, message: str
) -> None:
    """Each fault is red, and the step says what it is."""
    status, outputs, log = step(action, **inputs)
    assert (status, outputs) == (code, {})
    assert any(message in line for line in log.splitlines() if line.startswith("::error")), log

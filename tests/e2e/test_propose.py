"""Proposals on GitHub's emulator: a draft pull request of one commit, and nothing else."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.consumer import make_consumer
from tests.e2e.support import NAME, OWNER, ROOT, TOKEN, Emulator, commit_all

pytestmark = pytest.mark.e2e
STUB = "stub-task-class"
TIERS = f"""\
schema_version: 1
thresholds: {{bronze: 0.01, silver: 0.9}}
current_tiers:
  {STUB}: untiered  # by people
min_cases: 1
min_isolation: subprocess
"""
REPOSITORY = f"/repos/{OWNER}/{NAME}"
BY_HAND = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_ACTOR": "octocat"}


def benchgov(folder: Path, github: Emulator, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """(exit code, output, diagnostics)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchgov", *arguments],
        cwd=folder,
        env=kept
        | {
            "PYTHONPATH": str(ROOT / "src"),
            "ImageOS": "ubuntu20",
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
            "GITHUB_TOKEN": TOKEN,
            **environ,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def at(github: Emulator, path: str, ref: str) -> bytes:
    """A file on GitHub."""
    return base64.b64decode(github.call("GET", f"{REPOSITORY}/contents/{path}?ref={ref}")["content"])


def test_a_new_baseline_is_proposed_once_as_a_draft(github: Emulator, tmp_path: Path) -> None:
    """By hand only; with the files, the record's proof, and a warning where nobody owns them."""
    consumer = make_consumer(tmp_path / "widgets")
    made = benchgov(consumer.folder, github, "baseline", "generate", "demo", "--activate", "--by", "curator")
    assert made[0] == 0, made
    scheduled = {**BY_HAND, "GITHUB_EVENT_NAME": "schedule"}

    refused = benchgov(consumer.folder, github, "baseline", "propose", "demo", **scheduled)
    alone = benchgov(consumer.folder, github, "baseline", "propose", "demo")
    proposed = benchgov(consumer.folder, github, "baseline", "propose", "demo", **BY_HAND)
    again = benchgov(consumer.folder, github, "baseline", "propose", "demo", **BY_HAND)

    assert (refused[0], alone[0]) == (4, 4)
    assert "started by schedule" in refused[2]
    assert "there is no terminal" in alone[2]
    assert proposed[0] == 0, proposed[2]
    assert "nobody was asked for review" in proposed[2]
    assert again[0] == 4
    assert "is there already" in again[2]
    pulls: list[dict[str, Any]] = github.call("GET", f"{REPOSITORY}/pulls?state=open")
    (pull,) = [one for one in pulls if one["title"] == "Baselines of demo"]
    assert pull["draft"] is True
    branch = pull["head"]["ref"]
    index = next(consumer.folder.glob("bench/demo/baselines/*/index.json"))
    assert at(github, str(index.relative_to(consumer.folder)), branch) == index.read_bytes()
    assert pull["merged_at"] is None


def test_a_published_baseline_that_was_changed_is_not_proposed(github: Emulator, tmp_path: Path) -> None:
    """Only new files and the index may differ from the last commit."""
    consumer = make_consumer(tmp_path / "widgets")
    published = next(consumer.folder.glob("bench/demo/baselines/*/*/baseline.json"))
    published.write_bytes(published.read_bytes().replace(b"demo", b"demo ", 1))

    status, _, errors = benchgov(consumer.folder, github, "baseline", "propose", "demo", **BY_HAND)

    assert status == 4
    assert "published baselines were changed" in errors


def test_a_tier_is_proposed_with_its_recorded_evidence(github: Emulator, tmp_path: Path) -> None:
    """A run, a verdict, a checkpoint: then a draft that edits the tier, with proofs of both records."""
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "tests" / "data" / "benches" / STUB, folder / "bench" / STUB)
    registration = folder / "bench" / STUB / "registration.py"
    registration.write_text(registration.read_text().replace('"bronze": 3', '"bronze": 2'))
    (folder / "docs").mkdir()
    (folder / "docs" / "trust-tiers.yaml").write_text(TIERS)
    (folder / ".gitignore").write_text(".benchgov/\n__pycache__/\n")
    commit_all(folder, "a task class")
    arguments = ("promote", "propose", "--task-class", STUB, "--tier", "bronze")

    assert benchgov(folder, github, "eval", "run", f"--task-class={STUB}")[0] == 0
    early = benchgov(folder, github, *arguments, **BY_HAND)
    verdict = benchgov(
        folder, github, "eval", "promote-verdict", f"--task-class={STUB}", "--target-tier=bronze"
    )
    assert "does not suffice" not in verdict[1], verdict
    assert benchgov(folder, github, "audit", "checkpoint")[0] == 0
    proposed = benchgov(folder, github, *arguments, **BY_HAND)

    assert early[0] == 4
    assert "is recorded" in early[2]
    assert proposed[0] == 0, proposed[2]
    pulls: list[dict[str, Any]] = github.call("GET", f"{REPOSITORY}/pulls?state=open")
    (pull,) = [one for one in pulls if one["title"] == f"Promote {STUB} from untiered to bronze"]
    assert pull["draft"] is True
    assert pull["body"].count("<details><summary>Audit record") == 2
    edited = at(github, "docs/trust-tiers.yaml", pull["head"]["ref"])
    assert edited.decode() == TIERS.replace(f"{STUB}: untiered", f"{STUB}: bronze")

"""Proposals on GitHub's emulator: a draft pull request of one commit, and nothing else."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.consumer import make_consumer
from tests.e2e.support import NAME, OWNER, ROOT, TOKEN, Emulator

pytestmark = pytest.mark.e2e
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

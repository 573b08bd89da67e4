"""The promotion guard on GitHub's emulator: real pull requests, reviews and files, a real log."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.front import in_front
from tests.e2e.support import NAME, OWNER, ROOT, TOKEN, Emulator, commit_all

from benchgov.audit.chain import append
from benchgov.audit.draft_evals import from_verdict
from benchgov.eval.digests import rubric_digest
from benchgov.eval.models import PromotionVerdict

pytestmark = pytest.mark.e2e

TIERS = """\
schema_version: 1
thresholds: {{bronze: 0.6, silver: 0.8}}
current_tiers:
  parsing: {tier}  # by people only
"""
REPOSITORY = f"/repos/{OWNER}/{NAME}"


class Guard:
    """A checkout of the base, and the guard's step in it."""

    def __init__(self, folder: Path, api: str) -> None:
        self.folder, self.api = folder, api
        for path, text in {
            "docs/trust-tiers.yaml": TIERS.format(tier="bronze"),
            "benchgov.yaml": "maintainers: [bench-bot]\n",
            ".github/CODEOWNERS": f"* @{OWNER}/maintainers\n",
            "bench/parsing/rubric.py": "class Rubric: ...\n",
            "bench/parsing/breakdown_keys.py": "",
            "bench/parsing/failure_modes.yaml": "{}\n",
            "bench/parsing/registration.py": "",
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        commit_all(folder, "base")

    def record(self, **changes: Any) -> None:
        """Put a verdict into the log."""
        values = {
            "task_class": "parsing",
            "current_tier": "bronze",
            "target_tier": "silver",
            "evidence_sufficient": True,
            "reasons": ("all conditions met",),
            "lower_bound_95": 0.85,
            "threshold_at_target": 0.8,
            "run_id": "0" * 16,
            "rubric_digest": rubric_digest(self.folder / "bench" / "parsing"),
            "chain_head": None,
            "host_fingerprint": "gh-1",
            "isolation_class": "landlock",
        }
        verdict = PromotionVerdict.model_validate({**values, **changes})
        draft = from_verdict(verdict.to_bytes(), {}, name="verdict.json")
        append(self.folder / ".benchgov" / "audit", draft, host="gh-1", now=lambda: datetime.now(UTC))

    def run(self, number: int) -> tuple[int, str]:
        """The step's exit code and log."""
        event = self.folder.parent / "event.json"
        event.write_text("{}")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        environ = kept | {
            "PYTHONPATH": str(ROOT / "src"),
            "GITHUB_API_URL": self.api,
            "GITHUB_EVENT_NAME": "workflow_dispatch",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
            "INPUT_PULL_REQUEST": str(number),
            "INPUT_GITHUB_TOKEN": TOKEN,
        }
        command = [sys.executable, "-P", "-m", "benchgov.actions", "promotion-guard"]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout


def put(github: Emulator, branch: str, path: str, text: str) -> None:
    """Commit a file to a branch on GitHub."""
    body: dict[str, Any] = {
        "message": path,
        "content": base64.b64encode(text.encode()).decode(),
        "branch": branch,
    }
    with contextlib.suppress(OSError):
        body["sha"] = github.call("GET", f"{REPOSITORY}/contents/{path}?ref={branch}")["sha"]
    github.call("PUT", f"{REPOSITORY}/contents/{path}", body)


def open_pull(github: Emulator, branch: str, files: dict[str, str]) -> int:
    """A pull request with these files."""
    main = github.call("GET", f"{REPOSITORY}/git/ref/heads/main")["object"]["sha"]
    github.call("POST", f"{REPOSITORY}/git/refs", {"ref": f"refs/heads/{branch}", "sha": main})
    for path, text in files.items():
        put(github, branch, path, text)
    pull = {"title": branch, "head": branch, "base": "main", "body": ""}
    return int(github.call("POST", f"{REPOSITORY}/pulls", pull)["number"])


@pytest.fixture
def guard(github: Emulator, tmp_path: Path) -> Iterator[Guard]:
    """A base with a task class at bronze, on GitHub too.

    The emulator makes up the names of a pull request's files; what it compares is real.
    """

    def files(path: str) -> bytes:
        pull = github.call("GET", path.removesuffix("/files"))
        basehead = f"{pull['base']['sha']}...{pull['head']['sha']}"
        return json.dumps(github.call("GET", f"{REPOSITORY}/compare/{basehead}")["files"]).encode()

    put(github, "main", "docs/trust-tiers.yaml", TIERS.format(tier="bronze"))
    with in_front(github.url, {"/files": files}) as (api, _):
        yield Guard(tmp_path / "widgets", api)


def test_a_promotion_lacks_evidence_then_approval(github: Emulator, guard: Guard) -> None:
    """Without a log: three points. With a verdict in it: only the approval of somebody else is missing."""
    files = {"docs/trust-tiers.yaml": TIERS.format(tier="silver"), "docs/adr/0099-parsing.md": "# Parsing\n"}
    number = open_pull(github, "promote-parsing", files)

    status, log = guard.run(number)
    assert status == 1, log
    assert "the audit log of the base does not verify" in log
    assert "no approving review" in log

    guard.record()
    status, log = guard.run(number)
    assert status == 1, log
    assert "the audit log" not in log
    assert log.count("::error") == 1
    assert "no approving review" in log


def test_a_pull_request_that_decides_nothing_passes(github: Emulator, guard: Guard) -> None:
    """The guard is required on every pull request, and says nothing of most."""
    number = open_pull(github, "documents", {"README2.md": "hello\n"})

    status, log = guard.run(number)

    assert status == 0, log
    assert "nothing that decides is touched" in log


def test_owners_cannot_be_taken_away_in_passing(github: Emulator, guard: Guard) -> None:
    """A CODEOWNERS that would leave the workflows to nobody is named."""
    number = open_pull(github, "owners", {".github/CODEOWNERS": f"*.md @{OWNER}/maintainers\n!x y\n"})

    status, log = guard.run(number)

    assert status == 1, log
    assert "CODEOWNERS after the merge: line 2" in log
    assert "would lose its owners" in log


def test_the_log_of_the_event_is_not_a_pull_request_s(guard: Guard) -> None:
    """A run without a pull request says what to do."""
    status, log = guard.run(0)

    assert status != 0
    assert "the event is of no pull request" in log

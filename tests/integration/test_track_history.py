"""The step track-history: reports of earlier runs are fetched as artifacts, and changes of level are told."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.artifact_hub import Hub, running
from tests.e2e.support import ROOT
from tests.gate_builders import metric
from tests.gate_builders import report as measured
from tests.gate_builders import run as run_of
from tests.step_builders import outputs_of

LATER = "2999-01-01T00:00:00Z"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """GitHub with artifacts."""
    with running() as hub:
        yield hub


def night(number: int, value: float) -> bytes:
    """The artifact of a night that measured `value` nanoseconds."""
    began = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    run = run_of("parse", metric([value + step / 10 for step in range(5)]))
    report = measured(run, suite="core", revision=f"{number:040x}")
    moments = {"started_at_utc": began, "finished_at_utc": began + timedelta(minutes=1)}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr("out/report.json", report.model_copy(update=moments).to_bytes())
        made.writestr("out/runs/x/report.json", b"{}")
    return data.getvalue()


def step(hub: Hub, folder: Path, **inputs: str) -> tuple[int, str, dict[str, str], str]:
    """(exit code, log, outputs, summary) of the step in `folder`."""
    files = {name: folder.parent / f"{folder.name}-{name}" for name in ("output", "summary")}
    for path in files.values():
        path.write_text("")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    environ = kept | {
        "PYTHONPATH": str(ROOT / "src"),
        "GITHUB_API_URL": hub.url,
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REPOSITORY": "acme/widgets",
        "GITHUB_OUTPUT": str(files["output"]),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "INPUT_SUITE": "core",
        "INPUT_GITHUB_TOKEN": "ghs-not-a-real-token",
        **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
    }
    command = [sys.executable, "-P", "-m", "benchgov.actions", "track-history"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, outputs_of(files["output"]), files["summary"].read_text()


def test_a_change_of_level_over_many_nights_is_told(hub: Hub, git_repo: Path) -> None:
    """Twenty nights of the default branch, and at the eleventh a step; others' artifacts are left out."""
    pytest.importorskip("otava")
    for number in range(20):
        level = 100.0 if number < 10 else 150.0
        hub.add("benchgov-core", night(number, level + number % 3), run=number + 1, created_at=LATER)
    stranger = night(30, 9000.0)
    hub.add("benchgov-core", stranger, created_at=LATER, head_repository_id=2)
    hub.add("benchgov-core", stranger, created_at=LATER, head_branch="change")
    hub.add("benchgov-other", stranger, created_at=LATER)
    hub.add("benchgov-core", b"gone", created_at=LATER, expired=True)
    hub.add("benchgov-core", b"no zip", run=99, created_at=LATER)

    status, log, outputs, summary = step(hub, git_repo)

    assert status == 0, log
    assert {name: outputs[name] for name in ("reports", "worse", "better")} == {
        "reports": "20",
        "worse": "1",
        "better": "0",
    }
    history = json.loads((git_repo / outputs["history"]).read_text())
    assert history["series"][0]["changes"][0]["revision"] == f"{10:040x}"
    assert "1 for the worse, 0 for the better, in 20 reports" in summary
    assert "`parse/" in summary
    assert "left out: artifact benchgov-core of run 99" in log


def test_the_first_night_has_no_history(hub: Hub, git_repo: Path) -> None:
    """Nothing to read is no error; a token that may not read is one, with the permission's name."""
    status, log, outputs, _ = step(hub, git_repo)
    assert (status, outputs["reports"], outputs["history"]) == (0, "0", "")
    assert "there is no earlier report" in log

    hub.status = 403
    status, log, _, _ = step(hub, git_repo)
    assert status == 2
    assert "actions: read" in log

"""The steps of actions as processes, started as the launcher starts them; fixtures that tests import."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.consumer import Consumer, make_consumer
from tests.e2e.support import ROOT

SECRET = "ghs-not-a-real-token"


@dataclass(frozen=True)
class Step:
    """A finished step."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def commands(self) -> list[str]:
        """The workflow commands that the runner would obey: those that are not between stop and resume."""
        found, token = [], None
        for line in self.log.splitlines():
            if token is not None:
                token = None if line == f"::{token}::" else token
            elif line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
            elif re.match(r"\s*::\S|.*##\[", line):
                found.append(line)
        return found


RunStep = Callable[..., Step]


@pytest.fixture(scope="module")
def _published(tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    return make_consumer(tmp_path_factory.mktemp("consumer") / "widgets")


@pytest.fixture
def consumer(_published: Consumer, tmp_path: Path) -> Consumer:
    """A consumer's repository with a published baseline, of this test alone."""
    shutil.copytree(_published.folder, tmp_path / "widgets", symlinks=True)
    return Consumer(tmp_path / "widgets", _published.base)


@pytest.fixture
def step(consumer: Consumer, tmp_path: Path) -> RunStep:
    """Run an action's step in the consumer's repository."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(consumer.event("a" * 40, 7)))

    def run(action: str, environ: dict[str, str] | None = None, **inputs: str) -> Step:
        files = {name: tmp_path / name for name in ("output", "summary", "env")}
        for path in files.values():
            path.write_text("")
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
            "PYTHONPATH": str(ROOT / "src"),
            "ImageOS": "ubuntu20",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/widgets",
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_ENV": str(files["env"]),
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
            **(environ or {}),
        }
        done = subprocess.run(
            [sys.executable, "-P", "-m", "benchgov.actions", action],
            cwd=consumer.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert files["env"].read_text() == ""
        return Step(done.returncode, done.stdout, outputs_of(files["output"]), files["summary"].read_text())

    return run


def outputs_of(path: Path) -> dict[str, str]:
    """The outputs in a GITHUB_OUTPUT file."""
    found, lines = {}, path.read_text().splitlines()
    while lines:
        name, _, delimiter = lines.pop(0).partition("<<")
        end = lines.index(delimiter)
        found[name] = "\n".join(lines[:end])
        lines = lines[end + 1 :]
    return found

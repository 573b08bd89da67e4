"""actionlint and zizmor on this repository's workflows, and on those that the scenarios show to users."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.consumer import COLLECT, MATRIX, STEPS, TWO_JOBS, WHOLE_PIPELINE
from tests.e2e.support import ROOT, cache_folder, need

pytestmark = pytest.mark.e2e

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"


def actionlint() -> str:
    """actionlint from PATH, or built once from its Go module."""
    found = shutil.which("actionlint")
    if found:
        return found
    built = cache_folder() / "actionlint-1.7.7"
    if not built.exists():
        go = need("go")
        folder = cache_folder() / "go-bin"
        environ = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
        subprocess.run([go, "install", ACTIONLINT], cwd=cache_folder(), env=environ, check=True)
        (folder / "actionlint").rename(built)
    return str(built)


@pytest.fixture
def workflows(tmp_path: Path) -> list[Path]:
    """This repository's workflows, and the scenarios' in a folder of their own."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in {
        "steps": STEPS,
        "whole": WHOLE_PIPELINE,
        "jobs": TWO_JOBS,
        "matrix": MATRIX,
        "collect": COLLECT,
    }.items():
        (folder / f"{name}.yml").write_text(text)
    for guide in ("audit-branch", "forks", "promotion", "workflow"):
        text = (ROOT / "docs/guides" / f"{guide}.md").read_text(encoding="utf-8")
        blocks = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
        whole = [block for block in blocks if "\njobs:" in block and "@v4" not in block]
        assert whole or guide == "workflow"
        for number, block in enumerate(whole):
            (folder / f"{guide}-{number}.yml").write_text(block)
    own = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert own
    return [*own, *sorted(folder.glob("*.yml"))]


def test_actionlint_finds_nothing(workflows: list[Path]) -> None:
    """Syntax, expressions, contexts and shell of every workflow."""
    command = [actionlint(), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, workflows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing(workflows: list[Path]) -> None:
    """The auditor's eye on workflows and actions, with nothing switched off."""
    actions = [ROOT / "action.yml", *sorted(ROOT.glob("actions/*/action.yml"))]
    own = [path for path in workflows if ROOT in path.parents]
    command = [need("zizmor"), "--offline", "--no-progress", "--persona=auditor", *map(str, own + actions)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(ROOT.glob(".github/zizmor.y*ml"))

"""Coverage-guided fuzzing of every adapter: only reports and typed errors come out."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchgov.adapters.registry import BUILT_IN

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(__file__).with_name("atheris_target.py")
SECONDS_IN_ALL = 20
RUNS = 20_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.effects,
    pytest.mark.skipif(
        importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python or system"
    ),
]


@pytest.mark.parametrize("tool", BUILT_IN)
def test_coverage_guided_inputs_give_typed_errors(tool: str, tmp_path: Path) -> None:
    """From the recorded logs on, a bounded number of runs that libFuzzer steers into new branches."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for path in (ROOT / "tests" / "data" / tool).iterdir():
        if path.name[0].isdigit():
            shutil.copy(path, seeds)
    limits = [f"-runs={RUNS}", f"-max_total_time={max(1, SECONDS_IN_ALL // len(BUILT_IN))}", "-max_len=20000"]
    done = subprocess.run(
        [sys.executable, str(TARGET), tool, *limits, f"-artifact_prefix={tmp_path}/", str(seeds)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), *filter(None, sys.path)]),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Done " in done.stderr

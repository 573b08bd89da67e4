"""`benchgov verify-env` with real files and real processes."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchgov.cli.main import run_cli
from benchgov.report import Environment
from benchgov.rim import MAX_OUTPUT_BYTES, run_process

Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes benchgov.yaml in an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCHGOV_OUTPUT_DIR", raising=False)

    def write_settings(text: str) -> None:
        (tmp_path / "benchgov.yaml").write_text(text)

    return write_settings


def environment(folder: Path) -> Environment:
    """The artifact that the command wrote."""
    return Environment.model_validate_json((folder / ".benchgov/out/environment.json").read_bytes())


def test_pins_that_hold_pass(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, a table on standard output, nothing on standard error, and the artifact."""
    write(
        f"""environment:
  pins: {{python: '{platform.python_version()}', snake: '>=3.11', cpu_count: '>=1'}}
  probes: {{snake: {{command: ['{sys.executable}', --version], pattern: 'Python (\\S+)'}}}}
"""
    )
    assert run_cli(["verify-env"]) == 0
    printed = capsys.readouterr()
    assert "environment: pass" in printed.out
    assert printed.err == ""
    assert environment(tmp_path).facts.tools == {"snake": platform.python_version()}


def test_drift_ends_with_2_and_a_diff(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing tools and wrong versions are shown as wanted against found."""
    write("environment: {pins: {python: 2.7.18, nix: '1.0'}, probes: {nix: {command: [no-such-tool-here]}}}")
    assert run_cli(["verify-env"]) == 2
    printed = capsys.readouterr().out
    assert "-python: 2.7.18" in printed
    assert f"+python: {platform.python_version()}" in printed
    assert "+nix: not found" in printed
    assert environment(tmp_path).gate == "drift"


def test_nothing_pinned_is_said_on_standard_error(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, but nobody may take it for a pass; standard output is the JSON alone."""
    write("version: 1")
    assert run_cli(["verify-env", "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["gate"] == "unpinned"
    assert "nothing is pinned" in printed.err


def test_output_names_the_artifact(write: Write, tmp_path: Path) -> None:
    """`--output` replaces the default place."""
    write("version: 1")
    assert run_cli(["verify-env", "--output", "here/env.json"]) == 0
    assert (tmp_path / "here/env.json").is_file()
    assert not (tmp_path / ".benchgov").exists()


def test_a_bad_pin_is_a_configuration_error(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the key."""
    write("environment: {pins: {python: '>=three'}}")
    assert run_cli(["verify-env"]) == 78
    assert "environment.pins.python: not a version specifier" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in place of the file: exit 74, no traceback, nothing left behind."""
    write("output_dir: benchgov.yaml")
    assert run_cli(["verify-env"]) == 74
    assert "cannot be written" in capsys.readouterr().err


def test_a_grandchild_cannot_outlive_the_timeout(tmp_path: Path) -> None:
    """The whole process group ends, so a probe that starts a helper does not block."""
    with pytest.raises(subprocess.TimeoutExpired):
        run_process(["sh", "-c", "sleep 60 & echo $! > child; wait"], tmp_path, 0.5)
    child = int((tmp_path / "child").read_text())
    for _ in range(500):  # the signal is on its way; the orphan is reaped by init, or stays a zombie
        if not _runs(child):
            break
        time.sleep(0.01)
    assert not _runs(child)


def _runs(process: int) -> bool:
    """Whether the process is there, and not a zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_endless_output_is_bounded(tmp_path: Path) -> None:
    """What is beyond the limit is dropped, and the process still ends well."""
    script = f"import sys; sys.stdout.write('x' * {MAX_OUTPUT_BYTES + 5}); sys.exit(7)"
    done = run_process([sys.executable, "-c", script], tmp_path, 60)
    assert (done.status, len(done.stdout)) == (7, MAX_OUTPUT_BYTES)


def test_a_process_gets_no_standard_input_and_junk_is_replaced(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 do not raise."""
    done = run_process(["sh", "-c", r"cat; printf '\377ok'; printf e >&2"], tmp_path, 60)
    assert (done.stdout, done.stderr) == ("\ufffdok", "e")

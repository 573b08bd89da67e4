"""The committed report of bench/protocols: whole, of this tree, and had again with `benchgov replay`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchgov.canonical import sha256_hex
from benchgov.documents import load_json_model
from benchgov.measure.plan import plan_suite
from benchgov.replay.claims import check_claims
from benchgov.replay.section import replay_section
from benchgov.report import Report
from benchgov.suites.load import load_suite

ROOT = Path(__file__).resolve().parents[2]
IMPORT_PATH = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
SMOKE = ROOT / "bench" / "protocols" / "smoke.json"
AGAIN = "make it again as bench/README.md says, and review what changed"


@pytest.fixture(scope="module")
def smoke() -> Report:
    return load_json_model(SMOKE, Report)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with the suite, its settings and the committed report."""
    shutil.copytree(
        SMOKE.parent, tmp_path / "bench" / "protocols", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "benchgov.yaml", tmp_path)
    return tmp_path


def replay(root: Path, *arguments: str, report: Path = SMOKE) -> tuple[subprocess.CompletedProcess[str], Any]:
    """(the program's end, its comparison if it printed one) of `benchgov replay` in `root`."""
    command = [sys.executable, "-m", "benchgov", "replay", "--report", str(report), "--format", "json"]
    environ = {**os.environ, "PYTHONPATH": IMPORT_PATH}
    done = subprocess.run(
        [*command, *arguments], cwd=root, env=environ, capture_output=True, text=True, check=False
    )
    return done, json.loads(done.stdout) if done.stdout else None


def test_the_committed_report_is_of_this_tree(smoke: Report) -> None:
    """Every protocol of the manifest is in it, in order, with the digest that its source has now."""
    check_claims(smoke, ROOT, str(SMOKE))
    suite = load_suite(SMOKE.parent, ROOT)
    assert smoke.config.suite_sha256 == suite.sha256, AGAIN
    planned = [(one.key, one.protocol, one.protocol_sha256) for one in plan_suite(suite).protocols]
    assert [(run.key, run.protocol, run.protocol_sha256) for run in smoke.runs] == planned, AGAIN
    assert not smoke.config.selection


def test_the_committed_report_passes_with_expectations_of_both_kinds(smoke: Report) -> None:
    """At least eight protocols, each with several layers and many expectations, all of which hold."""
    assert len(smoke.runs) >= 8
    for run in smoke.runs:
        assert run.ok
        assert run.run_is_valid
        assert len(run.layers) >= 4
        assert set(run.layers.values()) == {"pass"}
        assert len(run.expectations) >= 10
        assert all(one.ok for one in run.expectations)
        assert run.output_digest is not None


def test_the_committed_report_names_no_machine_and_no_path() -> None:
    """Nothing in it is of the place where it was made."""
    text = SMOKE.read_text("utf-8")
    for word in ("/home/", "/root", "/tmp", "/work", "/Users/", "/var/", "localhost"):
        assert word not in text, word


def test_the_committed_report_can_be_had_again(smoke: Report, tmp_path: Path) -> None:
    """All protocols, run again here, match it bit for bit; the comparison and the new report say so."""
    outs = (
        "--out-report",
        str(tmp_path / "again.json"),
        "--out-comparison",
        str(tmp_path / "comparison.json"),
    )
    done, comparison = replay(ROOT, "--require-pass", "--require-expectations", *outs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert comparison == json.loads((tmp_path / "comparison.json").read_text())
    assert (comparison["verdict"], comparison["mismatches"]) == ("match", [])
    assert comparison["compared"] == comparison["total"] == len(smoke.runs)
    again = load_json_model(tmp_path / "again.json", Report)
    assert again.replay.result_sha256 == smoke.replay.result_sha256


def test_an_edited_report_is_not_replayed(smoke: Report, tree: Path) -> None:
    """A result that was edited, with its old hash, is refused before anything runs."""
    value = smoke.to_json()
    value["runs"][0]["expectations"].pop()
    path = tree / "edited.json"
    path.write_text(json.dumps(value))
    done, comparison = replay(tree, report=path)
    assert (done.returncode, comparison) == (2, None)
    assert "replay.result_sha256" in done.stderr
    assert not (tree / ".benchgov").exists()


def test_a_forged_result_is_a_mismatch(smoke: Report, tree: Path) -> None:
    """A result with a hash that fits it is found by running it again, and the place is named."""
    runs = (smoke.runs[0].model_copy(update={"output_digest": "blake3:" + "1" * 64}), *smoke.runs[1:])
    section = replay_section(smoke.config, runs)
    path = tree / "forged.json"
    path.write_bytes(smoke.model_copy(update={"runs": runs, "replay": section}).to_bytes())
    done, comparison = replay(tree, "--max-protocols", "1", report=path)
    assert done.returncode == 2, done.stderr
    assert comparison["verdict"] == "mismatch"
    (mismatch,) = comparison["mismatches"]
    assert mismatch["path"] == "/runs/0/output_digest"
    assert mismatch["replay"] == smoke.runs[0].output_digest


def test_a_changed_protocol_is_blocked(smoke: Report, tree: Path) -> None:
    """A script that is no longer what was reported is not run at all."""
    script = tree / smoke.runs[0].protocol
    script.write_text(script.read_text() + "\n(__import__('pathlib').Path('was-run')).touch()\n")
    done, comparison = replay(tree, "--max-protocols", "1", report=tree / "bench/protocols/smoke.json")
    assert done.returncode == 2, done.stderr
    assert comparison["verdict"] == "mismatch"
    assert sha256_hex(script.read_bytes()) != smoke.runs[0].protocol_sha256
    assert not list(tree.rglob("was-run"))

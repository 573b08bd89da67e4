"""An other revision that is made to do harm: it is read as data, in its own tree, and harms only itself."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.report import Environment, Facts, Report

FACTS = Facts(os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3")
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")
GOOD = (
    "version: 1\nsuite: s\nkind: measured\nfamilies: {f: {}}\nbenchmarks:\n"
    "  - {id: one, family: f, signature: (), metrics: [wall_time], variants: {v: {command: 'true'}}}\n"
)

Measure = Callable[[str], tuple[int, Report]]


@pytest.fixture
def measure(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Measure a good revision against one whose manifest is given."""
    for name in [name for name in os.environ if name.startswith("BENCHGOV_")]:
        monkeypatch.delenv(name)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(git_repo)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED, raising=False)
    manifest = git_repo / "bench" / "s" / "suite.yaml"

    def commit() -> None:
        for command in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "-m", "step"]):
            subprocess.run(["git", *command], cwd=git_repo, check=True, capture_output=True)

    def call(other: str) -> tuple[int, Report]:
        if not manifest.parent.exists():
            manifest.parent.mkdir(parents=True)
            manifest.write_text(other)
        commit()
        subprocess.run(["rm", "-rf", str(git_repo / "bench")], check=True)
        manifest.parent.mkdir(parents=True)
        manifest.write_text(GOOD)
        commit()
        code = run_cli(["run", "s", "--against=HEAD~1", "--pairs=5"])
        report = git_repo / ".benchgov" / "out" / "report.json"
        assert not list((tmp_path / "temporary").iterdir())
        return code, Report.model_validate_json(report.read_text())

    return call


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("", "its suite cannot be loaded"),
        ("version: 1\nsuite: [", "its suite cannot be loaded"),
        ("&a [*a, *a]", "its suite cannot be loaded"),
        (GOOD.replace("version: 1", "version: 2"), "its suite cannot be loaded"),
        (
            GOOD.replace("metrics:", "input: {file: ../../../../etc/passwd}, metrics:"),
            "leaves the repository",
        ),
        (GOOD.replace("{command: 'true'}", "{command: 'true', protocol: /etc/passwd}"), "repository"),
        (GOOD.replace("kind:", "build: 'sh {secret}'\nkind:"), "unknown placeholder {secret}"),
        (GOOD.replace("kind:", "build: no-such-program\nkind:"), "`build` failed: cannot be started"),
        (GOOD.replace("kind:", "build: sh -c 'kill -9 $PPID'\nkind:"), "`build` failed: "),
    ],
)
def test_a_manifest_that_cannot_be_used_blocks_the_comparison_alone(
    measure: Measure, manifest: str, says: str
) -> None:
    """This revision is measured, the reason is in its reference, and no path of this machine is."""
    code, report = measure(manifest)
    [run] = report.runs
    assert (code, run.overall) == (2, "pass")
    assert run.reference is not None
    assert run.reference.overall == "blocked"
    assert says in run.reference.reason
    assert "temporary" not in run.reference.reason


def test_a_suite_that_is_a_link_out_of_the_tree_is_not_followed(measure: Measure, tmp_path: Path) -> None:
    """What lies outside is not that revision's suite, whatever it says."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "suite.yaml").write_text(GOOD.replace("'true'", "touch hacked"))
    Path("bench").mkdir()
    Path("bench/s").symlink_to(outside)
    code, report = measure("")
    assert code == 2
    reference = report.runs[0].reference
    assert reference is not None
    assert "leaves the repository" in reference.reason
    assert not (outside / "hacked").exists()


def test_what_it_leaves_running_is_ended_and_what_it_writes_is_its_own(measure: Measure) -> None:
    """A command that starts a background process and writes into its tree: nothing of it stays."""
    bad = GOOD.replace("'true'", "'sh -c \"sleep 300 & touch ../../mark\"'")
    code, report = measure(bad)
    assert report.runs[0].reference is not None
    assert report.runs[0].reference.overall == "pass"
    assert code in (0, 1)
    assert not Path("mark").exists()


def test_huge_output_there_is_that_sides_fault(measure: Measure) -> None:
    """A gigabyte on standard output ends that side, not this one."""
    bad = GOOD.replace("'true'", "'head -c 1000000000 /dev/zero'")
    code, report = measure(bad)
    assert code == 2
    reference = report.runs[0].reference
    assert reference is not None
    assert "printed more than" in reference.reason

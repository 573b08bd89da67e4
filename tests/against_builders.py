"""A repository with two revisions to be measured in turn, for tests of `run --against` and `control`."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.report import Environment, Facts, Report, Run

FACTS = Facts(os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3")
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")
HEAD = (
    "version: 1\nsuite: s\nkind: measured\ndefaults: {min_sample_ms: 0.05, iterations: 1}\n"
    "families: {f: {thresholds: {wall_time: 60, cpu_time: 900, peak_memory: 900}}}\n"
)
TIMED = "signature: (), metrics: [wall_time]"
SOURCE = """\
import os, sys
print("pkg: demo")
print(f"BenchmarkSort-2 \\t 100\\t {TIME} ns/op")
print("PASS\\nok  \\tdemo\\t0.1s")
"""


BUSY = "def f(): return sum(range(20000))\n"


def settings(looks: str = "[10, 20, 40]", effect: int = 900) -> str:
    """Only what takes ten times as long is slower: what tests hold as equal stays so on a busy machine."""
    return f"policy: {{statistics: {{looks: {looks}, min_effect: {{wall_time: {effect}}}}}}}\n"


def command(identity: str, line: str) -> str:
    """An entry with one command."""
    return f"  - {{id: {identity}, family: f, {TIMED}, variants: {{v: {{command: '{line}'}}}}}}\n"


def function(identity: str, target: str, more: str = "") -> str:
    """An entry with one callable."""
    return f"  - {{id: {identity}, family: f, {TIMED}{more}, variants: {{v: {{callable: '{target}'}}}}}}\n"


class Repository:
    """A repository whose revisions are written one after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, entries: str, prepare: str = "", **files: str) -> None:
        """Write the manifest with these entries, and files by name (`__` stands for a folder)."""
        folder = self.root / "bench" / "s"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "suite.yaml").write_text(f"{HEAD}{prepare}benchmarks:\n{entries}")
        for name, text in files.items():
            path = self.root / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, entries: str, prepare: str = "", **files: str) -> None:
        """The same, committed."""
        self.write(entries, prepare, **files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "step")

    def git(self, *arguments: str) -> str:
        """What Git says."""
        done = subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout

    @property
    def report(self) -> Report:
        """The latest report."""
        path = self.root / ".benchgov" / "out" / "report.json"
        return Report.model_validate_json(path.read_text())

    def run_of(self, key: str) -> Run:
        """One run of the latest report."""
        return next(run for run in self.report.runs if run.key == key)


def against(*arguments: str, ref: str = "HEAD~1", pairs: str = "--pairs=5") -> int:
    """`benchgov run s --against <ref>`."""
    return run_cli(["run", "s", f"--against={ref}", *([pairs] if pairs else []), *arguments])


def nothing_is_left(repository: Repository, tmp_path: Path) -> bool:
    """No work tree besides the first, and no temporary files."""
    left = list((tmp_path / "temporary").iterdir())
    return len(repository.git("worktree", "list").splitlines()) == 1 and not left


def empty_repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository that is the current folder; temporary files have a folder of their own."""
    for name in [name for name in os.environ if name.startswith("BENCHGOV_") or name == "PYTHONPATH"]:
        monkeypatch.delenv(name)
    (git_repo / ".gitignore").write_text(".benchgov/\n__pycache__/\n")
    (git_repo / "benchgov.yaml").write_text(settings())
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(git_repo)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED, raising=False)
    return Repository(git_repo)

"""docs/guides/first-bench.md, step for step: every file is written, every command run, every output met."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchgov.cli.main import run_cli

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "first-bench.md"
BLOCK = re.compile(r"^```(\w+)(?: (\w+)=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(words: list[str], folder: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and the standard output of a command of the guide."""
    if words[0] == "benchgov":
        capfd.readouterr()
        code = run_cli(words[1:])
        return code, capfd.readouterr().out
    assert words[0] == "python"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, *words[1:], "-p", "no:cacheprovider"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def steps(text: str) -> Iterator[tuple[str, str, str, str]]:
    """(language, key, value, body) of every block of code."""
    for match in BLOCK.finditer(text):
        yield match[1], match[2] or "", match[3] or "", match[4]


def test_every_step_does_what_the_page_says(
    git_repo: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In an empty repository, from the first line to the last."""
    monkeypatch.chdir(git_repo)
    output, commands = "", 0
    for language, key, value, body in steps(GUIDE.read_text(encoding="utf-8")):
        if language == "output":
            assert body.strip() in output, (body, output)
        elif key == "file":
            (git_repo / value).write_text(body, encoding="utf-8")
        else:
            assert language == "sh"
            code, output = run(shlex.split(body), git_repo, capfd)
            assert code == int(value or 0), (body, code, output)
            commands += 1
    assert commands >= 9

"""A log's branch that somebody else wrote: every command says what is wrong with it, and where."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.audit_builders import HOST, write_log
from tests.collect_builders import BRANCH, MOMENT, collected, git, items_of
from tests.integration.test_git_files import make_branch, make_tree

from benchgov.audit.git_files import GitFiles
from benchgov.audit.opening import open_branch
from benchgov.audit.records import BUNDLE
from benchgov.audit.verification import verify
from benchgov.cli.main import run_cli
from benchgov.errors import TamperError
from benchgov.rim import run_process

STORE = f"--store=git:{BRANCH}"
RECORD = f"hosts/{HOST}/records/000000000002.json"


@pytest.fixture
def files(git_repo: Path, tmp_path: Path, now: Callable[[], datetime]) -> Iterator[GitFiles]:
    """A good log of three records on a branch."""
    opened = open_branch(BRANCH, git_repo, run_process, now)
    copy_log(opened, tmp_path / "folder", 3)
    yield opened
    opened.close()


def copy_log(files: GitFiles, folder: Path, records: int) -> None:
    """Write a log of so many records to the branch, sealed as far as an append would have sealed it."""
    lines = write_log(folder, records)
    with files.locked():
        sealed = max(0, (records - BUNDLE) // BUNDLE)
        for number in range(sealed):
            data = b"".join(lines[number * BUNDLE : (number + 1) * BUNDLE])
            files.create(f"hosts/{HOST}/sealed/{number:09d}.jsonl", data)
        for sequence in range(sealed * BUNDLE + 1, records + 1):
            files.create(f"hosts/{HOST}/records/{sequence:012d}.json", lines[sequence - 1])


def graft(repository: Path, path: str, line: str) -> None:
    """Put an `ls-tree` line (without its name) at `path` in the branch; an empty line takes the path away."""
    environ = {**os.environ, "GIT_INDEX_FILE": str(repository / ".git" / "graft")}

    def run(*arguments: str, data: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=repository, env=environ, input=data, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    run("read-tree", BRANCH)
    entry = f"{line}\t{path}\n" if line else f"0 {'0' * 40}\t{path}\n"
    run("update-index", "--index-info", data=entry.encode())
    make_branch(repository, run("write-tree"))


@pytest.mark.parametrize(
    ("mode", "content", "found"),
    [
        ("120000", b"000000000001.json", "a symbolic link or a submodule"),
        ("160000", b"", "a symbolic link or a submodule"),
        ("100644", b"x" * ((1 << 20) + 1), "more than 1,048,576 bytes"),
        ("100644", b"", "an empty file"),
        ("", b"", "no such file"),
    ],
    ids=["link", "submodule", "huge", "empty", "missing"],
)
def test_a_record_that_is_none_is_the_first_divergence(
    files: GitFiles,
    git_repo: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    content: bytes,
    found: str,
) -> None:
    """Exit code 5, with the place in the branch; and nothing is appended behind it."""
    oid = git(git_repo, "rev-parse", "HEAD")
    if mode != "160000":
        oid = git(git_repo, "hash-object", "-w", "--stdin", data=content)
    graft(git_repo, RECORD, f"{mode} {oid}" if mode else "")
    tip = git(git_repo, "rev-parse", BRANCH)
    monkeypatch.chdir(git_repo)

    assert run_cli(["audit", "verify", STORE]) == 5
    message = capsys.readouterr().err
    assert f"{BRANCH}:{RECORD}: record 2: expected" in message
    assert found in message
    with pytest.raises(TamperError):
        collected(files, items_of(git_repo / "in", "a"))
    assert git(git_repo, "rev-parse", BRANCH) == tip


def test_what_does_not_belong_there_is_named(
    files: GitFiles, git_repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger among the hosts, a link among the records, and a link in place of the log."""
    blob = git(git_repo, "hash-object", "-w", "--stdin", data=b"x")
    monkeypatch.chdir(git_repo)
    graft(git_repo, "hosts/stray.txt", f"100644 {blob}")
    assert run_cli(["audit", "verify", STORE]) == 5
    assert "expected nothing but the log's own files, found 'stray.txt'" in capsys.readouterr().err

    make_branch(git_repo, make_tree(git_repo, f"120000 blob {blob}\thosts"))
    assert run_cli(["audit", "verify", STORE]) == 65
    assert "'hosts' is a symbolic link or a submodule" in capsys.readouterr().err


def test_a_log_that_is_sealed_in_bundles_goes_on(
    git_repo: Path, tmp_path: Path, now: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One collection that crosses a seal: one commit, a bundle in place of its records, keys still found."""
    files = open_branch(BRANCH, git_repo, run_process, lambda: MOMENT)
    copy_log(files, tmp_path / "folder", 2 * BUNDLE - 1)
    monkeypatch.setattr("tests.collect_builders.HOST", HOST)
    items = items_of(tmp_path / "in", "a", "b", "c")

    assert collected(files, items).new == 3

    assert git(git_repo, "rev-list", "--count", BRANCH) == "2"
    names = git(git_repo, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert f"hosts/{HOST}/sealed/000000000.jsonl" in names
    assert sum("/records/" in name for name in names) == BUNDLE + 2
    assert f"hosts/{HOST}/tail" not in names
    fresh = open_branch(BRANCH, git_repo, run_process, now)
    assert verify(fresh, strict=True).records == 2 * BUNDLE + 2
    sealed = replace(items[0], draft=replace(items[0].draft, idempotency_key="run/core/5"))
    again = collected(fresh, (*items, sealed))
    assert again.new == 0
    assert again.done[-1][1].record.sequence == 5

"""`benchgov bench`: a bench begun, a case added, digests kept; whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchgov.cli.main import run_cli
from benchgov.eval.fence import Floors, check
from benchgov.eval.loader import load_cases, load_task_class
from benchgov.eval.redigest import written_digests

ROOT = Path(__file__).parents[2]
NAME = "sort-logs"
CASE = "001-ticket-17"


@pytest.fixture
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, which is the current folder."""
    monkeypatch.chdir(git_repo)
    return git_repo


@pytest.fixture
def bench(repository: Path) -> Path:
    """A bench with one case, committed."""
    assert run_cli(["bench", "new", NAME]) == 0
    assert run_cli(["bench", "case", NAME, "--ref", "Ticket 17!"]) == 0
    for command in (["git", "add", "-A"], ["git", "commit", "-qm", "bench"]):
        subprocess.run(command, cwd=repository, check=True)
    return repository / "bench" / NAME


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_bench_lacks_nothing_but_cases(repository: Path) -> None:
    """The fence asks for more cases, and for nothing else; the harness loads it."""
    assert run_cli(["bench", "new", NAME]) == 0
    bench = repository / "bench" / NAME
    assert [one.assertion for one in check(bench.parent, Floors())] == ["case-count"]
    loaded = load_task_class(NAME, bench.parent)
    assert loaded.sut == f"bench.{NAME}.sut:answer"
    assert loaded.breakdown_keys == {"correct", "nothing_invented"}


def test_the_tests_of_a_new_bench_pass(bench: Path) -> None:
    """As its author runs them; they bring a rubric that rejects what cheats."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(bench / "tests")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PATH": os.defpath}
    done = subprocess.run(command, cwd=bench, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_a_new_case_is_one_that_the_harness_loads(bench: Path) -> None:
    """With its digest, a canary pin of its own, and the number after the last one."""
    assert run_cli(["bench", "case", NAME, "--cve", "CVE-2024-21538", "--difficulty", "hard"]) == 0
    first, second = load_cases(load_task_class(NAME, bench.parent))
    assert (first.case_id, second.case_id) == (CASE, "002-cve-2024-21538")
    assert (first.difficulty, second.difficulty) == ("medium", "hard")
    assert first.cassette_canary_pin != second.cassette_canary_pin
    task = json.loads((second.input_path / "task.json").read_text())
    assert task == {"cve": "CVE-2024-21538"}


def test_what_is_given_is_copied(bench: Path, repository: Path) -> None:
    """Files and the content of folders."""
    (repository / "given" / "deep").mkdir(parents=True)
    (repository / "given" / "deep" / "a.txt").write_text("a")
    (repository / "b.txt").write_text("b")
    command = ["bench", "case", NAME, "--ref", "r", "--id", "mine", "--input", "given", "--expected", "b.txt"]
    assert run_cli(command) == 0
    assert sorted(snapshot(bench / "cases" / "mine")) == ["case.toml", "expected/b.txt", "input/deep/a.txt"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 64),
        (["--ref", "x", "--cve", "CVE-2024-1234"], 64),
        (["--cve", "CVE-24-1"], 64),
        (["--ref", "x", "--id", "../x"], 64),
        (["--ref", "x", "--id", CASE], 74),
        (["--ref", "x", "--source", "regression-converted"], 6),
        (["--ref", "x", "--commit-sha", "main"], 6),
        (["--ref", "x", "--input", "missing"], 1),
    ],
)
def test_a_case_that_cannot_be_added_leaves_nothing(bench: Path, options: list[str], code: int) -> None:
    """The bench is as it was, to the byte."""
    before = snapshot(bench)
    assert run_cli(["bench", "case", NAME, *options]) == code
    assert snapshot(bench) == before
    assert sorted(path.name for path in (bench / "cases").iterdir()) == [CASE, "digests.yaml"]


def test_a_case_with_a_link_out_of_it_is_refused(bench: Path, repository: Path) -> None:
    """As the harness would refuse it later."""
    (repository / "given").mkdir()
    (repository / "given" / "link").symlink_to("/etc/hostname")
    before = snapshot(bench)
    assert run_cli(["bench", "case", NAME, "--ref", "x", "--input", "given"]) == 6
    assert snapshot(bench) == before


@pytest.mark.parametrize(("name", "code"), [("Upper", 64), ("a/b", 64), ("..", 64), ("", 64), (NAME, 1)])
def test_a_bench_that_cannot_be_begun_leaves_nothing(bench: Path, name: str, code: int) -> None:
    """Nor is one that is there ever touched."""
    before = snapshot(bench.parent)
    assert run_cli(["bench", "new", name]) == code
    assert snapshot(bench.parent) == before


def test_a_class_that_is_not_there_is_named(bench: Path) -> None:
    """3, as for `eval run`."""
    assert run_cli(["bench", "case", "sort-log", "--ref", "x"]) == 3
    assert run_cli(["bench", "digest", "sort-log"]) == 3


def test_a_changed_case_is_shown_file_by_file(bench: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And counts only once its digest was written."""
    (bench / "cases" / CASE / "expected" / "answer.json").write_text('{"level": "error"}\n')
    (bench / "cases" / CASE / "input" / "new.txt").write_text("new\n")
    (bench / "cases" / CASE / "case.toml").write_bytes(
        (bench / "cases" / CASE / "case.toml").read_bytes() + b"\n"
    )
    capfd.readouterr()
    assert run_cli(["bench", "digest", NAME]) == 6
    shown = capfd.readouterr().out
    assert shown.splitlines()[0] == f"changed   {CASE}"
    assert "M expected/answer.json" in shown
    assert "A input/new.txt" in shown
    assert run_cli(["bench", "digest", NAME, "--format", "json"]) == 6
    assert json.loads(capfd.readouterr().out)["written"] is False
    assert run_cli(["bench", "digest", NAME, "--write"]) == 0
    assert run_cli(["bench", "digest", NAME]) == 0
    assert len(load_cases(load_task_class(NAME, bench.parent))) == 1


def test_cases_that_are_new_or_gone_are_shown(bench: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A copied folder has no digest yet, a removed one still has."""
    (bench / "cases" / CASE).rename(bench / "cases" / "12")
    digests = bench / "cases" / "digests.yaml"
    digests.write_text("# kept\n" + digests.read_text())
    capfd.readouterr()
    assert run_cli(["bench", "digest", NAME, "--write"]) == 0
    assert capfd.readouterr().out.splitlines() == [f"gone      {CASE}", "new       12"]
    assert digests.read_text().startswith('# kept\n"12": blake3:')
    assert not written_digests(bench).differing


def test_the_canary_pin_is_that_of_the_case(bench: Path) -> None:
    """The same case gets the same pin wherever it is made."""
    value = tomllib.loads((bench / "cases" / CASE / "case.toml").read_text())
    assert value["cassette_canary_pin"] == "37940c1915d607801bce0a78091444a6"


def test_on_a_terminal_it_asks_for_what_no_option_said(bench: Path) -> None:
    """In the order of a case.toml; an empty answer is the default, which is shown."""
    terminal, end = os.openpty()
    os.write(terminal, b"negative\n\nlater\nregression-converted\n")
    command = [sys.executable, "-m", "benchgov", "bench", "case", NAME, "--ref", "asked"]
    environ = {"PYTHONPATH": str(ROOT / "src"), "PATH": os.defpath}
    options = ["--curation-class", "held-out", "--commit-sha", "a" * 40]
    done = subprocess.run(
        [*command, *options],
        cwd=bench,
        env=environ,
        stdin=end,
        stdout=end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(end)
    os.close(terminal)
    assert done.returncode == 0, done.stderr
    assert "difficulty (easy, medium, hard) [medium]" in done.stderr
    value = tomllib.loads((bench / "cases" / "002-asked" / "case.toml").read_text())
    found = [value[key] for key in ("disposition", "difficulty", "source", "curation_class")]
    assert found == ["negative", "medium", "regression-converted", "held-out"]


def test_a_folder_that_cannot_be_written_is_said(
    read_only: Path, repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """74, with one line, and nothing half-written."""
    assert run_cli(["bench", "new", NAME, "--bench-root", str(read_only)]) == 74
    assert "cannot be written" in capfd.readouterr().err
    assert list(read_only.iterdir()) == []


def test_a_full_disk_leaves_no_bench(tiny_disk: Path, repository: Path) -> None:
    """Neither the folder nor a part of it."""
    assert run_cli(["bench", "new", NAME, "--bench-root", str(tiny_disk / "bench")]) == 74
    assert not (tiny_disk / "bench" / NAME).exists()
    assert not list(tiny_disk.rglob("*.py"))

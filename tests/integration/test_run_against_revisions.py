"""`run --against`: which revision's code, settings and preparation each side has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.against_builders import (
    Repository,
    against,
    command,
    empty_repository,
    function,
    nothing_is_left,
)

from benchgov.cli.main import run_cli
from benchgov.report import Reference


@pytest.fixture
def repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository that is the current folder; temporary files have a folder of their own."""
    return empty_repository(git_repo, tmp_path, monkeypatch)


def test_callables_come_from_their_own_revision(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suite modules, and those that PYTHONPATH leads to in the work tree; another output is a note."""
    entries = function("own", "work:f") + function("package", "demo.part:g", ", isolation: shared")
    repository.commit(entries, bench__s__work="def f(): return 1\n", src__demo__part="def g(): return 1\n")
    repository.commit(entries, bench__s__work="def f(): return 2\n", src__demo__part="def g(): return 2\n")
    monkeypatch.setenv("PYTHONPATH", str(repository.root / "src"))
    against()
    for run in repository.report.runs:
        assert (run.reference, run.sampling.isolation) == (Reference(overall="pass", family="f"), "process")
        assert run.notes == ("its output is not the same in the other revision",)
        assert len(run.metrics[0].reference) == 5


def test_code_of_this_work_tree_is_not_measured_as_the_other_revision(repository: Repository) -> None:
    """A path that no variable shows, as an editable installation has: both sides would be the same code."""
    work = f"import sys\nsys.path.insert(0, {str(repository.root / 'src')!r})\nfrom demo import f\n"
    repository.commit(function("one", "work:f"), bench__s__work=work, src__demo="def f(): return 1\n")
    repository.commit(function("one", "work:f"), src__demo="def f(): return 2\n")
    assert against() == 2
    run = repository.run_of("one/v")
    assert run.run_is_valid
    assert run.reference is not None
    assert run.reference.overall == "blocked"
    assert (
        "module demo was loaded from the work tree of the revision that it is compared"
        in run.reference.reason
    )


def test_commands_find_the_package_of_their_own_revision(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs that a command starts get the same import path as callables."""
    entries = command("one", '{python} -c "import demo; print(demo.NAME)"')
    repository.commit(entries, src__demo="NAME = 1\n")
    repository.commit(entries, src__demo="NAME = 2\n")
    monkeypatch.setenv("PYTHONPATH", str(repository.root / "src"))
    against()
    assert repository.run_of("one/v").notes == ("its output is not the same in the other revision",)


def test_what_only_the_other_revision_has_is_missing(repository: Repository) -> None:
    """It is named and blocks; a selection leaves it out on purpose."""
    repository.commit(command("kept", "true") + command("gone", "true"))
    repository.commit(command("kept", "true"))
    assert against() == 2
    gate = repository.report.performance_gate
    assert gate.status == "blocked"
    assert "The other revision has gone/v, which this one has not." in gate.reason
    assert against("--only=kept") == 0
    asked = repository.report.config.against
    assert asked is not None
    assert asked.runs == ("kept/v",)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (command("one", 'sh -c "exit 3"'), "exit code 3"),
        (function("one", "work:f"), "raised ImportError: broken on purpose"),
    ],
)
def test_a_broken_old_revision_is_not_comparable(repository: Repository, before: str, reason: str) -> None:
    """What goes wrong there makes nothing here invalid."""
    repository.commit(before, bench__s__work="def f(): return 1\nraise ImportError('broken on purpose')\n")
    repository.commit(command("one", "true"))
    assert against() == 2
    run = repository.run_of("one/v")
    assert run.run_is_valid
    assert run.reference == Reference(overall="blocked", family="f", reason=reason)
    assert repository.report.performance_gate.status == "not-comparable"


def test_a_new_suite_has_nothing_to_be_compared_with(repository: Repository) -> None:
    """Everything is new: that is measured, and said to be not comparable, as without a baseline."""
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "no suite yet")
    repository.commit(command("one", "true"))
    assert against() == 2
    gate = repository.report.performance_gate
    assert (gate.status, gate.findings) == ("not-comparable", {"new": 1})
    assert repository.run_of("one/v").run_is_valid


def test_prepare_runs_in_both_revisions(repository: Repository) -> None:
    """Each side's own command, in its own tree; what it builds is what runs."""
    entry = command("one", "cat {root}/built")
    repository.commit(entry, "build: sh -c 'echo old > {root}/built'\n")
    repository.commit(entry, "build: {command: [sh, -c, 'echo $WORD > {root}/built'], env: {WORD: new}}\n")
    against()
    assert repository.run_of("one/v").notes == ("its output is not the same in the other revision",)
    assert (repository.root / "built").read_text() == "new\n"


def test_prepare_runs_without_another_revision_too(repository: Repository) -> None:
    """`run` alone prepares the work tree."""
    repository.write(command("one", "cat {root}/built"), "build: sh -c 'echo > {root}/built'\n")
    assert run_cli(["run", "s"]) == 0


def test_a_prepare_that_fails_blocks_its_side(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There: nothing to compare with. Here: everything is blocked, with the end of what was said."""
    entry = command("one", "true")
    repository.commit(entry, "build: sh -c 'echo no compiler >&2; exit 4'\n")
    repository.commit(entry)
    assert against() == 2
    reference = repository.run_of("one/v").reference
    assert reference is not None
    assert reference.reason == "`build` failed: exit code 4"
    assert "HEAD~1 cannot be measured: `build` failed: exit code 4" in capsys.readouterr().err
    repository.git("checkout", "--quiet", "HEAD~1")
    assert against(ref="main") == 2
    run = repository.run_of("one/v")
    assert (run.overall, run.reason, run.stderr_tail) == (
        *("blocked", "`build` failed: exit code 4"),
        "no compiler\n",
    )
    assert nothing_is_left(repository, tmp_path)


def test_a_prepare_that_hangs_is_ended(repository: Repository) -> None:
    """At its own deadline."""
    prepare = "build: {command: sleep 60, timeout_seconds: 0.3}\n"
    repository.commit(command("one", "true"), prepare)
    assert run_cli(["run", "s"]) == 2
    assert "timed out: `build` took longer than 0.3 s" in repository.run_of("one/v").reason


def test_hooks_of_the_repository_do_not_run(repository: Repository) -> None:
    """A checkout for a measurement is nobody's checkout."""
    repository.commit(command("one", "true"))
    hook = repository.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    against(ref="HEAD")
    assert not (repository.root / "hooked").exists()


def test_a_baseline_of_a_paired_report_has_this_revisions_samples(repository: Repository) -> None:
    """The other revision's samples are kept in the raw report, and count for nothing."""
    repository.commit(command("one", "true"))
    against("--no-gate", ref="HEAD")
    report = repository.root / ".benchgov" / "out" / "report.json"
    assert run_cli(["baseline", "generate", "s", "--report", str(report), "--activate"]) == 0
    [path] = (repository.root / "bench" / "s" / "baselines").glob("*/*/baseline.json")
    [entry] = json.loads(path.read_text())["entries"]
    assert entry["metrics"][0]["samples"] == 5


def test_submodules_are_said_to_be_empty(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is fetched from where the other revision says."""
    (repository.root / ".gitmodules").write_text("[submodule]\n")
    repository.commit(command("one", "true"))
    against(ref="HEAD")
    assert "note: the submodules of HEAD are empty" in capsys.readouterr().err

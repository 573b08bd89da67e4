"""`run --against`: two revisions of a real repository, really checked out and really run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.against_builders import (
    BUSY,
    SOURCE,
    Repository,
    against,
    command,
    empty_repository,
    function,
    nothing_is_left,
    settings,
)

from benchgov.cli.main import run_cli
from benchgov.report import Reference


@pytest.fixture
def repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository that is the current folder; temporary files have a folder of their own."""
    return empty_repository(git_repo, tmp_path, monkeypatch)


def test_what_became_slower_is_a_regression_and_the_rest_is_not(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that sleeps fifty times as long, beside one that does not, and one that is new."""
    repository.commit(command("slow", "sleep 0.005") + command("same", "sleep 0.005"))
    repository.commit(
        command("slow", "sleep 0.25") + command("same", "sleep 0.005") + command("fresh", "sleep 0.001")
    )
    assert against("--format", "json", pairs="--pairs=10") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["performance_gate"]["status"] == "regression"
    assert [text.split()[0] for text in report["performance_gate"]["regressions"]] == ["slow/v"]
    slow, fresh = repository.run_of("slow/v"), repository.run_of("fresh/v")
    assert len(slow.metrics[0].samples) == len(slow.metrics[0].reference) == 10
    assert slow.reference == Reference(overall="pass", family="f")
    assert fresh.reference == Reference(overall="absent", family="f")
    asked = repository.report.config.against
    assert asked is not None
    assert (asked.ref, asked.looks, asked.runs) == ("HEAD~1", (10,), ("slow/v", "same/v"))
    assert asked.revision == repository.git("rev-parse", "HEAD~1").strip()
    assert nothing_is_left(repository, tmp_path)
    assert repository.git("status", "--porcelain") == ""


def test_calibrated_callables_take_equally_many_iterations(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """However much faster one side is; and what regressed is said below the table."""
    entries = function("one", "work:f", ", iterations: auto")
    repository.commit(entries, bench__s__work="def f(): return sum(range(200))\n")
    repository.commit(entries, bench__s__work="def f(): return sum(range(20000))\n")
    assert against(pairs="--pairs=10") == 1
    [path] = (repository.root / ".benchgov" / "out" / "runs").glob("*/raw/*.json")
    raw = json.loads(path.read_text())
    assert raw["iterations"] == raw["reference"]["iterations"] > 1
    assert "  one/v wall_time" in capsys.readouterr().out


def test_compare_says_the_same_of_the_report(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is a function of the report: `compare`, audit and dossier need no other revision."""
    repository.commit(command("slow", "sleep 0.005"))
    repository.commit(command("slow", "sleep 0.25"))
    assert against(pairs="--pairs=10") == 1
    assert run_cli(["compare", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert found["against"] == repository.git("rev-parse", "HEAD~1").strip()
    assert [one["verdict"] for one in found["findings"]] == ["regression"]
    assert run_cli(["audit", "append"]) == 0
    assert run_cli(["dossier", "render"]) == 0
    text = (repository.root / ".benchgov" / "out" / "dossier" / "dossier.md").read_text()
    assert "Measured in turn with `HEAD~1`" in text


def test_the_raw_samples_have_both_sides_and_the_order(repository: Repository) -> None:
    """Anyone can see in which order the two ran."""
    repository.commit(command("one", "true"))
    repository.commit(command("one", "true"))
    against(pairs="--pairs=7")
    [path] = (repository.root / ".benchgov" / "out" / "runs").glob("*/raw/*.json")
    raw = json.loads(path.read_text())
    assert [sorted(block) for block in raw["order"]] == [["h"] * 5 + ["t"] * 5, ["h"] * 2 + ["t"] * 2]
    assert len(raw["samples"]["wall_time"]) == len(raw["reference"]["samples"]["wall_time"]) == 7


def test_suspicious_runs_get_more_pairs_than_others(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Looks after 5 and 10 pairs: what is much slower goes on, what has one side does not."""
    (repository.root / "benchgov.yaml").write_text(settings("[5, 10]"))
    repository.commit(command("slow", "sleep 0.005"))
    repository.commit(command("slow", "sleep 0.25") + command("fresh", "true"))
    against(pairs="")
    assert len(repository.run_of("slow/v").metrics[0].samples) == 10
    assert len(repository.run_of("fresh/v").metrics[0].samples) == 5
    assert "slow/v: look 2 of 2, up to 10 pairs" in capsys.readouterr().err


def test_when_the_time_is_over_it_is_inconclusive_and_said(repository: Repository) -> None:
    """The first look is taken whatever the budget is; what looked worse is left open."""
    (repository.root / "benchgov.yaml").write_text(settings("[5, 20]"))
    repository.commit(command("slow", "sleep 0.005"))
    repository.commit(command("slow", "sleep 0.25"))
    assert against("--max-minutes=0.0001", pairs="") == 0
    run = repository.run_of("slow/v")
    assert len(run.metrics[0].samples) == 5
    assert run.notes == ("stopped after 5 pairs, undecided: the time budget of 0.0001 minutes was over",)
    assert repository.report.performance_gate.findings == {"inconclusive": 1}


def test_uncommitted_changes_are_what_is_measured(repository: Repository) -> None:
    """This side is the work tree as it is, and the report says so."""
    repository.commit(command("one", "true"))
    repository.write(command("one", "echo changed"))
    against(ref="HEAD")
    assert repository.report.config.dirty is True
    assert repository.run_of("one/v").notes == ("its output is not the same in the other revision",)


def test_sources_are_executed_in_turn(repository: Repository) -> None:
    """One sample of each execution on either side, even where the tool's own samples were asked for."""
    entry = "  - {id: go, family: f, source: {command: '{python} go.py', samples: tool}}\n"
    gone = "  - {id: old, family: f, source: {command: '{python} go.py', tool: go}}\n"
    repository.commit(entry + gone, bench__s__go="TIME = 100\n" + SOURCE)
    repository.commit(entry, bench__s__go="TIME = 3000\n" + SOURCE)
    assert against(pairs="--pairs=10") == 1
    run = repository.run_of("go/demo/Sort/go")
    assert (run.metrics[0].samples, run.metrics[0].reference) == ((3000.0,) * 10, (100.0,) * 10)
    assert run.sampling.isolation == "process"
    asked = repository.report.config.against
    assert asked is not None
    assert set(asked.runs) == {"old/go", "go/demo/Sort/go"}
    logs = [path.name for path in (repository.root / ".benchgov/out/runs").glob("*/raw/source-*")]
    assert len([name for name in logs if "other" in name]) == 12


def test_a_source_that_fails_there_is_not_comparable(repository: Repository) -> None:
    """This revision's samples are kept; what the other one lacks is new."""
    entry = "  - {id: go, family: f, source: {command: '{python} go.py'}}\n"
    repository.commit(entry, bench__s__go="raise SystemExit(7)\n")
    repository.commit(entry, bench__s__go="TIME = 300\n" + SOURCE)
    assert against() == 2
    reference = repository.run_of("go/demo/Sort/go").reference
    assert reference is not None
    assert (reference.overall, reference.reason) == ("blocked", "exit code 7")


def test_a_run_that_breaks_while_it_is_sampled_there_keeps_this_side(repository: Repository) -> None:
    """The fourth launch fails: after the first run and two warm-ups it is a sample."""
    work = (
        "import pathlib, sys\ncount = pathlib.Path('count')\n"
        "now = int(count.read_text()) if count.exists() else 0\ncount.write_text(str(now + 1))\n"
        "sys.exit(9 if now > 3 else 0)\n"
    )
    repository.commit(command("one", "{python} work.py"), bench__s__work=work)
    repository.commit(command("one", "true"))
    assert against() == 2
    run = repository.run_of("one/v")
    assert (len(run.metrics[0].samples), run.metrics[0].reference) == (5, ())
    assert run.reference is not None
    assert run.reference.reason == "exit code 9, not 0 as in its first run"


def test_a_run_that_breaks_here_is_blocked(repository: Repository) -> None:
    """The other side is fine, so it counts as missing here: blocked."""
    repository.commit(command("one", "true"))
    repository.commit(command("one", 'sh -c "exit 5"'))
    assert against() == 2
    run = repository.run_of("one/v")
    assert (run.overall, run.reference) == ("blocked", Reference(overall="pass", family="f"))


def test_variants_that_disagree_block_every_scale(repository: Repository) -> None:
    """As without another revision; and there it is a reason for no comparison."""
    odd = (
        "  - {id: odd, family: f, signature: (n), metrics: [wall_time], scale: [1, 2], "
        "variants: {a: {command: 'echo {scale}'}, b: {command: 'echo 1'}}}\n"
    )
    repository.commit(odd.replace("echo 1'", "echo {scale}'"))
    repository.commit(odd)
    assert against() == 2
    assert {run.overall for run in repository.report.runs} == {"blocked"}
    assert against(ref="HEAD~0", pairs="--pairs=5") == 2
    repository.git("checkout", "--quiet", "HEAD~1")
    against(ref="main")
    reasons = [run.reference.reason for run in repository.report.runs if run.reference]
    assert sum(reason.startswith("parity: odd@2: outputs differ") for reason in reasons) == 2


def test_a_wrong_result_there_is_not_this_sides(repository: Repository) -> None:
    """What fails its expectation there is not comparable, and passes here."""
    entry = (
        "  - {id: one, family: f, signature: (), metrics: [wall_time], expect: {value: 2}, "
        "variants: {v: {command: 'echo 1'}}}\n"
    )
    repository.commit(entry)
    repository.commit(entry.replace("echo 1", "echo 2"))
    assert against() == 2
    run = repository.run_of("one/v")
    assert run.overall == "pass"
    assert run.reference is not None
    assert run.reference.overall == "fail"


@pytest.mark.slow
def test_instructions_are_counted_on_both_sides(repository: Repository) -> None:
    """Once each where valgrind is there; a note where it is not."""
    entry = (
        "  - {id: one, family: f, signature: (), metrics: [wall_time, instructions], "
        "variants: {v: {callable: 'work:f'}}}\n"
    )
    repository.commit(entry, bench__s__work=BUSY)
    against(ref="HEAD")
    run = repository.run_of("one/v")
    counted = next((metric for metric in run.metrics if metric.name == "instructions"), None)
    if counted is None:
        assert any("valgrind" in note for note in run.notes)
    else:
        assert (len(counted.samples), len(counted.reference)) == (1, 1)

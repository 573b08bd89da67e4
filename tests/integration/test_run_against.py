"""`run --against` and `control`: two revisions of a real repository, really checked out and really run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.gate.control_result import Control
from benchgov.report import Environment, Facts, Reference, Report, Run

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


def settings(looks: str = "[10, 20, 40]") -> str:
    """Only half as slow again is slower: what tests hold as equal stays so on a busy machine."""
    return f"policy: {{statistics: {{looks: {looks}, min_effect: {{wall_time: 50}}}}}}\n"


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


@pytest.fixture
def repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
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


def against(*arguments: str, ref: str = "HEAD~1", pairs: str = "--pairs=5") -> int:
    """`benchgov run s --against <ref>`."""
    return run_cli(["run", "s", f"--against={ref}", *([pairs] if pairs else []), *arguments])


def nothing_is_left(repository: Repository, tmp_path: Path) -> bool:
    """No work tree besides the first, and no temporary files."""
    left = list((tmp_path / "temporary").iterdir())
    return len(repository.git("worktree", "list").splitlines()) == 1 and not left


def test_what_became_slower_is_a_regression_and_the_rest_is_not(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that sleeps six times as long, beside one that does not, and one that is new."""
    repository.commit(command("slow", "sleep 0.005") + command("same", "sleep 0.005"))
    repository.commit(
        command("slow", "sleep 0.03") + command("same", "sleep 0.005") + command("fresh", "sleep 0.001")
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
    assert against() == 1
    [path] = (repository.root / ".benchgov" / "out" / "runs").glob("*/raw/*.json")
    raw = json.loads(path.read_text())
    assert raw["iterations"] == raw["reference"]["iterations"] > 1
    assert "  one/v wall_time" in capsys.readouterr().out


def test_compare_says_the_same_of_the_report(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is a function of the report: `compare`, audit and dossier need no other revision."""
    repository.commit(command("slow", "sleep 0.005"))
    repository.commit(command("slow", "sleep 0.03"))
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
    """Looks after 5 and 10 pairs: what is six times as slow goes on, what has one side does not."""
    (repository.root / "benchgov.yaml").write_text(settings("[5, 10]"))
    repository.commit(command("slow", "sleep 0.005"))
    repository.commit(command("slow", "sleep 0.03") + command("fresh", "true"))
    against(pairs="")
    assert len(repository.run_of("slow/v").metrics[0].samples) == 10
    assert len(repository.run_of("fresh/v").metrics[0].samples) == 5
    assert "slow/v: look 2 of 2, up to 10 pairs" in capsys.readouterr().err


def test_when_the_time_is_over_it_is_inconclusive_and_said(repository: Repository) -> None:
    """The first look is taken whatever the budget is; what looked worse is left open."""
    (repository.root / "benchgov.yaml").write_text(settings("[5, 20]"))
    repository.commit(command("slow", "sleep 0.005"))
    repository.commit(command("slow", "sleep 0.03"))
    assert against("--max-minutes=0.0001", pairs="") == 0
    run = repository.run_of("slow/v")
    assert len(run.metrics[0].samples) == 5
    assert run.notes == ("stopped after 5 pairs, undecided: the time budget of 0.0001 minutes was over",)
    assert repository.report.performance_gate.findings == {"inconclusive": 1}


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
    repository.commit(entry, bench__s__go="TIME = 300\n" + SOURCE)
    assert against(pairs="--pairs=10") == 1
    run = repository.run_of("go/demo/Sort/go")
    assert (run.metrics[0].samples, run.metrics[0].reference) == ((300.0,) * 10, (100.0,) * 10)
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


@pytest.mark.parametrize("ref", ["no-such-revision", "--upload-pack=touch hacked", "HEAD:bench", ""])
def test_what_is_no_revision_is_blocked(
    repository: Repository, ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything runs, in one line, and without a report."""
    repository.commit(command("one", "true"))
    assert against(ref=ref) == 2
    assert capsys.readouterr().err.count("benchgov: ") == 1
    assert not (repository.root / ".benchgov" / "out" / "report.json").exists()
    assert not (repository.root / "hacked").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--pairs=10"],
        ["--max-minutes=1"],
        ["--against=HEAD", "--runs=10"],
        ["--against=HEAD", "--pairs=4"],
        ["--against=HEAD", "--max-minutes=0"],
        ["--against=HEAD", "--max-minutes=nan"],
    ],
)
def test_flags_that_do_not_belong_together_are_wrong_usage(
    repository: Repository, arguments: list[str]
) -> None:
    """Exit code 64, before anything runs."""
    repository.commit(command("one", "true"))
    assert run_cli(["run", "s", *arguments]) == 64


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_measurement_leaves_nothing_behind(
    repository: Repository, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, and what a cancelled job gets: no work tree, no temporary files, no half-written run."""
    repository.commit(command("one", "sleep 0.2"))
    package = Path(benchgov.environment.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchgov", "run", "s", "--against", "HEAD", "--pairs", "1000"],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": str(package), "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any((tmp_path / "temporary").glob("benchgov-*/0/output")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert nothing_is_left(repository, tmp_path)
    assert not list((repository.root / ".benchgov" / "out" / "runs").iterdir())


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


def test_control_holds_this_machine_against_the_policy(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rounds of the same code, one with a slowdown; the result is a file, and a part of the dossier."""
    repository.commit(command("one", "sleep 0.01") + function("two", "work:f"), bench__s__work=BUSY)
    arguments = ["control", "s", "--rounds=2", "--pairs=5", "--slowdown=400%", "--resplits=20"]
    assert run_cli(arguments) in (0, 1)
    shown = capsys.readouterr()
    assert "round 2 of 2" in shown.err
    assert "power at 400 %, really slower" in shown.out
    found = Control.model_validate_json((repository.root / ".benchgov" / "out" / "control.json").read_text())
    assert (found.alarms.trials, found.resplits.trials, found.looks) == (2, 20, (5,))
    assert found.power is not None
    assert (found.power.events, found.power.trials) == (2, 2)
    assert {one.slowdown_found for one in found.noise} == {True}
    assert run_cli(["run", "s", "--runs=5"]) in (0, 1)
    assert run_cli(["dossier", "render"]) == 0
    page = (repository.root / ".benchgov" / "out" / "dossier" / "index.html").read_text()
    assert '<section id="control">' in page


BUSY = "def f(): return sum(range(20000))\n"


@pytest.mark.parametrize("slowdown", ["0", "-5%", "fast", "nan", "1e9"])
def test_a_slowdown_that_is_none_is_wrong_usage(repository: Repository, slowdown: str) -> None:
    """Exit code 64."""
    repository.commit(command("one", "true"))
    assert run_cli(["control", "s", f"--slowdown={slowdown}"]) == 64


def test_control_does_not_measure_in_a_drifted_environment(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocked, as `run` is."""
    repository.commit(command("one", "true"))
    drifted = PINNED.model_copy(update={"gate": "drift"})
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: drifted, raising=False)
    assert run_cli(["control", "s"]) == 2
    assert not (repository.root / ".benchgov" / "out" / "control.json").exists()


def test_a_control_of_what_cannot_be_measured_is_blocked(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the run and the reason."""
    repository.commit(command("one", 'sh -c "exit 3"'))
    assert run_cli(["control", "s", "--rounds=1", "--pairs=5"]) == 2
    assert "one/v could not be measured: exit code 3" in capsys.readouterr().err


def test_a_dry_run_says_how_many_pairs_and_how_long(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured; the time is known once there is a report to learn from."""
    repository.commit(command("one", "true"))
    assert against("--dry-run", ref="HEAD", pairs="") == 0
    said = capsys.readouterr().err
    assert said == "against HEAD: 10, then 20, then 40 pairs of each run, each sample a process of its own\n"
    against(ref="HEAD")
    assert "expected" not in capsys.readouterr().err
    assert run_cli(["run", "s", "--dry-run"]) == 0
    assert capsys.readouterr().err == ""
    assert against("--dry-run", ref="HEAD", pairs="") == 0
    assert "expected, by the latest report: 0.0 minutes for 10 pairs" in capsys.readouterr().err
    (repository.root / ".benchgov" / "out" / "report.json").write_text("{")
    assert against("--dry-run", ref="HEAD", pairs="--pairs=20") == 0
    assert capsys.readouterr().err.splitlines() == [
        "against HEAD: 20 pairs of each run, each sample a process of its own"
    ]


def test_submodules_are_said_to_be_empty(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is fetched from where the other revision says."""
    (repository.root / ".gitmodules").write_text("[submodule]\n")
    repository.commit(command("one", "true"))
    against(ref="HEAD")
    assert "note: the submodules of HEAD are empty" in capsys.readouterr().err


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


def test_a_selection_that_no_source_meets_is_blocked(repository: Repository) -> None:
    """As without another revision."""
    entry = "  - {id: go, family: from-group, source: {command: '{python} go.py'}}\n"
    repository.commit(entry, bench__s__go="TIME = 300\n" + SOURCE)
    assert against("--only=family:f", ref="HEAD") == 2
    assert against("--only=go/nothing", ref="HEAD") == 2
    assert against("--only=go/demo/Sort", ref="HEAD") == 0


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


def test_without_git_there_is_nothing_to_check_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is no repository has no revisions."""
    folder = tmp_path / "plain"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED, raising=False)
    Repository(folder).write(command("one", "true"))
    assert against(ref="HEAD") == 2
    assert "this revision is not in the clone" in capsys.readouterr().err


def test_a_shallow_clone_in_a_workspace_fetches_the_base_once(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `actions/checkout` leaves it: one commit, and Git told where the work tree is."""
    repository.commit(command("one", "true"))
    base = repository.git("rev-parse", "HEAD").strip()
    repository.commit(command("one", "true"))
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(clone)], check=True)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(clone))
    assert against(ref=base) in (0, 2)
    shallow = Repository(clone)
    assert shallow.run_of("one/v").reference == Reference(overall="pass", family="f")
    assert nothing_is_left(shallow, tmp_path)
    assert shallow.git("status", "--porcelain") == ""


def test_a_repository_that_cannot_be_written_blocks(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git's own reason is said in one line, and nothing was measured."""
    repository.commit(command("one", "true"))
    (repository.root / ".git" / "worktrees").write_text("a file where a folder should be")
    assert against(ref="HEAD") == 2
    assert "this revision cannot be checked out" in capsys.readouterr().err
    assert not (repository.root / ".benchgov" / "out" / "report.json").exists()

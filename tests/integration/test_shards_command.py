"""plan → run --shard → merge, in a real repository, as the jobs of a matrix do it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.gate_builders import FACTS, report
from tests.sharding_builders import SUITE, changed, shard_reports, write_suite

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.environment.pinned import fingerprint
from benchgov.report import Environment, Report
from benchgov.sharding.merge import Part
from benchgov.sharding.plan import plan_shards
from benchgov.suites.load import Suite, load_suite

OUT = Path(".benchgov/out")
PINNED = Environment(facts=FACTS, fingerprint=fingerprint(FACTS), gate="pass")


@pytest.fixture
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with suite `demo`, the current folder, on a pinned machine."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    write_suite(git_repo)
    (git_repo / ".gitignore").write_text(".benchgov\n__pycache__\nshards\n")
    subprocess.run(["git", "add", "-A"], cwd=git_repo, check=True)
    subprocess.run(["git", "commit", "-qm", "suite"], cwd=git_repo, check=True)
    monkeypatch.chdir(git_repo)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED)
    return git_repo


@pytest.fixture
def suite(repository: Path) -> Suite:
    """The repository's suite."""
    return load_suite(repository / "bench" / "demo", repository)


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The entries of the matrix that `benchgov plan` prints, on one line."""
    assert run_cli(["plan", "demo", *arguments, "--format", "json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    entries: list[dict[str, Any]] = json.loads(printed)["include"]
    return entries


def measure(entry: dict[str, Any], *flags: str) -> str:
    """Run one job of the matrix; the folder of its artifact."""
    folder = f"shards/benchgov-demo-{entry['shard']}"
    text = json.dumps(entry, indent=2)
    assert run_cli(["run", "demo", "--shard", text, "--output-dir", folder, *flags]) == 0
    return folder


def written(root: Path, suite: Suite, count: int = 3) -> list[Path]:
    """Shard reports that were not measured, as files."""
    plan = plan_shards(suite, suite.manifest.benchmarks, {}, count)
    paths = []
    for part in shard_reports(suite, plan):
        path = root / "shards" / part.name / "report.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(part.report.to_bytes())
        paths.append(path)
    return paths


def test_a_matrix_measures_what_one_job_would(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plan, run every shard, merge; then the baseline, the gate, the audit log and the dossier take it."""
    folders = [measure(entry) for entry in planned(capsys, "--shards", "3")]
    assert run_cli(["merge", "shards"]) == 0
    first = (OUT / "report.json").read_bytes()
    merged = Report.model_validate_json(first)
    expected = ["a/x", "a/y", "b[1]@1/x", "b[1]@10/x", "b1/x", "c/x"]
    assert [one.key for one in merged.runs] == expected
    assert merged.summary.authoritative
    (home,) = (OUT / "runs").iterdir()
    assert (home / "report.json").read_bytes() == first
    raw = [json.loads(path.read_bytes())["run"] for path in sorted((home / "raw").iterdir())]
    assert sorted(raw) == sorted(expected)
    assert [path.name for path in sorted((home / "shards").iterdir())] == [
        f"report-00{number}.json" for number in (1, 2, 3)
    ]

    assert run_cli(["merge", folders[2], f"{folders[0]}/report.json", "shards/*-2"]) == 0
    assert (OUT / "report.json").read_bytes() == first

    assert run_cli(["baseline", "generate", "demo", "--report", str(OUT / "report.json"), "--activate"]) == 0
    assert run_cli(["compare"]) == 0
    assert run_cli(["audit", "append"]) == 0
    assert run_cli(["dossier", "render"]) == 0
    capsys.readouterr()
    assert run_cli(["merge", "shards", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["performance_gate"]["status"] == "pass"
    assert run_cli(["merge", "shards", "--no-gate"]) == 0
    assert (OUT / "report.json").read_bytes() == first


def test_a_source_is_one_item_of_a_shard(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What its tool yields is measured by one job; the merged order is that of one job: sources last."""
    folder = repository / "bench" / "demo"
    tool = "print('goos: linux\\nBenchmarkOne-2 100 50 ns/op\\nBenchmarkTwo-2 100 70 ns/op\\nPASS\\nok x 1s')"
    (folder / "tool.py").write_text(tool)
    source = "  - {id: tool, source: {tool: go, command: ['{python}', tool.py]}, family: parsing}\n"
    (folder / "suite.yaml").write_text(SUITE.replace("benchmarks:\n", f"benchmarks:\n{source}"))
    subprocess.run(["git", "commit", "-qam", "a source"], check=True)
    assert run_cli(["run", "demo", "--output-dir", "whole"]) == 0
    capsys.readouterr()
    entries = planned(capsys, "--shards", "2")
    assert sorted(" ".join(one["select"] for one in entries).split()) == ["a", "b1", "b[1]", "c", "tool"]
    for entry in entries:
        measure(entry)
    assert run_cli(["merge", "shards"]) == 0
    whole, merged = (
        Report.model_validate_json((path / "report.json").read_bytes()) for path in (Path("whole"), OUT)
    )
    assert [one.key for one in merged.runs] == [one.key for one in whole.runs]
    assert [one.benchmark for one in merged.runs[-2:]] == ["tool/One", "tool/Two"]


def test_a_plan_balances_by_the_latest_report(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`c`, which takes by far the longest, gets a job of its own; without a report each counts the same."""
    assert run_cli(["plan", "demo", "--shards", "2"]) == 0
    captured = capsys.readouterr()
    assert "no duration is known of 4 benchmarks (a, b[1], b1, c): taken as 1 s" in captured.err
    assert "4.0 s in one job, 2.0 s in 2" in captured.out
    work = repository / "bench" / "demo" / "work.py"
    work.write_text(work.read_text().replace("0.01", "0.2"))
    assert run_cli(["run", "demo"]) == 0
    capsys.readouterr()
    entries = planned(capsys, "--shards", "2")
    assert [one["select"] for one in entries] == ["c", "a b[1] b1"]
    assert planned(capsys, "--shards", "2") == entries


def test_a_plan_falls_back_on_the_active_baseline(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fresh checkout has no report, but the baseline's raw ones."""
    assert run_cli(["run", "demo", "--output-dir", "elsewhere"]) == 0
    flags = ["--report", "elsewhere/report.json", "--activate"]
    assert run_cli(["baseline", "generate", "demo", *flags]) == 0
    capsys.readouterr()
    assert run_cli(["plan", "demo", "--shards", "2"]) == 0
    assert "no duration is known" not in capsys.readouterr().err
    given = planned(capsys, "--shards", "2", "--durations", "elsewhere")
    assert planned(capsys, "--shards", "2") == given

    assert run_cli(["run", "demo", "--only", "a", "--no-gate"]) == 0
    capsys.readouterr()
    assert run_cli(["plan", "demo", "--shards", "2"]) == 0
    assert "no duration is known" not in capsys.readouterr().err
    assert run_cli(["plan", "demo", "--shards", "2", "--durations", str(OUT / "report.json")]) == 0
    assert "no duration is known of 3 benchmarks" in capsys.readouterr().err


def test_fewer_benchmarks_than_shards_are_fewer_shards(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, and none is empty."""
    assert len(planned(capsys, "--shards", "2", "--only", "c")) == 1
    assert run_cli(["plan", "demo", "--shards", "9"]) == 0
    assert "4 shards instead of 9: there are 4 benchmarks" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["plan", "demo"], 64, "--shards"),
        (["plan", "demo", "--shards", "0"], 64, "1 to 256"),
        (["plan", "demo", "--shards", "x"], 64, "not a valid integer"),
        (["plan", "../demo", "--shards", "2"], 64, "not the name of a suite"),
        (["plan", "none", "--shards", "2"], 2, "no such suite"),
        (["plan", "demo", "--shards", "2", "--only", "zzz"], 64, "matches 'zzz'"),
        (["plan", "demo", "--shards", "2", "--durations", "none.json"], 2, "no such file"),
        (["plan", "demo", "--shards", "2", "--durations", "bench/demo/suite.yaml"], 2, "suite.yaml"),
        (["plan", "demo", "--shards", "2", "--durations", "other.json"], 2, "is of suite 'other'"),
        (["run", "demo", "--shard", "2/4"], 64, "not a matrix entry"),
        (["run", "demo", "--shard", "{}", "--only", "a"], 64, "--shard with --only"),
        (["merge"], 64, "Missing argument"),
        (["merge", "none"], 2, "no such file"),
        (["merge", "bench"], 2, "there is no report.json in this folder"),
        (["merge", "none*"], 2, "nothing fits this pattern"),
        (["merge", "a\0b"], 2, "not a file's name"),
        (["merge", ""], 2, "not a file's name"),
        (["merge", "other.json"], 2, "not the report of a shard"),
        (["merge", "bench/demo/suite.yaml"], 2, "suite.yaml"),
    ],
)
def test_wrong_calls_are_named(
    repository: Path, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line, the right code, and nothing is written."""
    Path("other.json").write_bytes(report(suite="other").to_bytes())
    assert run_cli(arguments) == code
    assert message in capsys.readouterr().err
    assert not OUT.exists()


def test_a_plan_of_another_revision_is_blocked(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The suite lost a benchmark since the plan was made."""
    (entry,) = planned(capsys, "--shards", "1")
    manifest = repository / "bench" / "demo" / "suite.yaml"
    manifest.write_text("".join(line for line in SUITE.splitlines(keepends=True) if "id: c" not in line))
    assert run_cli(["run", "demo", "--shard", json.dumps(entry)]) == 2
    assert "has no 'c'" in capsys.readouterr().err


def test_what_does_not_belong_together_is_listed_and_nothing_is_written(
    repository: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing shard with its benchmarks, and a shard of another revision."""
    paths = written(repository, suite)
    assert run_cli(["merge", *map(str, paths[1:])]) == 2
    told = capsys.readouterr().err
    assert "shard 1 of 3 is missing" in told
    assert "benchmark a is missing" in told
    part = Part("x", Report.model_validate_json(paths[0].read_bytes()))
    paths[0].write_bytes(changed(part, revision="0ddba11").report.to_bytes())
    assert run_cli(["merge", "shards"]) == 2
    assert "revision is" in capsys.readouterr().err
    assert not OUT.exists()


def test_without_the_suite_a_missing_shard_is_named_by_its_number(
    repository: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    """The job that merges needs no checkout of it; an edited suite says nothing about the plan."""
    paths = written(repository, suite)
    (repository / "bench/demo/suite.yaml").write_text(SUITE + "# more\n")
    for _ in ("another suite", "no suite"):
        assert run_cli(["merge", *map(str, paths[1:])]) == 2
        told = capsys.readouterr().err
        assert "shard 1 of 3 is missing" in told
        assert "is missing" in told
        assert "benchmark a" not in told
        assert run_cli(["merge", "shards"]) == 0
        shutil.rmtree(repository / "bench", ignore_errors=True)


def test_a_broken_shard_is_refused(
    repository: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off, empty, or of another version: exit 2 with the file's name."""
    paths = written(repository, suite)
    good = paths[1].read_bytes()
    for data in (good[:-30], b"", good.replace(b'"schema_version":1', b'"schema_version":2'), b"\xff\xfe"):
        paths[1].write_bytes(data)
        assert run_cli(["merge", "shards"]) == 2
        assert "2.json/report.json" in capsys.readouterr().err
    assert not OUT.exists()


def test_earlier_runs_in_an_artifact_do_not_count(repository: Path, suite: Suite) -> None:
    """The folder of results holds the latest report and every run; raw files are those of the latest."""
    for path in written(repository, suite):
        runs = path.parent / "runs"
        for name, data in (("1", report().to_bytes()), ("2", path.read_bytes())):
            (runs / name / "raw").mkdir(parents=True)
            (runs / name / "report.json").write_bytes(data)
            (runs / name / "raw" / f"{name}.json").write_text('{"run": "' + name + '"}')
    assert run_cli(["merge", "shards"]) == 0
    (home,) = (OUT / "runs").iterdir()
    assert sorted(path.name for path in (home / "raw").iterdir()) == [
        f"shard-00{number}-2.json" for number in (1, 2, 3)
    ]


def test_a_raw_file_that_is_a_link_is_left_behind(repository: Path, suite: Suite) -> None:
    """An artifact could name any file of the machine that merges."""
    secret = repository / "secret.json"
    secret.write_text('{"token": 1}')
    paths = written(repository, suite)
    raw = paths[0].parent / "raw"
    raw.mkdir()
    (raw / "1.json").symlink_to(secret)
    (raw / "2.json").write_text("{}")
    assert run_cli(["merge", "shards"]) == 0
    (home,) = (OUT / "runs").iterdir()
    assert [path.name for path in (home / "raw").iterdir()] == ["shard-001-2.json"]


def test_a_raw_file_that_is_no_json_is_refused(
    repository: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing half-merged is left."""
    raw = written(repository, suite)[0].parent / "raw"
    raw.mkdir()
    (raw / "1.json").write_text("{")
    assert run_cli(["merge", "shards"]) == 2
    assert "raw/1.json" in capsys.readouterr().err
    assert not list(OUT.rglob("*.json"))


def test_a_folder_that_cannot_be_written_is_an_output_error(
    repository: Path, suite: Suite, read_only: Path
) -> None:
    """As with every command that writes."""
    written(repository, suite)
    assert run_cli(["merge", "shards", "--output-dir", str(read_only / "out")]) == 74

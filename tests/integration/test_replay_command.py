"""`benchgov replay`, and what it rests on: protocols, a build step, a typed config; real processes."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchgov.cli.main import run_cli

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONAL = """\
version: 1
suite: p
kind: protocols
config_schema:
  depth: {type: integer, minimum: 1, maximum: 9, default: 3}
  mode: {type: string, enum: [fast, exact], default: fast}
build: {command: ["{python}", make.py, "{config.depth}"], outputs: bench/p/made.txt}
families: {f: {}}
benchmarks:
  - {id: command, family: f, command: "{python} {suite}/command.py {config.depth}"}
  - {id: callable, family: f, callable: "called:run", expect: {expectations: [made], layers: {build: pass}}}
"""
MAKE = "import sys\nopen('made.txt', 'w').write('depth ' + sys.argv[1])\nprint('made')\n"
RESULT = (
    "def result(names, output):\n"
    "    return {'overall': 'pass', 'ok': True, 'run_is_valid': True, 'output': output,\n"
    "            'expectations': [{'name': name, 'ok': True, 'detail': ''} for name in names],\n"
    "            'layers': {'build': 'pass'}}\n"
)
COMMAND = (
    "import json, os, sys\nfrom result import result\n"
    "config = json.loads(os.environ['BENCHGOV_CONFIG'])\n"
    "assert sys.argv[1] == str(config['depth'])\n"
    "print(json.dumps(result(['config'], [config, open('made.txt').read()])))\n"
)
CALLED = (
    "import json, os\nfrom result import result\n"
    "def run():\n    return result(['made'], json.loads(os.environ['BENCHGOV_CONFIG'])['mode'])\n"
)
MEASURED = """\
version: 1
suite: m
kind: measured
defaults: {min_sample_ms: 0.05}
families: {f: {}}
benchmarks:
  - {id: sum, family: f, signature: (), metrics: [wall_time], scale: [2, 3],
     variants: {a: {callable: "work:a"}, b: {callable: "work:b"}}}
  - {id: max, family: f, signature: (), metrics: [wall_time], variants: {a: {callable: "work:c"}}}
"""
WORK = "def a(): return 3\ndef b(): return 1 + 2\ndef c(): return max(4, 5)\n"

Write = Callable[[str, dict[str, str]], None]


@pytest.fixture
def project(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a suite of protocols and a measured one."""
    for suite, files in {
        "p": {
            "suite.yaml": FUNCTIONAL,
            "make.py": MAKE,
            "result.py": RESULT,
            "command.py": COMMAND,
            "called.py": CALLED,
        },
        "m": {"suite.yaml": MEASURED, "work.py": WORK},
    }.items():
        folder = git_repo / "bench" / suite
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
    monkeypatch.chdir(git_repo)
    return git_repo


def published(project: Path, *arguments: str) -> dict[str, Any]:
    """Run a suite, and put its report aside as `R.json`."""
    assert run_cli(["run", *arguments]) == 0
    (project / ".benchgov/out/report.json").replace(project / "R.json")
    return load(project / "R.json")


def replayed(*arguments: str) -> int:
    return run_cli(
        ["replay", "--report", "R.json", "--out-report", "O.json", "--out-comparison", "C.json", *arguments]
    )


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def mismatches(project: Path) -> dict[str, tuple[Any, Any]]:
    found = load(project / "C.json")["mismatches"]
    return {one["path"]: (one["baseline"], one["replay"]) for one in found}


def pin(project: Path, **more: str) -> None:
    """Pin the environment to this machine's Python, and to `more`."""
    pins = {"python": platform.python_version(), **more}
    lines = "".join(f"    {name}: '{value}'\n" for name, value in pins.items())
    (project / "benchgov.yaml").write_text(f"environment:\n  pins:\n{lines}")


def test_a_suite_of_protocols_is_run_and_replayed(project: Path) -> None:
    """Build, config, layers and output are in the report, and are had again."""
    report = published(project, "p")
    command, called = report["runs"]
    assert command["layers"] == called["layers"] == {"execution": "pass", "build": "pass"}
    assert [one["name"] for one in called["expectations"]] == [
        "made",
        "expect: expectation made",
        "expect: layer build",
    ]
    assert command["protocol"] == "bench/p/command.py"
    assert (called["protocol"], called["sampling"]["isolation"]) == ("bench/p/called.py", "functional")
    assert report["config"]["values"] == {"depth": 3, "mode": "fast"}
    build = report["config"]["build"]
    assert build["command"] == ["{python}", "make.py", "{config.depth}"]
    assert build["output_digest"]
    assert build["printed_digest"]
    assert not build["skipped"]
    assert replayed("--require-pass", "--require-expectations") == 0
    comparison, again = load(project / "C.json"), load(project / "O.json")
    assert comparison["verdict"] == "match"
    assert comparison["published"] == comparison["baseline"] == comparison["replay"]
    assert again["replay"] == report["replay"]
    raw = list((project / ".benchgov/out/runs").glob("*/raw/*.json"))
    assert [load(path)["result"]["ok"] for path in raw] == [True, True]


def test_a_replay_can_be_replayed(project: Path) -> None:
    """Its report is one, also when it is only a part."""
    published(project, "p")
    assert replayed("--max-protocols", "1", "--skip-build") == 0
    comparison = load(project / "C.json")
    assert (comparison["compared"], comparison["total"]) == (1, 2)
    assert comparison["published"] != comparison["baseline"] == comparison["replay"]
    part = load(project / "O.json")
    assert [run["benchmark"] for run in part["runs"]] == ["command"]
    assert part["config"]["options"] == {"max_protocols": 1}
    (project / "O.json").replace(project / "R.json")
    assert replayed() == 0
    assert load(project / "C.json")["total"] == 1


def test_the_comparison_is_as_its_schema_says(project: Path) -> None:
    """A match and a mismatch; the report too."""
    schema = load(ROOT / "docs/schemas/replay-comparison-schema-v1.json")
    report_schema = load(ROOT / "docs/schemas/benchmark-report-schema-v1.json")
    published(project, "p")
    assert replayed() == 0
    jsonschema.validate(load(project / "C.json"), schema)
    jsonschema.validate(load(project / "O.json"), report_schema)
    (project / "bench/p/called.py").write_text(CALLED + "# changed\n")
    assert replayed() == 2
    jsonschema.validate(load(project / "C.json"), schema)


def test_the_build_may_be_left_out_when_its_outputs_are_there(project: Path) -> None:
    """They are digested all the same, so that the plan is the same; without them nothing runs."""
    published(project, "p")
    (project / "bench/p/make.py").write_text("raise SystemExit(3)\n")
    assert replayed("--skip-build") == 0
    assert load(project / "O.json")["config"]["build"]["skipped"]
    (project / "bench/p/made.txt").write_text("something else")
    assert replayed("--skip-build") == 2
    assert "/config/build/output_digest" in mismatches(project)
    (project / "bench/p/made.txt").unlink()
    assert replayed("--skip-build") == 2
    reasons = {run["reason"] for run in load(project / "O.json")["runs"]}
    assert reasons == {"`build` failed: output bench/p/made.txt: No such file or directory"}


def test_a_build_that_fails_blocks_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the end of what it said; in `run` and in `replay`."""
    published(project, "p")
    (project / "bench/p/make.py").write_text("import sys\nsys.exit('no compiler')\n")
    assert run_cli(["run", "p"]) == 2
    assert "`build` failed: exit code 1" in capsys.readouterr().out
    assert replayed() == 2
    runs = load(project / "O.json")["runs"]
    assert {run["overall"] for run in runs} == {"blocked"}
    assert all("no compiler" in run["stderr_tail"] for run in runs)


def test_run_leaves_the_build_out_too(project: Path) -> None:
    """When it is asked to."""
    (project / "bench/p/made.txt").write_text("depth 3")
    (project / "bench/p/make.py").write_text("raise SystemExit(3)\n")
    assert published(project, "p", "--skip-build")["config"]["build"]["skipped"]


def test_a_value_of_the_config_is_set_recorded_and_replayed(project: Path) -> None:
    """The replay takes the report's values, not the manifest's."""
    report = published(project, "p", "--set", "depth=5", "--set", "mode=exact")
    assert report["config"]["values"] == {"depth": 5, "mode": "exact"}
    assert replayed() == 0
    assert load(project / "O.json")["config"]["values"] == {"depth": 5, "mode": "exact"}


def test_a_value_that_the_suite_no_longer_has_is_a_mismatch(project: Path) -> None:
    """It is listed with the manifest's own change."""
    published(project, "p")
    manifest = project / "bench/p/suite.yaml"
    manifest.write_text(
        FUNCTIONAL.replace("  mode: {type: string, enum: [fast, exact], default: fast}\n", "")
    )
    (project / "bench/p/called.py").write_text(CALLED.replace("['mode']", "['depth']"))
    assert replayed() == 2
    assert {"/config/values/mode", "/config/suite_sha256"} <= set(mismatches(project))


@pytest.mark.parametrize("setting", ["depth=0", "depth=x", "deep=1", "mode=slow", "depth"])
def test_a_setting_that_is_none_is_wrong_usage(project: Path, setting: str) -> None:
    """Nothing runs."""
    assert run_cli(["run", "p", "--set", setting]) == 64
    assert not (project / "bench/p/made.txt").exists()


def test_two_configs_are_not_comparable(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A baseline of another config is none: exit code 2, and the difference is named."""
    manifest = project / "bench/m/suite.yaml"
    manifest.write_text(
        MEASURED.replace("families:", "config_schema: {k: {type: integer, default: 1}}\nfamilies:")
    )
    pin(project)
    assert run_cli(["run", "m", "--only", "max", "--set", "k=1"]) == 0
    assert run_cli(["baseline", "generate", "m", "--activate"]) == 0
    assert run_cli(["run", "m", "--only", "max", "--set", "k=2", "--no-gate"]) == 0
    capsys.readouterr()
    assert run_cli(["compare"]) == 2
    assert "k is 2, the baseline has 1" in " ".join(capsys.readouterr().out.split())


def test_a_measured_suite_is_replayed_by_what_it_gives(project: Path) -> None:
    """Digests and verdicts are compared; times are not. A benchmark is replayed whole."""
    report = published(project, "m", "--runs", "6")
    assert replayed() == 0
    again = load(project / "O.json")
    assert again["config"]["options"] == report["config"]["options"] == {"runs": 6}
    assert replayed("--max-protocols", "1") == 0
    assert load(project / "C.json")["compared"] == 4


def test_another_output_of_a_measured_benchmark_is_found(project: Path) -> None:
    """In a module that no hash pins."""
    (project / "bench/m/work.py").write_text("from deep import a, b, c\n")
    (project / "bench/m/deep.py").write_text(WORK)
    published(project, "m")
    (project / "bench/m/deep.py").write_text(WORK.replace("max(4, 5)", "max(4, 6)"))
    assert replayed() == 2
    assert list(mismatches(project)) == ["/runs/4/output_digest"]


def test_a_measured_source_that_changed_is_not_run(project: Path) -> None:
    """Every variant that it defines is blocked."""
    published(project, "m")
    (project / "bench/m/work.py").write_text("open('ran', 'w')\n" + WORK)
    assert replayed() == 2
    assert not (project / "bench/m/ran").exists()
    reasons = [run["reason"] for run in load(project / "O.json")["runs"]]
    assert len(reasons) == 5
    assert all("bench/m/work.py has changed" in reason for reason in reasons)


def test_a_source_entry_that_changed_is_not_run(project: Path) -> None:
    """The one run that stands for it says why."""
    tool = "import json\nprint(json.dumps([{'name': 'x', 'unit': 'ms', 'value': 1.5}]))\n"
    (project / "bench/m/tool.py").write_text(tool)
    entry = "  - {id: src, family: f, source: {tool: custom-smaller, command: '{python} {suite}/tool.py'}}\n"
    manifest = MEASURED[: MEASURED.index("benchmarks:")] + "benchmarks:\n" + entry
    (project / "bench/m/suite.yaml").write_text(manifest)
    published(project, "m")
    assert replayed() == 0
    (project / "bench/m/tool.py").write_text(tool + "open('ran', 'w')\n")
    assert replayed() == 2
    assert not (project / "bench/m/ran").exists()
    (run,) = load(project / "O.json")["runs"]
    assert "bench/m/tool.py has changed" in run["reason"]


def test_protocols_are_not_compared_with_a_baseline(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their one time is no measurement: no baseline can be made, and compare says what to use."""
    pin(project)
    published(project, "p")
    (project / "R.json").replace(project / ".benchgov/out/report.json")
    assert run_cli(["baseline", "generate", "p"]) == 4
    assert "minimum-warmup" in capsys.readouterr().err
    assert run_cli(["compare"]) == 2
    assert "benchgov replay" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments", [["p", "--against", "HEAD"], ["m", "--against", "HEAD", "--skip-build"]]
)
def test_what_cannot_be_measured_in_turn_is_wrong_usage(project: Path, arguments: list[str]) -> None:
    """Functional results, and a checkout that nothing has built."""
    assert run_cli(["run", *arguments]) == 64


def test_the_word_authoritative_is_carried_along(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both environments passed their gate: only then."""
    pin(project)
    published(project, "p")
    assert replayed("--authoritative") == 0
    assert load(project / "C.json")["authoritative"]
    pin(project, cpu_model="Another machine")
    capsys.readouterr()
    assert replayed() == 0, "the results are the same anyway"
    told = capsys.readouterr()
    assert "not authoritative" in told.out
    assert "environment drift" in told.err
    assert not load(project / "C.json")["authoritative"]
    before = (project / "C.json").read_bytes()
    assert replayed("--authoritative") == 2
    assert "gate here is 'drift'" in capsys.readouterr().err
    assert (project / "C.json").read_bytes() == before


def test_publishing_as_authoritative_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`compare` and `dossier render` write nothing, and say why; without the flag they say the word."""
    assert run_cli(["run", "m", "--only", "max"]) == 0
    assert run_cli(["compare", "--authoritative"]) == 2
    assert run_cli(["dossier", "render", "--authoritative"]) == 2
    assert capsys.readouterr().err.count("not authoritative") == 2
    assert not (project / ".benchgov/out/comparison.json").exists()
    assert not (project / ".benchgov/out/dossier").exists()
    assert run_cli(["dossier", "render"]) == 0
    assert "not authoritative" in (project / ".benchgov/out/dossier/dossier.md").read_text()


def test_a_pinned_comparison_may_be_published(project: Path) -> None:
    """All that is compared passed the gate."""
    pin(project)
    assert run_cli(["baseline", "generate", "m", "--activate"]) == 0
    assert run_cli(["run", "m", "--no-gate"]) == 0
    assert run_cli(["compare", "--authoritative"]) in {0, 1}, "whatever it says of so short times"
    assert run_cli(["dossier", "render", "--authoritative"]) == 0
    assert (project / ".benchgov/out/dossier/index.html").exists()


def test_json_is_the_comparison(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--format json` prints what the artifact holds."""
    published(project, "p")
    capsys.readouterr()
    assert replayed("--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == load(project / "C.json")


def test_the_plan_lists_protocols(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--dry-run`, as a table and as JSON."""
    assert run_cli(["run", "p", "--dry-run"]) == 0
    assert "callable/protocol" in capsys.readouterr().out
    assert run_cli(["run", "p", "--dry-run", "--format", "json", "--set", "depth=4"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [one["run"] for one in plan["protocols"]] == ["command/protocol", "callable/protocol"]
    assert plan["config"] == {"depth": 4, "mode": "fast"}


def test_a_dossier_of_protocols_is_rendered(project: Path) -> None:
    """With what the one execution stands for."""
    published(project, "p")
    assert run_cli(["dossier", "render", "--report", "R.json"]) == 0
    assert (
        "it ran once, for its functional result" in (project / ".benchgov/out/dossier/dossier.md").read_text()
    )


def test_a_matrix_of_protocols_is_merged_and_replayed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shards are replayed by themselves, and what they make together is too, whatever the builds printed."""
    (project / "bench/p/make.py").write_text(MAKE + "import time\nprint(time.time_ns())\n")
    assert run_cli(["plan", "p", "--shards", "2", "--format", "json"]) == 0
    matrix = json.loads(capsys.readouterr().out)
    entries = matrix.get("matrix", matrix)["include"]
    assert len(entries) == 2
    for number, entry in enumerate(entries):
        assert run_cli(["run", "p", "--shard", json.dumps(entry)]) == 0
        (project / ".benchgov/out/report.json").replace(project / f"shard-{number}.json")
    assert run_cli(["merge", "shard-0.json", "shard-1.json"]) == 0
    (project / "shard-1.json").replace(project / "R.json")
    assert replayed() == 0
    (project / ".benchgov/out/report.json").replace(project / "R.json")
    assert replayed() == 0
    assert load(project / "C.json")["total"] == 2


def test_nothing_of_a_suite_of_protocols_is_a_control(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There are no false alarms about what is not measured."""
    assert run_cli(["control", "p"]) == 64
    assert "nothing of it is measured" in capsys.readouterr().err


def test_a_build_cannot_change_what_was_planned(project: Path) -> None:
    """A source that the build has rewritten, or removed, is blocked right before it would run."""
    rewrite = "open('command.py', 'a').write('# built')\nimport os\nos.unlink('called.py')\n"
    (project / "bench/p/make.py").write_text(MAKE + rewrite)
    manifest = project / "bench/p/suite.yaml"
    manifest.write_text(FUNCTIONAL.replace("callable: ", "protocol: bench/p/called.py, callable: "))
    assert run_cli(["run", "p"]) == 2
    command, called = load(project / ".benchgov/out/report.json")["runs"]
    assert "bench/p/command.py has changed" in command["reason"]
    assert "as planned it was" in command["reason"]
    assert called["reason"] == "its source cannot be read: no such file"
    assert command["layers"] == called["layers"] == {"execution": "skipped"}


def test_a_pin_of_the_manifest_holds_in_run_and_in_replay(project: Path) -> None:
    """The protocol that is another one is blocked; exit code 2."""
    pin = "protocol_sha256: '" + "0" * 64 + "', callable: "
    (project / "bench/p/suite.yaml").write_text(FUNCTIONAL.replace("callable: ", pin))
    assert run_cli(["run", "p"]) == 2
    (project / ".benchgov/out/report.json").replace(project / "R.json")
    assert "the manifest pins 0000" in load(project / "R.json")["runs"][1]["reason"]
    assert replayed() == 0, "it is blocked again: the same result"
    assert replayed("--require-pass") == 2


def test_the_table_says_what_was_required(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each requirement that is not met has a line; of very many mismatches the first are listed."""
    many = {f"layer-{number}": "pass" for number in range(60)}
    layers = "'layers': {'build': 'pass', **json.loads(open('layers.json').read())}"
    (project / "bench/p/result.py").write_text(
        "import json\n" + RESULT.replace("'layers': {'build': 'pass'}", layers)
    )
    (project / "bench/p/layers.json").write_text(json.dumps(many))
    (project / "bench/p/command.py").write_text(COMMAND.replace("['config']", "[]"))
    published(project, "p")
    (project / "bench/p/layers.json").write_text(json.dumps(dict.fromkeys(many, "skipped")))
    capsys.readouterr()
    assert replayed("--require-expectations") == 2
    shown = capsys.readouterr().out
    assert "require_expectations: command/protocol: the run has no expectations" in shown
    assert "not listed: 70 mismatches" in shown
    assert "requirements not met: 1" in shown

"""The suite bench/protocols: every protocol holds, says so twice, and notices when benchgov does wrong."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tests.protocol_faults import FAULTS, Fault

from benchgov.errors import BlockedError, InputError, OutputError

ROOT = Path(__file__).resolve().parents[2]
IMPORT_PATH = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
SUITE = ROOT / "bench" / "protocols"
HELPERS = {"layers", "samples"}
SCRIPTS = sorted(path.stem for path in SUITE.glob("*.py") if path.stem not in HELPERS)
MANIFEST = yaml.safe_load((SUITE / "suite.yaml").read_text("utf-8"))
ENTRIES = {entry["command"].split("/")[-1].removesuffix(".py"): entry for entry in MANIFEST["benchmarks"]}
JUDGES = {"tampered_record", "comparability", "paired_verdict", "people_promote"}
"""What must not hold there is a verdict, a position or a rule, and no refusal."""
VERDICTS = {"pass", "fail", "blocked"}


@pytest.fixture(autouse=True)
def _suite_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SUITE))


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_protocols_{name}", SUITE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(name: str, temporary: Path, seed: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A protocol's script, as `benchgov run` starts it."""
    temporary.mkdir(parents=True)
    given = {
        **os.environ,
        "PYTHONPATH": IMPORT_PATH,
        "PYTHONHASHSEED": seed,
        "TMPDIR": str(temporary),
        **environ,
    }
    command = [sys.executable, str(SUITE / f"{name}.py")]
    return subprocess.run(command, cwd=SUITE, env=given, capture_output=True, check=False)


def faults_of(result: Any) -> list[str]:
    """Every way in which `result` is not the one JSON object that a protocol prints."""
    fields = {"overall", "ok", "run_is_valid", "expectations", "layers", "output"}
    if not isinstance(result, dict) or set(result) != fields:
        return ["other fields than those of a result"]
    kept = all(one["ok"] is True for one in result["expectations"])
    checks = {
        "overall is a verdict": result["overall"] in VERDICTS,
        "ok says whether it passed": result["ok"] is (result["overall"] == "pass"),
        "run_is_valid is a bool": isinstance(result["run_is_valid"], bool),
        "an expectation has three fields": all(
            {name: type(value) for name, value in one.items()} == {"name": str, "ok": bool, "detail": str}
            for one in result["expectations"]
        ),
        "no expectation is there twice": len({one["name"] for one in result["expectations"]})
        == len(result["expectations"]),
        "a layer is a verdict": set(result["layers"].values()) <= VERDICTS | {"skipped"},
        "a pass needs every expectation": kept or result["overall"] != "pass",
        "a pass needs every layer": set(result["layers"].values()) == {"pass"} or result["overall"] != "pass",
    }
    return [name for name, holds in checks.items() if not holds]


@pytest.mark.slow  # the quick suite replays all of them against a committed report
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_protocol_holds_and_prints_the_same_bytes_twice(name: str, tmp_path: Path) -> None:
    """Another hash seed, temporary folder, time zone and Git variables change nothing; no path is printed.

    The other folder lies in somebody's repository, whose settings are not the protocol's.
    """
    once = start(name, tmp_path / "one", "1")
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "another")], check=True)
    (tmp_path / "another" / "benchgov.yaml").write_text("no settings\n")
    hostile = {"TZ": "Asia/Tokyo", "GIT_DIR": str(tmp_path), "BENCHGOV_REGIME": "other", "LC_ALL": "C"}
    twice = start(name, tmp_path / "another" / "place", "2", **hostile)
    assert once.returncode == twice.returncode == 0, once.stderr.decode() + twice.stderr.decode()
    assert once.stdout == twice.stdout
    assert (once.stderr, twice.stderr) == (b"", b"")
    (line,) = once.stdout.decode().splitlines()
    result = json.loads(line)
    assert faults_of(result) == []
    assert [one for one in result["expectations"] if not one["ok"]] == []
    assert result["overall"] == "pass"
    assert set(ENTRIES[name]["expect"]["expectations"]) <= {one["name"] for one in result["expectations"]}
    assert str(tmp_path) not in line
    assert not [*(tmp_path / "one").iterdir(), *(tmp_path / "another" / "place").iterdir()]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.protocol}-{one.part}-{one.noticed}")
def test_a_protocol_notices_a_part_that_does_wrong(fault: Fault, tmp_path: Path) -> None:
    """With one part of benchgov broken, the expectation that is about it goes false: the protocol fails."""
    module = load(fault.protocol)
    from layers import play

    result = play(module.protocol, module.LAYERS, tmp_path, **{fault.part: fault.broken})
    assert faults_of(result) == []
    missed = [one["name"] for one in result["expectations"] if not one["ok"]]
    assert fault.noticed in missed, (result["layers"], missed)
    assert result["overall"] == "fail"
    assert result["run_is_valid"]
    assert str(tmp_path) not in json.dumps(result["expectations"])


def test_every_protocol_has_a_fault_that_it_notices() -> None:
    """No protocol is without a proof that it can fail."""
    assert {fault.protocol for fault in FAULTS} == set(SCRIPTS)


def test_the_manifest_names_every_script() -> None:
    """Each script is one entry, whose id is the script's name."""
    assert sorted(ENTRIES) == SCRIPTS
    assert [entry["id"] for entry in ENTRIES.values()] == [name.replace("_", "-") for name in ENTRIES]
    assert len(SCRIPTS) >= 8


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_short_and_has_positive_and_negative_expectations(name: str) -> None:
    """Readable in one go; what must hold and what must be refused or found are both there."""
    text = (SUITE / f"{name}.py").read_text()
    assert len(text.splitlines()) < 120
    calls = [
        node.func.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert "layer" in calls
    assert {"equal", "expect"} & set(calls)
    assert "refused" in calls or name in JUDGES


def _passing(layers: Any) -> str:
    for name in ("one", "two"):
        with layers.layer(name):
            layers.equal(f"{name} holds", 1, 1)
            layers.refused(
                f"{name} is refused", lambda: _raise(InputError("no such thing")), InputError, "such"
            )
    return "output"


def _raise(error: Exception) -> None:
    raise error


def test_a_protocol_passes_when_every_layer_does(tmp_path: Path) -> None:
    """All layers pass, and the output is there."""
    from layers import play

    result = play(_passing, ("one", "two"), tmp_path)
    assert (result["overall"], result["ok"], result["run_is_valid"]) == ("pass", True, True)
    assert result["layers"] == {"one": "pass", "two": "pass"}
    assert result["output"] == "output"


@pytest.mark.parametrize(
    ("error", "overall", "first"),
    [
        (InputError("refused in <folder>"), "fail", "fail"),
        (OutputError("no room"), "blocked", "blocked"),
        (OSError("no program"), "blocked", "blocked"),
        (TypeError("a mistake"), "blocked", "blocked"),
    ],
)
def test_an_error_ends_the_protocol(
    error: Exception, overall: str, first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What benchgov refuses wrongly is a failure; what nobody can judge is blocked, with the reason told."""
    from layers import play

    def protocol(layers: Any) -> None:
        with layers.layer("one"):
            raise error
        with layers.layer("two"):
            raise AssertionError("never reached")

    result = play(protocol, ("one", "two"), tmp_path)
    assert (result["overall"], result["layers"]) == (overall, {"one": first, "two": "skipped"})
    assert result["run_is_valid"] is (overall == "fail")
    assert result["output"] is None
    assert faults_of(result) == []
    assert (str(error) in capsys.readouterr().err) is (overall == "blocked")


def test_a_missed_expectation_skips_what_rests_on_it(tmp_path: Path) -> None:
    """A layer goes on to its end, so that all of its faults are known; the next is skipped; no path shows."""
    from layers import play

    def protocol(layers: Any) -> None:
        with layers.layer("one"):
            layers.equal("a", layers.folder, "b")
            layers.refused("c", lambda: None, InputError)
            layers.refused("d", lambda: _raise(BlockedError("other")), InputError)
            layers.refused("e", lambda: _raise(InputError("other")), InputError, "this")
        with layers.layer("two"):
            raise AssertionError("never reached")

    result = play(protocol, ("one", "two"), tmp_path)
    assert (result["overall"], result["layers"]) == ("fail", {"one": "fail", "two": "skipped"})
    assert [(one["name"], one["ok"]) for one in result["expectations"]] == [(name, False) for name in "acde"]
    assert str(tmp_path) not in json.dumps(result)
    assert "<folder>" in result["expectations"][0]["detail"]


def test_a_layer_that_is_left_out_is_no_pass(tmp_path: Path) -> None:
    """A protocol that forgets one of its layers is blocked, not passed."""
    from layers import play

    result = play(_passing, ("one", "two", "three"), tmp_path)
    assert (result["overall"], result["layers"]["three"]) == ("blocked", "skipped")

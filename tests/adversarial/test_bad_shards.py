"""Shards and histories that somebody made up: everything is refused, and nothing is written or run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.sharding_builders import shard_reports, write_suite

from benchgov.cli.main import run_cli
from benchgov.sharding.plan import plan_shards
from benchgov.suites.load import Suite, load_suite

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def suite(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Suite `demo` in the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(git_repo)
    return load_suite(write_suite(git_repo), git_repo)


def documents(suite: Suite) -> list[dict[str, Any]]:
    """The reports of two shards as plain JSON."""
    parts = shard_reports(suite, plan_shards(suite, suite.manifest.benchmarks, {}, 2))
    return [json.loads(part.report.to_bytes()) for part in parts]


def merged(values: list[Any]) -> int:
    """Write them, and merge."""
    for number, value in enumerate(values):
        path = Path("shards") / str(number) / "report.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return run_cli(["merge", "shards"])


def test_untouched_they_merge(suite: Suite) -> None:
    """So that what follows is refused for the reason that it names."""
    assert merged(documents(suite)) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one["runs"][0].update(benchmark="../../etc"), "runs.0.benchmark"),
        (lambda one: one["runs"][0].update(benchmark="new"), "replay section"),
        (lambda one: one["runs"][0]["metrics"][0].update(samples=[-1]), "samples"),
        (lambda one: one["runs"][0]["metrics"][0].update(samples=[]), "samples"),
        (lambda one: one["runs"].clear(), "runs"),
        (lambda one: one["runs"].append(one["runs"][0]), "is there twice"),
        (lambda one: one["config"].update(selection=[]), "replay section"),
        (lambda one: one["config"]["options"]["shard"].update(shards=1), "replay section"),
        (lambda one: one["config"]["options"]["shard"].update(positions=[-1]), "replay section"),
        (lambda one: one["config"]["options"].clear(), "replay section"),
        (lambda one: one.update(schema_version=2), "schema_version"),
        (lambda one: one.update(extra="x"), "unknown key"),
        (lambda one: one.update(finished_at_utc="2020-01-01T00:00:00Z"), "before started_at_utc"),
    ],
)
def test_a_forged_shard_is_refused(
    suite: Suite, change: Change, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line with the file's name; nothing is half-written."""
    values = documents(suite)
    change(values[1])
    assert merged(values) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "shards/1/report.json" in told
    assert not Path(".benchgov").exists()


@pytest.mark.parametrize("select", ["$(touch pwned)", "`touch", ";touch pwned", "--help", "../a", "a\ta\ta"])
def test_nothing_in_an_entry_is_run_or_matched(suite: Suite, select: str) -> None:
    """Items are looked up in the suite, and in nothing else."""
    entry = {"shard": 1, "shards": 1, "select": select, "plan": "blake3:" + "0" * 64, "whole": True}
    wanted = 0 if set(select.split()) == {"a"} else 2
    assert run_cli(["run", "demo", "--shard", json.dumps(entry), "--dry-run"]) == wanted
    assert not Path("pwned").exists()


def test_deep_and_repeated_json_is_no_entry(suite: Suite) -> None:
    """The strict reader of all JSON reads this too."""
    for text in ("[" * 100_000, '{"shard": 1, "shard": 2}', '{"shard": NaN}'):
        assert run_cli(["run", "demo", "--shard", text, "--dry-run"]) == 64


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b'{"performance_gate": NaN}', b'{"performance_gate": [']
)
def test_a_broken_report_ends_a_history_with_3(
    suite: Suite, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder only what claims to be a report; an empty file named itself is malformed too."""
    pytest.importorskip("otava.analysis")
    Path("report.json").write_bytes(data)
    assert run_cli(["history", "report.json"]) == 3
    assert "report.json" in capsys.readouterr().err
    assert run_cli(["history", "."]) == 3

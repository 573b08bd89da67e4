"""A whole run over a bench that means harm: each case is a typed failure that blocks, and the run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.eval_builders import STUB, add_case, copy_bench, write_digests

from benchgov.cli.main import run_cli

RUBRIC = """
import os, sys, time
from benchgov.eval import BenchScore
from benchgov.eval.rubric import main

class StubRubric:
    def score(self, case, harness_output):
        kind = case.case_id
        if kind == "a-exits":
            os._exit(0)
        if kind == "b-sleeps":
            time.sleep(60)
        if kind == "c-raises":
            raise RuntimeError("boom")
        if kind == "d-smuggles":
            return BenchScore(passed=True, score=1.0, breakdown={"llm_confidence": 1.0})
        if kind == "e-unknown-mode":
            return BenchScore(passed=True, score=1.0, failure_modes=({"code": "other", "severity": "info"},))
        if kind == "f-floods":
            while True:
                os.write(2, b"x" * 65536)
        if kind == "g-reads-secret":
            seen = os.environ.get("ANTHROPIC_API_KEY")
            return BenchScore(passed=not seen, score=0.0 if seen else 1.0, breakdown={"right": 1.0})
        return BenchScore(passed=True, score=1.0, breakdown={"right": 1.0})
"""

SUT = """
import os
from pathlib import Path

def double(case):
    if case.case_id == "h-writes-cache":
        target = Path(os.environ["STOLEN"]) / "scores" / "x.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("{}")
    if case.case_id == "i-nan":
        return {"double": float("nan")}
    if case.case_id == "j-reads-expected":
        return {"text": (case.input_path.parent / "expected" / "answer.json").read_text()}
    return {}
"""

WANTED = {
    "a-exits": "rubric.",
    "b-sleeps": "rubric.timeout",
    "c-raises": "rubric.malformed_output",
    "d-smuggles": "rubric.unknown_breakdown_key",
    "e-unknown-mode": "rubric.unknown_failure_mode",
    "f-floods": "rubric.output_limit",
    "g-reads-secret": None,
    "h-writes-cache": "sut.exception",
    "i-nan": "sut.malformed_output",
    "j-reads-expected": "sut.exception",
    "k-honest": None,
}


def test_no_case_harms_another_nor_the_harness(
    git_repo: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ten attacks and an honest case, at the level that this machine chooses by itself."""
    monkeypatch.chdir(git_repo)
    cache = git_repo / ".benchgov" / "eval" / "cache"
    monkeypatch.setenv("STOLEN", str(cache))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-secret-that-nobody-sees")
    bench = copy_bench(git_repo)
    for folder in (bench / "cases").iterdir():
        if folder.is_dir():
            folder.rename(bench / f"gone-{folder.name}")
    for name in WANTED:
        folder = add_case(bench, name)
        with (folder / "case.toml").open("a") as stream:
            stream.write("rubric_wall_clock_seconds = 2.0\n")
    write_digests(bench)
    (bench / "rubric.py").write_text(RUBRIC)
    (bench / "sut.py").write_text(SUT)
    assert run_cli(["eval", "run", f"--task-class={STUB}", "--concurrency=4"]) == 0
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    confined = lines[-1]["isolation_class"] != "subprocess"
    found = {line["case_id"]: [mode["code"] for mode in line["failure_modes"]] for line in lines[:-1]}
    assert list(found) == sorted(WANTED)
    for name, code in WANTED.items():
        if name == "h-writes-cache" and not confined:
            continue
        codes = found[name]
        assert (codes == []) if code is None else (len(codes) == 1 and codes[0].startswith(code)), (
            name,
            codes,
        )
    assert not (cache / "scores" / "x.json").exists() or not confined
    assert len(list((cache / "scores").glob("?" * 64 + ".json"))) == 2
    assert "a-secret-that-nobody-sees" not in out + err

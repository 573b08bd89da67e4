"""`benchgov eval` on a real repository with real processes: scores, records, exit codes, refusals."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.eval_builders import STUB, copy_bench, write_digests

from benchgov import __version__
from benchgov.cli.main import run_cli

SNAPSHOTS = Path(__file__).parents[1] / "data" / "snapshots"
RUN = ["eval", "run", f"--task-class={STUB}", "--concurrency=1"]

Said = Callable[..., tuple[int, list[Any], str]]


@pytest.fixture
def bench(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CI", "GITHUB_ACTIONS", "BENCHGOV_EVAL_MAX_COST_USD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(git_repo)
    return copy_bench(git_repo)


@pytest.fixture
def said(bench: Path, capfd: pytest.CaptureFixture[str]) -> Said:
    """Run a command: exit code, the JSON lines of standard output, standard error."""

    def run(*arguments: str) -> tuple[int, list[Any], str]:
        code = run_cli([*arguments])
        out, err = capfd.readouterr()
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return code, lines, err

    return run


def records(root: Path) -> list[Path]:
    return sorted((root / ".benchgov" / "audit").glob("hosts/*/records/*.json"))


def runs(root: Path) -> list[Path]:
    return sorted((root / ".benchgov" / "eval" / "runs").glob("*.json"))


def shape(value: Any) -> Any:
    """A JSON value without what differs from run to run and from machine to machine."""
    text = json.dumps(value, indent=1, sort_keys=True)
    text = re.sub(r'"(blake3:)?[0-9a-f]{64}"', r'"\1<hex>"', text)
    text = re.sub(r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"', '"<time>"', text)
    text = re.sub(r'"wall_clock_ms": \d+', '"wall_clock_ms": 0', text)
    text = re.sub(r"\d{8}T[0-9.]+Z-[0-9a-f]{8}\.json", "<name>.json", text)
    text = re.sub(r'"[0-9a-f]{16}"', '"<id>"', text)
    text = re.sub(rf'"eval/{STUB}/[0-9a-f]{{16}}/[0-9a-f]{{64}}"', '"eval/<key>"', text)
    text = re.sub(r'"[0-9a-f]{8}-[0-9a-f-]{27}"', '"<host>"', text)
    text = text.replace(f'"harness_version": "{__version__}"', '"harness_version": "<version>"')
    text = re.sub(r'"size": \d+', '"size": 0', text)
    return re.sub(r'"isolation_class": "\w+"', '"isolation_class": "<level>"', text) + "\n"


def test_a_run_is_scored_recorded_and_repeatable(bench: Path, said: Said) -> None:
    """One line a case and one for the report; the run file is private and linked to its record; the second
    run asks nobody, has the same id and scores, and is no second record; the log verifies."""
    code, lines, err = said(*RUN)
    assert code == 0
    assert [line.get("case_id") for line in lines] == ["001-two", "002-ten", "003-thousand", None]
    assert [line["score"] for line in lines[:3]] == [1.0, 1.0, 0.5]
    assert (lines[3]["complete"], lines[3]["held_out_count"], lines[3]["passed_count"]) == (True, 2, 2)
    (path,) = runs(Path())
    assert path.stat().st_mode & 0o777 == 0o600
    record = json.loads(records(Path())[0].read_text())
    assert json.loads(path.read_text())["chain_head"] == record["chain_head"] == lines[3]["chain_head"]
    assert shape(json.loads(path.read_text())) == (SNAPSHOTS / "bench_run_report.v1.json").read_text()
    assert shape(record) == (SNAPSHOTS / "eval_run_audit_record.v1.json").read_text()

    again = said(*RUN)
    assert again[0] == 0
    assert again[1][:3] == lines[:3]
    assert (again[1][3]["cache_hits"], again[1][3]["run_id"]) == (3, lines[3]["run_id"])
    assert "record 1 already" in again[2]
    assert (len(records(Path())), len(runs(Path()))) == (1, 1)
    assert said("eval", "verify", "--strict")[0] == 0
    assert err.count("case ") == 3


def test_three_runs_make_a_chain_of_three(bench: Path, said: Said) -> None:
    """Complete and incomplete ones; `verify` tells them apart."""
    assert said(*RUN)[0] == 0
    assert said(*RUN, "--cases", "001-*")[0] == 0
    (bench / "sut.py").write_text((bench / "sut.py").read_text().replace("> 100", "> 9_999"))
    code, lines, _ = said(*RUN)
    assert (code, lines[3]["mean_score"], len(records(Path()))) == (0, 1.0, 3)
    code, _, _ = said("eval", "verify", "--strict")
    assert code == 0
    links = [json.loads(path.read_text()) for path in records(Path())]
    assert [link["prev_hash"] for link in links[1:]] == [link["chain_head"] for link in links[:-1]]
    assert [link["complete"] for link in links] == [True, False, True]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--task-class=nope"], 3, "no task class 'nope'"),
        ([f"--task-class={STUB}", "--bench-root", "elsewhere"], 4, "no folder of benches"),
        ([f"--task-class={STUB}", "--isolation", "microvm"], 1, "does not work on this machine"),
        ([f"--task-class={STUB}", "--sut", "no.such:module"], 1, "no module"),
        ([f"--task-class={STUB}", "--sut", "a:b", "--sut-command", "c"], 64, "exclude each other"),
        ([f"--task-class={STUB}", "--cases", "none-*"], 64, "no case of"),
        ([f"--task-class={STUB}", "--shard", "5/3"], 64, "a shard is I/N"),
    ],
)
def test_what_cannot_be_run_says_why_and_records_nothing(
    said: Said, arguments: list[str], code: int, message: str
) -> None:
    """Each failure has the exit code of its meaning."""
    found, lines, err = said("eval", "run", *arguments)
    assert (found, lines) == (code, [])
    assert message in err
    assert not Path(".benchgov", "audit").exists()


def test_a_poisoned_case_stops_the_run_before_any_sut(bench: Path, said: Said) -> None:
    """Exit 6; the case and the file that differs from the commit of the digests are named."""
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "commit", "-qm", "bench"], check=True)
    (bench / "sut.py").write_text("raise SystemExit('the SUT ran')\n")
    poisoned = bench / "cases" / "002-ten" / "expected" / "answer.json"
    poisoned.write_bytes(poisoned.read_bytes().replace(b"20", b"21"))
    code, lines, err = said(*RUN)
    assert (code, lines) == (6, [])
    assert "002-ten" in err
    assert "changed since the digests were: M expected/answer.json" in err
    assert not Path(".benchgov").exists()


def test_a_log_that_was_tampered_with_stops_the_run(bench: Path, said: Said) -> None:
    """Exit 5 before any case; so does a run file that is not what was recorded, for `verify`."""
    assert said(*RUN)[0] == 0
    (path,) = runs(Path())
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"score":0.5', b'"score":1'))
    code, _, err = said("eval", "verify")
    assert (code, path.name in err) == (5, True)
    path.write_bytes(good)
    (record,) = records(Path())
    record.write_bytes(record.read_bytes().replace(b'"passed":2', b'"passed":3'))
    code, lines, err = said(*RUN, "--cases", "001-*")
    assert (code, lines) == (5, [])
    assert record.name in err
    assert said("eval", "verify")[0] == 5


def test_the_cost_cap_ends_the_run_with_a_partial_report(bench: Path, said: Said) -> None:
    """Exit 2; the report is recorded as incomplete; the cases that were scored are cached."""
    (bench / "sut.py").write_text('def double(case):\n    return {"double": 1, "cost_usd": 0.75}\n')
    code, lines, err = said(*RUN, "--max-cost-usd", "1")
    assert code == 2
    assert [line["case_id"] for line in lines[:-1]] == ["001-two", "002-ten"]
    assert lines[-1]["run_id"].startswith("partial:")
    assert (lines[-1]["complete"], lines[-1]["total_cost_usd"]) == (False, 1.5)
    assert "2 of 3 cases were scored" in err
    assert json.loads(records(Path())[0].read_text())["complete"] is False
    code, lines, _ = said(*RUN)
    assert (code, lines[-1]["cache_hits"], lines[-1]["complete"]) == (0, 2, True)


def test_a_run_file_that_is_lost_or_a_stranger_is_told(bench: Path, said: Said) -> None:
    """`verify` says so, and with --strict ends with 1."""
    said(*RUN)
    (path,) = runs(Path())
    stranger = path.with_name("20000101T000000.000000Z-00000000.json")
    path.rename(stranger)
    assert said("eval", "verify")[0] == 0
    code, _, err = said("eval", "verify", "--strict")
    assert code == 1
    assert f"missing: {path.name}" in err
    assert f"not recorded: {stranger.name}" in err
    code, _, err = said(*RUN)
    assert (code, "record 1 already" in err) == (0, True)


def test_shards_merge_into_the_report_of_one_machine(bench: Path, said: Said) -> None:
    """Lone shards are not recorded; the merged report is, and an unsharded run finds it recorded already."""
    for index in (1, 2):
        code, lines, err = said(*RUN, "--shard", f"{index}/2", "--no-cache")
        assert (code, lines[-1]["complete"], "not recorded" in err) == (0, False, True)
    assert records(Path()) == []
    code, lines, _ = said("eval", "merge", ".benchgov/eval/runs/shards")
    assert (code, lines[-1]["complete"], lines[-1]["mean_score"]) == (0, True, pytest.approx(2.5 / 3))
    code, again, err = said(*RUN, "--no-cache")
    assert (code, again[-1]["run_id"]) == (0, lines[-1]["run_id"])
    assert "record 1 already" in err
    shard = next(Path(".benchgov/eval/runs/shards").glob("*-1-of-2.json"))
    code, _, err = said("eval", "merge", str(shard))
    assert (code, "shard 2/2 is there 0 times" in err) == (1, True)


def test_a_miss_is_explained(bench: Path, said: Said, capfd: pytest.CaptureFixture[str]) -> None:
    """By the part of the key that changed; a case that was never scored, by that."""
    explain = ["eval", "explain-cache", "*", f"--task-class={STUB}", "--format", "json"]

    def standings() -> list[Any]:
        assert run_cli(explain) == 0
        found = json.loads(capfd.readouterr().out)
        return [(one["standing"], [part["part"] for part in one["changed"]]) for one in found]

    assert standings() == [("never", [])] * 3
    assert said(*RUN)[0] == 0
    assert standings() == [("hit", [])] * 3
    toml = bench / "cases" / "002-ten" / "case.toml"
    toml.write_text(toml.read_text() + "\n")
    assert standings() == [("hit", []), ("changed", ["case.toml"]), ("hit", [])]
    (bench / "rubric.py").write_text((bench / "rubric.py").read_text() + "\n")
    assert standings()[1] == ("changed", ["case.toml", "sut", "rubric"])  # they share a folder
    assert run_cli(["eval", "explain-cache", "nothing", f"--task-class={STUB}"]) == 64


def test_scores_of_a_reused_process_are_kept_apart(
    bench: Path, said: Said, capfd: pytest.CaptureFixture[str]
) -> None:
    """They have the same values, and an id and cache entries of their own, the same each time; the report
    says which they are, and the cache explains it."""
    reused = "--sut-process=reused"

    def scores(lines: list[Any]) -> list[Any]:
        return [{**line, "wall_clock_ms": 0} for line in lines[:-1]]

    fresh, first = said(*RUN)[1], said(*RUN, reused)[1]
    again, uncached = said(*RUN, reused)[1], said(*RUN, reused, "--no-cache")[1]
    assert scores(first) == scores(again) == scores(uncached) == scores(fresh)
    hits = [lines[-1]["cache_hits"] for lines in (fresh, first, again, uncached)]
    assert hits == [0, 0, 3, 0]
    ids = [lines[-1]["run_id"] for lines in (fresh, first, again, uncached)]
    assert ids[1] == ids[2] == ids[3] != ids[0]
    assert [lines[-1]["sut_process"] for lines in (fresh, first)] == ["fresh", "reused"]
    explain = ["eval", "explain-cache", "001-two", f"--task-class={STUB}"]
    for path in Path(".benchgov/eval/cache/scores").iterdir():
        path.unlink()
    assert run_cli([*explain]) == 0
    assert "sut process: reused → fresh" in capfd.readouterr().out
    assert run_cli([*explain, reused]) == 0
    assert "same key" in capfd.readouterr().out


def test_a_registration_says_whether_the_process_of_its_sut_is_reused(
    bench: Path, said: Said, capfd: pytest.CaptureFixture[str]
) -> None:
    """A flag says otherwise; another SUT is not what the registration speaks of; a command is refused."""
    path = bench / "registration.py"
    text = path.read_text()
    path.write_text(text.replace("    sut=", '    sut_process="reused",\n    sut='))
    assert path.read_text() != text
    sut = f"--sut=bench.{STUB}.sut:double"
    runs = [(), ("--sut-process=fresh",), (sut,), (sut, "--sut-process=reused")]
    found = [said(*RUN, *more)[1][-1]["sut_process"] for more in runs]
    assert found == ["reused", "fresh", "fresh", "reused"]
    assert run_cli([*RUN, "--format=human"]) == 0
    assert "SUT's process: reused" in capfd.readouterr().out
    code, lines, err = said(*RUN, "--sut-command=cat", "--sut-process=reused")
    assert (code, lines) == (64, [])
    assert "the process of a command cannot be reused" in err


def test_a_person_gets_a_table(bench: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With the scores and what they come to; a SUT can be a command."""
    command = "python3 -c 'import json, sys; json.dump({\"double\": 4}, sys.stdout)'"
    arguments = ["--format", "human", "--sut-command", command]
    assert run_cli([*RUN, *arguments]) == 0
    out = capfd.readouterr().out
    assert re.search(r"001-two +yes +1\.000", out)
    assert re.search(r"002-ten +no +0\.000 +wrong-number \(info\)", out)
    assert "1 of 3 passed" in out


def test_settings_and_variables_say_what_flags_do_not(
    bench: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cost cap of benchgov.yaml, over it the variable, over it the flag."""
    (bench / "sut.py").write_text('def double(case):\n    return {"double": 4, "cost_usd": 1}\n')
    Path("benchgov.yaml").write_text(
        "version: 1\neval: {default_max_cost_usd: 0.5, default_concurrency: 1}\n"
    )
    first = [*RUN, "--no-cache"]
    assert len(said(*first)[1]) == 2
    monkeypatch.setenv("BENCHGOV_EVAL_MAX_COST_USD", "1.5")
    assert len(said(*first)[1]) == 3
    assert len(said(*first, "--max-cost-usd", "9")[1]) == 4
    monkeypatch.setenv("BENCHGOV_EVAL_MAX_COST_USD", "-1")
    assert said(*first)[0] == 78


def test_an_unchanged_digest_file_of_other_cases_is_no_excuse(bench: Path, said: Said) -> None:
    """Digests that were written anew are good again: the run has another id."""
    before = said(*RUN)[1][-1]["run_id"]
    (bench / "cases" / "002-ten" / "expected" / "answer.json").write_text('{"double": 21}\n')
    write_digests(bench)
    code, lines, _ = said(*RUN)
    assert (code, lines[1]["score"], lines[-1]["cache_hits"]) == (0, 0.5, 2)
    assert lines[-1]["run_id"] != before

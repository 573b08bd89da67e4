"""`benchgov audit verify` in parts, `log`, `export` and `redact-check`, with real files and processes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.audit_builders import HOST, record_path, write_log

from benchgov.audit.chain import Draft, append
from benchgov.audit.encoding import identity, unseal
from benchgov.audit.record import GENESIS
from benchgov.cli.main import run_cli

Call = Callable[..., tuple[int, str, str]]
STORE = Path(".benchgov/audit")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs `benchgov audit` in a folder with a log of 12 records; exit code, output and diagnostics."""
    monkeypatch.chdir(tmp_path)
    for name in ("BENCHGOV_OUTPUT_DIR", "BENCHGOV_AUDIT_STORE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    write_log(STORE, 12)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_cli(["audit", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def comparison(key: str, verdict: str = "pass", suite: str = "other") -> None:
    """Append a comparison."""
    subject = {"suite": suite, "verdict": verdict, "report_sha256": "1" * 64}
    append(STORE, Draft("comparison", key, False, (), None, subject), host=HOST, now=lambda: NOW)


def test_heads_are_saved_and_gone_on_from(call: Call) -> None:
    """The second verification takes only what was appended; the saved heads also serve as anchors."""
    assert call("verify", "--save-heads", "heads")[0] == 0
    comparison("a")
    code, out, err = call("verify", "--from-checkpoint", "heads", "--save-heads", "heads")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "1 record verified (0 complete, 1 incomplete)"
    assert "not verified now: 1 to 12" in out
    assert call("verify", "--against", "heads")[0] == 0
    assert json.loads(call("verify", "--from-checkpoint", "heads", "--format", "json")[1])["records"] == 0


def test_a_checkpoint_serves_as_anchor_and_as_start(call: Call) -> None:
    """The one that `audit checkpoint` writes; against a log that was cut it ends with 5."""
    assert call("checkpoint", "--origin", "example.org/log", "--out", "anchor.txt")[0] == 0
    comparison("a")
    assert call("verify", "--strict", "--against", "anchor.txt")[0] == 0
    result = json.loads(call("verify", "--from-checkpoint", "anchor.txt", "--format", "json")[1])
    assert (result["records"], result["incomplete"], result["hosts"][0]["skipped"]) == (1, 1, 12)
    for sequence in (13, 12):
        record_path(STORE, HOST, sequence).unlink()
    assert call("verify")[0] == 0
    code, _, err = call("verify", "--against", "anchor.txt")
    assert code == 5
    assert "000000000012.json: record 12: expected a chain of 12 records or more" in err
    assert call("verify", "--from-checkpoint", "anchor.txt")[0] == 5


def test_since_takes_a_date_or_a_time(call: Call) -> None:
    """UTC where no offset is given; what is no time is wrong usage."""
    comparison("a")
    for since, records in (("2026-02-01", 1), ("2026-01-01T00:00:07Z", 7), ("2026-01-01T01:00:07+01:00", 7)):
        code, out, _ = call("verify", "--since", since)
        assert (code, out.split()[0]) == (0, str(records))
    for since in ("yesterday", "", "0001-01-01T00:00:00+14:00"):
        assert call("verify", "--since", since or " ")[0] == 64
    assert call("verify", "--since", "2026-02-01", "--head", "0" * 64)[0] == 64


def test_heads_that_cannot_be_saved(call: Call) -> None:
    """Those of an empty log, and those of one that does not verify."""
    Path("empty").mkdir()
    assert call("verify", "--store", "empty", "--save-heads", "heads")[0] == 65
    record_path(STORE, HOST, 3).write_bytes(b"x")
    assert call("verify", "--save-heads", "heads")[0] == 5
    assert not Path("heads").exists()


def test_log_chooses_records(call: Call) -> None:
    """By kind, suite and time, and then the last so many of them."""
    comparison("a")
    comparison("b", suite="core")
    for flags, sequences in (
        (("--kind", "comparison"), [13, 14]),
        (("--suite", "core", "--limit", "2"), [12, 14]),
        (("--since", "2026-02-01", "--suite", "other"), [13]),
        (("--kind", "dossier"), []),
    ):
        code, out, _ = call("log", *flags, "--format", "json")
        assert (code, [one["sequence"] for one in json.loads(out)]) == (0, sequences)
        assert call("log", *flags)[0] == 0
    code, _, err = call("log", "--kind", "comparisons")
    assert code == 64
    assert "comparison" in err


@pytest.mark.parametrize("as_json", [False, True])
def test_log_follows_until_it_is_interrupted(call: Call, as_json: bool) -> None:
    """What is there, what is appended meanwhile by whatever host, nothing twice; ctrl-C ends it with 0."""
    flags = ["--format", "json"] if as_json else []
    command = ["audit", "log", "--follow", "--interval", "0.05", "--limit", "2", "--suite", "core", *flags]
    script = f"import sys; from benchgov.cli.main import run_cli; sys.exit(run_cli({command!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(2 if as_json else 3)]
        comparison("skipped")
        comparison("a", "regression", "core")
        lines.append(process.stdout.readline())
        write_log(STORE, 1, "host-b")
        lines.append(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")
    if as_json:
        found = [(one["host"], one["sequence"]) for one in map(json.loads, lines)]
    else:
        assert lines[0].split()[:2] == ["host", "seq"]
        assert "regression" in lines[3]
        found = [(line.split()[0], int(line.split()[1])) for line in lines[1:]]
    assert found == [(HOST, 11), (HOST, 12), (HOST, 14), ("host-b", 1)]


def test_jsonl_has_the_bytes_of_the_records(call: Call) -> None:
    """An outsider can compute the chain from the export alone."""
    code, out, _ = call("export")
    assert code == 0
    head = GENESIS
    for sequence, line in enumerate(out.splitlines(keepends=True), 1):
        assert line.encode() == record_path(STORE, HOST, sequence).read_bytes()
        sealed = unseal(line.encode())
        assert sealed is not None
        head = identity(head, sealed.body)
        assert head == sealed.head
    assert call("export", "--out", "log.jsonl") == (0, "", "")
    assert Path("log.jsonl").read_text() == out


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "\uff1d", "  @"])
def test_csv_runs_no_formula(call: Call, start: str) -> None:
    """A cell that begins like one is text, wherever it comes from; the rest is as it was recorded."""
    formula = f'{start}HYPERLINK("x","y")'
    comparison(formula, formula)
    code, out, _ = call("export", "--format", "csv", "--kind", "comparison")
    assert code == 0
    header, row = csv.reader(io.StringIO(out, newline=""))
    cells = dict(zip(header, row, strict=True))
    assert cells["verdict"] == cells["idempotency_key"] == f"'{formula}"
    assert (cells["complete"], cells["isolation_class"], cells["sequence"]) == ("false", "", "13")
    assert json.loads(cells["subject"])["verdict"] == formula
    assert call("export", "--format", "csv", "--out", "log.csv", "--suite", "other")[0] == 0
    assert Path("log.csv").read_bytes().decode() == out.replace("\n", "\r\n").replace("\r\r\n", "\r\n")


def test_csv_has_one_row_a_record(call: Call) -> None:
    """With the digests of the evidence; one without a verdict has an empty cell."""
    rows = list(csv.DictReader(io.StringIO(call("export", "--format", "csv")[1], newline="")))
    assert [int(row["sequence"]) for row in rows] == list(range(1, 13))
    assert rows[2]["evidence"] == f"report.json sha256:{3:064x}"
    assert (rows[2]["complete"], rows[3]["complete"]) == ("false", "true")


@pytest.fixture
def leaky(call: Call) -> Path:
    """A baseline's file whose id is an e-mail address."""
    path = Path("baseline.json")
    path.write_text(json.dumps({"baseline_id": "jane" + "@example.org", "notes": "/home" + "/jane/x"}))
    return path


def test_what_must_stay_out_is_found_and_refused(call: Call, leaky: Path) -> None:
    """With 4, by JSON pointer; nothing is written, and what was found is not printed."""
    code, out, err = call("redact-check", str(leaky))
    assert (code, out) == (4, "baseline.json (record) /subject/baseline_id: an e-mail address\n")
    assert "1 text must not be recorded" in err
    code, out, _ = call("redact-check", str(leaky), "--content", "--format", "json")
    assert code == 4
    assert [one["pointer"] for one in json.loads(out)["findings"]] == [
        "/subject/baseline_id",
        "/baseline_id",
        "/notes",
    ]
    code, _, err = call("append", str(leaky))
    assert code == 4
    assert "/subject/baseline_id: an e-mail address" in err
    assert "jane" not in err
    assert len(json.loads(call("log", "--format", "json")[1])) == 12


def test_what_is_harmless_can_be_allowed(call: Call, leaky: Path) -> None:
    """By a flag, or in the settings; the pattern must match all of what was found."""
    assert call("redact-check", str(leaky), "--allow", "jane")[0] == 4
    assert call("redact-check", str(leaky), "--allow", "(")[0] == 64
    code, out, _ = call("redact-check", str(leaky), "--allow", "jane@.*")
    assert (code, out) == (0, "nothing found that must not be recorded\n")
    Path("benchgov.yaml").write_text("audit:\n  allow: ['jane@example[.]org']\n")
    assert json.loads(call("redact-check", str(leaky), "--format", "json")[1])["ok"] is True
    assert call("append", str(leaky))[0] == 0


def test_a_dossier_is_looked_through_file_by_file(call: Call) -> None:
    """Its record holds digests only; --content reads what is published beside it."""
    folder = Path("dossier")
    folder.mkdir()
    (folder / "dossier.md").write_text("built in /home" + "/jane/x")
    assert call("redact-check", "dossier")[0] == 0
    code, out, _ = call("redact-check", "dossier", "--content")
    assert (code, out) == (4, "dossier/dossier.md /: a private path\n")


def test_there_must_be_something_to_look_through(call: Call) -> None:
    """No report yet, a missing file, one that is no artifact."""
    Path("x.json").write_text("{}")
    for files in ((), ("missing.json",), ("x.json",)):
        assert call("redact-check", *files)[0] == 65


def test_every_new_command_shows_an_example(call: Call) -> None:
    """Help is where people look first."""
    for command in ("verify", "log", "export", "redact-check"):
        code, out, _ = call(command, "--help")
        assert code == 0
        assert f"benchgov audit {command}" in out

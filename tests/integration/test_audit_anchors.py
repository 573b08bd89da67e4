"""`benchgov audit anchor`, `witness`, `predicate`, `--seen` and the root log, from the command line."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.audit_builders import HOST, record_path, records_folder, write_log

from benchgov.audit.checkpoint import parse_checkpoint
from benchgov.cli.main import run_cli

STORE = Path(".benchgov/audit")
FOLDER = STORE / "hosts" / HOST
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs `benchgov audit` in a folder whose log has 20 records; exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    for name in ("BENCHGOV_AUDIT_STORE", "GITHUB_ACTIONS", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    write_log(STORE, 20)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_cli(["audit", *arguments])
        printed = capsys.readouterr()
        return int(code), printed.out, printed.err

    return run


def grow(records: int) -> None:
    """Make the log so long; its records are a function of their number."""
    shutil.rmtree(records_folder(STORE, HOST))
    write_log(STORE, records)


def cut(last: int, first: int) -> None:
    """Take the last records away."""
    for sequence in range(first, last + 1):
        record_path(STORE, HOST, sequence).unlink()


def test_a_witness_goes_round(call: Call) -> None:
    """Checkpoint, co-signature, anchor, growth, proof, co-signature; held against, a cut is found."""
    key = call("keygen", "witness.example/w1", "--witness", "--out", "w.key")[1].strip()
    assert call("checkpoint", "--out", "20.txt")[0] == 0
    assert call("witness", "20.txt", "--key", "w.key", "--state", "seen.json", "--out", "co20.txt")[0] == 0
    assert call("anchor", "--cosigned", "co20.txt", "--key", key)[0] == 0
    grow(30)
    assert call("checkpoint", "--out", "30.txt")[0] == 0
    code, _, err = call("witness", "30.txt", "--key", "w.key", "--state", "seen.json")
    assert (code, "audit prove --from 20 --to 30" in err) == (64, True)
    assert call("prove", "--from", "20", "--to", "30", "--out", "p.json")[0] == 0
    code, out, _ = call("witness", "30.txt", "--key", "w.key", "--state", "seen.json", "--proof", "p.json")
    assert code == 0
    Path("co30.txt").write_text(out)
    assert call("anchor", "--cosigned", "co30.txt", "--key", key)[0] == 0
    listed = json.loads(call("anchor", "--format", "json")[1])
    assert [(one["size"], one["signed_by"]) for one in listed] == [
        (20, ["witness.example/w1"]),
        (30, ["witness.example/w1"]),
    ]
    assert call("verify", "--against", "anchors", "--key", key)[0] == 0
    assert call("witness", "20.txt", "--key", "w.key", "--state", "seen.json")[0] == 5
    cut(30, 25)
    code, _, err = call("verify", "--against", "anchors", "--key", key)
    assert (code, "000000000025.json: record 25" in err) == (5, True)


def test_unsigned_anchors_are_not_taken_for_signed_ones(call: Call) -> None:
    """Whoever may write the log can write those."""
    key = call("keygen", "witness.example/w1", "--witness", "--out", "w.key")[1].strip()
    assert call("verify", "--against", "anchors")[0] == 65
    call("checkpoint", "--out", "20.txt")
    assert call("anchor", "--cosigned", "20.txt")[0] == 0
    assert call("verify", "--against", "anchors")[0] == 0
    code, _, err = call("verify", "--against", "anchors", "--key", key)
    assert (code, "none of 1 anchors is signed by witness.example/w1" in err) == (5, True)


def test_two_heads_at_one_size_are_both_kept_and_shown(call: Call) -> None:
    """Never merged: every later look at the anchors says so, and names both files."""
    call("checkpoint", "--out", "20.txt")
    call("anchor", "--cosigned", "20.txt")
    lines = Path("20.txt").read_text().splitlines()
    lines[2] = base64.b64encode(b"x" * 32).decode()
    Path("other.txt").write_text("\n".join(lines) + "\n")
    assert call("anchor", "--cosigned", "other.txt")[0] == 5
    assert len(list((FOLDER / "forks").iterdir())) == 2
    code, _, err = call("verify", "--against", "anchors")
    assert (code, err.count("20 records, root"), "two heads at 20 records" in err) == (5, 2, True)


def test_a_copy_never_goes_back(call: Call, tmp_path: Path) -> None:
    """In a file the later one stays; a folder has one for each head."""
    call("checkpoint")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert call("anchor", "--copy", "copy.txt", "--copy", str(folder))[0] == 0
    assert call("anchor", "--copy", "copy.txt")[0] == 0
    shutil.copytree(STORE, "older")
    grow(30)
    call("checkpoint")
    assert call("anchor", "--copy", str(folder))[0] == 0
    assert call("anchor", "--copy", "copy.txt")[0] == 0
    assert sorted(path.name.split(".")[1] for path in folder.iterdir()) == ["20", "30"]
    assert parse_checkpoint(Path("copy.txt").read_text(), "x").head.size == 30
    code, _, err = call("anchor", "--copy", "copy.txt", "--store", "older")
    assert (code, "record 21 is missing" in err) == (5, True)
    assert parse_checkpoint(Path("copy.txt").read_text(), "x").head.size == 30


def test_an_attestation_is_kept_with_what_it_attests(call: Call) -> None:
    """One about something else is not."""
    call("checkpoint", "--out", "20.txt")
    digest = hashlib.sha256(Path("20.txt").read_bytes()).hexdigest()
    for name, sha256 in (("good.json", digest), ("bad.json", "0" * 64)):
        payload = json.dumps({"subject": [{"name": "c", "digest": {"sha256": sha256}}]}).encode()
        value = {"dsseEnvelope": {"payload": base64.b64encode(payload).decode(), "signatures": []}}
        Path(name).write_text(json.dumps(value))
    assert call("anchor", "--attestation", "bad.json")[0] == 65
    assert not (STORE / "anchors").exists()
    assert call("anchor", "--attestation", "good.json")[0] == 0
    (one,) = json.loads(call("anchor", "--format", "json")[1])
    assert (STORE / "anchors" / HOST / one["bundles"][0]).read_bytes() == Path("good.json").read_bytes()
    assert call("verify", "--against", "anchors")[0] == 0
    (STORE / "anchors" / HOST / "note.txt").write_text("hello")
    assert call("anchor")[0] == 65


def test_without_client_or_identity_nothing_is_signed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and what to do about it."""
    call("checkpoint")
    monkeypatch.setitem(__import__("sys").modules, "sigstore", None)
    code, _, err = call("anchor", "--sigstore")
    assert (code, "benchgov[sigstore]" in err) == (2, True)
    assert not (STORE / "anchors").exists()


@pytest.mark.parametrize("command", [("verify",), ("checkpoint",), ("verify", "--since", "2020-01-01")])
def test_a_log_that_went_back_is_refused(call: Call, command: tuple[str, ...]) -> None:
    """By a file that remembers: of a log that was cut, and of one that was written anew."""
    assert call(*command, "--seen", "state/seen.txt")[0] == 0
    before = Path("state/seen.txt").read_bytes()
    assert before.startswith(f"{HOST} 20:".encode())
    cut(20, 18)
    code, _, err = call(*command, "--seen", "state/seen.txt")
    assert (code, "the log went back" in err, Path("state/seen.txt").read_bytes()) == (5, True, before)
    grow(25)
    assert call(*command, "--seen", "state/seen.txt")[0] == 0
    assert Path("state/seen.txt").read_text().startswith(f"{HOST} 25:")
    Path("state/seen.txt").write_text("hello\n")
    assert call(*command, "--seen", "state/seen.txt")[0] == 65


def test_one_checkpoint_for_all_hosts(call: Call, tmp_path: Path) -> None:
    """From a record to its host's checkpoint to the root log's, checked without the log."""
    write_log(STORE, 5, host="host-b")
    code, out, _ = call("checkpoint", "--all", "--out", "root.txt", "--format", "json")
    value = json.loads(out)
    assert (code, value["size"], value["added"]) == (0, 2, sorted([HOST, "host-b"]))
    assert value["hosts"] == {HOST: 20, "host-b": 5}
    assert call("checkpoint", "--all", "--format", "json")[1].count('"new": false') == 1
    grow(25)
    assert json.loads(call("checkpoint", "--all", "--out", "root.txt", "--format", "json")[1])["added"] == [
        HOST
    ]
    assert call("prove", "--record", "12", "--host", HOST, "--out", "p.json")[0] == 0
    assert call("prove", "--host", HOST, "--out", "h.json")[0] == 0
    assert call("prove", "--host", "host-b", "--out", "b.json")[0] == 0
    record = str(shutil.copy(record_path(STORE, HOST, 12), tmp_path / "12.json"))
    shutil.move(STORE, tmp_path / "away")
    check = ("check-proof", "p.json", "--record", record, "--checkpoint", "root.txt", "--format", "json")
    code, out, _ = call(*check, "--under", "h.json")
    assert (code, json.loads(out)["root_log"]["size"]) == (0, 3)
    code, _, err = call(*check, "--under", "b.json")
    assert (code, "do not meet" in err) == (5, True)
    assert call(*check)[0] == 64
    assert call(*check, "--under", "p.json")[0] == 5


def test_the_root_log_shows_what_became_of_a_host(call: Call) -> None:
    """A host that is gone, one that was cut, and a leaf that was changed."""
    write_log(STORE, 5, host="host-b")
    call("checkpoint", "--all")
    assert call("verify")[0] == 0
    shutil.move(STORE / "hosts" / "host-b", "host-b")
    assert call("verify")[0] == 5
    shutil.move("host-b", STORE / "hosts" / "host-b")
    leaf = next((STORE / "root" / "leaves").rglob("000000001"))
    good = leaf.read_text()
    leaf.write_text(good.replace("\n5\n", "\n4\n"))
    code, _, err = call("verify")
    assert (code, "two heads of the root log at 2 leaves" in err) == (5, True)
    leaf.write_text(good)
    cut(20, 19)
    assert call("checkpoint", "--all")[0] == 5
    leaf.unlink()
    code, _, err = call("verify")
    assert (code, "1 leaves; a checkpoint of 2" in err) == (5, True)


def test_the_predicate_of_a_record(call: Call) -> None:
    """A file for actions/attest, and the statement on standard output."""
    code, out, _ = call("predicate", "--record", "HEAD")
    made = json.loads(out)
    assert (code, made["predicate"]["warnedTests"]) == (
        0,
        ["core"],
    )  # nobody said that the machine was pinned
    assert made["subject"] == [{"name": "report.json", "digest": {"sha256": f"{20:064x}"}}]
    code, out, _ = call("predicate", "--record", "3", "--out", "p.json")
    assert (code, out.splitlines()[0]) == (0, made["predicateType"])
    assert json.loads(Path("p.json").read_text()) == made["predicate"]
    assert call("predicate", "--record", "21")[0] == 65


def test_on_a_branch_it_is_the_same(call: Call, tmp_path: Path) -> None:
    """Anchors, root log and what was seen, on `git:benchgov-audit`, where nothing is checked out."""
    from tests.e2e.support import git

    shutil.move(STORE, tmp_path / "elsewhere")
    git(tmp_path, "init", "--quiet")
    report = Path(__file__).resolve().parents[2] / "bench" / "protocols" / "smoke.json"
    log = ("--store", "git:benchgov-audit")
    assert call("append", str(report), *log, "--seen", "seen.txt")[0] == 0
    assert call("checkpoint", "--all", *log, "--out", "root.txt")[0] == 0
    assert call("checkpoint", "--out", "1.txt", *log)[0] == 0
    assert call("anchor", "--cosigned", "1.txt", *log)[0] == 0
    assert call("verify", "--against", "anchors", "--seen", "seen.txt", *log)[0] == 0
    code, out, _ = call("predicate", "--record", "1", "--out", "p.json", "--format", "json", *log)
    made = json.loads(out)
    assert (code, made["predicate"]) == (0, json.loads(Path("p.json").read_text()))
    assert made["subject"][0]["digest"]["sha256"] == hashlib.sha256(report.read_bytes()).hexdigest()
    git(tmp_path, "update-ref", "-d", "refs/heads/benchgov-audit")
    assert call("append", str(report), *log, "--seen", "seen.txt")[0] == 5


def shown(heading: str) -> list[list[str]]:
    """The commands in the first console block below a heading of docs/audit.md, each as its arguments."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "audit.md").read_text()
    block = page.split(f"\n## {heading}", 1)[1].split("```console\n", 1)[1].split("```", 1)[0]
    lines = [line.removeprefix("$ benchgov audit ") for line in block.splitlines()]
    return [shlex.split(line.split(" > ")[0], comments=True) for line in lines]


def test_the_three_commands_of_an_outsider(call: Call) -> None:
    """As the page shows them, where there is a log called `audit`, a record of it, and a checkpoint."""
    write_log(Path("audit"), 20)
    assert call("checkpoint", "--store", "audit", "--out", "anchor.txt")[0] == 0
    shutil.copy(record_path(Path("audit"), HOST, 12), ".")
    commands = shown("Check it in three commands")
    assert [command[0] for command in commands] == ["verify", "prove", "check-proof"]
    assert [call(*command)[0] for command in commands] == [0, 0, 0]


def test_the_witness_of_the_page(call: Call) -> None:
    """The three commands of somebody who is not the log's writer."""
    call("checkpoint", "--out", "checkpoint.txt")
    made, first, later = shown("Anchors")
    assert [call(*command)[0] for command in (made, first)] == [0, 0]
    grow(30)
    call("checkpoint", "--out", "later.txt")
    call("prove", "--from", "20", "--to", "30", "--out", "growth.proof.json")
    assert call(*later)[0] == 0
    assert Path("later-cosigned.txt").read_text().count("witness.example/w1") == 1


def test_the_root_log_of_the_page(call: Call) -> None:
    """The four commands that lead from a record to one checkpoint for all hosts."""
    commands = shown("Many hosts, one checkpoint")
    named = [[HOST if part == "HOST" else part for part in command] for command in commands]
    assert [call(*command)[0] for command in named] == [0, 0, 0, 0]

"""`benchgov audit checkpoint`, `prove`, `check-proof` and `keygen` on a real log of 300 records."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.audit_builders import covers, record_path

from benchgov.audit.chain import Draft, append
from benchgov.audit.checkpoint import parse_checkpoint
from benchgov.audit.encoding import seal
from benchgov.audit.note import COSIGNATURE, Note, Signature, Signer, Verifier, parse_signer
from benchgov.audit.record import GENESIS
from benchgov.cli.main import run_cli

HOST, RECORDS = "host-a", 300
STORE = Path(".benchgov/audit")
FOLDER = STORE / "hosts" / HOST
Call = Callable[..., tuple[int, str, str]]


def draft(index: int) -> Draft:
    """A draft that no other index gives."""
    return Draft("run", f"key-{index}", True, (), "process", {"suite": "core", "regime": f"r{index}"})


def grow(store: Path, start: int, stop: int, host: str = HOST) -> None:
    """Append records."""
    for index in range(start, stop):
        append(store, draft(index), host=host, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good log."""
    store = tmp_path_factory.mktemp("log") / "store"
    grow(store, 0, RECORDS)
    return store


@pytest.fixture
def call(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Runs a command in a folder that has a copy of the log; exit code, standard output and error."""
    shutil.copytree(log, tmp_path / STORE)
    monkeypatch.chdir(tmp_path)
    for name in ("BENCHGOV_AUDIT_STORE", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_cli(["audit", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def record_file(sequence: int) -> Path:
    """A record's file in the current folder's log."""
    return record_path(STORE, HOST, sequence)


def relink(first: int, last: int) -> None:
    """Write the chain anew from a record on, as somebody who may write the whole store can."""
    prev = json.loads(record_file(first - 1).read_bytes())["chain_head"] if first > 1 else GENESIS
    for sequence in range(first, last + 1):
        value = json.loads(record_file(sequence).read_bytes())
        del value["chain_head"]
        value |= {"prev_hash": prev, "subject": {**value["subject"], "dirty": True}}
        if "covers" in value:
            value |= covers([record_file(one).read_bytes() for one in range(1, sequence)])
        data = seal(value, prev)
        record_file(sequence).write_bytes(data)
        prev = json.loads(data)["chain_head"]


def test_the_path_of_an_outsider(call: Call, tmp_path: Path) -> None:
    """A key, a checkpoint, a proof; checked in an empty folder elsewhere, with neither log nor repository."""
    code, out, _ = call("keygen", "example.com/log", "--out", "audit.key")
    assert code == 0
    key = out.strip()
    code, out, _ = call("checkpoint", "--key", "audit.key", "--out", "anchor.txt")
    assert code == 0
    assert out == Path("anchor.txt").read_text() == (FOLDER / "checkpoint").read_text()
    assert out.splitlines()[:2] == ["example.com/log", "300"]
    assert call("prove", "--record", "12", "--out", "p.json") == (
        0,
        "inclusion: 9 hashes, written to p.json\n",
        "",
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (Path("anchor.txt"), Path("p.json"), record_file(12)):
        shutil.copy(path, elsewhere)
    shutil.rmtree(STORE)
    command = [sys.executable, "-m", "benchgov", "audit", "check-proof", "p.json"]
    record, anchor = ["--record", "000000000012.json"], ["--checkpoint", "anchor.txt"]
    done = subprocess.run(
        [*command, *record, *anchor, "--public-key", key, "--format", "json"],
        cwd=elsewhere,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "ok": True,
        "kind": "inclusion",
        "origin": "example.com/log",
        "size": 300,
        "root": parse_checkpoint(out, "x").head.root.hex(),
        "record": 12,
        "earlier_size": None,
        "record_checked": True,
        "checkpoint_checked": True,
        "signed_by": ["example.com/log"],
    }
    assert sorted(path.name for path in elsewhere.iterdir()) == ["000000000012.json", "anchor.txt", "p.json"]


def test_a_checked_proof_is_told_in_words(call: Call) -> None:
    """And a proof that was held against nothing says so."""
    assert call("checkpoint")[0] == 0
    Path("p.json").write_text(call("prove", "--record", "head")[1])
    code, out, err = call("check-proof", "p.json")
    assert code == 0
    assert "record 300 is in the log" in out
    assert "not given; its leaf hash is" in out
    assert "the proof's own word" in err
    code, out, err = call("check-proof", "p.json", "--checkpoint", str(FOLDER / "checkpoint"))
    assert (code, err) == (0, "")
    Path("g.json").write_text(call("prove", "--from", "100")[1])
    code, out, _ = call("check-proof", "g.json")
    assert code == 0
    assert "the log only grew" in out
    assert "100 records" in out


def test_a_proof_that_does_not_hold_ends_with_5(call: Call) -> None:
    """Another record, a hash, the checkpoint inside; another size is wrong usage, and malformed is 65."""
    assert call("checkpoint")[0] == 0
    text = call("prove", "--record", "12")[1]
    Path("p.json").write_text(text)
    code, _, err = call("check-proof", "p.json", "--record", str(record_file(13)))
    assert code == 5
    assert "the proof is about" in err
    proof = json.loads(text)
    for name, value in (
        ("index", 12),
        ("leaf_hash", "0" * 64),
        ("hashes", proof["claim"]["hashes"][1:]),
    ):
        Path("bad.json").write_text(json.dumps({**proof, "claim": {**proof["claim"], name: value}}))
        assert call("check-proof", "bad.json")[0] == 5
    lines = proof["checkpoint"].splitlines()
    Path("other.txt").write_text(f"{lines[0]}\n300\n{'A' * 43}=\n")
    code, _, err = call("check-proof", "p.json", "--checkpoint", "other.txt")
    assert code == 5
    assert "two heads at 300 records" in err
    Path("other.txt").write_text(f"{lines[0]}\n299\n{lines[2]}\n")
    assert call("check-proof", "p.json", "--checkpoint", "other.txt")[0] == 64
    assert call("check-proof", "p.json", "--public-key", str(Signer("x", bytes(32)).verifier))[0] == 5
    assert call("check-proof", "p.json", "--public-key", "x")[0] == 65
    assert call("check-proof", "p.json", "--checkpoint", "p.json")[0] == 65
    assert call("check-proof", "p.json", "--record", "missing.json")[0] == 65
    for content in (b"", b"{", b"\xff", text.encode()[:-30], b"[]", b"{}"):
        Path("bad.json").write_bytes(content)
        assert call("check-proof", "bad.json")[0] == 65
    assert call("check-proof", "missing.json")[0] == 65


def test_an_unchanged_log_keeps_its_checkpoint(call: Call) -> None:
    """Nothing new is written; a signature is added once."""
    code, out, _ = call("checkpoint", "--format", "json")
    assert code == 0
    made = json.loads(out)
    assert (made["new"], made["size"], made["origin"]) == (True, 300, f"benchgov-audit/{HOST}")
    assert made["signed_by"] == []
    before = (FOLDER / "checkpoint").stat()
    assert json.loads(call("checkpoint", "--format", "json")[1])["new"] is False
    assert (FOLDER / "checkpoint").stat().st_mtime_ns == before.st_mtime_ns
    assert call("keygen", "k", "--out", "k")[0] == 0
    for new in (True, False):
        made = json.loads(call("checkpoint", "--key", "k", "--format", "json")[1])
        assert (made["new"], made["signed_by"]) == (new, ["k"])


def test_the_origin_is_for_ever(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's name where a runner says it; another one later is refused; no two hosts share it."""
    code, _, err = call("checkpoint", "--origin", "two words")
    assert code == 64
    assert "not an origin" in err
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/repo")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    assert call("checkpoint")[1].startswith(f"github.com/owner/repo/benchgov-audit/{HOST}\n300\n")
    code, _, err = call("checkpoint", "--origin", "example.com/other")
    assert code == 64
    assert "An origin names a log for ever" in err
    grow(STORE, 0, 2, host="host-b")
    code, _, err = call("checkpoint")
    assert code == 64
    assert "name one with --host" in err
    same = ("--origin", f"github.com/owner/repo/benchgov-audit/{HOST}")
    assert call("checkpoint", "--host", "host-b", *same)[0] == 64
    assert call("checkpoint", "--host", "host-b")[0] == 0
    assert call("checkpoint", "--host", "host-c")[0] == 65


def test_a_checkpoint_grows_with_the_log(call: Call) -> None:
    """Incrementally too; tiles are made as they fill; earlier signed heads are kept, and are proved from."""
    assert call("keygen", "example.com/log", "--out", "k")[0] == 0
    assert call("checkpoint", "--key", "k")[0] == 0
    first = (FOLDER / "checkpoint").read_text()
    tiles = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("tile/*/*"))
    assert tiles == ["tile/0/000"]
    grow(STORE, RECORDS, 513)
    assert call("prove", "--record", "301")[0] == 65
    assert call("checkpoint", "--incremental", "--key", "k")[0] == 0
    assert (FOLDER / "checkpoint").read_text().splitlines()[1] == "513"
    assert (FOLDER / "checkpoints" / "300").read_text() == first
    assert (FOLDER / "tile/0/001").stat().st_size == 8192
    proof = json.loads(call("prove", "--from", "300")[1])
    assert proof["claim"]["earlier"] == first
    Path("first.txt").write_text(first)
    assert call("checkpoint", "--against", "first.txt")[0] == 0
    assert json.loads(call("prove", "--from", "10", "--to", "400")[1])["checkpoint"].splitlines()[1] == "400"
    assert call("verify", "--strict")[0] == 0


def test_a_log_written_anew_shows_two_heads(call: Call) -> None:
    """The chain is good, and the tiles are gone: only the checkpoint knows; both heads are kept."""
    assert call("checkpoint")[0] == 0
    published = (FOLDER / "checkpoint").read_text()
    relink(290, 300)
    shutil.rmtree(FOLDER / "tile")
    assert call("verify", "--strict")[0] == 0
    for flags in ((), ("--incremental",)):
        code, out, err = call("checkpoint", *flags)
        assert (code, out) == (5, "")
        assert "two heads at 300 records" in err
        assert err.count("300 records, root") == 2
        assert (FOLDER / "checkpoint").read_text() == published
    texts = [path.read_text() for path in (FOLDER / "forks").iterdir()]
    assert len(texts) == 2
    assert published in texts
    assert call("prove", "--record", "12")[0] == 5
    assert call("prove", "--from", "12")[0] == 5


def test_with_its_tiles_a_rewrite_is_found_at_its_record(call: Call) -> None:
    """The first record that differs is named, beside the two heads."""
    assert call("checkpoint")[0] == 0
    relink(100, 300)
    for arguments in (("checkpoint",), ("prove", "--record", "100"), ("prove", "--record", "300")):
        code, _, err = call(*arguments)
        assert code == 5
        assert "record 100: expected the tile's hash" in err


def test_a_checkpoint_kept_elsewhere_finds_a_rewrite_that_left_none(call: Call) -> None:
    """Everything that the log says of itself was removed, and written again."""
    assert call("checkpoint", "--out", "anchor.txt")[0] == 0
    relink(1, 300)
    for name in ("tile", "checkpoint"):
        path = FOLDER / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, _, err = call("checkpoint", "--against", "anchor.txt")
    assert code == 5
    assert "two heads at 300 records" in err
    assert not (FOLDER / "checkpoint").exists()


@pytest.mark.parametrize("removed", [300, 290, 256, 7])
def test_a_shorter_log_is_refused(call: Call, removed: int) -> None:
    """Cut at its end, or with a record missing: which one is said."""
    assert call("checkpoint")[0] == 0
    record_file(removed).unlink()
    for flags in ((), ("--incremental",)):
        code, _, err = call("checkpoint", *flags)
        if removed == 7 and flags:  # the tile that holds record 7 is full, and not read again
            assert code == 0
            continue
        assert code == 5
        assert f"{removed:012d}.json" in err
    assert call("prove", "--record", str(removed))[0] == 5
    assert call("prove", "--record", "12")[0] == (0 if removed == 7 else 5)


def test_a_changed_tile_is_named(call: Call) -> None:
    """No proof is made with it, and no checkpoint."""
    assert call("checkpoint")[0] == 0
    tile = FOLDER / "tile/0/000"
    data = tile.read_bytes()
    tile.write_bytes(bytes(32) + data[32:])
    for arguments in (("checkpoint",), ("checkpoint", "--incremental"), ("prove", "--record", "2")):
        code, _, err = call(*arguments)
        assert code == 5
        assert "tile/0/000: record 1: expected the tile's hash 00000000" in err
    tile.write_bytes(data[:100])
    code, _, err = call("prove", "--record", "2")
    assert code == 5
    assert "expected a tile of 8,192 bytes, found 100 bytes" in err
    tile.unlink()
    assert call("prove", "--record", "2")[0] == 0
    assert tile.read_bytes() == data


def test_signatures_of_witnesses_are_kept(call: Call) -> None:
    """Those of this head, of an earlier one, and never those of a head that was not published."""
    assert call("keygen", "log", "--out", "k")[0] == 0
    assert call("checkpoint", "--key", "k")[0] == 0
    text = parse_checkpoint((FOLDER / "checkpoint").read_text(), "x").note.text
    witness = Signer("witness.example", bytes(range(32)))
    Path("cosigned.txt").write_text(str(witness.sign(Note(text))))
    for _ in range(2):
        made = json.loads(call("checkpoint", "--cosigned", "cosigned.txt", "--format", "json")[1])
        assert made["signed_by"] == ["log", "witness.example"]
    grow(STORE, RECORDS, RECORDS + 1)
    assert call("checkpoint", "--key", "k")[0] == 0
    timed = Verifier("late.example", COSIGNATURE, witness.verifier.public)
    (data,) = Signer("-", witness.seed).sign(Note(f"cosignature/v1\ntime 5\n{text}")).signatures
    late = Signature(timed.name, timed.key_id, (5).to_bytes(8, "big") + data.data)
    Path("late.txt").write_text(str(Note(text, (late,))))
    assert call("checkpoint", "--cosigned", "late.txt")[0] == 0
    proof = call("prove", "--from", "300")[1]
    Path("p.json").write_text(proof)
    signatures = parse_checkpoint(json.loads(proof)["claim"]["earlier"], "x").note.signatures
    assert [one.name for one in signatures] == ["log", "witness.example", "late.example"]
    assert "witness" not in (FOLDER / "checkpoint").read_text()
    key = str(parse_signer(Path("k").read_text()).verifier)
    assert call("check-proof", "p.json", "--public-key", key, "--public-key", str(timed))[0] == 0
    Path("forged.txt").write_text(str(witness.sign(Note(text.replace("\n300\n", "\n299\n")))))
    assert call("checkpoint", "--cosigned", "forged.txt")[0] == 65
    lines = text.splitlines()
    Path("forged.txt").write_text(str(witness.sign(Note(f"{lines[0]}\n300\n{'A' * 43}=\n"))))
    code, _, err = call("checkpoint", "--cosigned", "forged.txt")
    assert code == 5
    assert "two heads at 300 records" in err
    assert len(list((FOLDER / "forks").iterdir())) == 2


def test_a_chain_that_does_not_verify_has_no_checkpoint(call: Call) -> None:
    """The first divergence is shown, as `verify` shows it; nothing is written."""
    path = record_file(40)
    path.write_bytes(path.read_bytes().replace(b'"r39"', b'"r40"'))
    for flags in ((), ("--incremental",)):
        code, _, err = call("checkpoint", *flags)
        assert code == 5
        assert "record 40: expected chain_head" in err
    assert not (FOLDER / "checkpoint").exists()
    assert not (FOLDER / "tile").exists()


def test_without_a_checkpoint_there_is_nothing_to_prove(call: Call, tmp_path: Path) -> None:
    """65, and what to do; wrong usage is 64."""
    code, _, err = call("prove", "--record", "1")
    assert code == 65
    assert "benchgov audit checkpoint" in err
    assert call("checkpoint")[0] == 0
    for wrong in ((), ("--record", "1", "--from", "2"), ("--to", "3"), ("--record", "x"), ("--from", "0")):
        assert call("prove", *wrong)[0] == 64
    assert call("prove", "--record", "1", "--to", "3")[0] == 64
    assert call("prove", "--from", "9", "--to", "3")[0] == 64
    for missing in (
        ("--record", "0"),
        ("--record", "301"),
        ("--from", "301"),
        ("--from", "1", "--to", "301"),
    ):
        assert call("prove", *missing)[0] == 65
    assert call("prove", "--record", "1", "--store", "nowhere")[0] == 65
    (tmp_path / "empty").mkdir()
    assert call("checkpoint", "--store", "empty")[0] == 65


def test_what_came_since_the_last_checkpoint_is_verified_before_the_next(call: Call) -> None:
    """Its own hashes and links too, and not only its place in the tree."""
    assert call("checkpoint")[0] == 0
    before = (FOLDER / "checkpoint").read_text()
    grow(STORE, RECORDS, RECORDS + 9)
    path = record_file(305)
    path.write_bytes(path.read_bytes().replace(b'"complete":true', b'"complete":false'))
    code, _, err = call("checkpoint", "--incremental")
    assert code == 5
    assert "record 305: expected chain_head" in err
    assert (FOLDER / "checkpoint").read_text() == before


def test_a_copy_can_be_asked_for_its_signature(call: Call) -> None:
    """By the key that the copy's owner knows; heads have none, and a key alone has nothing to check."""
    key = call("keygen", "example.com/log", "--out", "k")[1].strip()
    other = call("keygen", "example.com/other", "--out", "k2")[1].strip()
    assert call("checkpoint", "--key", "k", "--out", "signed")[0] == 0
    assert call("verify", "--against", "signed", "--key", key, "--save-heads", "heads")[0] == 0
    assert call("verify", "--against", "signed", "--key", key, "--key", other)[0] == 0
    code, _, err = call("verify", "--against", "signed", "--key", other)
    assert code == 5
    assert "not signed by example.com/other" in err
    text = Path("signed").read_text()
    Path("signed").write_text(text.replace("\n300\n", "\n299\n"))
    assert call("verify", "--against", "signed", "--key", key)[0] == 5
    assert call("verify", "--against", "heads", "--key", key)[0] == 64
    assert call("verify", "--key", key)[0] == 64


def test_a_key_is_for_its_owner_alone(call: Call) -> None:
    """Nobody else may read it, none is replaced, and its name is one."""
    code, out, _ = call("keygen", "example.com/log", "--out", "keys/k", "--format", "json")
    assert code == 0
    assert stat.S_IMODE(Path("keys/k").stat().st_mode) == 0o600
    private = Path("keys/k").read_text()
    assert str(parse_signer(private).verifier) == json.loads(out)["public_key"]
    assert call("keygen", "example.com/log", "--out", "keys/k")[0] == 74
    assert Path("keys/k").read_text() == private
    assert call("keygen", "a+b", "--out", "k2")[0] == 64
    Path("bad").write_text("PRIVATE+KEY+x")
    assert call("checkpoint", "--key", "bad")[0] == 65
    assert not (FOLDER / "checkpoint").exists()


def test_a_folder_that_cannot_be_written_publishes_nothing(call: Call, read_only: Path) -> None:
    """74; and a proof for which no tile has to be made needs no writing at all."""
    assert call("checkpoint", "--out", str(read_only / "anchor.txt"))[0] == 74
    assert call("prove", "--record", "1", "--out", str(read_only / "p.json"))[0] == 74
    assert call("keygen", "k", "--out", str(read_only / "k"))[0] == 74
    assert list(read_only.iterdir()) == []

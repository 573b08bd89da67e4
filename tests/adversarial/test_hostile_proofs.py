"""Proofs, checkpoints and tiles that somebody made to do harm: one clear line, and the right code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchgov.audit.chain import Draft, append
from benchgov.audit.proof import check_proof, read_proof
from benchgov.audit.prove import prove_growth, prove_record
from benchgov.audit.published import examine, host_tree, publish
from benchgov.cli.main import run_cli
from benchgov.errors import BenchgovError, InputError, ProofError, UsageError

HOST = "host-a"
Call = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 20 records with a checkpoint."""
    store = tmp_path_factory.mktemp("log") / "store"
    for index in range(20):
        draft = Draft("run", f"key-{index}", True, (), None, {"suite": "core"})
        append(store, draft, host=HOST, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    tree = host_tree(store, HOST)
    examine(store, HOST, tree)
    publish(store, HOST, tree, origin="log")
    return store


@pytest.fixture
def call(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Runs a command beside a copy of the log, in `store`; exit code and standard error."""
    shutil.copytree(log, tmp_path / "store")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = run_cli(["audit", *arguments])
        return code, capsys.readouterr().err

    return run


def proof_text(log: Path) -> str:
    """A good proof."""
    return prove_record(log, HOST, 7).to_bytes().decode()


def test_every_byte_of_a_proof_counts(log: Path) -> None:
    """A flip anywhere is refused, or is one of the names that say nothing about the tree."""
    good, accepted = proof_text(log), set()
    for at in range(len(good)):
        bad = good[:at] + chr(ord(good[at]) ^ 1) + good[at + 1 :]
        try:
            check_proof(read_proof(bad, "p"))
        except (InputError, ProofError):
            continue
        accepted.add(at)
    origin = good.index("log\\n20")
    assert accepted <= {*range(origin, origin + 3), *range(origin + 5, origin + 7)}
    # What is left, the origin and some sizes, is bound by a checkpoint that is kept elsewhere.
    kept = publish(log, HOST, host_tree(log, HOST), origin="log").checkpoint
    for at in accepted:
        bad = good[:at] + chr(ord(good[at]) ^ 1) + good[at + 1 :]
        with pytest.raises((ProofError, UsageError)):
            check_proof(read_proof(bad, "p"), checkpoints=[kept])


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"schema_version": 1, "schema_version": 1}',
        b'{"schema_version": NaN}',
        b'{"schema_version": 1e999}',
        b"\xff\xfe{\x00}\x00",
        b"\x00" * 1000,
        b" " * (5 << 20),
    ],
    ids=["brackets", "deep", "twice", "nan", "infinite", "utf-16", "zeros", "huge"],
)
def test_a_hostile_proof_file_is_malformed(call: Call, content: bytes) -> None:
    """65, in one line."""
    Path("p.json").write_bytes(content)
    code, err = call("check-proof", "p.json")
    assert code == 65
    assert "bug" not in err


@pytest.mark.parametrize(
    "claim",
    [
        {"index": 10**40},
        {"index": 2**64},
        {"index": "7"},
        {"index": True},
        {"hashes": "0" * 64},
        {"hashes": ["é" * 64]},
        {"hashes": [["0" * 64]]},
        {"leaf_hash": "0" * 64 + "\n"},
        {"leaf_hash": "A" * 64},
    ],
)
def test_hostile_values_are_refused(log: Path, claim: dict[str, Any]) -> None:
    """Numbers beyond any tree, and hashes that are none."""
    value = json.loads(proof_text(log))
    value["claim"] |= claim
    with pytest.raises(BenchgovError) as caught:
        check_proof(read_proof(json.dumps(value), "p"))
    assert caught.value.exit_code in {5, 65}


@pytest.mark.parametrize("size", ["0", "18446744073709551616", "9223372036854775807", "007", "+20", "20 "])
def test_hostile_sizes_are_refused(log: Path, size: str) -> None:
    """A tree of nothing, of more than there can be, or a number written another way."""
    value = json.loads(proof_text(log))
    value["checkpoint"] = value["checkpoint"].replace("\n20\n", f"\n{size}\n")
    with pytest.raises(BenchgovError) as caught:
        check_proof(read_proof(json.dumps(value), "p"))
    assert caught.value.exit_code in {5, 65}


@pytest.mark.parametrize("content", [b"", b"log\n20\n", b"\xff", b"log\n20\nAAAA\n", b"x" * (2 << 20)])
def test_a_broken_checkpoint_is_said_and_kept(call: Call, content: bytes) -> None:
    """It may be the only thing that knows how long the log was: nobody writes over it."""
    path = Path("store/hosts") / HOST / "checkpoint"
    path.write_bytes(content)
    for arguments in (("checkpoint",), ("checkpoint", "--incremental"), ("prove", "--record", "1")):
        code, err = call(*arguments, "--store", "store")
        assert code == 65
        assert str(path) in err
    assert path.read_bytes() == content


def test_a_folder_where_a_file_belongs(call: Call) -> None:
    """The checkpoint, a record that is given, and the proof."""
    Path("folder").mkdir()
    path = Path("store/hosts") / HOST / "checkpoint"
    path.unlink()
    path.mkdir()
    assert call("checkpoint", "--store", "store")[0] == 65
    assert call("check-proof", "folder")[0] == 65
    Path("p.json").write_text("{}")
    assert call("check-proof", "p.json", "--record", "folder")[0] == 65


def test_hosts_that_are_no_names(call: Call) -> None:
    """A path is not a host."""
    for host in ("../store", "/", "", ".", "host-a/records", "x" * 4000):
        assert call("checkpoint", "--store", "store", "--host", host)[0] == 65
        assert call("prove", "--record", "1", "--store", "store", "--host", host)[0] == 65


def test_a_full_disk_leaves_nothing_half_written(tiny_disk: Path) -> None:
    """74, and no half of a key."""
    code = run_cli(["audit", "keygen", "x" * 5000, "--out", str(tiny_disk / "key")])
    assert code == 74
    assert [path.name for path in tiny_disk.iterdir()] == ["filler"]


def test_growth_from_a_head_that_was_never_published_is_still_the_logs(log: Path) -> None:
    """The unsigned head in the proof is one that the published checkpoint extends."""
    proof = prove_growth(log, HOST, 3, 9)
    assert check_proof(proof).checkpoint.head.size == 9
    with pytest.raises(UsageError):
        prove_growth(log, HOST, 9, 3)

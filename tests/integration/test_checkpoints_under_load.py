"""Checkpoints and proofs while others append, and when the file system fails at any call."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.audit_builders import record_path

from benchgov.audit.encoding import seal
from benchgov.audit.merkle import leaf_hash
from benchgov.audit.proof import check_proof, read_proof
from benchgov.audit.prove import prove_growth, prove_record
from benchgov.audit.published import examine, host_tree, leaves_of, newest, publish
from benchgov.audit.record import GENESIS
from benchgov.audit.records import Records
from benchgov.audit.verification import verify
from benchgov.errors import TamperError

HOST = "host-a"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from benchgov.audit.chain import Draft, append
store, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for index in range(count):
    draft = Draft("run", f"{name}-{index}", True, (), None, {"suite": "core"})
    append(store, draft, host="host-a", now=lambda: datetime.now(UTC))
"""

PUBLISHER = """
import sys
from pathlib import Path
from benchgov.audit.published import examine, host_tree, newest, publish
store, stop, sizes = Path(sys.argv[1]), Path(sys.argv[2]), []
while True:
    last = stop.exists()
    tree = host_tree(store, "host-a")
    examine(store, "host-a", tree)
    sizes.append(publish(store, "host-a", tree, origin="log").checkpoint.head.size)
    if last:
        break
assert sizes == sorted(sizes), sizes
"""

PROVER = """
import random, sys
from pathlib import Path
from benchgov.audit.prove import prove_growth, prove_record
from benchgov.audit.published import newest
store, stop, source = Path(sys.argv[1]), Path(sys.argv[2]), random.Random(sys.argv[3])
while not stop.exists():
    size = newest(store, "host-a").head.size
    index = source.randint(1, size)
    print(prove_record(store, "host-a", index).to_bytes().decode(), end="")
    print(prove_growth(store, "host-a", index, None).to_bytes().decode(), end="", flush=True)
"""

SIGNED = """
import sys
from pathlib import Path
from benchgov.audit.note import Signer
from benchgov.audit.published import examine, host_tree, publish
store, signer = Path(sys.argv[1]), Signer("log", bytes(32))
signer.verifier
sys.stdout.write("ready\\n"); sys.stdout.flush()
tree = host_tree(store, "host-a")
examine(store, "host-a", tree)
publish(store, "host-a", tree, origin="log", signer=signer)
"""


def start(script: str, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A Python of its own."""
    return subprocess.Popen(
        [*under, sys.executable, "-B", "-c", script, *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """(exit status, standard output, standard error)."""
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


def write_log(store: Path, start_at: int, stop_at: int) -> None:
    """Records put down as they are, quickly: what is tested is not how they are appended."""
    prev = GENESIS
    if start_at > 1:
        prev = json.loads(record_path(store, HOST, start_at - 1).read_bytes())["chain_head"]
    for sequence in range(start_at, stop_at + 1):
        content = {
            "complete": True,
            "evidence": [],
            "host": HOST,
            "idempotency_key": f"key-{sequence}",
            "isolation_class": None,
            "kind": "run",
            "prev_hash": prev,
            "recorded_at_utc": "2026-01-01T00:00:00.000000Z",
            "schema_version": 1,
            "sequence": sequence,
            "subject": {"suite": "core"},
        }
        data = seal(content, prev)
        prev = json.loads(data)["chain_head"]
        path = record_path(store, HOST, sequence)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def hammer(tmp_path: Path, writers: int, appends: int) -> None:
    """Writers, publishers and provers at once; every proof that was made still holds at the end."""
    store, stop = tmp_path / "store", tmp_path / "stop"
    write_log(store, 1, 250)
    publish(store, HOST, host_tree(store, HOST), origin="log")
    readers = [start(PROVER, str(store), str(stop), str(seed)) for seed in range(2)]
    publishers = [start(PUBLISHER, str(store), str(stop)) for _ in range(2)]
    appending = [start(WRITER, str(store), f"writer-{number}", str(appends)) for number in range(writers)]
    ended = [finish(one) for one in appending]
    stop.touch()
    ended += [finish(one) for one in publishers]
    proved = [finish(one) for one in readers]
    assert [(status, err) for status, _, err in [*ended, *proved]] == [(0, "")] * (writers + 4)
    total = 250 + writers * appends
    last = newest(store, HOST)
    assert last is not None
    assert (last.head.size, verify(store, strict=True).records) == (total, total)
    assert not (store / "hosts" / HOST / "forks").exists()
    texts = [line for _, out, _ in proved for line in out.splitlines()]
    assert len(texts) >= 4
    for text in texts:
        done = check_proof(read_proof(text, "p"))
        if done.claim.kind == "inclusion":
            leaf = leaf_hash(next(leaves_of(store, HOST)(done.claim.index, done.claim.index + 1))).hex()
            assert done.claim.leaf_hash == leaf
        growth = prove_growth(store, HOST, done.checkpoint.head.size, None)
        assert check_proof(growth, checkpoints=[done.checkpoint]).checkpoint.head == last.head


def test_proofs_hold_while_others_append(tmp_path: Path) -> None:
    """3 writers past a tile's edge, 2 publishers, 2 provers."""
    hammer(tmp_path, 3, 30)


@pytest.mark.slow
def test_proofs_hold_under_heavy_load(tmp_path: Path) -> None:
    """16 writers × 250."""
    hammer(tmp_path, 16, 250)


CALLS = ["openat", "mkdir", "flock", "write", "fsync", "close", "rename", "linkat", "unlinkat"]
OTHERS = (
    "link,unlink,symlink,symlinkat,renameat,renameat2,truncate,ftruncate,fdatasync,mkdirat,pwrite64,writev"
)
"""What else changes files: publishing makes none of these calls, so none has to be injected."""


def traced(trace: Path, call: str, *inject: str) -> tuple[str, ...]:
    """The command that runs another one under strace."""
    calls = f"trace={call}" if call == "write" else f"trace={call},write"
    return ("strace", "-f", "-qq", "-o", str(trace), "-e", calls, *inject)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_no_other_call_changes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that get faults below are all that there are (but for what measures coverage)."""
    for name in [name for name in ENVIRONMENT if name.startswith("COV")]:
        monkeypatch.delitem(ENVIRONMENT, name)
    log, trace = tmp_path / "log", tmp_path / "trace"
    write_log(log, 1, 300)
    assert finish(start(SIGNED, str(log), under=traced(trace, OTHERS)))[0] == 0
    lines = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    ready = next(at for at, line in enumerate(lines) if line.startswith('write(1, "ready'))
    assert {line.partition("(")[0] for line in lines[ready + 1 :]} <= {"write", "+++ exited with 0 +++"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO", "error=ENOSPC"])
@pytest.mark.parametrize("call", CALLS)
def test_faults_at_every_file_system_call(tmp_path: Path, call: str, fault: str) -> None:
    """After a fault at the n-th call the checkpoint is the old or the new one, and the next one goes on."""
    good, trace = tmp_path / "good", tmp_path / "trace"
    write_log(good, 1, 10)
    assert finish(start(SIGNED, str(good)))[0] == 0
    old = newest(good, HOST)
    write_log(good, 11, 300)
    plain = tmp_path / "plain"
    shutil.copytree(good, plain)
    assert finish(start(SIGNED, str(plain), under=traced(trace, call)))[0] == 0
    new = newest(plain, HOST)
    lines = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    ready = next(at for at, line in enumerate(lines) if line.startswith('write(1, "ready'))
    before = sum(line.startswith(f"{call}(") for line in lines[: ready + 1])
    during = sum(line.startswith(f"{call}(") for line in lines[ready + 1 :])
    assert during >= 1
    ends = set()
    # Most calls read one record each: a few of those, and all that come after them.
    for nth in {*range(1, 6), during // 2, *range(max(1, during - 14), during + 1)} & set(
        range(1, during + 1)
    ):
        store = tmp_path / f"store-{nth}"
        shutil.copytree(good, store)
        inject = ("-e", f"inject={call}:{fault}:when={before + nth}")
        ends.add(finish(start(SIGNED, str(store), under=traced(trace, call, *inject)))[0])
        assert newest(store, HOST) in (old, new), nth
        assert verify(store, strict=True).ok
        tree = host_tree(store, HOST)
        examine(store, HOST, tree)
        done = publish(store, HOST, tree, origin="log").checkpoint
        assert new is not None
        assert done.head == new.head
        assert check_proof(prove_record(store, HOST, 3)).checkpoint.head == new.head
        assert not (store / "hosts" / HOST / "forks").exists()
        shutil.rmtree(store)
    if fault == "signal=KILL":
        assert -signal.SIGKILL in ends


@pytest.mark.slow
def test_a_large_log_is_proved_from_few_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """65,836 records: a proof opens one, those behind the last full tile, and tiles; a wrong tile shows."""
    store, size = tmp_path / "store", 65_836
    write_log(store, 1, size)
    tree = host_tree(store, HOST)
    assert tree.size == size
    examine(store, HOST, tree)
    publish(store, HOST, tree, origin="log")
    read: list[int] = []
    real = Records.read

    def noting(records: Records, sequence: int) -> bytes:
        read.append(sequence)
        return real(records, sequence)

    monkeypatch.setattr(Records, "read", noting)
    assert check_proof(prove_record(store, HOST, 300)).claim.kind == "inclusion"
    assert check_proof(prove_growth(store, HOST, 300, None)).claim.kind == "consistency"
    assert set(read) == {300, *range(65_793, 65_837)}
    tile = store / "hosts" / HOST / "tile" / "0" / "001"
    data = tile.read_bytes()
    tile.write_bytes(data[:32] + bytes(32) + data[64:])
    wrong = "record 258: expected the tile's hash 0000"
    with pytest.raises(TamperError, match=wrong):
        prove_record(store, HOST, 300)
    with pytest.raises(TamperError, match=wrong):
        prove_growth(store, HOST, 300, None)

"""Appending with real files and real processes: once per key, never lost, whole or not at all."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from bench.core import reference_chain
from blake3 import blake3
from tests.audit_builders import record_path
from tests.audit_writers import HOST, NOW, SCRIPT, draft, finish, plain_environment, writer

from benchgov.audit.chain import Draft, append, find, read, verify
from benchgov.audit.hints import tail_path
from benchgov.audit.host import host_fingerprint
from benchgov.errors import InputError


def test_records_link_to_the_one_before(tmp_path: Path) -> None:
    """Sequence, previous hash and head, as a reader that shares no code sees them."""
    first = append(tmp_path, draft("a"), host=HOST, now=lambda: NOW)
    second = append(tmp_path, draft("b"), host=HOST, now=lambda: NOW + timedelta(seconds=1))
    assert (first.record.sequence, first.record.prev_hash) == (1, "0" * 64)
    assert (second.record.sequence, second.record.prev_hash) == (2, first.record.chain_head)
    assert reference_chain.verify(tmp_path) == [[HOST, 2, second.record.chain_head]]
    assert [record for _, record in read(tmp_path)] == [first.record, second.record]
    assert [record for _, record in read(tmp_path, HOST, limit=1)] == [second.record]
    assert find(tmp_path, "HEAD") == second.record


def test_the_plain_reference_writes_the_same_bytes(tmp_path: Path) -> None:
    """Both variants of the benchmark make one log, and continue each other's."""
    appended = [append(tmp_path / "a", draft(key), host=HOST, now=lambda: NOW) for key in "abc"]
    made = {"chain_head", "covers", "prev_hash", "sequence"}
    contents = [one.record.model_dump(mode="json", exclude=made) for one in appended]
    head = reference_chain.append_all(tmp_path / "b", contents)
    assert head == appended[-1].record.chain_head
    assert reference_chain.append(tmp_path / "b", contents[0]) == appended[0].record.chain_head
    for one in appended:
        copy = record_path(tmp_path / "b", HOST, one.record.sequence)
        assert copy.read_bytes() == (tmp_path / "a" / one.path).read_bytes()
    assert append(tmp_path / "b", draft("d"), host=HOST, now=lambda: NOW).record.sequence == 4


def test_a_key_is_recorded_once(tmp_path: Path) -> None:
    """The second append gives the first one's record, whatever else it says."""
    first = append(tmp_path, draft("a"), host=HOST, now=lambda: NOW)
    append(tmp_path, draft("b"), host=HOST, now=lambda: NOW)
    again = append(tmp_path, Draft("dossier", "a", False, ()), host=HOST, now=lambda: NOW)
    assert (again.new, again.record, again.path) == (False, first.record, first.path)
    assert verify(tmp_path).records == 2


@pytest.mark.parametrize("hint", ["000000000002", "000000000001", "", "junk", "-1", "9" * 40])
def test_a_hint_without_its_record_is_ignored(tmp_path: Path, hint: str) -> None:
    """The key is recorded, under the sequence that is free."""
    append(tmp_path, draft("a"), host=HOST, now=lambda: NOW)
    with (tmp_path / tail_path(HOST)).open("a") as hints:
        hints.write(f"{hint} {blake3(b'b').hexdigest()}\n")
    done = append(tmp_path, draft("b"), host=HOST, now=lambda: NOW)
    assert (done.new, done.record.sequence) == (True, 2)
    assert not append(tmp_path, draft("b"), host=HOST, now=lambda: NOW).new


def test_a_clock_that_went_backwards_does_not_break_the_chain(tmp_path: Path) -> None:
    """The time of the record before stands in."""
    append(tmp_path, draft("a"), host=HOST, now=lambda: NOW)
    later = append(tmp_path, draft("b"), host=HOST, now=lambda: NOW - timedelta(days=1))
    assert later.record.recorded_at_utc == NOW
    assert verify(tmp_path, strict=True).ok


def test_every_host_has_a_chain_of_its_own(tmp_path: Path) -> None:
    """Sequences and keys do not mix."""
    for host in ("host-a", "host-b"):
        assert append(tmp_path, draft("a"), host=host, now=lambda: NOW).record.sequence == 1
    result = verify(tmp_path)
    assert [(chain.host, chain.records) for chain in result.hosts] == [("host-a", 1), ("host-b", 1)]
    assert result.hosts[0].head != result.hosts[1].head


def test_concurrent_writers_lose_nothing_and_write_nothing_twice(tmp_path: Path) -> None:
    """8 processes × 50 appends; every second process repeats the keys of the one before it."""
    writers = [writer(tmp_path, f"writer-{index // 2}", 50) for index in range(8)]
    assert [finish(process) for process in writers] == [(0, "")] * 8
    result = verify(tmp_path, strict=True)
    assert (result.ok, result.records) == (True, 200)
    keys = {record.idempotency_key for _, record in read(tmp_path)}
    assert keys == {f"writer-{name}-{index}" for name in range(4) for index in range(50)}


def test_concurrent_writers_of_different_keys(tmp_path: Path) -> None:
    """8 processes × 50 different keys are 400 records."""
    writers = [writer(tmp_path, f"writer-{index}", 50) for index in range(8)]
    assert [finish(process) for process in writers] == [(0, "")] * 8
    assert len({record.idempotency_key for _, record in read(tmp_path)}) == 400
    assert verify(tmp_path, strict=True).records == 400


def test_a_killed_writer_leaves_a_log_that_verifies(tmp_path: Path) -> None:
    """SIGKILL at random moments: the record is wholly there or not, and the next writer goes on."""
    source = random.Random(5)
    for attempt in range(8):
        process = writer(tmp_path, f"killed-{attempt}", 10_000)
        assert process.stdout is not None
        process.stdout.readline()
        while attempt == 0 and not any(tmp_path.glob("hosts/*/records/*.json")):
            time.sleep(0.01)  # on a busy machine the moments below may all come before the first record
        time.sleep(source.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        assert finish(process)[0] == -signal.SIGKILL
        assert verify(tmp_path, strict=True).ok
    before = verify(tmp_path).records
    assert before > 0
    assert append(tmp_path, draft("after"), host=HOST, now=lambda: NOW).record.sequence == before + 1


def test_a_full_disk_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    """A limit of 100 bytes a file stands in for the full disk: one error, no record, nothing half-written."""
    append(tmp_path, draft("a"), host=HOST, now=lambda: NOW)
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); import sys; exec(sys.argv.pop(1))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", limit, SCRIPT, str(tmp_path), "full", "1"],
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "OutputError" in done.stderr
    assert verify(tmp_path).records == 1
    assert [path.name for path in record_path(tmp_path, HOST, 1).parent.iterdir()] == ["000000000001.json"]


HOSTED = {
    "GITHUB_ACTIONS": "true",
    "RUNNER_ENVIRONMENT": "github-hosted",
    "GITHUB_REPOSITORY": "org/project",
    "GITHUB_WORKFLOW": "bench",
    "ImageOS": "ubuntu22",
    "RUNNER_ARCH": "X64",
    "RUNNER_NAME": "Hosted Agent 7",
}


def test_a_hosted_runner_keeps_its_name(tmp_path: Path) -> None:
    """Runners are made anew for every job: the name depends on what stays the same, and on nothing else."""
    name = host_fingerprint(HOSTED, tmp_path)
    assert name.startswith("gh-")
    assert len(name) == 19
    assert host_fingerprint({**HOSTED, "RUNNER_NAME": "Hosted Agent 8"}, tmp_path) == name
    for variable in ("GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "ImageOS", "RUNNER_ARCH"):
        assert host_fingerprint({**HOSTED, variable: "other"}, tmp_path) != name
    assert not (tmp_path / ".host_id").exists()


def test_elsewhere_an_id_is_made_once(tmp_path: Path) -> None:
    """A self-hosted runner counts as elsewhere; another store has another id."""
    own = host_fingerprint({**HOSTED, "RUNNER_ENVIRONMENT": "self-hosted"}, tmp_path / "a")
    assert host_fingerprint({}, tmp_path / "a") == own
    assert host_fingerprint({}, tmp_path / "b") != own


@pytest.mark.parametrize("content", ["", "me", "../../etc", "x" * 100])
def test_a_host_id_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    """It becomes the name of a folder, so it has to be a UUID."""
    (tmp_path / ".host_id").write_text(content)
    with pytest.raises(InputError):
        host_fingerprint({}, tmp_path)

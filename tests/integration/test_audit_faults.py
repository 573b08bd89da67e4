"""Faults at the file-system calls of an append and of a seal: a record is there or not, and nothing else."""

from __future__ import annotations

import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.audit_builders import write_log
from tests.audit_writers import HOST, NOW, SCRIPT, draft, finish, writer

from benchgov.audit import sealing
from benchgov.audit.chain import append, read, verify

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace"),
]

READY = 'print("ready", flush=True)'
SMALL = 4
# What an append imports only when it is needed is there before its calls are counted.
WARM_UP = f"""
import shutil
warm = Path(sys.argv[1] + "-warm")
for index in range({2 * SMALL + 1}):
    one = Draft("run", str(index), True, (), None, {{"suite": "core"}})
    append(warm, one, host="host-a", now=lambda: datetime.now(UTC))
shutil.rmtree(warm)
{READY}
"""
WARM_SCRIPT = SCRIPT.replace(READY, WARM_UP)
SMALL_SCRIPT = f"import benchgov.audit.records as records\nrecords.BUNDLE = {SMALL}\n{WARM_SCRIPT}"
CALLS = ["openat", "newfstatat", "flock", "read", "write", "fsync", "close", "linkat", "unlinkat"]
SEALING = [*CALLS, "ftruncate", "lseek", "mkdir", "rename", "unlink"]


def traced(trace: Path, call: str, *inject: str) -> list[str]:
    """The command that runs another one under strace."""
    calls = f"trace={call}" if call == "write" else f"trace={call},write"
    return ["strace", "-f", "-qq", "-o", str(trace), "-e", calls, *inject]


def calls_of_an_append(tmp_path: Path, call: str, good: Path, script: str) -> tuple[int, int]:
    """How often a writer makes `call` before it begins to append, and how often one append makes it."""
    trace = tmp_path / "trace"
    for warm_up in range(2):  # the first run may still write compiled modules
        plain = shutil.copytree(good, tmp_path / f"plain-{warm_up}")
        assert finish(writer(plain, "plain", 1, *traced(trace, call), script=script))[0] == 0
    lines = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    ready = next(index for index, line in enumerate(lines) if line.startswith('write(1, "ready'))
    before, after = lines[: ready + 1], lines[ready + 1 :]
    count = [sum(line.startswith(f"{call}(") for line in part) for part in (before, after)]
    return count[0], count[1]


def faulted(
    tmp_path: Path, good: Path, call: str, fault: str, *, most: int = 1000, script: str = WARM_SCRIPT
) -> list[int]:
    """Append to copies of a log with a fault at the n-th such call, for at most so many n; the exit statuses.

    Each time the log verifies afterwards, has what it had, and its key can be appended once.
    """
    before, during = calls_of_an_append(tmp_path, call, good, script)
    assert during >= 1
    wanted = sorted({1 + round(step * (during - 1) / max(1, most - 1)) for step in range(most)})
    had = verify(good).records
    statuses = []
    for nth in wanted:
        store = shutil.copytree(good, tmp_path / f"store-{nth}")
        inject = ("-e", f"inject={call}:{fault}:when={before + nth}")
        command = traced(tmp_path / "trace", call, *inject)
        statuses.append(finish(writer(store, "new", 1, *command, script=script))[0])
        result = verify(store, strict=True)
        assert result.ok, (nth, result.divergence)
        assert result.records in (had, had + 1)
        append(store, draft("new-0"), host=HOST, now=lambda: datetime.now(UTC))
        keys = [record.idempotency_key for _, record in read(store)]
        assert len(keys) == had + 1
        assert keys.count("new-0") == 1
        assert verify(store, strict=True).records == had + 1
        shutil.rmtree(store)
    return statuses


FAULTS = ["signal=KILL", "error=EIO", "error=ENOSPC"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_faults_at_every_file_system_call(tmp_path: Path, call: str, fault: str) -> None:
    """At each call of an append."""
    good = tmp_path / "good"
    append(good, draft("first"), host=HOST, now=lambda: NOW)
    statuses = faulted(tmp_path, good, call, fault)
    assert fault != "signal=KILL" or -signal.SIGKILL in statuses


@pytest.fixture
def small_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four records are a bundle, here as in `SMALL_SCRIPT`, so that all calls of a seal are few enough."""
    for name, module in list(sys.modules.items()):
        if name.startswith("benchgov.audit.") and hasattr(module, "BUNDLE"):
            monkeypatch.setattr(module, "BUNDLE", SMALL)
    monkeypatch.setattr(sealing, "KEEP_OPEN", SMALL)
    monkeypatch.setattr(sealing.seal_due, "__defaults__", (SMALL,))


@pytest.mark.usefixtures("small_bundles")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", SEALING)
def test_faults_at_every_call_of_a_seal(tmp_path: Path, call: str, fault: str) -> None:
    """At each call of an append that covers a bundle and seals the one before it."""
    good = tmp_path / "good"
    for index in range(2 * SMALL):
        append(good, draft(f"run/core/{index}"), host=HOST, now=lambda: NOW)
    assert not (good / "hosts" / HOST / "sealed").exists()
    statuses = faulted(tmp_path, good, call, fault, script=SMALL_SCRIPT)
    assert fault != "signal=KILL" or -signal.SIGKILL in statuses


@pytest.mark.parametrize("call", SEALING)
def test_kills_at_some_calls_of_a_whole_seal(tmp_path: Path, call: str) -> None:
    """The same with bundles as they are, at three of the calls."""
    good = tmp_path / "good"
    write_log(good, 512)
    append(good, draft("run/core/1"), host=HOST, now=lambda: NOW)
    assert -signal.SIGKILL in faulted(tmp_path, good, call, "signal=KILL", most=3)

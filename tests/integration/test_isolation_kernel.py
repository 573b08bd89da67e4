"""Landlock, limits and sweeping, each in a fork of this process that gives itself up."""

from __future__ import annotations

import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.forks import in_a_fork

from benchgov.eval.isolation import kernel, landlock, levels, sweep
from benchgov.eval.isolation.landlock import READ, Access
from benchgov.eval.isolation.limits import MIB, Limits

needs_landlock = pytest.mark.skipif(not landlock.abi(), reason="the kernel has no Landlock")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has these calls")


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    return False


@needs_landlock
@pytest.mark.parametrize("version", range(1, 8))
def test_each_version_of_landlock_is_asked_for_what_it_knows(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that knows more takes the older question: what is not handled there stays allowed."""
    if version > landlock.abi():
        pytest.skip("the kernel is older")
    monkeypatch.setattr(landlock, "abi", lambda: version)
    kept, other = tmp_path / "kept", tmp_path / "other"
    for path in (kept, other):
        path.write_text("text")
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def holds() -> bool:
        landlock.restrict([(kept, READ), (tmp_path / "missing", READ)])
        return (
            kept.read_text() == "text"
            and _refused(other.read_text)
            and _refused(lambda: kept.write_text("new"))
            and _refused(lambda: os.truncate(kept, 4)) == (version >= landlock.TRUNCATE_ABI)
            and _refused(lambda: outgoing.connect(("127.0.0.1", port))) == (version >= landlock.TCP_ABI)
            and _refused(lambda: os.kill(os.getppid(), 0)) == (version >= landlock.SCOPE_ABI)
        )

    with listening, socket.socket() as outgoing:
        assert in_a_fork(holds)


@needs_landlock
def test_a_folder_s_rights_hold_below_it_and_nest(tmp_path: Path) -> None:
    """Confined again, a process only loses."""
    inner = tmp_path / "inner"
    inner.mkdir()

    def holds() -> bool:
        landlock.restrict([(tmp_path, landlock.WRITE)])
        (inner / "file").write_text("one")
        (inner / "file").rename(tmp_path / "file")
        landlock.restrict([(tmp_path, Access.READ_FILE)])
        return (
            (tmp_path / "file").read_text() == "one"
            and _refused(lambda: (inner / "file").write_text("two"))
            and _refused(lambda: os.listdir(tmp_path))
        )

    assert in_a_fork(holds)


def test_a_kernel_without_landlock_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is restricted then, and nobody is told that it were."""
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    with pytest.raises(OSError, match="no Landlock"):
        landlock.restrict([])
    levels.works.cache_clear()
    assert not levels.works("landlock")
    levels.works.cache_clear()


def test_limits_are_only_lowered() -> None:
    """A limit that is asked for later and is higher changes nothing."""

    def holds() -> bool:
        Limits(cpu_seconds=30, memory_bytes=None, file_bytes=MIB, open_files=64, processes=None).apply()
        Limits(file_bytes=2 * MIB, open_files=32).apply()
        found = [resource.getrlimit(kind)[1] for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)]
        return found == [MIB, 32] and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)

    assert in_a_fork(holds)


@linux_only
def test_capabilities_are_given_up_for_good() -> None:
    """Root too: no capability is left, effective or to be had."""

    def holds() -> bool:
        kernel.no_new_privileges()
        kernel.drop_capabilities()
        status = Path("/proc/self/status").read_text()
        held = [line.split()[1] for line in status.splitlines() if line.startswith(("CapEff", "CapPrm"))]
        return {int(mask, 16) for mask in held} == {0} and "NoNewPrivs:\t1" in status

    assert in_a_fork(holds)


@linux_only
def test_a_process_is_hidden_for_as_long_as_told() -> None:
    """And is as it was afterwards."""

    def holds() -> bool:
        dumpable = 3  # PR_GET_DUMPABLE
        with kernel.hidden():
            within = kernel.prctl(dumpable)
        return within == 0 and kernel.prctl(dumpable) == 1

    assert in_a_fork(holds)


@linux_only
def test_a_sweep_ends_all_that_is_below_but_what_is_spared() -> None:
    """Children, grandchildren in sessions of their own, and orphans; what is spared keeps running."""

    def holds() -> bool:
        kernel.adopt_orphans()
        spared = _sleeper()
        for _ in range(3):
            _sleeper(below=_sleeper)
        ended = sweep.sweep({spared})
        left = sweep.descendants(os.getpid())
        return ended >= 6 and left == {spared: os.getpid()} and sweep.sweep() == 1

    assert in_a_fork(holds)


def _sleeper(below: Callable[[], object] | None = None) -> int:
    """A child in a session of its own that sleeps, once `below` has been called in it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        if below is not None:
            below()
        os.write(write, b".")
        while True:
            os.read(read, 0)
            __import__("time").sleep(60)
    os.read(read, 1)
    return child

"""What keepers are forked from: it is started once, replaced when it is lost, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.waiting import soon

from benchgov.eval.isolation import heap, launch, starter, sweep
from benchgov.eval.isolation.forkserver import ForkServer, Program, Task
from benchgov.eval.isolation.launch import Launch
from benchgov.eval.isolation.starter import Fork, Starter
from benchgov.eval.isolation.streams import ProcessFailure

HANDLERS = Path(__file__).resolve().parents[1] / "data" / "hostile"
LAUNCH = replace(Launch(), path=(*Launch().path, str(HANDLERS)))
PROGRAM = Program("forked:prepare", None)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each keeper is started anew")


@pytest.fixture
def started() -> Iterator[Starter]:
    """One that has loaded the handlers; afterwards no process of it is left."""
    before = set(sweep.descendants(os.getpid()))
    one = Starter(LAUNCH, ["forked"])
    yield one
    one.close()
    assert not set(sweep.descendants(os.getpid())) - before


def _answers(server: ForkServer) -> bool:
    return bool(server.ask(Task({"echo": 1}), 20).answer == 1)


def test_servers_of_one_starter_answer_at_the_same_time(started: Starter) -> None:
    """Each has a keeper and a worker of its own, below the same process; ended, they are all gone."""
    before = set(sweep.descendants(os.getpid()))
    servers = [ForkServer(PROGRAM, started) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(_answers, servers)) == [True] * 3
    running = sweep.descendants(os.getpid())
    assert len(set(running) - before) == 1 + 3 * 2
    for server in servers:
        server.close()
    assert soon(
        lambda: len(set(sweep.descendants(os.getpid())) - before) <= 1 + 3
    )  # keepers to take leave of


def test_one_that_nobody_needed_is_not_waited_for(tmp_path: Path) -> None:
    """It was begun in case; what it loads may take long."""
    (tmp_path / "endless.py").write_text("import time; time.sleep(31536009)")
    one = Starter(replace(LAUNCH, path=(*LAUNCH.path, str(tmp_path))), ["endless"])
    one.begin()
    process = one._process
    assert process
    one.close()
    assert process.returncode == -signal.SIGKILL


def test_a_server_has_variables_of_its_own(started: Starter) -> None:
    """And besides what its starter was given, none of another server's."""
    told = [replace(PROGRAM, environ={"MINE": text}) for text in ("one", "two")]
    with ForkServer(told[0], started) as one, ForkServer(told[1], started) as two:
        assert one.ask(Task({"environ": "MINE"}), 20).answer == "one"
        assert two.ask(Task({"environ": "MINE"}), 20).answer == "two"
        assert two.ask(Task({"environ": "PYTHONHASHSEED"}), 20).answer == "0"


def test_a_starter_that_was_lost_is_replaced(started: Starter) -> None:
    """What it had started before goes on; the next server comes from another one."""
    with ForkServer(PROGRAM, started) as first:
        assert _answers(first)
        lost = next(pid for pid, parent in sweep.descendants(os.getpid()).items() if parent == os.getpid())
        os.kill(lost, signal.SIGKILL)
        assert _answers(first)
        with ForkServer(PROGRAM, started) as second:
            assert _answers(second)


def test_what_cannot_be_loaded_is_a_failed_start() -> None:
    """With a reason, for each question."""
    broken = Starter(LAUNCH, ["there_is_no_such_module"])
    with ForkServer(PROGRAM, broken) as server:
        for _ in range(3):
            with pytest.raises(ProcessFailure, match="keepers are forked from has ended") as caught:
                _answers(server)
            assert caught.value.kind == "not_started"
    broken.close()


def test_a_python_that_is_not_there_is_a_failed_start() -> None:
    """Nothing is left open."""
    descriptors = os.listdir("/proc/self/fd")
    nowhere = Starter(replace(LAUNCH, python="/there/is/no/python"), ["forked"])
    nowhere.begin()
    with pytest.raises(OSError, match="No such file"):
        nowhere.start()
    assert len(os.listdir("/proc/self/fd")) == len(descriptors)


def test_who_cannot_wait_for_a_fork_starts_each_keeper(
    started: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before: with a Python of its own."""
    before = set(sweep.descendants(os.getpid()))
    monkeypatch.setattr(starter, "_can_wait", lambda: False)
    started.begin()
    assert set(sweep.descendants(os.getpid())) == before
    with ForkServer(PROGRAM, started) as server:
        assert _answers(server)
        assert len(set(sweep.descendants(os.getpid())) - before) == 2  # the keeper, and its worker


def test_what_is_loaded_for_all_is_noticed_when_it_wants_something_done_in_forks(tmp_path: Path) -> None:
    """It is done in the forks of each server, as it would be without a starter."""
    (tmp_path / "wishing.py").write_text(
        "import os\nos.register_at_fork(after_in_child=lambda: os.environ.update(WISHED='done'))\n"
    )
    wishing = Starter(replace(LAUNCH, path=(*LAUNCH.path, str(tmp_path))), ["forked", "wishing"])
    told = replace(PROGRAM, environ={"WISHED": "not yet"})
    with ForkServer(told, wishing) as server:
        assert server.ask(Task({"environ": "WISHED"}), 20).answer == "done"
    wishing.close()


def test_a_keeper_that_is_stuck_is_killed(started: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes it does not wait for ever."""
    monkeypatch.setattr(launch, "END_SECONDS", 0.3)
    keeper = started.start()
    os.kill(keeper.process.pid, signal.SIGSTOP)
    keeper.close()
    assert not Path(f"/proc/{keeper.process.pid}/fd").is_dir() or "Z" in _state(keeper.process.pid)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_starter_that_is_stuck_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a keeper is."""
    monkeypatch.setattr(starter, "END_SECONDS", 0.3)
    stuck = Starter(LAUNCH, ["forked"])
    keeper = stuck.start()
    keeper.close()
    before = sweep.descendants(os.getpid())
    process = next(pid for pid, parent in before.items() if parent == os.getpid())
    os.kill(process, signal.SIGSTOP)
    stuck.close()
    assert not Path(f"/proc/{process}").exists()


def test_somebody_elses_child_is_waited_for() -> None:
    """Until it ends, or the time is over; and once more when it has ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    fork = Fork(child.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        fork.wait(0.05)
    child.communicate()
    fork.wait(20)
    fork.wait()


def test_a_process_uses_large_pages_where_there_are_any() -> None:
    """What it has written before can be read afterwards; without a map nothing happens."""
    code = (
        "from benchgov.eval.isolation.heap import open_map, use_large_pages; "
        "kept = [bytes([number % 256]) * 4096 for number in range(4096)]; "
        "use_large_pages(open_map()); "
        "print(all(text == bytes([number % 256]) * 4096 for number, text in enumerate(kept)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    heap.use_large_pages(None)


def test_ranges_of_whole_large_pages_are_found(tmp_path: Path) -> None:
    """Of memory that is private, writable and no file's: from the first whole one to the last."""
    lines = (
        "00300000-00a00000 rw-p 00000000 00:00 0                                  [heap]\n",
        "7f0000000000-7f0000200000 rw-p 00000000 00:00 0 \n",
        "7f0000300000-7f0000500000 rw-p 00000000 00:00 0 \n",
        "7f1000000000-7f1000400000 rw-p 00000000 fe:00 77    /lib/some.so\n",
        "7f2000000000-7f2000400000 r--p 00000000 00:00 0 \n",
    )
    (tmp_path / "maps").write_text("".join(lines))
    with (tmp_path / "maps").open() as stream:
        found = list(heap._large(stream))
    assert found == [(0x400000, 0x600000), (0x7F0000000000, 0x200000)]

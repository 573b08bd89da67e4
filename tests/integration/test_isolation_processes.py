"""The fork server with real processes: what it answers, what it allows, and that nothing is left of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import soon

from benchgov.eval.isolation import levels, places
from benchgov.eval.isolation.confine import Confinement, everything_but
from benchgov.eval.isolation.forkserver import ForkServer, ForkServers, Program, Task
from benchgov.eval.isolation.launch import Launch
from benchgov.eval.isolation.limits import MIB, Limits
from benchgov.eval.isolation.streams import ProcessFailure

HANDLERS = Path(__file__).resolve().parents[1] / "data" / "hostile"
LAUNCH = replace(Launch(), path=(*Launch().path, str(HANDLERS)))
PROGRAM = Program("forked:prepare", None)
NEEDED = places.interpreter(LAUNCH.path)

needs_landlock = pytest.mark.skipif(not levels.works("landlock"), reason="Landlock does not work here")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")


def _ask(server: ForkServer | ForkServers, timeout: float = 20, **question: Any) -> Any:
    return server.ask(Task(question), timeout).answer


def _failure(server: ForkServer, timeout: float = 20, **question: Any) -> ProcessFailure:
    with pytest.raises(ProcessFailure) as caught:
        _ask(server, timeout, **question)
    return caught.value


def _gone(pid: int) -> bool:
    """Whether a process is gone, or soon is: its end takes the kernel a moment."""
    return soon(lambda: not Path(f"/proc/{pid}").exists())


@pytest.fixture
def server() -> Iterator[ForkServer]:
    """A server that is not confined."""
    with ForkServer(PROGRAM, LAUNCH) as started:
        yield started


def test_each_question_is_answered_by_a_fork_of_one_process(server: ForkServer) -> None:
    """The code is loaded once; the process that answers is new each time; strings always hash alike."""
    pids = [_ask(server, pids=None) for _ in range(2)]
    assert pids[0][0] != pids[1][0]
    assert {pid for _, *both in pids for pid in both} == {pids[0][2]}
    first = _ask(server, hash="text")
    server.close()
    assert _ask(server, hash="text") == first


def test_an_answer_of_its_own_folder_and_environment(server: ForkServer, tmp_path: Path) -> None:
    """What the task says holds for its question alone; nothing of this process's environment is there."""
    task = Task({"folder": None}, folder=tmp_path, environ={"TAG": "one"})
    assert server.ask(task, 20).answer == str(tmp_path)
    assert server.ask(replace(task, question={"environ": "TAG"}), 20).answer == "one"
    assert _ask(server, environ="TAG") is None
    assert _ask(server, environ="HOME") is None


def test_large_questions_and_answers_pass(server: ForkServer) -> None:
    """Beyond what a pipe holds, both ways."""
    text = "x" * 700_000
    assert _ask(server, echo=text) == text


@pytest.mark.parametrize(
    ("question", "kind", "detail"),
    [
        ({"sleep": 300}, "timeout", "0.3 s"),
        ({"read": "/there/is/none"}, "crashed", "FileNotFoundError"),
        ({"set": None}, "crashed", "not JSON serializable"),
        ({"surrogate": None}, "malformed_output", "surrogate"),
        ({"end_server": None}, "killed", "the process that serves it ended"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_question_is_answered(
    question: dict[str, Any], kind: str, detail: str, server: ForkServer
) -> None:
    """By the kind of the failure, with what was printed; a server that was lost is started again."""
    server.start()
    failure = _failure(server, 0.3 if "sleep" in question else 20, **question)
    assert (failure.kind, detail in failure.detail) == (kind, True), failure.detail
    assert _ask(server, echo=1) == 1


@pytest.mark.parametrize(
    ("setup", "detail"),
    [("fail", "cannot be prepared"), ("print", "printed enough"), ("vanish", "it printed nothing")],
)
def test_code_that_cannot_be_loaded(setup: str, detail: str) -> None:
    """Each question says so again, with the last line that was printed, and nothing is left running."""
    with ForkServer(Program("forked:prepare", setup), LAUNCH) as server:
        for _ in range(3):
            failure = _failure(server, echo=1)
            assert failure.kind == "not_started"
            assert detail in failure.detail
            assert (b"on standard output\non standard error" in failure.stderr) == (setup == "print")


def test_a_python_that_is_not_there() -> None:
    """A start that fails is a failure of the question too."""
    with ForkServer(PROGRAM, replace(LAUNCH, python="/there/is/no/python")) as server:
        assert _failure(server, echo=1).kind == "not_started"


def test_a_program_that_never_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else than a keeper on the command line ends with a failure, at the latest when time is up."""
    monkeypatch.setattr("benchgov.eval.isolation.forkserver.START_SECONDS", 0.2)
    with ForkServer(PROGRAM, replace(LAUNCH, wrapper=("sleep", "300", "#"))) as server:
        assert _failure(server, echo=1).kind in {"not_started", "timeout", "killed"}


@linux_only
def test_nothing_is_left_of_an_answer(server: ForkServer) -> None:
    """A program in a session of its own, whose parent has ended, is ended before the answer counts."""
    pid = _ask(server, linger="left-behind")
    assert _gone(pid)
    assert _ask(server, echo=1) == 1


@linux_only
def test_nothing_is_left_of_a_server() -> None:
    """Closing ends what was started while the code was loaded, too."""
    with ForkServer(Program("forked:prepare", "linger"), LAUNCH) as server:
        _, serving, _ = _ask(server, pids=None)
    assert _gone(serving)


@linux_only
def test_nothing_is_left_when_the_harness_is_killed(tmp_path: Path) -> None:
    """Killed without a chance to clean up, in the middle of an answer."""
    script = (
        "from tests.integration import test_isolation_processes as t\n"
        "with t.ForkServer(t.PROGRAM, t.LAUNCH) as s:\n"
        "    print(*t._ask(s, pids=None), flush=True)\n"
        "    t._ask(s, 300, sleep=300)\n"
    )
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), *sys.path])
    harness = subprocess.Popen(
        [sys.executable, "-c", script], stdout=-1, env={**os.environ, "PYTHONPATH": path}, text=True
    )
    with harness:
        assert harness.stdout is not None
        _, serving, _ = map(int, harness.stdout.readline().split())
        harness.send_signal(signal.SIGKILL)
    assert _gone(serving)


def test_questions_of_many_threads_wait_for_their_turn() -> None:
    """Two servers answer eight threads, each its own question."""
    with ForkServers([ForkServer(PROGRAM, LAUNCH) for _ in range(2)]) as servers:
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda number: _ask(servers, echo=number), range(40)))
        assert answers == list(range(40))
        loaded = {tuple(_ask(servers, pids=None)[1:]) for _ in range(4)}
        assert len(loaded) <= 2


def test_a_flood_ends_with_its_bound(server: ForkServer) -> None:
    """An answer that is larger than allowed is not read to its end."""
    small = replace(Limits(), output_bytes=MIB // 2)
    with pytest.raises(ProcessFailure) as caught:
        server.ask(Task({"echo": "x" * MIB}, limits=small), 20)
    assert caught.value.kind == "output_limit"
    assert len(caught.value.stdout) <= MIB // 2


def test_a_task_is_ended_by_what_its_owner_sees(server: ForkServer) -> None:
    """The owner's look at the outside ends a process as a limit does."""
    with pytest.raises(ProcessFailure, match="seen enough"):
        server.ask(Task({"sleep": 300}, problem=lambda: "seen enough"), 20)


@needs_landlock
def test_programs_with_everything_but_some_folders(tmp_path: Path) -> None:
    """Code that may run programs and use the network cannot touch what is denied, nor can its programs."""
    denied, free = tmp_path / "denied", tmp_path / "free"
    for folder in (denied, free):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    allowed = everything_but([denied])
    rules = Confinement(
        reads=allowed, writes=allowed, network=True, programs=True, guarded=(os.getpid(),), lists=(tmp_path,)
    )
    program = Program("forked:prepare", None, rules)
    with socket.create_server(("127.0.0.1", 0)) as listening, ForkServer(program, LAUNCH) as server:
        assert _ask(server, read=str(free / "file")) == "free"
        assert _ask(server, write=str(free / "new"))
        assert _ask(server, run=["cat", str(free / "file")]) == "free"
        assert _ask(server, connect=listening.getsockname()[1])
        assert _ask(server, list=str(tmp_path)) == ["denied", "free"]
        for refused in (
            {"read": str(denied / "file")},
            {"write": str(denied / "new")},
            {"run": ["cat", str(denied / "file")]},
            {"kill": os.getpid()},
        ):
            assert _failure(server, **refused).kind == "crashed", refused
    assert not (denied / "new").exists()


@needs_landlock
def test_a_task_tightens_what_its_server_may() -> None:
    """One question without network, of a server that has it; the next has it again."""
    rules = Confinement(reads=NEEDED, network=True)
    program = Program("forked:prepare", None, rules, sweeps=False)
    with socket.create_server(("127.0.0.1", 0)) as listening, ForkServer(program, LAUNCH) as server:
        port = listening.getsockname()[1]
        tighter = Task({"connect": port}, confinement=Confinement(reads=NEEDED))
        with pytest.raises(ProcessFailure, match="PermissionError"):
            server.ask(tighter, 20)
        assert _ask(server, connect=port)


@needs_landlock
def test_confinement_that_fails_asks_nothing() -> None:
    """Where the kernel refuses, the code is not even loaded."""
    impossible = Confinement(reads=NEEDED, guarded=tuple(range(200_000, 205_000)), programs=True)
    with ForkServer(Program("forked:prepare", None, impossible), LAUNCH) as server:
        assert _failure(server, echo=1).kind == "not_confined"


def test_the_worker_runs_with_the_site_of_this_python() -> None:
    """With other flags and environment, as systems under test have them."""
    launch = replace(LAUNCH, flags=(), environ={**os.environ, "TAG": "caller's"})
    with ForkServer(PROGRAM, launch) as server:
        assert _ask(server, environ="TAG") == "caller's"

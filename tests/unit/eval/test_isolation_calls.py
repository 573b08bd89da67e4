"""What the kernel is asked for, with its calls recorded, not made; containers with a `docker` of ours."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchgov.eval.isolation import confine, container, landlock, levels, seccomp
from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.container import ContainerLaunch
from benchgov.eval.isolation.forkserver import ForkServer, Program, Task
from benchgov.eval.isolation.landlock import READ, Access
from benchgov.eval.isolation.launch import Launch

pytestmark = pytest.mark.effects

Call = tuple[Any, ...]
HANDLERS = Path(__file__).resolve().parents[2] / "data" / "hostile"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The arguments of each call that Landlock would have been asked with; all of them succeed."""
    made: list[Call] = []

    def syscall(number: int, *arguments: Any) -> int:
        structure = next((one._obj for one in arguments if hasattr(one, "_obj")), None)
        plain = tuple(one.value for one in arguments if hasattr(one, "value"))
        made.append((number, bytes(structure) if structure is not None else b"", *plain))
        return os.open(os.devnull, os.O_RDONLY) if number == 444 else 0

    monkeypatch.setattr(landlock, "syscall", syscall)
    monkeypatch.setattr(landlock, "no_new_privileges", lambda: made.append(("no new privileges",)))
    return made


@pytest.mark.parametrize(
    ("version", "size", "rights"),
    [(1, 8, 13), (2, 8, 14), (3, 8, 15), (4, 16, 15), (5, 16, 16), (6, 24, 16), (7, 24, 16)],
)
def test_landlock_is_asked_for_what_its_version_knows(
    version: int, size: int, rights: int, calls: list[Call], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and rights by version; a file's rule has a file's rights; what is not there has none."""
    monkeypatch.setattr(landlock, "abi", lambda: version)
    file = tmp_path / "file"
    file.touch()
    landlock.restrict([(tmp_path, landlock.EVERYTHING), (file, READ), (tmp_path / "missing", READ)])
    ruleset, folder_rule, file_rule, privileges, restriction = calls
    assert (ruleset[0], ruleset[2]) == (444, size)
    assert ruleset[1] == b"".join(
        value.to_bytes(8, sys.byteorder) for value in ((1 << rights) - 1, 0b11, 0b11)
    )
    assert folder_rule[1][:8] == ((1 << rights) - 1).to_bytes(8, sys.byteorder)
    assert file_rule[1][:8] == int(Access.READ_FILE).to_bytes(8, sys.byteorder)
    assert len(folder_rule[1]) == 12
    assert privileges == ("no new privileges",)
    assert restriction[0] == 446


def test_a_refusal_of_the_kernel_is_an_error(calls: list[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason that it gave."""
    monkeypatch.setattr(landlock, "abi", lambda: 7)
    ctypes.set_errno(7)
    monkeypatch.setattr(landlock, "syscall", lambda *_: -1)
    with pytest.raises(OSError, match="landlock ruleset"):
        landlock.restrict([])
    assert calls == []


def test_a_confinement_gives_up_privileges_files_and_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this order: what is given up first is not needed for what comes then."""
    done: list[Any] = []
    monkeypatch.setattr(confine, "no_new_privileges", lambda: done.append("privileges"))
    monkeypatch.setattr(confine, "drop_capabilities", lambda: done.append("capabilities"))
    monkeypatch.setattr(landlock, "restrict", lambda rules, network: done.append((dict(rules), network)))
    monkeypatch.setattr(seccomp.Filter, "install", lambda self: done.append("calls"))
    Confinement(reads=(Path("/r"),), writes=(Path("/w"),), lists=(Path("/l"),), network=True).apply()
    privileges, capabilities, (rules, network), calls = done
    assert [privileges, capabilities, calls, network] == ["privileges", "capabilities", "calls", True]
    assert rules[Path("/r")] == READ
    assert rules[Path("/w")] == landlock.WRITE
    assert rules[Path("/l")] == Access.READ_DIR
    assert Access.MAKE_SYM not in landlock.WRITE
    assert Path("/dev/null") in rules


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Puts a `docker` first on the path that notes what it is asked, and then does as its shell code says."""

    def put(code: str) -> Path:
        program, notes = tmp_path / "bin" / "docker", tmp_path / "notes"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$@" >> {notes}\n{code}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        levels.works.cache_clear()
        levels._landlock_in_container.cache_clear()
        return notes

    yield put
    levels.works.cache_clear()
    levels._landlock_in_container.cache_clear()


RUN_HERE = """
while [ "$1" ] && [ "$1" != benchgov-empty:1 ]; do
    case "$1" in --env=*) export "${1#--env=}";; esac
    shift
done
shift
[ "$1" ] && exec "$@"
exit 0
"""


def test_a_container_answers_as_a_process_does(docker: Callable[[str], Path]) -> None:
    """The keeper comes to the socket that it is shown; afterwards the socket is gone."""
    notes = docker(RUN_HERE)
    path = (*Launch().path, str(HANDLERS))
    launch = ContainerLaunch(path=path, reads=(Path("/lib"),), writes=(Path("/work"),))
    with ForkServer(Program("forked:prepare", None), launch) as server:
        assert server.ask(Task({"echo": 1}), 20).answer == 1
        assert server.ask(Task({"environ": "HOSTNAME"}), 20).answer is None
    asked = notes.read_text()
    assert "--network=none" in asked
    assert "--mount=type=bind,source=/lib,target=/lib,readonly" in asked
    assert "--mount=type=bind,source=/work,target=/work " in asked
    meeting = next(word for word in asked.split() if word.endswith("/socket"))
    assert not Path(meeting).parent.exists()


def test_a_container_that_does_not_come_is_ended(
    docker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, after a while."""
    notes = docker('[ "$1" = run ] && sleep 60; exit 0')
    monkeypatch.setattr(container, "START_SECONDS", 0.3)
    with pytest.raises(OSError, match="timed out"):
        ContainerLaunch().start()
    assert "kill benchgov-" in notes.read_text()


@pytest.mark.parametrize(("code", "works"), [("exit 1", False), ("cat > /dev/null; exit 0", True)])
def test_containers_work_where_docker_does(code: str, works: bool, docker: Callable[[str], Path]) -> None:
    """The command alone is not enough: its server has to run."""
    docker(code)
    assert levels.works("container") == works
    assert levels.confines("container") == works


def test_the_empty_image_is_made_when_it_is_missing(docker: Callable[[str], Path]) -> None:
    """Out of an archive without files: nothing is pulled."""
    notes = docker('[ "$1" = image ] && exit 1; cat > /dev/null; exit 0')
    assert container.prepared()
    assert notes.read_text().splitlines() == ["image inspect benchgov-empty:1", "import - benchgov-empty:1"]


def test_a_program_that_cannot_be_started_is_no_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither bubblewrap nor containers without their program."""
    monkeypatch.setenv("PATH", "")
    levels.works.cache_clear()
    assert not levels.works("bubblewrap")
    assert not levels.works("container")
    levels.works.cache_clear()
    with pytest.raises(OSError, match="No such file"):
        replace(Launch(), wrapper=("there-is-no-such-program",)).start()

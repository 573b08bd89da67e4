"""Systems under test that cheat or break out: none gets through, and the next case is answered."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sut_builders import ENVIRON, acting, ask, case_of, failure_of, make_repository, opened

from benchgov.eval.isolation import landlock
from benchgov.eval.sut.host import Sut
from benchgov.eval.sut.spec import callable_sut, command_sut
from benchgov.eval.vocabulary import SUT_PROCESSES

SECRET = "harness-secret-7f3a"
OURS = f"TESTED_BY={ENVIRON['TESTED_BY']}".encode()
confined_only = pytest.mark.skipif(not landlock.abi(), reason="the kernel has no Landlock")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_repository(tmp_path_factory.mktemp("attacked") / "repository")
    for folder in ("t-x/cassettes", "t-y/cases/001/expected"):
        (root / "bench" / folder).mkdir(parents=True)
    return root


@pytest.fixture(scope="module", params=SUT_PROCESSES)
def sut(root: Path, request: pytest.FixtureRequest) -> Iterator[Sut]:
    environ = {**ENVIRON, "BENCHGOV_SIGNING_KEY": SECRET}
    with opened(
        root, callable_sut("bench.t-x.sut:act", process=request.param), environ=environ
    ) as opened_sut:
        yield opened_sut


@pytest.fixture(autouse=True)
def _next_case_is_answered(root: Path, sut: Sut) -> Iterator[None]:
    yield
    assert ask(sut, acting(root, "double")).output == {"double": 2}


def running(mark: str) -> bool:
    """Whether a process with that argument runs that these tests started, not others at the same time."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if mark.encode() in words and OURS in (folder / "environ").read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


@confined_only
def test_what_is_expected_cannot_be_read(root: Path, sut: Sut) -> None:
    """Of its own case or another's, in history, in what earlier runs left, or through links."""
    secrets = [
        *(root / f"bench/t-x/cases/{case}/expected/double.txt" for case in ("001", "002")),
        root / "bench/t-x/cases/002/input/number.txt",
        root / "bench/t-x/cassettes/002.yaml",
        root / "bench/t-y/cases/001/expected/double.txt",
        root / ".git/config",
        root / ".benchgov/eval/runs/1.json",
        root.parent / "elsewhere.txt",
    ]
    for path in secrets:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert all(path.exists() for path in secrets)
    case = acting(root, "reads", paths="\n".join(map(str, [*secrets, root / "bench/t-x/rubric.py"])))
    found = dict(ask(sut, case).output)
    rubric = str(root / "bench/t-x/rubric.py")
    assert found.pop(f"read {rubric}") == found.pop(f"link {rubric}") == "got # the rubric\n"
    assert len(found) == 2 * len(secrets)
    assert set(found.values()) == {"PermissionError"}


@confined_only
def test_nothing_is_written_but_in_its_own_folder(root: Path, sut: Sut) -> None:
    """Not to the cache, where an answer could be planted, nor to runs, bench, history, or our package."""
    import benchgov

    places = [
        root / ".benchgov/eval/cache",
        root / ".benchgov/eval/runs",
        root / ".benchgov/audit",
        root / "bench/t-x",
        root / "bench/t-x/cases/001/expected",
        root / ".git",
        root,
        Path(benchgov.__file__).parent,
        Path.home(),
        Path("/tmp"),
    ]
    for place in places[:3]:
        place.mkdir(parents=True, exist_ok=True)
    found = ask(sut, acting(root, "writes", paths="\n".join(map(str, places)))).output
    assert len(found) == 4 * len(places)
    assert not [what for what, outcome in found.items() if outcome.startswith("got")]
    assert not [place for place in places if (place / "planted").exists() or (place / "folder").exists()]


@confined_only
def test_the_harness_is_out_of_reach(root: Path, sut: Sut) -> None:
    """It is not signalled; its environment and its memory are not read; nor those of its other processes."""
    with subprocess.Popen(["sleep", "60"], env={"OTHER": SECRET}, start_new_session=True) as other:
        pids = f"{os.getpid()} {os.getppid()} {other.pid}"
        found = ask(sut, acting(root, "kills_parents", pids=pids)).output
        still_there = other.poll() is None
        other.kill()
    assert still_there
    assert not [what for what, outcome in found.items() if outcome.startswith("got")]
    assert SECRET not in str(found)


@confined_only
def test_what_is_held_back_is_nowhere_in_reach(root: Path, sut: Sut) -> None:
    """Neither in its own environment nor in that of the processes above it."""
    answer = ask(sut, acting(root, "reads_ancestors"))
    assert answer.output["own"]["PATH"] == ENVIRON["PATH"]
    assert len(answer.output) > 2
    assert SECRET not in str(answer.output)


@confined_only
def test_privileges_do_not_lead_out(root: Path, sut: Sut) -> None:
    """No mount, no namespace of its own, no hold on another process: also when root runs the harness."""
    assert set(ask(sut, acting(root, "mounts")).output.values()) == {-1}


@pytest.mark.parametrize(("name", "mark"), [("leaves_daemon", "31536001"), ("hangs_with_daemon", "31536002")])
def test_a_daemon_does_not_survive_its_case(root: Path, sut: Sut, name: str, mark: str) -> None:
    """One that left the session, holds every pipe open, and ignores signals; and nobody waits for it."""
    case = acting(root, name)
    if name == "leaves_daemon":
        assert ask(sut, case, timeout=30).seconds < 30
    else:
        assert failure_of(sut, case, timeout=0.5).code == "sut.timeout"
    assert not running(mark)


def test_a_command_cannot_leave_a_daemon_either(root: Path) -> None:
    """It has answered and ended; what it started in a session of its own ends with it."""
    line = "(setsid sleep 31536003 &) ; echo '{}'"
    with opened(root, command_sut(f'sh -c "{line}"')) as sut:
        assert ask(sut, case_of(root)).output == {}
        assert not running("31536003")


def test_a_flood_is_cut_off(root: Path, sut: Sut) -> None:
    """Long before the time is over, and before it fills the memory."""
    failure = failure_of(sut, acting(root, "floods_stdout"), timeout=60)
    assert failure.code == "sut.malformed_output"
    assert failure.seconds < 60
    assert len(failure.log) <= 64 * 1024


@pytest.mark.parametrize("name", ["kills_its_server", "stops_its_server"])
def test_who_ends_its_own_server_only_fails_its_own_case(root: Path, sut: Sut, name: str) -> None:
    """Another one is started for the next case."""
    failure = failure_of(sut, acting(root, name), timeout=1)
    assert failure.code in {"sut.exception", "sut.timeout"}


@pytest.mark.parametrize("line", ['{"nonce": "", "answer": {"json": "{}"}}', "{}", '{"json": "{}"}'])
def test_an_answer_that_is_written_past_the_harness_is_refused(root: Path, sut: Sut, line: str) -> None:
    """Two documents, or one without the nonce of the question."""
    failure = failure_of(sut, acting(root, "writes_answer", line=line))
    assert failure.code == "sut.malformed_output"


def test_what_a_case_leaves_is_gone_for_the_next(root: Path, sut: Sut) -> None:
    """Folders that nobody may enter, and links that lead out, which are not followed."""
    case = acting(root, "litters")
    first, second = ask(sut, case).output, ask(sut, case).output
    assert first == second
    assert Path("/etc").is_dir()


def test_a_link_out_of_the_input_leads_nowhere(root: Path, sut: Sut) -> None:
    """It is copied as a link, and what is expected is not beside the copy."""
    case = acting(root, "double")
    (case.input_path.parent / "expected").mkdir(exist_ok=True)
    (case.input_path.parent / "expected" / "double.txt").write_text("1", encoding="utf-8")
    number = case.input_path / "number.txt"
    number.unlink()
    number.symlink_to("../expected/double.txt")
    assert "FileNotFoundError" in failure_of(sut, case).detail
    number.unlink()


@confined_only
def test_the_network_is_allowed(root: Path, sut: Sut) -> None:
    """A SUT may call what it needs."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as connection:
                connection.sendall(b"hello")

        thread = threading.Thread(target=greet)
        thread.start()
        host, port = server.getsockname()
        assert ask(sut, acting(root, "connects", address=f"{host} {port}")).output == {"heard": "hello"}
        thread.join()


def test_many_processes_end_with_their_case(root: Path, sut: Sut) -> None:
    """All 128 of them, although each has a session of its own."""
    assert failure_of(sut, acting(root, "bombs"), timeout=1).code == "sut.timeout"
    assert not running("31536004")


def test_the_floor_still_ends_daemons_and_hides_what_is_expected(root: Path) -> None:
    """Without confinement the copy alone is what the SUT is shown, and no process survives."""
    with opened(root, callable_sut("bench.t-x.sut:act"), level="subprocess") as sut:
        assert not sut.confined
        assert not ask(sut, acting(root, "surroundings")).output["expected_there"]
        assert failure_of(sut, acting(root, "hangs_with_daemon"), timeout=0.5).code == "sut.timeout"
        assert not running("31536002")


def test_python_of_the_sut_is_the_callers(root: Path) -> None:
    """With the caller's packages: what the SUT imports there it finds here."""
    code = "import json, sys; print(json.dumps({'prefix': sys.prefix}))"
    with opened(root, command_sut(f'{sys.executable} -c "{code}"')) as sut:
        assert ask(sut, case_of(root)).output == {"prefix": sys.prefix}

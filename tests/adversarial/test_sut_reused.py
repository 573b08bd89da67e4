"""One process of a system under test for case after case: what of a case reaches the next."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.adversarial.test_sut_attacks import confined_only, running
from tests.sut_builders import ENVIRON, acting, ask, case_of, failure_of, make_repository, opened

from benchgov.eval.cassettes import record
from benchgov.eval.cost_tag import invocation_tag
from benchgov.eval.isolation.footprint import footprint, surroundings
from benchgov.eval.sut.host import Sut
from benchgov.eval.sut.spec import SutSpec, callable_sut

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")

LEFT = (
    "thread", "program", "file", "socket", "folder", "removed folder", "variable", "tag", "lost variable",
    "umask", "limit", "handler", "mask", "alarm", "session", "priority",
)  # fmt: skip


def reused(name: str = "act", **more: Any) -> SutSpec:
    return callable_sut(f"bench.t-x.sut:{name}", process="reused", **more)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("reused") / "repository")


@pytest.fixture(scope="module")
def sut(root: Path) -> Iterator[Sut]:
    with opened(root, reused()) as opened_sut:
        yield opened_sut


def seen(root: Path, sut: Sut, name: str = "whoami", **files: str) -> dict[str, Any]:
    return dict(ask(sut, acting(root, name, **files)).output)


def test_one_process_answers_case_after_case(root: Path, sut: Sut) -> None:
    """Each with its own input, tag and folder; only what its modules keep in memory goes along."""
    cases = [acting(root, "whoami"), *(case_of(root, f"{number:03}") for number in (1, 2))]
    for case in cases[1:]:
        (case.input_path / "act.txt").write_text("whoami", encoding="utf-8")
    tags = [invocation_tag("t-x", case.case_id, "2026-01-02T03:04:05Z") for case in cases]
    found = [dict(ask(sut, case, tag=tag).output) for case, tag in zip(cases, tags, strict=True)]
    assert len({one["pid"] for one in found}) == 1
    assert found[-1]["asked"][-3:] == [case.case_id for case in cases]
    assert [one["tag"] for one in found] == tags
    assert {one["context"] for one in found} == {""}
    same = ("cwd", "names", "umask", "threads", "files", "alarm", "handler", "limit", "hash")
    assert [[one[key] for key in same] for one in found] == [[found[0][key] for key in same]] * 3


def test_by_default_each_case_has_a_process_of_its_own(root: Path) -> None:
    """Which knows nothing of another case."""
    with opened(root, "act") as fresh:
        first, second = (seen(root, fresh) for _ in range(2))
    assert first["pid"] != second["pid"]
    assert first["asked"] == second["asked"] == ["whoami"]


@pytest.mark.parametrize("left", LEFT)
def test_what_a_case_leaves_does_not_reach_the_next(root: Path, sut: Sut, left: str) -> None:
    """The process ends that is not as it was, and another one has all as it should be."""
    before = seen(root, sut)
    assert seen(root, sut)["pid"] == before["pid"]
    assert seen(root, sut, "leaves", left=left)["pid"] == before["pid"]
    after = seen(root, sut)
    assert after["pid"] != before["pid"]
    assert not running("31536005")
    ignored = {"pid", "asked"}
    assert {key: after[key] for key in after.keys() - ignored} == {
        key: before[key] for key in before.keys() - ignored
    }
    assert seen(root, sut)["pid"] == after["pid"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("well", "sut.malformed_output"),
        ("badly", "sut.exception"),
        ("segfault", "sut.exception"),
        (str(int(signal.SIGKILL)), "sut.exception"),
        (str(int(signal.SIGSTOP)), "sut.malformed_output"),
    ],
)
def test_a_process_that_ends_itself_fails_its_own_case_only(
    root: Path, sut: Sut, how: str, code: str
) -> None:
    """By an exit code, a signal, a fault, or by stopping, as if it had answered."""
    before = seen(root, sut)["pid"]
    assert failure_of(sut, acting(root, "ends", how=how), timeout=60).code == code
    after = seen(root, sut)
    assert after["pid"] != before
    assert after["asked"] == ["whoami"]


@pytest.mark.parametrize("name", ["raises", "exits", "returns_text", "returns_nan"])
def test_after_a_failure_the_next_case_is_asked_of_another_process(root: Path, sut: Sut, name: str) -> None:
    """What a case broke off in the middle is in no later case's memory."""
    before = seen(root, sut)["pid"]
    failure_of(sut, acting(root, name))
    assert seen(root, sut)["pid"] != before


def test_retries_are_counted_and_each_has_a_process_of_its_own(root: Path) -> None:
    """As without reuse."""
    marks = root.parent / "marks"
    marks.mkdir()
    spec = reused("flaky", retries=2, writes=(marks,))
    with opened(root, spec, environ={**ENVIRON, "MARKS": str(marks)}) as flaky:
        assert ask(flaky, case_of(root)).attempts == 3


@pytest.mark.parametrize("name", ["ignores_signals", "ignores_cancellation", "hangs_with_daemon"])
def test_the_deadline_ends_the_process_and_all_that_it_started(root: Path, sut: Sut, name: str) -> None:
    """Threads, daemons and all; and the next case has its whole time, in another process."""
    before = seen(root, sut)["pid"]
    assert failure_of(sut, acting(root, name), timeout=0.5).code == "sut.timeout"
    assert not running("31536002")
    assert not Path(f"/proc/{before}").exists()
    assert seen(root, sut)["asked"] == ["whoami"]


def test_what_is_printed_belongs_to_its_case(root: Path, sut: Sut) -> None:
    """Also what has no end of line yet, and what a library in C still holds."""
    logs = [ask(sut, acting(root, "prints", text=text)).log for text in ("one", "two")]
    assert logs == [b"library onepython one", b"library twopython two"]


@pytest.mark.parametrize("name", ["hides_program", "answers_later"])
def test_a_process_that_says_that_it_is_as_it_was_keeps_nothing_running(
    root: Path, sut: Sut, name: str
) -> None:
    """Programs are ended from outside of it; what else it holds back is its own memory, and no answer."""
    before = seen(root, sut)["pid"]
    assert seen(root, sut, name)["pid"] == before
    assert not running("31536006")
    after = seen(root, sut)
    assert (after["pid"] != before) is (name == "hides_program")
    failure_of(sut, acting(root, "raises"))  # what was patched is gone with its process


def test_a_process_may_answer_before_its_worker_goes_on(root: Path) -> None:
    """On a busy machine the worker may be late with what it does after it has passed a question on."""
    (root / "bench/t-x/late.py").write_text(
        "import os, signal, time\n"
        "kill = os.kill\n"
        "def late(pid, number):\n"
        "    time.sleep(0.3 if number == signal.SIGCONT else 0)\n"
        "    kill(pid, number)\n"
        "os.kill = late\n"
        "def answer(case):\n"
        "    return {'pid': os.getpid()}\n",
        encoding="utf-8",
    )
    with opened(root, callable_sut("bench.t-x.late:answer", process="reused")) as late:
        assert len({ask(late, case_of(root), timeout=20).output["pid"] for _ in range(3)}) == 1


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of the system call is that of x86-64")
@pytest.mark.parametrize("process", ["fresh", "reused"])
def test_a_process_that_makes_itself_a_sibling_is_ended_with_its_case(root: Path, process: Any) -> None:
    """`CLONE_PARENT`: it is no descendant of who started it. The next case is answered, and it is alone."""
    (root / "bench/t-x/sibling.py").write_text(
        "import ctypes, os\n"
        "def answer(case):\n"
        "    if case.case_id == '001' and ctypes.CDLL(None).syscall(56, 0x8000 | 17, 0, 0, 0, 0) == 0:\n"
        "        os.execvp('sleep', ['sleep', '31536008'])\n"
        "    return {'parent': os.getppid()}\n",
        encoding="utf-8",
    )
    with opened(root, callable_sut("bench.t-x.sibling:answer", process=process)) as sibling:
        parents = []
        for number in (1, 2, 3):
            parents.append(ask(sibling, case_of(root, f"{number:03}")).output["parent"])
            assert not running("31536008")
    assert parents[0] != parents[1] == parents[2]


def test_what_was_started_with_the_module_stays_until_the_end(root: Path) -> None:
    """With what is below it: cases may be answered by it. It is not mistaken for what a case left."""
    (root / "bench/t-x/helped.py").write_text(
        "import os, subprocess\n"
        "HELPER = subprocess.Popen(['sh', '-c', 'sleep 31536007 & wait'])\n"
        "def answer(case):\n"
        "    return {'pid': os.getpid(), 'runs': os.path.exists(f'/proc/{HELPER.pid}')}\n",
        encoding="utf-8",
    )
    with opened(root, callable_sut("bench.t-x.helped:answer", process="reused")) as helped:
        first, second = (ask(helped, case_of(root)).output for _ in range(2))
        assert first == second == {"pid": first["pid"], "runs": True}
        assert running("31536007")
    assert not running("31536007")


@confined_only
def test_no_link_leads_the_next_case_elsewhere(root: Path, sut: Sut) -> None:
    """It was put where the harness puts the input, by a process that goes on."""
    victim = root / ".benchgov" / "eval"
    before = sorted(path.name for path in victim.rglob("*"))
    assert seen(root, sut, "plants_link", victim=str(victim)) == {}
    for _ in range(2):
        assert ask(sut, acting(root, "double")).output == {"double": 2}
    assert sorted(path.name for path in victim.rglob("*")) == before


def test_a_cassette_is_of_its_case_alone(root: Path, sut: Sut, tmp_path: Path) -> None:
    """Whoever was kept from the network for it answers nothing more."""
    cassette = tmp_path / "none.yaml"
    with record(cassette, "c" * 64):
        pass
    if not cassette.exists():
        cassette.write_text("interactions: []\nversion: 1\n", encoding="utf-8")
    before = seen(root, sut)["pid"]
    case = acting(root, "whoami").model_copy(update={"cassette_path": cassette})
    assert ask(sut, case).output["pid"] == before
    assert seen(root, sut)["pid"] != before


def test_a_footprint_is_the_same_when_nothing_has_changed(tmp_path: Path) -> None:
    """And is without a folder where that has been removed."""
    before = footprint()
    assert before == footprint()
    here = Path.cwd()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    try:
        gone.rmdir()
        assert surroundings()["folder"] is None
    finally:
        os.chdir(here)

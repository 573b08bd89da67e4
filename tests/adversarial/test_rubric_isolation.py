"""A hostile rubric: each attack costs it its case and nothing else, at every level that this machine has."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.rubric_attacks import ATTACKS, HARMLESS, LEVELS, Attack, table
from tests.rubric_cases import bench_case

from benchgov.eval import BenchCase
from benchgov.eval.isolation import levels
from benchgov.eval.isolation.levels import Level
from benchgov.eval.isolation.limits import MIB, Limits
from benchgov.eval.isolation.rubrics import RubricFailure, RubricHost, open_rubric

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests" / "data" / "hostile" / "hostile-rubric"
SECRET = "secret-in-the-environment"
SMOKE = {"environment_of_the_harness", "daemon"}

Given = dict[str, Any]


def _combinations() -> Iterator[Any]:
    for level in LEVELS:
        for attack in ATTACKS:
            quick = level == "landlock" or (attack.name in SMOKE and level != "container")
            marks = [] if quick else [pytest.mark.slow]
            yield pytest.param(level, attack, id=f"{level}-{attack.name}", marks=marks)


@pytest.fixture(scope="module")
def case() -> BenchCase:
    """A case of the hostile bench."""
    return bench_case(BENCH, "own")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    """What there is to reach for: files, sockets, another process, and a secret in the environment."""
    folder = tmp_path_factory.mktemp("victims")
    unix = f"benchgov-{os.getpid()}"
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("ANTHROPIC_API_KEY", SECRET)
        patch.chdir(folder)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        for kind, name in (
            (socket.SOCK_STREAM, "s"),
            (socket.SOCK_DGRAM, "d"),
            (socket.SOCK_STREAM, "\0" + unix),
        ):
            one = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            one.bind(name)
            if kind == socket.SOCK_STREAM:
                one.listen()
        bystander = stack.enter_context(subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=-1))
        (folder / "file").write_text("mine")
        yield {
            "harness": os.getpid(),
            "bystander": bystander.pid,
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": str(folder / "s"),
            "datagrams": str(folder / "d"),
            "abstract": unix,
            "bench": str(BENCH),
            "folder": str(folder),
            "file": str(folder / "file"),
            "spare": str(folder / "spare"),
            "mark": f"left-behind-by-{os.getpid()}",
            "pause": 0.5,
        }
        bystander.kill()


class Hosts:
    """The hostile rubric, opened at each level that this machine has when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._open: dict[Level, RubricHost] = {}

    def at(self, level: Level) -> RubricHost:
        """The rubric at a level; the test is skipped where there is no such level."""
        if not levels.works(level):
            pytest.skip(f"{level} does not work on this machine")
        if level not in self._open:
            opened = open_rubric(BENCH, ROOT, level=level, limits=Limits(memory_bytes=256 * MIB))
            self._open[level] = self._stack.enter_context(opened)
        return self._open[level]


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """The hostile rubric; afterwards its bench is what it was."""
    bench = {path: path.read_bytes() for path in BENCH.rglob("*") if path.is_file()}
    with ExitStack() as stack:
        yield Hosts(stack)
    for path, data in bench.items():
        if path.read_bytes() != data:
            path.write_bytes(data)
            pytest.fail(f"{path} was changed")


def _outcome(host: RubricHost, case: BenchCase, given: Given, attack: Attack) -> tuple[str, str]:
    try:
        answer = host.score(case, {**given, "attack": attack.name}, timeout=attack.timeout)
    except RubricFailure as failure:
        return failure.code, failure.detail
    if answer.score.score == 0:
        return HARMLESS, ""
    return "open", ""


def _is_running(mark: str) -> bool:
    """Whether a process has `mark` on its command line."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in process.read_bytes() and int(process.parent.name) != os.getpid():
                return True
        except OSError:
            continue
    return False


@pytest.mark.parametrize(("level", "attack"), list(_combinations()))
def test_an_attack_costs_a_rubric_its_own_case_only(
    level: Level, attack: Attack, hosts: Hosts, case: BenchCase, given: Given
) -> None:
    """Where the level stops it, it ends as the table says; in any case the next one is scored as ever."""
    rubric = hosts.at(level)
    Path(given["spare"]).write_text("mine")
    ends, detail = _outcome(rubric, case, given, attack)
    if level not in attack.open_at:
        assert ends == attack.ends, detail
        assert ends == HARMLESS or any(word in detail for word in attack.why), detail
        assert Path(given["spare"]).read_text() == Path(given["file"]).read_text() == "mine"
    assert not _is_running(given["mark"])
    honest = rubric.score(case, {**given, "attack": "environment"}, timeout=20).score
    assert (honest.passed, honest.score, honest.isolation_class) == (False, 0.0, level)


@pytest.mark.parametrize("level", ["subprocess", "landlock"])
def test_a_rubric_does_not_say_how_it_was_isolated(
    level: Level, hosts: Hosts, case: BenchCase, given: Given
) -> None:
    """Level, cost, attempts and time are the harness's, whatever the rubric claims."""
    score = hosts.at(level).score(case, {**given, "attack": "claimed_isolation"}, timeout=20).score
    assert (score.isolation_class, score.cost_usd, score.attempts) == (level, 0.0, 1)


def test_the_guide_shows_what_is_tested() -> None:
    """The table of the guide is the list that the levels are held to."""
    guide = (ROOT / "docs" / "guides" / "isolation.md").read_text()
    shown = re.search(r"<!-- attacks -->\n(.*)<!-- end of attacks -->", guide, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == table().strip()


def test_every_attack_is_there() -> None:
    """The list names each attack of the hostile bench, and no other."""
    names = {
        name
        for file in ("reaching.py", "using_up.py", "answering.py")
        for name in re.findall(r"^def ([a-z]\w+)\(case", (BENCH / file).read_text(), re.MULTILINE)
    }
    assert names == {attack.name for attack in ATTACKS}

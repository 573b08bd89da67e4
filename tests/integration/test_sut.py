"""Systems under test in real processes: what they are given, what they answer, and how they fail."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.sut_builders import ENVIRON, PIN, TAG, acting, ask, case_of, failure_of, make_repository, opened

from benchgov.errors import EvalError
from benchgov.eval.canary import CANARY_VARIABLE, canary_of
from benchgov.eval.cost_tag import TAG_VARIABLE, invocation_tag
from benchgov.eval.models import BenchCase, IsolationClass
from benchgov.eval.sut.answer import SutFailure
from benchgov.eval.sut.digest import sut_digest
from benchgov.eval.sut.host import Sut
from benchgov.eval.sut.spec import SutSpec, callable_sut, command_sut
from benchgov.eval.vocabulary import SUT_PROCESSES, SutProcess


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture(scope="module", params=SUT_PROCESSES)
def shared(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Path, Sut]]:
    """A repository, and a SUT of it that does what the case says (`acting`): one for all who leave it be."""
    root = make_repository(tmp_path_factory.mktemp("shared") / "repository")
    with opened(root, callable_sut("bench.t-x.sut:act", process=request.param)) as sut:
        yield root, sut


@pytest.mark.parametrize("process", SUT_PROCESSES)
@pytest.mark.parametrize(("name", "level"), [("double", "landlock"), ("double_later", "subprocess")])
def test_a_callable_answers_with_a_mapping(
    root: Path, name: str, level: IsolationClass, process: SutProcess
) -> None:
    """Whether it is asynchronous or not, confined or not, and in one process or several."""
    with opened(root, callable_sut(f"bench.t-x.sut:{name}", process=process), level=level) as sut:
        answers = [ask(sut, case_of(root, case)) for case in ("001", "003")]
    assert [dict(answer.output) for answer in answers] == [{"double": 2}, {"double": 6}]
    assert [answer.attempts for answer in answers] == [1, 1]
    assert [answer.cost_usd for answer in answers] == [0.25 if name == "double" else 0.0] * 2
    assert all(answer.seconds > 0 for answer in answers)


def test_a_callable_works_on_a_copy_in_a_folder_of_its_own(shared: tuple[Path, Sut]) -> None:
    """It is there, writes there, and does not see what is expected; afterwards the copy is gone."""
    root, sut = shared
    case = acting(root, "surroundings")
    seen, again = ask(sut, case).output, ask(sut, case).output
    assert seen["cwd"] == seen["input_path"] != str(case.input_path)
    assert seen["names"] == again["names"] == ["act.txt", "number.txt", "scratch.txt"]
    assert seen["temporary"].startswith(str(Path(seen["cwd"]).parent))
    assert not seen["expected_there"]
    assert not Path(seen["cwd"]).exists()
    assert sorted(os.listdir(case.input_path)) == ["act.txt", "number.txt"]


def test_a_sut_has_its_environment_its_tag_and_its_canary(root: Path) -> None:
    """The caller's variables without the harness's, and those two, in the process and in its context."""
    environ = {**ENVIRON, "MODEL_KEY": "k", "GITHUB_TOKEN": "t", "BENCHGOV_SECRET": "s", "INPUT_KEPT": "i"}
    spec = callable_sut("bench.t-x.sut:surroundings", keep=("INPUT_KEPT",))
    with opened(root, spec, environ=environ) as sut:
        seen = ask(sut, case_of(root)).output
    assert seen["tag"] == seen["environ"][TAG_VARIABLE] == TAG
    assert seen["canary"] == seen["environ"][CANARY_VARIABLE] == canary_of(PIN)
    assert seen["entry"] == {"cost_usd": 0.5, "workflow_id": TAG, "bench_invocation": True}
    assert seen["environ"]["MODEL_KEY"] == "k"
    assert seen["environ"]["INPUT_KEPT"] == "i"
    assert not {"GITHUB_TOKEN", "BENCHGOV_SECRET"} & set(seen["environ"])
    assert TAG_VARIABLE not in os.environ


def test_eight_cases_at_the_same_time_have_their_own_tags(root: Path) -> None:
    """Each command sees its own, while seven others wait beside it."""
    line = 'sleep 0.4; printf \'{"tag": "%s"}\' "$BENCHGOV_BENCH_INVOCATION_TAG"'
    tags = [invocation_tag("t-x", f"{number:03}", "2026-01-02T03:04:05Z") for number in range(8)]
    with opened(root, SutSpec(command=("sh", "-c", line))) as sut, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda tag: ask(sut, case_of(root), tag=tag).output, tags))
    assert [answer["tag"] for answer in answers] == tags


def test_callables_at_the_same_time_have_their_own_tags(root: Path) -> None:
    """In the process of the SUT, and in the programs that it starts."""
    tags = [invocation_tag("t-x", f"{number:03}", "2026-01-02T03:04:05Z") for number in range(3)]
    with opened(root, "tag_of_a_child") as sut, ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda tag: ask(sut, case_of(root), tag=tag).output, tags))
    assert [answer["own"] for answer in answers] == tags
    assert [answer["child"] for answer in answers] == tags


def test_what_a_callable_prints_is_no_answer(shared: tuple[Path, Sut]) -> None:
    """Not what Python prints, nor a program that it starts, nor what is written to the descriptor itself."""
    root, sut = shared
    answer = ask(sut, acting(root, "chatty"))
    assert answer.output == {"double": 2}
    assert b"from Python" in answer.log
    assert b"from a program" in answer.log


@pytest.mark.parametrize(
    ("name", "code", "detail"),
    [
        ("raises", "sut.exception", "LookupError: no such advisory"),
        ("exits", "sut.exception", "SystemExit: 3"),
        ("exits_hard", "sut.malformed_output", "empty"),
        ("returns_text", "sut.malformed_output", "returned str, not a mapping"),
        ("returns_nan", "sut.malformed_output", "not JSON"),
        ("returns_object", "sut.malformed_output", "not JSON"),
        ("returns_itself", "sut.malformed_output", "not JSON"),
        ("returns_bomb", "sut.malformed_output", "nested deeper than 100"),
        ("returns_without_end", "sut.malformed_output", "larger than"),
        ("returns_debt", "sut.cost", "-1.0"),
        ("no_such", "sut.exception", "no_such"),
    ],
)
def test_what_goes_wrong_is_a_failure_of_the_case(
    shared: tuple[Path, Sut], name: str, code: str, detail: str
) -> None:
    """With a code, a line that says what, and the end of what was printed; the next case is answered."""
    root, sut = shared
    failure = failure_of(sut, acting(root, name))
    assert ask(sut, acting(root, "double")).output == {"double": 2}
    assert failure.code == code
    assert detail in failure.detail
    assert "\n" not in failure.detail
    assert (b"Traceback" in failure.log) is (code == "sut.exception")


def test_a_module_that_cannot_be_imported_fails_each_case(root: Path) -> None:
    """The reason is in the detail, and the next case is tried again."""
    (root / "bench/t-x/broken.txt").touch()
    with opened(root, "double") as sut:
        assert "the model is not installed" in failure_of(sut, case_of(root)).detail
        (root / "bench/t-x/broken.txt").unlink()
        assert ask(sut, case_of(root)).output == {"double": 2}


def test_failures_are_retried_as_often_as_allowed_and_each_is_told(root: Path) -> None:
    """The third attempt succeeds: the answer says three, and two failures were told."""
    marks = root.parent / "marks"
    marks.mkdir()
    told: list[tuple[str, str, int]] = []

    def note(case: BenchCase, failure: SutFailure) -> None:
        told.append((case.case_id, failure.detail, failure.attempts))

    spec = callable_sut("bench.t-x.sut:flaky", retries=2, writes=(marks,))
    with opened(root, spec, note=note, environ={**ENVIRON, "MARKS": str(marks)}) as sut:
        answer = ask(sut, case_of(root))
    assert answer.attempts == 3
    assert told == [("001", "ConnectionError: try again", 1), ("001", "ConnectionError: try again", 2)]


def test_the_last_failure_counts_when_all_attempts_fail(root: Path) -> None:
    """It says how many there were; without retries there is one."""
    for retries in (0, 1):
        with opened(root, command_sut("false", retries=retries)) as sut:
            assert failure_of(sut, case_of(root)).attempts == retries + 1


@pytest.mark.parametrize("name", ["ignores_cancellation", "ignores_signals"])
def test_the_deadline_ends_whatever_ignores_it(root: Path, name: str) -> None:
    """Retries do not prolong it, and the next case is answered."""
    with opened(root, callable_sut("bench.t-x.sut:act", retries=3)) as sut:
        failure = failure_of(sut, acting(root, name), timeout=0.3)
        assert ask(sut, acting(root, "double")).output == {"double": 2}
    assert (failure.code, failure.attempts) == ("sut.timeout", 1)


def test_leaving_the_block_ends_who_still_waits(root: Path) -> None:
    """A run that is cut short does not wait for the cases that are under way."""
    failures: list[SutFailure] = []
    marks = root.parent / "marks"
    marks.mkdir()
    spec = callable_sut("bench.t-x.sut:ignores_signals", writes=(marks,))
    with opened(root, spec, environ={**ENVIRON, "MARKS": str(marks)}) as sut:
        thread = threading.Thread(target=lambda: failures.append(failure_of(sut, case_of(root), timeout=600)))
        thread.start()
        while not (marks / "asked").exists():
            time.sleep(0.01)
    thread.join(30)
    assert [failure.code for failure in failures] == ["sut.exception"]
    with pytest.raises(SutFailure, match="ended"):
        ask(sut, case_of(root))


def test_a_command_gets_json_and_answers_with_json(root: Path) -> None:
    """It runs in the repository, with the case on standard input and the input's copy by its path."""
    code = (
        "import json, os, pathlib, sys; q = json.load(sys.stdin); "
        "n = int(pathlib.Path(q['input_path'], 'number.txt').read_text()); print('log', file=sys.stderr); "
        "print(json.dumps({'double': 2 * n, 'id': q['case']['case_id'], 'cwd': os.getcwd(), "
        "'tag': os.environ['BENCHGOV_BENCH_INVOCATION_TAG'], 'cost_usd': 0.5}))"
    )
    with opened(root, command_sut(f'{sys.executable} -c "{code}"')) as sut:
        answer = ask(sut, case_of(root, "002"))
        assert sut.digest == sut_digest(sut.spec, root, ENVIRON)
    assert answer.output == {"double": 4, "id": "002", "cwd": str(root), "tag": TAG}
    assert (answer.cost_usd, answer.log) == (0.5, b"log\n")


@pytest.mark.parametrize(
    ("command", "code", "detail"),
    [
        ("sh -c 'echo no luck >&2; exit 3'", "sut.exception", "exit code 3: no luck"),
        ("sh -c 'kill -9 $$'", "sut.exception", "signal 9"),
        ("true", "sut.malformed_output", "empty"),
        ("echo '{} {}'", "sut.malformed_output", "Extra data"),
        ("echo '[1]'", "sut.malformed_output", "not list"),
        ("echo '{\"a\": NaN}'", "sut.malformed_output", "NaN"),
        ("yes", "sut.malformed_output", "16,777,216 bytes"),
        ("sh -c 'yes >&2'", "sut.malformed_output", "standard error"),
    ],
)
def test_a_command_that_goes_wrong_is_a_failure_of_the_case(
    root: Path, command: str, code: str, detail: str
) -> None:
    """Exit code, signal, nothing, too much, or what is not one JSON object."""
    with opened(root, command_sut(command)) as sut:
        failure = failure_of(sut, case_of(root))
    assert failure.code == code
    assert detail in failure.detail


def test_a_sut_that_is_not_there_is_an_error_before_any_case(root: Path) -> None:
    """Nothing is started for it."""
    with pytest.raises(EvalError, match="no module"), opened(root, callable_sut("bench.t-x.nothing:run")):
        raise AssertionError("opened")


def test_the_case_reaches_a_callable_as_it_is(root: Path) -> None:
    """All but its paths: a SUT may read the difficulty, and finds the digest that was verified."""
    case = case_of(root, difficulty="hard")
    with opened(root, command_sut("cat")) as sut:
        seen = ask(sut, case).output["case"]
    paths = {"input_path", "expected_path"}
    told = {key: value for key, value in json.loads(case.to_bytes()).items() if key not in paths}
    assert {key: value for key, value in seen.items() if key not in paths} == told

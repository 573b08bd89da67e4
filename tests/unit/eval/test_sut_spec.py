"""What a system under test is, which environment it gets, and what counts as its answer."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchgov.errors import UsageError
from benchgov.eval.sut.answer import MAX_ANSWER_BYTES, SutFailure, parse_answer
from benchgov.eval.sut.environment import sut_environment
from benchgov.eval.sut.spec import callable_sut, command_sut


def test_a_callable_is_named_by_module_and_name() -> None:
    """Folders with a hyphen, and attributes of attributes, can be named."""
    spec = callable_sut("bench.vuln-remediation.sut:Sut.run", retries=2)
    assert (spec.module, spec.name, spec.retries) == ("bench.vuln-remediation.sut", "Sut.run", 2)
    assert spec.text == "bench.vuln-remediation.sut:Sut.run"


@pytest.mark.parametrize(
    "target", ["", "module", "module:", ":run", "a..b:run", "a:run()", "a/b:run", "a:b:c"]
)
def test_what_names_no_callable_is_refused(target: str) -> None:
    """The message shows what was given."""
    with pytest.raises(UsageError, match="module:callable"):
        callable_sut(target)


def test_a_command_is_split_as_a_shell_would() -> None:
    """Quotes keep words together, and nothing is expanded."""
    spec = command_sut("prog 'two words' $HOME *")
    assert spec.command == ("prog", "two words", "$HOME", "*")
    assert command_sut(spec.text).command == spec.command


@pytest.mark.parametrize("command", ["", "   ", "prog 'open", "prog \0"])
def test_a_command_without_a_program_is_refused(command: str) -> None:
    """Also one whose quotation never ends."""
    with pytest.raises(UsageError, match="--sut-command"):
        command_sut(command)


def test_the_process_of_a_command_cannot_be_reused() -> None:
    """It answers one case, and ends; that of a callable can be."""
    assert callable_sut("a.b:run", process="reused").process == "reused"
    assert callable_sut("a.b:run").process == command_sut("prog").process == "fresh"
    with pytest.raises(UsageError, match="a command cannot be reused"):
        command_sut("prog", process="reused")


@pytest.mark.parametrize(("keep", "retries"), [(("A=b",), 0), (("",), 0), ((), -1), ((), 11)])
def test_wrong_options_are_refused(keep: tuple[str, ...], retries: int) -> None:
    """A variable is named without a value; retries have an end."""
    with pytest.raises(UsageError):
        command_sut("prog", keep=keep, retries=retries)


def test_the_environment_is_the_callers_without_what_is_not_the_suts() -> None:
    """Keys of services are passed on; the harness's and the job's are not, unless they are named."""
    environ = {
        "PATH": "/bin",
        "MODEL_API_KEY": "k",
        "GITHUB_TOKEN": "t",
        "GITHUB_REPOSITORY": "a/b",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        "BENCHGOV_SIGNING_KEY": "s",
        "INPUT_TOKEN": "t",
        "PWD": "/somewhere",
        "TMPDIR": "/somewhere",
        "PYTHONPATH": "src:/abs::lib",
    }
    passed = sut_environment(environ, ["GITHUB_TOKEN"], Path("/caller"))
    assert passed == {
        "PATH": "/bin",
        "MODEL_API_KEY": "k",
        "GITHUB_TOKEN": "t",
        "GITHUB_REPOSITORY": "a/b",
        "PYTHONPATH": "/caller/src:/abs:/caller/lib",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert sut_environment({"PYTHONHASHSEED": "7"}, (), Path())["PYTHONHASHSEED"] == "7"


def test_the_cost_is_no_part_of_the_output() -> None:
    """It is the harness's; a free answer costs nothing."""
    assert parse_answer(b'{"a": 1, "cost_usd": 0.5}') == ({"a": 1}, 0.5)
    output, cost = parse_answer(b'{"a": [], "cost_usd": -0.0}')
    assert math.copysign(1, cost) == 1
    assert (output, cost) == ({"a": []}, 0.0)


@pytest.mark.parametrize("cost", ["-0.01", '"1"', "true", "null", "1e999", "[]"])
def test_a_cost_that_is_none_fails_the_case(cost: str) -> None:
    """Negative, text, true, nothing or without end."""
    with pytest.raises(SutFailure) as failure:
        parse_answer(f'{{"cost_usd": {cost}}}'.encode())
    assert failure.value.code in {"sut.cost", "sut.malformed_output"}
    assert (failure.value.code == "sut.cost") == (cost != "1e999")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"3",
        b'{"a": 1}{"a": 1}',
        b'{"a": 1} trailing',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"a": 9007199254740993}',
        b'{"a": \xff}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"[" * 120 + b"]" * 120 + b"}",
        b'{"a": 1' + b"0" * 5_000 + b"}",
    ],
)
def test_what_is_not_one_json_object_fails_the_case(data: bytes) -> None:
    """Two documents, what JSON does not have, and what a reader would fall over."""
    with pytest.raises(SutFailure) as failure:
        parse_answer(data)
    assert failure.value.code == "sut.malformed_output"


def test_an_answer_may_nest_as_deeply_as_people_write() -> None:
    """Ninety levels are read."""
    value: object = 1
    for _ in range(90):
        value = [value]
    assert parse_answer(json.dumps({"a": value}).encode())[0]["a"] == value


def test_an_answer_has_an_end() -> None:
    """More than 16 MiB are refused before they are read."""
    with pytest.raises(SutFailure, match="larger than"):
        parse_answer(b" " * (MAX_ANSWER_BYTES + 1))

"""What a fork of a system under test does with its case; here without the fork."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sut_builders import case_of, make_repository

from benchgov.eval.canary import current
from benchgov.eval.cost_tag import current_tag
from benchgov.eval.isolation.answering import Last
from benchgov.eval.sut.child import prepare

MODULE = "systems_for_test_sut_child"
CODE = """
class Sut:
    @staticmethod
    def seen(case):
        from benchgov.eval import canary, cost_tag
        return {"id": case.case_id, "tag": cost_tag.current_tag({}), "canary": canary.mint()}

async def later(case):
    return {"id": case.case_id}

def raises(case):
    raise LookupError("x" * 1000)

def leaves(case):
    raise SystemExit(3)

def text(case):
    return "text"

def number(case):
    return {"n": float("inf")}

value = 3
"""


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Answers as the callable of that name does."""
    root = make_repository(tmp_path)
    (root / f"{MODULE}.py").write_text(CODE, encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    question = {"case": case_of(root).to_json(), "tag": "bench:x", "canary": "c", "offline": False}

    def answer(name: str) -> Any:
        setup = {"root": str(root), "module": MODULE, "name": name, "cassettes": name == "later"}
        return prepare(setup)(question)

    yield answer
    sys.modules.pop(MODULE, None)


def test_a_callable_is_called_with_its_case_tag_and_canary(handler: Callable[[str], Any]) -> None:
    """And afterwards neither is set any more."""
    assert json.loads(handler("Sut.seen")["json"]) == {"id": "001", "tag": "bench:x", "canary": "c"}
    assert current_tag({}) is None
    assert current({}) is None


def test_what_is_awaitable_is_awaited(handler: Callable[[str], Any]) -> None:
    """An asynchronous callable answers as any other."""
    assert handler("later") == {"json": '{"id": "001"}'}


@pytest.mark.parametrize(
    ("name", "key", "start"),
    [
        ("raises", "raised", "LookupError: xxx"),
        ("leaves", "raised", "SystemExit: 3"),
        ("text", "malformed", "the SUT returned str"),
        ("number", "malformed", "the SUT's answer is not JSON"),
    ],
)
def test_what_is_no_answer_says_why(handler: Callable[[str], Any], name: str, key: str, start: str) -> None:
    """In one line that is not longer than a reader reads; nothing more is asked of its process."""
    answer = handler(name)
    assert isinstance(answer, Last)
    (found,) = answer.answer.items()
    assert found[0] == key
    assert found[1].startswith(start)
    assert len(found[1]) <= 200


@pytest.mark.parametrize("name", ["value", "nothing"])
def test_what_cannot_be_called_is_not_loaded(handler: Callable[[str], Any], name: str) -> None:
    """A name that is not there, or that is no callable."""
    with pytest.raises((TypeError, AttributeError), match=name):
        handler(name)

"""The measuring process's own functions, called directly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.measure import host, host_values


@pytest.mark.parametrize(
    ("value", "kind", "data"),
    [
        (b"x", "bytes", b"x"),
        (bytearray(b"x"), "bytes", b"x"),
        ((1, [2.5, None]), "json", b"[1, [2.5, null]]"),
        ({"a": True}, "json", b'{"a": true}'),
    ],
)
def test_encoded(value: Any, kind: str, data: bytes) -> None:
    """Bytes stay bytes; tuples are lists."""
    assert host_values.encoded(value) == (kind, data)


@pytest.mark.parametrize("value", [{1: 2}, {1, 2}, object(), [b"x"]])
def test_values_without_a_json_form_are_refused(value: Any) -> None:
    """Nothing is converted silently."""
    with pytest.raises(host_values.UnmeasurableError):
        host_values.encoded(value)


def test_digests_tell_changes_and_give_up_quietly() -> None:
    """Equal values have equal digests; a value without a JSON form has none."""
    assert host_values.digest((1, 2)) == host_values.digest([1, 2]) != host_values.digest([2, 1])
    assert host_values.digest(object()) is host_values.digest(float("nan")) is None


def spec(*names: str, given: bool = True, scale: float | None = None) -> dict[str, Any]:
    """A specification with these parameters."""
    return {"parameters": list(names), "input": {"file": "x"} if given else {}, "scale": scale}


@pytest.mark.parametrize(
    ("wanted", "value", "found"),
    [
        (spec("a"), {"a": 1}, ({"a": 1},)),
        (spec("a", "b"), {"b": 2, "a": 1}, (1, 2)),
        (spec("a", "b"), [1, 2], (1, 2)),
        (spec("a", given=False, scale=3), None, (3,)),
        (spec(given=False), None, ()),
    ],
)
def test_arguments(wanted: dict[str, Any], value: Any, found: tuple[Any, ...]) -> None:
    """Whole, by name, by position, or the scale."""
    assert host_values.arguments(wanted, value) == found


@pytest.mark.parametrize("value", [[1], {"a": 1}, 5])
def test_arguments_that_do_not_fit(value: Any) -> None:
    """The message names the parameters."""
    with pytest.raises(host_values.UnmeasurableError, match=r"\(a, b\)"):
        host_values.arguments(spec("a", "b"), value)


def test_build_input(tmp_path: Path) -> None:
    """A callable gets the scale when there is one; a file is JSON; otherwise there is none."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps([1]))
    assert host_values.build_input({"input": {"callable": "builtins:range"}, "scale": 3}) == range(3)
    assert host_values.build_input({"input": {"callable": "builtins:dict"}, "scale": None}) == {}
    assert host_values.build_input({"input": {"file": str(path)}, "scale": None}) == [1]
    assert host_values.build_input({"input": {}, "scale": None}) is None


def test_resolve() -> None:
    """Attributes may be nested; what is not callable is refused."""
    assert host_values.resolve("pathlib:Path.home") == Path.home
    with pytest.raises(host_values.UnmeasurableError, match="not callable"):
        host_values.resolve("math:pi")


def test_timed_calls_exactly_as_often_as_asked() -> None:
    """Garbage collection is off inside, on again after, also when the benchmark raises."""
    import gc

    seen: list[bool] = []
    reply = host.timed(lambda item: seen.append(gc.isenabled()), ("x",), 3)
    assert seen == [False] * 3
    assert reply["wall_time"] > 0
    with pytest.raises(ZeroDivisionError):
        host.timed(lambda: 1 // 0, (), 1)
    assert gc.isenabled()


def test_faults_are_described_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A known fault is its message; an exception is named, shortened and on one line."""
    assert host.described(host_values.UnmeasurableError("why")) == "why"
    assert host.described(ValueError("a\n  b")) == "raised ValueError: a b"
    assert host.described(KeyError()) == "raised KeyError"
    assert len(host.described(ValueError("x" * 10_000))) < 600
    assert host.answer(lambda: {"a": 1}) == {"a": 1}
    assert host.answer(lambda: {"a": 1 // 0})["fault"].startswith("raised ZeroDivisionError")


def test_signal_names() -> None:
    """Known signals by name, others by number."""
    assert host.signal_name(9) == "signal 9 (SIGKILL)"
    assert host.signal_name(250) == "signal 250"

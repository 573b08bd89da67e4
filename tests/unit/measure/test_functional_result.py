"""The result of a protocol: one JSON object, consistent, of bounded size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.canonical import digest_of
from benchgov.errors import InputError
from benchgov.measure.functional import PlannedProtocol
from benchgov.measure.functional_result import MAX_RESULT_BYTES, manifest_expectations, read_result
from benchgov.measure.functional_runs import Executed, run_of
from benchgov.suites.protocol import ProtocolEntry, ProtocolExpect

GOOD: dict[str, Any] = {
    "overall": "pass",
    "ok": True,
    "run_is_valid": True,
    "expectations": [{"name": "holds", "ok": True, "detail": ""}],
    "layers": {"score": "pass", "proof": "pass"},
    "output": {"n": 3},
}
BAD = {
    **GOOD,
    "overall": "fail",
    "ok": False,
    "expectations": [{"name": "holds", "ok": False, "detail": "it did not"}],
    "layers": {"score": "fail", "proof": "skipped"},
}


def read(value: Any) -> Any:
    return read_result(json.dumps(value).encode())


def refused(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_result(data)
    return str(caught.value)


def run(value: dict[str, Any], left: int = 0, **expect: Any) -> Any:
    entry = ProtocolEntry(id="one", family="f", command=("x",), expect=ProtocolExpect(**expect))
    planned = PlannedProtocol(entry, 60, "bench/demo/one.py", "0" * 64, 7)
    return run_of(planned, Executed(read(value), 1000, left), "bench/demo/suite.yaml")


def test_a_result_becomes_a_run() -> None:
    """Its verdicts, its layers after the harness's own, the digest of its output, and its one time."""
    found = run(GOOD)
    assert (found.overall, found.ok, found.run_is_valid, found.reason) == ("pass", True, True, "")
    assert list(found.layers.items()) == [("execution", "pass"), ("score", "pass"), ("proof", "pass")]
    assert found.output_digest == digest_of({"n": 3})
    assert [metric.samples for metric in found.metrics] == [(1000.0,)]
    assert (found.sampling.isolation, found.sampling.runs) == ("functional", 1)
    assert found.key == "one/protocol"


def test_a_failure_says_which_expectation_did_not_hold() -> None:
    """And its samples stay: it ran."""
    found = run(BAD, left=1)
    assert (found.overall, found.reason) == ("fail", "holds: it did not")
    assert found.run_is_valid
    assert found.notes == ("it left processes running, which were ended",)


def test_a_blocked_result_has_no_time() -> None:
    """Nothing can be said of it; the layers say where it stopped."""
    found = run({**BAD, "overall": "blocked", "run_is_valid": False, "expectations": []})
    assert (found.overall, found.metrics) == ("blocked", ())
    assert found.reason == "layer score: fail; layer proof: skipped"


def test_a_blocked_result_without_layers_says_so() -> None:
    """There is always a reason."""
    found = run({**BAD, "overall": "blocked", "run_is_valid": False, "expectations": [], "layers": {}})
    assert found.reason == "it says 'blocked'"


def test_a_result_without_output_has_no_digest() -> None:
    """An output of null is an output."""
    assert run({key: value for key, value in GOOD.items() if key != "output"}).output_digest is None
    assert run({**GOOD, "output": None}).output_digest == digest_of(None)


@pytest.mark.parametrize(
    ("expect", "name", "ok"),
    [
        ({"expectations": ["holds"]}, "expect: expectation holds", True),
        ({"expectations": ["refuses"]}, "expect: expectation refuses", False),
        ({"layers": {"proof": "pass"}}, "expect: layer proof", True),
        ({"layers": {"proof": "fail"}}, "expect: layer proof", False),
        ({"layers": {"anchor": "pass"}}, "expect: layer anchor", False),
        ({"digest": digest_of({"n": 3})}, "expect: digest", True),
        ({"digest": digest_of({"n": 4})}, "expect: digest", False),
    ],
)
def test_the_manifest_may_expect_more(expect: dict[str, Any], name: str, ok: bool) -> None:
    """What it expects is an expectation of the run, and turns a pass into a failure."""
    (found,) = manifest_expectations(ProtocolExpect(**expect), read(GOOD))
    assert (found.name, found.ok) == (name, ok)
    assert run(GOOD, **expect).overall == ("pass" if ok else "fail")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ok": False}, "ok must be true exactly when"),
        ({"overall": "fail"}, "ok must be true exactly when"),
        ({"run_is_valid": False}, "run_is_valid must be true"),
        ({"expectations": [{"name": "x", "ok": False, "detail": ""}]}, "an expectation does not hold"),
        ({"layers": {"execution": "pass"}}, "the harness's own"),
        ({"layers": {"score": "good"}}, "layers.score"),
        ({"layers": {"": "pass"}}, "layers"),
        ({"layers": []}, "layers"),
        ({"ok": "true"}, "ok: "),
        ({"ok": 1}, "ok: "),
        ({"overall": "passed"}, "overall"),
        ({"expectations": [{"name": "x", "ok": "yes"}]}, "expectations.0.ok"),
        ({"expectations": [{"name": "x", "ok": True, "more": 1}]}, "unknown key"),
        ({"verdict": "pass"}, "unknown key"),
        ({"output": 2**60}, "output: "),
        ({"layers": {"\x1b[31m": "pass"}}, "no control characters"),
    ],
)
def test_a_result_that_is_not_consistent_is_refused(change: dict[str, Any], said: str) -> None:
    """Types are strict: a text is no truth."""
    assert said in refused(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("key", ["overall", "ok", "run_is_valid", "expectations", "layers"])
def test_a_result_has_every_key(key: str) -> None:
    """Only `output` may be left out."""
    text = json.dumps({name: value for name, value in GOOD.items() if name != key})
    assert f"{key}: required, but not there" in refused(text.encode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it printed nothing"),
        (b" \n", "it printed nothing"),
        (b"all is well", "not JSON"),
        (json.dumps(GOOD).encode() * 2, "more than one JSON value"),
        (json.dumps(GOOD).encode() + b"\ndone", "more than one JSON value"),
        (json.dumps(GOOD).encode()[:-5], "cut off"),
        (json.dumps([GOOD]).encode(), "a JSON object was expected"),
        (b"null", "a JSON object was expected"),
        (b'{"ok": true, "ok": false}', "duplicate key 'ok'"),
        (b'{"output": NaN}', "NaN"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b" " * (MAX_RESULT_BYTES + 1), "is the limit"),
    ],
)
def test_what_is_not_one_json_object_is_refused(data: bytes, said: str) -> None:
    """With the reason, and where in what it printed."""
    found = refused(data)
    assert said in found
    assert "its result" in found


def test_white_space_around_the_object_is_no_harm() -> None:
    """Programs end their output with a line end."""
    assert read_result(b"\n " + json.dumps(GOOD).encode() + b"\n\n").ok


def test_the_tests_fixture_is_what_the_guide_shows() -> None:
    """The guide's result is read by this code."""
    guide = (Path(__file__).resolve().parents[3] / "docs" / "guides" / "replay.md").read_text("utf-8")
    shown = guide.split("```json\n")[1].split("```")[0]
    assert read_result(shown.encode()).ok

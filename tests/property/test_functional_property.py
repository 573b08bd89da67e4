"""Whatever a protocol prints is a result, or is refused with a reason; nothing else happens."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from benchgov.errors import InputError
from benchgov.measure.functional import PlannedProtocol
from benchgov.measure.functional_result import Result, read_result
from benchgov.measure.functional_runs import Executed, run_of
from benchgov.report import Run
from benchgov.suites.protocol import ProtocolEntry

ENTRY = ProtocolEntry(id="one", family="f", command=("x",))
PLANNED = PlannedProtocol(ENTRY, 60, "bench/demo/one.py", "0" * 64, 7)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {
        "overall": st.sampled_from(["pass", "fail", "blocked", "skipped", None]),
        "ok": st.booleans() | st.just(1),
        "run_is_valid": st.booleans(),
        "expectations": st.lists(
            st.fixed_dictionaries({"name": ANY_TEXT, "ok": st.booleans()}, optional={"detail": ANY_TEXT}),
            max_size=3,
        ),
        "layers": st.dictionaries(ANY_TEXT, st.sampled_from(["pass", "fail", "skipped", "no"]), max_size=3),
    },
    optional={"output": ANY_JSON, "more": ANY_JSON},
)


def result_or_none(data: bytes) -> Result | None:
    try:
        return read_result(data)
    except InputError:
        return None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_result_or_are_refused(data: bytes) -> None:
    """No other error, whatever they are."""
    result_or_none(data)


@given(ANY_JSON)
def test_any_json_is_a_result_or_is_refused(value: Any) -> None:
    """Among it what no JSON text should hold: NaN, lone surrogates, huge integers."""
    result_or_none(json.dumps(value).encode())


@given(NEARLY)
def test_a_result_that_is_taken_makes_a_run_that_can_be_published(value: Any) -> None:
    """It agrees with itself, and its canonical bytes can be read again."""
    result = result_or_none(json.dumps(value).encode())
    if result is None:
        return
    assert result.ok == (result.overall == "pass")
    assert not result.ok or all(one.ok for one in result.expectations)
    run = run_of(PLANNED, Executed(result, 5), "bench/demo/suite.yaml")
    assert Run.model_validate_json(run.to_bytes()) == run
    assert run.run_is_valid == bool(run.metrics)
    assert run.ok or run.reason

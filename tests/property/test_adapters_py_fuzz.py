"""Fuzz with the tool said: damage that hides whose log it is reaches the adapter all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import examples
from tests.gate_builders import FACTS

from benchgov.adapters.assemble import Rules, build_report
from benchgov.adapters.interface import Log
from benchgov.adapters.registry import adapters, read_all
from benchgov.environment.pinned import fingerprint
from benchgov.errors import BenchgovError
from benchgov.report import Environment, Report

DATA = Path(__file__).resolve().parents[1] / "data"
TOOLS = ("pyperf", "asv", "junit", "custom-smaller", "custom-bigger", "nyrkio", "bencher")
SAMPLES = {
    (tool, path.name): path.read_text(encoding="utf-8")
    for tool in TOOLS
    for path in sorted((DATA / tool).iterdir())
    if path.name[0].isdigit()
}
KNOWN = adapters()
HERE = Environment(facts=FACTS, fingerprint=fingerprint(FACTS), gate="unpinned")
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.just(1e308),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.just("\ud800"),
    st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3)), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def survives(text: str, tool: str) -> None:
    """What comes out is a report that reads back, or an error of ours."""
    for allow_partial in (False, True):
        try:
            report = build_report(
                read_all([(Log("log", text), KNOWN[tool])], allow_partial),
                Rules("fuzz", "default"),
                environment=HERE,
                revision=(None, None),
                now=datetime(2026, 1, 1, tzinfo=UTC),
            )
            assert Report.model_validate_json(report.to_bytes()) == report
        except BenchgovError:
            pass


@given(st.sampled_from(sorted(SAMPLES)), st.data())
@settings(max_examples=examples(200), deadline=None)
def test_a_damaged_log_whose_tool_is_said_gives_typed_errors(
    sample: tuple[str, str], data: st.DataObject
) -> None:
    """Cut off, or with a piece replaced."""
    text = SAMPLES[sample]
    at = data.draw(st.integers(0, len(text)))
    middle = data.draw(
        st.one_of(st.text(max_size=12), st.sampled_from(["NaN", "-1", "1e999", "null", "<x/>"]))
    )
    length = data.draw(st.integers(0, 60))
    survives(text[:at] + middle + text[at + length :], sample[0])
    survives(text[:at], sample[0])


@given(st.sampled_from(sorted(name for name in SAMPLES if name[1].endswith(".json"))), st.data())
@settings(max_examples=examples(400), deadline=None)
def test_any_value_anywhere_gives_typed_errors_when_the_tool_is_said(
    sample: tuple[str, str], data: st.DataObject
) -> None:
    """A value of any kind at a random place of a log."""
    document = json.loads(SAMPLES[sample])
    inner = document
    while True:
        key = data.draw(st.sampled_from(list(inner) if isinstance(inner, dict) else list(range(len(inner)))))
        if not (isinstance(inner[key], dict | list) and inner[key]) or data.draw(st.integers(0, 5)) == 0:
            break
        inner = inner[key]
    inner[key] = data.draw(ODD)
    survives(json.dumps(document), sample[0])

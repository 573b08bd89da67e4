"""Whatever an adapter is given, it answers with a report or a typed error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import examples
from tests.gate_builders import FACTS

from benchgov.adapters.assemble import Rules, build_report
from benchgov.adapters.interface import Log
from benchgov.adapters.registry import BUILT_IN, adapters, detect, read_all
from benchgov.environment.pinned import fingerprint
from benchgov.errors import BenchgovError
from benchgov.report import Environment, Report

DATA = Path(__file__).resolve().parents[1] / "data"
TEXTS = {
    f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8")
    for path in sorted(DATA.rglob("*"))
    if path.is_file() and path.name[0].isdigit()
}
HERE = Environment(facts=FACTS, fingerprint=fingerprint(FACTS), gate="unpinned")
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.just("\ud800"),
    st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3)), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def survives(text: str, tool: str | None = None) -> None:
    """Read `text` in every way: what comes out is a report that reads back, or an error of ours."""
    known = adapters()
    for allow_partial in (False, True):
        log = Log("log", text)
        try:
            adapter = known[tool] if tool else detect(log, known)
            report = build_report(
                read_all([(log, adapter)], allow_partial),
                Rules("fuzz", "default"),
                environment=HERE,
                revision=(None, None),
                now=datetime(2026, 1, 1, tzinfo=UTC),
            )
            assert Report.model_validate_json(report.to_bytes()) == report
        except BenchgovError:
            pass


@given(st.sampled_from(sorted(TEXTS)), st.data())
@settings(max_examples=examples(150), deadline=None)
def test_damaged_logs_give_typed_errors(name: str, data: st.DataObject) -> None:
    """Cut, with text in the middle, with a piece taken out, doubled, or with two characters changed."""
    text = TEXTS[name]
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 60))
    middle = data.draw(st.text(max_size=12))
    survives(text[:at] + middle + text[at + length :])
    survives(text[:at])


@given(st.sampled_from([name for name in TEXTS if name.endswith(".json")]), st.data())
@settings(max_examples=examples(200), deadline=None)
def test_json_with_any_value_anywhere_gives_typed_errors(name: str, data: st.DataObject) -> None:
    """A value of any kind at a random place of a real log."""
    document = json.loads(TEXTS[name])
    inner = document
    while True:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(inner[key], dict | list) and inner[key]) or data.draw(st.integers(0, 4)) == 0:
            break
        inner = inner[key]
    inner[key] = data.draw(ODD)
    survives(json.dumps(document))


@given(st.text(), st.sampled_from(sorted(BUILT_IN)))
@settings(max_examples=examples(150), deadline=None)
def test_any_text_gives_typed_errors(text: str, tool: str) -> None:
    """Even when the tool is said, and wrong."""
    survives(text.encode("utf-8", "replace").decode())
    survives(text.encode("utf-8", "replace").decode(), tool)


WORDS = st.sampled_from(
    ["BenchmarkX-2", "Benchmark", "10", "5", "ns/op", "B/op", "wall_time", "NaN", "-1", "1e999", "Unit",
     "better=higher", "\t", "goos:", "pkg:", "cpu:", "é", "--- FAIL", "7 ns/op", "²"]
)  # fmt: skip


@given(st.lists(st.lists(WORDS, max_size=7).map(" ".join), max_size=6).map("\n".join))
@settings(max_examples=examples(300), deadline=None)
def test_lines_of_gos_words_give_typed_errors(text: str) -> None:
    """Lines made of the words of Go's format, in any order."""
    survives(text + "\n", "go")


@pytest.mark.parametrize("opener", ["[", '{"benchmarks":'])
@pytest.mark.parametrize("tool", sorted(BUILT_IN))
def test_deep_nesting_gives_a_typed_error(opener: str, tool: str) -> None:
    """A hundred thousand levels are refused, not recursed into."""
    survives(opener * 100_000, tool)
    survives(opener * 100_000)

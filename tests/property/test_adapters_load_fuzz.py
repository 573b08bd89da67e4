"""Logs of load tools with odd words in them: a report, or a typed error."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import examples
from tests.property.test_adapters_fuzz import TEXTS, survives

LOAD_TOOLS = {"wrk", "wrk2", "locust", "pgbench", "redis-benchmark", "memtier", "sysbench"}
SMALL = sorted(name for name, text in TEXTS.items() if name.split("/")[0] in LOAD_TOOLS and len(text) < 6_000)
WORDS = {name: [found.span() for found in re.finditer(r"\d+(?:\.\d+)?|\w+", TEXTS[name])] for name in SMALL}
ODD = st.sampled_from(
    ["9" * 400, "9" * 5000, "1e289", "1e308", "1e-300", "0.0000", "0", "-1", "nan", "inf", "٣", "²", "", " ",
     "\r", "\n", "%", "\x00", '"', ",", "(", "---", "99.99999999", "100"]
)  # fmt: skip


@given(st.sampled_from(SMALL), st.data())
@settings(max_examples=examples(300), deadline=None)
def test_odd_words_anywhere_give_typed_errors(name: str, data: st.DataObject) -> None:
    """Numbers that are too large, or none; units, names and punctuation where they do not belong."""
    text = TEXTS[name]
    places = data.draw(st.lists(st.sampled_from(WORDS[name]), min_size=1, max_size=3, unique=True))
    for start, end in sorted(places, reverse=True):
        text = text[:start] + data.draw(ODD) + text[end:]
    survives(text, name.split("/", maxsplit=1)[0])


def test_there_are_samples_of_every_load_tool() -> None:
    """Otherwise the test above would test nothing."""
    assert {name.split("/")[0] for name in SMALL} == LOAD_TOOLS

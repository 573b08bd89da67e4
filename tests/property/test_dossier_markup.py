"""Whatever text the evidence holds, it stays text."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.dossier import examples as ex
from tests.unit.dossier.pages import read

from benchgov.dossier.gather import gather
from benchgov.dossier.model import Dossier
from benchgov.dossier.render import html, markdown
from benchgov.report import Drift, Expectation

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></details></style>",
    "<!-- ",
    "--> ]]>",
    "{{ 7 * 7 }}{% raw %}",
    "```\n</details>\n<b>",
    "| a | b |\n| - | - |",
    "[x](javascript:alert(1)) ![y](http://z)",
    "@everyone #1 www.example.org",
    "\x1b[31mred\x1b[0m\x00\x07",
    "&lt;b&gt; &#60;",
    "\u202eevil\u2066",
    "\\| \\` \\<",
)
TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.text("<>&\"'`|[]()!*_~#@\\{}%\n -=", min_size=1, max_size=30),
).filter(str.strip)


def dossier_with(text: str) -> Dossier:
    """A dossier that has `text` wherever its inputs allow free text."""
    bad = Expectation(name=text, ok=False, detail=text)
    runs = (
        ex.blocked_run("gone", reason=text, stderr_tail=text, layers={text: "blocked"}),
        ex.wrong_run("wrong", reason=text, expectations=(bad,), signature=text, protocol=text),
        ex.run("fine", ex.metric("wall_time", [1, 2, 3], unit="x" if "\n" in text else text[:32])),
    )
    facts = ex.environment().facts.model_copy(
        update=dict.fromkeys(("os", "kernel", "image", "arch", "cpu_model", "python"), text)
        | {"tools": {text: text}}
    )
    drift = (Drift(name=text, wanted=text, found=text),)
    report = ex.report(
        *runs,
        environment=ex.environment(gate="drift", drift=drift, facts=facts),
        config={"selection": (text,), "revision": text},
    )
    finding = ex.finding(runs[2], 2, verdict="not-comparable", change_percent=None, sentence=text)
    comparison = ex.comparison(
        report, finding, reason=text, mode=text, baselines=(text,), environment_difference=drift
    )
    records = [ex.record(1, subject={"suite": text, text: text}, idempotency_key="k")]
    return gather(report, comparison, records, ex.TAMPERED)


PLAIN_PAGE = read(html(dossier_with("plain")))
PLAIN_TEXT = markdown(dossier_with("plain"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT)
def test_the_pages_structure_does_not_depend_on_the_text(text: str) -> None:
    """The same tags with the same attributes in the same order, whatever the evidence says."""
    page = read(html(dossier_with(text)))
    assert page.structure == PLAIN_PAGE.structure
    assert page.comments == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT)
def test_the_markdowns_structure_does_not_depend_on_the_text(text: str) -> None:
    """Headings, tables, lists, alerts and HTML tags are the document's own, and no line is added to them."""
    assert skeleton(markdown(dossier_with(text))) == skeleton(PLAIN_TEXT)


BLOCK = re.compile(r"(#{1,6} |> |- |[-+=#*]|[0-9]+[.)]|\\| |)")


def skeleton(document: str) -> list[str]:
    """Each line outside of code blocks as its structure: how it starts, how many cells, which tags."""
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "CODE", document, flags=re.DOTALL | re.MULTILINE)
    lines = (re.sub(r"`[^`]*`", "", line) for line in outside.split("\n"))
    return [BLOCK.match(line)[0] + f"{line.count('|')}" + tags(line) for line in lines]  # type: ignore[index]


def tags(line: str) -> str:
    """The HTML tags of a line; `code` is written either way."""
    return "".join(re.findall(r"</?(?!/?code>)[A-Za-z!/][^>]*>?", line))

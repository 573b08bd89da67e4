"""The page and the Markdown say what the dossier says."""

from __future__ import annotations

import re

import pytest
from tests.unit.dossier import examples as ex
from tests.unit.dossier.pages import read

from benchgov.dossier.gather import gather
from benchgov.dossier.model import Dossier
from benchgov.dossier.render import html, markdown


def full() -> Dossier:
    """A suite with everything: changes, variants, scales and a verified log."""
    report, made = ex.suite()
    records = [ex.record(number) for number in range(1, 15)]
    return gather(report, made, [*records, ex.record(15, report.to_bytes())], ex.VERIFIED)


def test_the_page_needs_nothing_from_outside() -> None:
    """No script, no address, no import: a policy forbids them, and nothing asks for them."""
    source = html(full())
    page = read(source)
    assert page.count("script") == 0
    assert "url(" not in source
    assert "@import" not in source
    links = [value for _, name, value in page.attributes if name in ("href", "src", "srcset", "action")]
    assert links
    assert all(value.startswith(("#", "data:,")) for value in links)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("meta", "content", policy) in page.attributes


def test_every_section_is_there_and_reachable() -> None:
    """The table of contents names each section, and each link has its target."""
    dossier = full()
    page = read(html(dossier))
    targets = {value for _, name, value in page.attributes if name == "id"}
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert {f"#{section.anchor}" for section in dossier.sections} <= links
    assert links <= {f"#{target}" for target in targets}
    assert len(dossier.sections) == 8


def test_both_forms_show_the_numbers() -> None:
    """Verdict, value, baseline, change and limit of a benchmark are in the page and in the Markdown."""
    slow = ex.run("slow", ex.metric(samples=[15_100] * 5))
    report = ex.report(slow)
    dossier = gather(report, ex.comparison(report, ex.finding(slow, 12_400)))
    page, text = read(html(dossier)).text, markdown(dossier)
    for shown in ("Regression", "15.1 µs", "12.4 µs", "+21.8 %", "10 %"):
        assert shown in page
        assert shown in text
    assert "| `slow/optimized` | 12.4 µs | 15.1 µs | +21.8 % | 10 % | 10 % | ▲ regression |" in text


def test_plots_are_images_with_a_name() -> None:
    """Every drawing is named for assistive technology, hidden from it, or a part of one that is named."""
    source = html(full())
    drawings = re.findall(r"<svg [^>]*>(?:<title>[^<]+</title>)?", source)
    own = [tag for tag in drawings if 'class="arrow"' not in tag]
    assert len(own) > 100
    assert all(('role="img"' in tag and "<title>" in tag) or 'aria-hidden="true"' in tag for tag in own)


def test_a_verdict_is_a_word_and_a_sign_not_only_a_colour() -> None:
    """Each row's verdict is spelled out, with a sign beside it."""
    page = read(html(full())).text
    assert "▲ regression" in page
    assert "= unchanged" in page
    assert "▼ improvement" in page


def test_the_same_dossier_gives_the_same_bytes() -> None:
    """Rendering has no clock and no chance in it."""
    assert html(full()) == html(full())
    assert markdown(full()) == markdown(full())


@pytest.mark.parametrize(
    "dossier",
    [
        gather(ex.report(ex.blocked_run())),
        gather(ex.report(ex.run("only"))),
        gather(ex.report(ex.wrong_run()), None, [ex.record(1)], ex.TAMPERED),
        gather(ex.report(environment=ex.environment(gate="drift", drift=ex.DRIFT))),
        gather(ex.report(config={"revision": None, "dirty": None})),
    ],
    ids=["blocked", "one", "tampered", "drift", "no-revision"],
)
def test_poor_evidence_renders_too(dossier: Dossier) -> None:
    """A dossier with little in it is still a whole page and a whole document."""
    page = read(html(dossier))
    assert dossier.title in page.text
    for notice in dossier.notices:
        assert notice.title in page.text
        assert notice.title in markdown(dossier)


def test_a_changed_log_is_prominent() -> None:
    """Page and Markdown alert the reader, and name the file."""
    dossier = gather(ex.report(), None, [ex.record(1)], ex.TAMPERED)
    page = read(html(dossier))
    assert ("div", "role", "alert") in page.attributes
    assert "000000000002.json" in page.text
    assert "> [!CAUTION]" in markdown(dossier)
    assert "000000000002.json" in markdown(dossier)


def test_a_blocked_run_shows_its_reason_and_stderr() -> None:
    """Reason, source line and the end of standard error are there, without terminal colours."""
    dossier = gather(ex.report(ex.blocked_run("gone", stderr_tail="\x1b[31mboom\x1b[0m <b>")))
    page = read(html(dossier))
    assert "boom <b>" in page.text
    assert "exited with 1" in page.text
    assert "bench/core/suite.yaml:12" in page.text
    assert "```text\nboom <b>\n```" in markdown(dossier)


def test_drift_and_difference_are_tables() -> None:
    """What was wanted and what was found stand side by side, for pins and for the baseline's machine."""
    report = ex.report(environment=ex.environment(gate="drift", drift=ex.DRIFT))
    made = ex.comparison(
        report, verdict="not-comparable", environment_difference=ex.DRIFT, reason="other machine"
    )
    dossier = gather(report, made)
    assert "Drift from the pins" in read(html(dossier)).text
    assert "Difference from the baseline’s machine" in read(html(dossier)).text
    assert markdown(dossier).count("| rustc | `1.92.0` | `1.93.1` |") == 2


def test_many_rows_are_folded_not_dropped() -> None:
    """A hundred benchmarks: all are in the page, most behind a summary; so in the Markdown."""
    report, made = ex.suite(100, scales=())
    dossier = gather(report, made)
    source = html(dossier)
    page = read(source)
    for run in report.runs[:: len(report.runs) // 20]:
        assert f'<span class="id">{run.benchmark}</span>' in source
        assert f"`{run.key}`" in markdown(dossier)
    assert page.count("details") > 4
    assert len(source) < 5_000_000


def test_tables_in_markdown_have_equal_columns() -> None:
    """No value breaks a row: every line of a table has as many cells as its header."""
    lines = markdown(full()).split("\n")
    width = 0
    for line in lines:
        cells = line.count("|")
        if not line.startswith("|"):
            width = 0
        elif width == 0:
            width = cells
        assert not line.startswith("|") or cells == width, line


def test_a_lane_per_family_and_a_dot_per_run() -> None:
    """The overview has every family by name and every compared run as one dot."""
    report, made = ex.suite(4)
    source = html(gather(report, made))
    overview = source[source.index('class="overview"') : source.index("<figcaption")]
    assert re.findall(r'<text class="lane"[^>]*>([^<]+)', overview) == [
        "serialization",
        "digests",
        "audit-chain",
        "statistics",
    ]
    assert overview.count('class="dot ') == len(report.runs)

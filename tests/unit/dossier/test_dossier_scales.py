"""Scale bands, growth, accepted slowdowns and other machines in the dossier and in what a reviewer sees."""

from __future__ import annotations

from datetime import date

import numpy as np
from tests.gate_builders import FACTS, active, metric, report, run

from benchgov.config import Policy, Statistics
from benchgov.dossier.gather import gather
from benchgov.dossier.render import html, markdown
from benchgov.gate.accepted import Acceptance, Accepted
from benchgov.gate.compare import compare
from benchgov.gate.growth import as_scale_gate, growth_of
from benchgov.gate.policy import GatePolicy
from benchgov.github.blocks import page
from benchgov.github.render import MAX_TEXT, Links, present
from benchgov.report import Report, Run
from benchgov.suites.bands import rules_of

RULES = rules_of({"growth": {"wall_time": 1.2}})


def grown(power: float, benchmark: str = "sort") -> list[Run]:
    """Three sizes of a benchmark whose time grows by n^power."""
    noise = np.random.default_rng(1)
    return [
        run(benchmark, metric([float(n**power * one) for one in noise.lognormal(0, 0.01, 5)]), scale=n)
        for n in (10, 100, 1000)
    ]


def gated(one: Report) -> Report:
    """`one` as `run` writes it."""
    gate = as_scale_gate(growth_of(one, RULES, Statistics()))
    return one.model_copy(update={"scale_band_gate": gate})


def test_growth_is_shown_without_a_comparison() -> None:
    """The verdict on top is the gate's; the table has exponent, interval and limit, the broken ones first."""
    found = gather(gated(report(*grown(1.0, "find"), *grown(2.0))))
    assert found.headline == "regression"
    assert "Growth over its limit: sort/fast wall_time" in found.reason
    assert [one.benchmark for one in found.growth] == ["sort", "find"]
    text, whole = markdown(found), html(found)
    for shown in ("Scale bands and growth", "n<sup>2.00</sup>", "over its limit", "within its limit"):
        assert shown in text
        assert shown in whole
    assert "0 bands, 2 limits of growth, 1 broken" in [one.summary for one in found.sections]


def test_a_limit_without_an_exponent_is_shown_with_dashes() -> None:
    """Two sizes only: inconclusive."""
    text = markdown(gather(gated(report(*grown(2.0)[:2]))))
    assert "| – | – | n<sup>1.20</sup> | – | inconclusive |" in text


def test_bands_are_shown_with_a_comparison_and_its_growth_is_what_counts() -> None:
    """One row per decade, with the geometric mean of each metric."""
    one = gated(report(*grown(2.0)))
    comparison = compare(one, active(one), GatePolicy())
    found = gather(one, comparison)
    assert (found.headline, found.growth) == ("pass", ())
    text = markdown(found)
    assert "| `1e3` | No regression | 1 | 0.0 % |" in text
    assert "1e3" in html(found)


def test_nothing_is_said_without_sizes() -> None:
    """No section, no empty table."""
    found = gather(report(), compare(report(), active(report()), GatePolicy()))
    assert "Scale bands" not in markdown(found) + html(found)


def test_very_many_limits_are_counted() -> None:
    """Fifty rows, and how many more."""
    runs = [one for at in range(60) for one in grown(1.0, f"b{at}")]
    assert "10 more are in the comparison." in markdown(gather(gated(report(*runs))))


def _accepted() -> GatePolicy:
    entry = Acceptance.model_validate(
        {
            "benchmark": "parse",
            "metric": "wall_time",
            "up_to_percent": 300,
            "reason": "safer",
            "until": "2026-12-31",
        }
    )
    return GatePolicy(accepted=Accepted("bench/demo/accepted.yaml", ((entry, 3),), date(2026, 6, 15)))


def test_an_accepted_slowdown_needs_a_look_and_is_no_failure() -> None:
    """By whom, until when and why is in the dossier and in the pull request."""
    now = report(run("parse", metric([200.0] * 5)))
    comparison = compare(now, active(report()), _accepted())
    found = gather(now, comparison)
    assert (found.headline, found.counts) == ("pass", {"accepted": 1})
    words = "Accepted up to 300 % until 2026-12-31 (bench/demo/accepted.yaml:3: safer)."
    assert words in markdown(found).replace("\\", "")
    assert "Accepted up to 300 % until 2026-12-31" in html(found)
    shown = present(comparison, now, Links())
    text = page(shown.blocks, 60_000)
    assert shown.conclusion == "success"
    assert "1 accepted, though worse" in text
    assert "accepted.yaml:3" in text.replace("\\", "")
    assert len(comparison.findings[0].sentence) < MAX_TEXT


def test_growth_over_its_limit_is_annotated_for_the_reviewer() -> None:
    """At the benchmark's line, and in the page."""
    one = report(*grown(2.0))
    comparison = compare(one, active(one), GatePolicy(scales=RULES))
    shown = present(comparison, one, Links())
    assert shown.conclusion == "failure"
    assert [(item.level, item.title) for item in shown.annotations] == [
        ("failure", "sort: growth over its limit")
    ]
    assert "over its limit of n^1.2" in page(shown.blocks, 60_000).replace("\\", "")


def test_another_machine_is_said_before_the_numbers() -> None:
    """A warning, and the difference under it."""
    now = report(facts=FACTS.model_copy(update={"cpu_model": "Other"}))
    comparison = compare(now, active(report()), GatePolicy(settings=Policy(same=("arch",))))
    found = gather(now, comparison)
    assert ("warning", "Compared with another machine") in [(one.level, one.title) for one in found.notices]
    assert "only arch had to agree" in page(present(comparison, now, Links()).blocks, 60_000)

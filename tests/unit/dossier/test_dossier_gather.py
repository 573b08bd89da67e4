"""Report, comparison and records become one dossier."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.dossier import examples as ex

from benchgov.dossier.gather import gather
from benchgov.dossier.model import Dossier
from benchgov.dossier.render import html, markdown
from benchgov.gate.comparison import Comparison
from benchgov.gate.control_result import Control
from benchgov.report import Drift


def titles(dossier: Dossier) -> list[str]:
    """The titles of its notices, in order."""
    return [notice.title for notice in dossier.notices]


def test_without_a_comparison_it_says_so() -> None:
    """Measurements alone are shown, with no verdict and no change."""
    dossier = gather(ex.report())
    assert dossier.headline == "not-compared"
    assert not dossier.compared
    assert "Not compared with a baseline" in titles(dossier)
    assert dossier.families[0].tables[0].rows[0].change is None
    assert dossier.sound


def test_the_comparison_gives_the_verdict() -> None:
    """The headline, the baseline ids and each row's verdict are the comparison's."""
    slow, fine = (
        ex.run("slow", ex.metric(samples=[13, 13, 13])),
        ex.run("fine", ex.metric(samples=[10, 10, 10])),
    )
    report = ex.report(fine, slow)
    dossier = gather(report, ex.comparison(report, ex.finding(fine, 10), ex.finding(slow, 10)))
    assert dossier.headline == "regression"
    assert dossier.baselines == ("20260101T000000Z-0a1b2c3d",)
    assert dossier.counts == {"regression": 1, "unchanged": 1}
    assert [row.key for row in dossier.families[0].tables[0].rows] == ["slow/optimized", "fine/optimized"]
    assert [concern.key for concern in dossier.attention] == ["slow/optimized"]


def test_a_wrong_result_outweighs_a_good_time() -> None:
    """A functional failure is the headline, whatever the comparison says."""
    wrong, fine = ex.wrong_run("wrong"), ex.run("fine")
    report = ex.report(wrong, fine)
    dossier = gather(report, ex.comparison(report, ex.finding(fine, 11)))
    assert dossier.headline == "failed"
    assert dossier.troubles[0].expectations == (("value", "expected 3, found 4"),)


def test_a_comparison_of_another_report_is_left_out() -> None:
    """Numbers of one report are never shown as another's: the comparison is named stale, and not used."""
    report = ex.report(ex.run("parse"))
    other = ex.comparison(report, ex.finding(report.runs[0], 5), report_sha256="cd" * 32)
    dossier = gather(report, other)
    assert dossier.stale
    assert not dossier.sound
    assert dossier.headline == "not-compared"
    assert dossier.notices[0].level == "alarm"
    assert "Not compared with a baseline" not in titles(dossier)


def test_the_digest_of_the_file_counts() -> None:
    """A report that was written with other white space is still the one that the comparison names."""
    report = ex.report()
    made = ex.comparison(report, ex.finding(report.runs[0], 11), report_sha256="cd" * 32)
    assert not gather(report, made, report_sha256="cd" * 32).stale


def test_only_blocked_runs_are_trouble_not_a_regression() -> None:
    """A report in which nothing could be measured has no rows, a reason, and no regression."""
    dossier = gather(ex.report(ex.blocked_run("a"), ex.blocked_run("b")))
    assert dossier.headline == "blocked"
    assert dossier.metrics == ()
    assert [trouble.key for trouble in dossier.troubles] == ["a/optimized", "b/optimized"]
    assert dossier.families[0].tables == ()


def test_a_broken_chain_is_the_first_thing_that_is_said() -> None:
    """A changed audit log is an alarm that names the record, and the dossier is not sound."""
    dossier = gather(ex.report(), None, [ex.record(1)], ex.TAMPERED)
    assert dossier.notices[0].title == "The audit log has been changed"
    assert "Record 2" in dossier.notices[0].text
    assert dossier.chain.status == "tampered"
    assert not dossier.sound


def test_a_record_vouches_for_the_very_bytes() -> None:
    """Only a record whose evidence has the report's digest counts as holding it."""
    report = ex.report()
    held = gather(report, None, [ex.record(1, b"other"), ex.record(2, report.to_bytes())], ex.VERIFIED)
    assert [entry.vouches_for for entry in held.chain.entries] == [("report",), ()]
    assert held.chain.vouched
    assert held.chain.heads == (("gh-0123456789abcdef", f"{2:064x}"),)
    absent = gather(report, None, [ex.record(1, b"other")], ex.VERIFIED)
    assert "This report is not in the audit log" in titles(absent)


def test_a_record_of_the_comparison_does_not_vouch_for_the_report() -> None:
    """The two files are told apart."""
    report = ex.report()
    made = ex.comparison(report, ex.finding(report.runs[0], 11))
    dossier = gather(report, made, [ex.record(1, made.to_bytes())], ex.VERIFIED)
    assert dossier.chain.entries[0].vouches_for == ("comparison",)
    assert not dossier.chain.vouched


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (
            ex.report(environment=ex.environment(gate="drift", drift=ex.DRIFT)),
            "These numbers are not authoritative",
        ),
        (ex.report(environment=ex.environment(gate="unpinned")), "These numbers are not authoritative"),
        (ex.report(config={"dirty": True}), "Measured with uncommitted changes"),
        (ex.report(config={"selection": ("parse*",)}), "Only a part of the suite was measured"),
        (ex.report(ex.run(), ex.blocked_run("gone")), "1 run could not be measured"),
    ],
)
def test_what_weakens_the_numbers_is_said_first(report: object, title: str) -> None:
    """Drift, uncommitted changes, a selection and blocked runs each have a notice."""
    assert title in titles(gather(report))  # type: ignore[arg-type]


def test_nothing_is_said_about_a_clean_run() -> None:
    """A pinned, compared, recorded report needs no notice."""
    report = ex.report()
    made = ex.comparison(report, ex.finding(report.runs[0], 11))
    assert gather(report, made, [ex.record(1, report.to_bytes())], ex.VERIFIED).notices == ()


def test_what_only_the_baseline_has_is_shown() -> None:
    """A missing benchmark has a row, in its family, and is in the list to look at."""
    fine = ex.run("fine")
    report = ex.report(fine)
    gone = ex.finding(
        ex.run("gone", family="other"), 10, verdict="missing", current_value=None, change_percent=None
    )
    dossier = gather(report, ex.comparison(report, ex.finding(fine, 11), gone, verdict="blocked"))
    assert [family.name for family in dossier.families] == ["parsing", "other"]
    assert [(one.key, one.verdict) for one in dossier.attention] == [("gone/optimized", "missing")]


def test_worse_depends_on_the_direction() -> None:
    """A throughput that fell is a worsening; a time that fell is not."""
    faster = ex.run("t", ex.metric("throughput", [5, 5, 5], direction="higher"))
    report = ex.report(faster)
    row = (
        gather(report, ex.comparison(report, ex.finding(faster, 10, name="throughput")))
        .families[0]
        .tables[0]
        .rows[0]
    )
    assert row.change == pytest.approx(-50)
    assert row.verdict == "regression"


def test_wall_time_comes_first() -> None:
    """The harness's own metrics have a fixed order, and the first of them is what is plotted."""
    run = ex.run("a", ex.metric("custom", [1]), ex.metric("peak_memory", [2]), ex.metric("wall_time", [3]))
    dossier = gather(ex.report(run))
    assert dossier.metrics == ("wall_time", "peak_memory", "custom")
    assert dossier.primary_metric == "wall_time"


def test_the_difference_to_the_baselines_machine_is_kept() -> None:
    """Not comparable says in what the two machines differ."""
    report = ex.report()
    drift = (Drift(name="cpu_model", wanted="A", found="B"),)
    made: Comparison = ex.comparison(
        report, verdict="not-comparable", environment_difference=drift, reason="another machine"
    )
    dossier = gather(report, made)
    assert dossier.headline == "not-comparable"
    assert dossier.reason == "another machine"
    assert dossier.comparison_drift == drift


def test_variants_are_held_against_the_reference() -> None:
    """The speed-up is the ratio of medians per scale, and the slope that of log time over log scale."""
    runs = [
        ex.run("sort", ex.metric(samples=[factor * scale**power] * 3), variant=name, scale=scale)
        for scale in (10, 100, 1000)
        for name, factor, power in (("optimized", 2, 1), ("reference", 3, 2))
    ]
    (study,) = gather(ex.report(*runs)).studies
    assert [line.variant for line in study.lines] == ["reference", "optimized"]
    assert [line.slope for line in study.lines] == pytest.approx([2, 1])
    assert [point.ratio for point in study.lines[1].points] == pytest.approx([15, 150, 1500])
    assert study.scales == (10, 100, 1000)


def test_a_lone_benchmark_is_no_study() -> None:
    """Without a second variant or scale there is nothing to put side by side."""
    assert gather(ex.report(ex.run("a"), ex.run("b"))).studies == ()


def test_a_variant_without_its_reference_has_no_ratio() -> None:
    """Where the reference was blocked the speed-up is left open, not invented."""
    runs = [
        ex.run("a", variant="fast", scale=1),
        ex.run("a", variant="fast", scale=2),
        ex.run("a", variant="reference", scale=1),
    ]
    (study,) = gather(ex.report(*runs)).studies
    assert [point.ratio for point in study.lines[1].points] == [1, None]


def test_gathering_twice_gives_the_same() -> None:
    """The dossier is a pure function of what it is given."""
    report, made = ex.suite(3)
    records = [ex.record(1, report.to_bytes())]
    assert gather(report, made, records, ex.VERIFIED) == gather(report, made, records, ex.VERIFIED)


def test_the_sampling_is_told_as_it_was() -> None:
    """The method says how many samples there were, how isolated, and which metrics are judged by p95."""
    run = ex.run("a", ex.metric("wall_time", [1, 2, 3, 4, 5], aggregate="p95"))
    shared = run.model_copy(
        update={
            "variant": "b",
            "sampling": run.sampling.model_copy(update={"isolation": "shared", "iterations": 8}),
        }
    )
    told = " ".join(gather(ex.report(run, shared)).method)
    assert "2 times to warm up and 5 times measured" in told
    assert "1 to 8 iterations" in told
    assert "95th percentile for wall time" in told
    assert "not independent" in told


def control_of(**given: Any) -> Control:
    """A control of suite `core` on the report's machine."""
    noise = {"benchmark": "parse", "scale": 1000.0, "variant": "optimized", "metric": "wall_time"}
    values: dict[str, Any] = {
        "schema_version": 1,
        "suite": ex.report().config.suite,
        "regime": ex.report().config.regime,
        "revision": ex.report().config.revision,
        "dirty": False,
        "environment": ex.report().environment,
        "authoritative": True,
        "started_at_utc": ex.START,
        "finished_at_utc": ex.START,
        "looks": (10, 20, 40),
        "alpha": 0.01,
        "verdict": "inside",
        "reason": "0 of 20 rounds <b>raised</b> an alarm.",
        "alarms": {"events": 0, "trials": 20, "rate": 0.0, "interval": (0.0, 0.168)},
        "resplits": {"events": 1, "trials": 500, "rate": 0.002, "interval": (0.00005, 0.011)},
        "slowdown_percent": 5.0,
        "power": {"events": 9, "trials": 10, "rate": 0.9, "interval": (0.55, 0.997)},
        "noise": (
            {**noise, "cv_percent": 1.5, "minimum_detectable_percent": 2.4, "false_alarms": 0},
            {
                **noise,
                "metric": "cpu_time",
                "cv_percent": 3.0,
                "minimum_detectable_percent": None,
                "false_alarms": 1,
            },
        ),
        "reports": ("ab" * 32,),
    }
    return Control.model_validate({**values, **given})


def test_the_control_has_a_section_of_its_own() -> None:
    """Rates with their intervals, the noisiest metric first, in both forms; text stays text."""
    dossier = gather(ex.report(), control=control_of())
    assert ("control", "Control") in [(part.anchor, part.title) for part in dossier.sections]
    assert dossier.control_caveats == ()
    text = markdown(dossier)
    assert "| False alarms: rounds without a change | 0 of 20 | 0.0 % | 0.0 % to 16.8 % |" in text
    assert "| Power: wall times really 5 % slower | 9 of 10 | 90.0 % | 55.0 % to 99.7 % |" in text
    assert "samples scaled" not in text
    assert text.index("| `parse@1000/optimized` | `cpu_time` | 3.0 % | – |") < text.index("| 1.5 % | 2.4 % |")
    page = html(dossier)
    assert '<section id="control">' in page
    assert "&lt;b&gt;raised" in page


def test_a_control_of_other_conditions_says_so_and_of_another_suite_is_left_out() -> None:
    """Another machine, regime or revision may have other noise."""
    place = ex.report().environment.model_copy(update={"fingerprint": "blake3:" + "1" * 64})
    other = control_of(environment=place, regime="r2", revision="beef", verdict="outside")
    dossier = gather(ex.report(), control=other)
    assert [caveat.partition(" measured ")[2].split()[1] for caveat in dossier.control_caveats] == [
        *("another", "regime", "another")
    ]
    assert all(caveat in html(dossier) for caveat in dossier.control_caveats)
    assert "Outside the policy." in markdown(dossier)
    assert gather(ex.report(), control=control_of(suite="another")).control is None


def test_a_paired_report_names_the_other_revision_and_shows_its_samples() -> None:
    """No baseline store is needed: both sides are in the report, and the change has its interval."""
    metric = ex.metric(samples=(12.0, 13.0), reference=(10.0, 11.0))
    against = {"ref": "origin/main", "revision": "f00d" * 10, "looks": (10,), "runs": ("parse/optimized",)}
    report = ex.report(ex.run("parse", metric), config={"against": against})
    finding = ex.finding(report.runs[0], 10.5, interval_percent=(15.0, 25.0))
    dossier = gather(report, ex.comparison(report, finding))
    [row] = dossier.families[0].tables[0].rows
    assert row.baseline_samples == (10.0, 11.0)
    assert "Measured in turn with `origin/main` (`f00df00df00d`)." in markdown(dossier)
    assert "(+15.0 % to +25.0 %)" in markdown(dossier)
    page = html(dossier)
    assert "in turn with" in page
    assert "(+15.0 % to +25.0 %)" in page
    assert any("in turn" in claim for claim in dossier.claims)

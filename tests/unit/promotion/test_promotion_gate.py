"""The promotion gate: every failing condition is said, and nothing is ever applied."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotion_builders import ENDED, report

from benchgov.audit.verification import Divergence, Verification
from benchgov.errors import (
    IncompleteReportError,
    InputError,
    PromotionMustBeHumanAuthorizedError,
    TierConfigError,
)
from benchgov.eval.declared import Declaration
from benchgov.eval.models import ISOLATION_LEVELS, BenchRunReport
from benchgov.promotion.gate import MET, PromotionGate, Seen
from benchgov.promotion.tiers import TierConfig, load_tiers

ROOT = Path(__file__).parents[3]
INTACT = Verification(())
CONFIG = {
    "schema_version": 1,
    "thresholds": {"bronze": 0.6, "silver": 0.8, "gold": 0.9},
    "current_tiers": {"vuln": "bronze"},
    "min_passed": {"silver": 8},
    "min_held_out": {"silver": 5},
    "min_isolation": "subprocess",
}


def gate(**given: Any) -> PromotionGate:
    """A gate of the tiers above, with some fields replaced."""
    return PromotionGate(TierConfig.model_validate({**CONFIG, **given}))


def reasons(given: BenchRunReport, using: PromotionGate | None = None, **more: Any) -> tuple[str, ...]:
    """Why the report does not suffice for silver."""
    options = {"verification": INTACT, **more}
    return (using or gate()).evaluate("vuln", "bronze", given, **options).reasons


def test_evidence_that_meets_all_conditions_suffices() -> None:
    """For the tier after the current one; and people still decide."""
    verdict = gate().evaluate("vuln", "bronze", report(), verification=INTACT)
    assert (verdict.target_tier, verdict.evidence_sufficient, verdict.reasons) == ("silver", True, (MET,))
    assert verdict.requires_human_approval
    assert (verdict.threshold_at_target, verdict.chain_head) == (0.8, "1" * 64)


SEEN = Seen("vuln", True, ENDED - timedelta(days=3), "host-a", "landlock")
FAILING: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "bound": ("lower_bound_95 0.7999 < 0.8, the threshold of silver", {"lower_bound_95": 0.7999}, {}, {}),
    "passed": ("7 passed cases < 8, which silver needs", {"passed_count": 7}, {}, {}),
    "registration": (
        "10 passed cases < 12, which silver needs",
        {},
        {},
        {"declared": Declaration("vuln", Path("vuln"), {"silver": 12}, None, 1)},
    ),
    "cases": ("10 cases < 11, which silver needs", {}, {"min_cases": 11}, {}),
    "held out": ("4 held-out cases < 5, which silver needs", {"held_out_count": 4}, {}, {}),
    "blocking": (
        "block-severity failure modes: sut.timeout, unsafe",
        {"block_severity_failure_modes": ("sut.timeout", "unsafe")},
        {},
        {},
    ),
    "chain": (
        "the audit log does not verify: log/3: record 3: expected a, found b",
        {},
        {},
        {"verification": Verification((), Divergence("log/3", 3, "a", "b"))},
    ),
    "another SUT": (
        "sut bench.vuln.sut:run is not the one that the registration names, bench.vuln.sut:honest",
        {},
        {},
        {"declared": Declaration("vuln", Path("vuln"), {}, "bench.vuln.sut:honest", 1)},
    ),
    "reused process": (
        "the SUT's process was reused from case to case, which the registration does not allow",
        {"sut_process": "reused"},
        {},
        {"declared": Declaration("vuln", Path("vuln"), {}, "bench.vuln.sut:run", 1)},
    ),
    "unverified": ("the audit log was not verified", {}, {}, {"verification": None}),
    "unrecorded": ("the report is not recorded in the audit log", {"chain_head": None}, {}, {}),
    "isolation": (
        "isolation_class subprocess is weaker than landlock",
        {"isolation_class": "subprocess"},
        {"min_isolation": "landlock"},
        {},
    ),
    "mixed isolation": (
        "isolation_class is mixed in the window: landlock, microvm",
        {},
        {},
        {"window": [SEEN, Seen("vuln", True, ENDED, "host-a", "microvm")]},
    ),
    "host": (
        "host_fingerprint host-a is not the promotion source host-b",
        {},
        {"promotion_source": "host-b"},
        {},
    ),
    "hosts": (
        "no promotion source is named, and the window has 2 hosts",
        {},
        {},
        {"window": [Seen("vuln", True, ENDED, "host-b", "landlock")]},
    ),
    "jump": (
        "gold is not the tier after bronze; that is silver",
        {"lower_bound_95": 0.95},
        {},
        {"target_tier": "gold"},
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_each_condition_fails_alone_and_is_said(name: str) -> None:
    """One condition, one reason."""
    reason, changed, tiers, options = FAILING[name]
    assert reasons(report(**changed), gate(**tiers), **options) == (reason,)


def test_every_failing_condition_is_listed_on_its_own() -> None:
    """All that one report can fail, at once."""
    bad = report(
        lower_bound_95=0.1,
        passed_count=1,
        held_out_count=0,
        block_severity_failure_modes=("unsafe",),
        chain_head=None,
        isolation_class="in-process",
    )
    found = reasons(bad, gate(promotion_source="host-b", min_cases=11))
    assert len(found) == 8


def test_what_does_not_count_as_evidence_mixes_nothing() -> None:
    """Other classes, incomplete runs, older ones, later ones, and hosts that are not the source."""
    window = [
        SEEN,
        Seen("other", True, ENDED, "host-a", "microvm"),
        Seen("vuln", False, ENDED, "host-a", "microvm"),
        Seen("vuln", True, ENDED - timedelta(days=31), "host-a", "microvm"),
        Seen("vuln", True, ENDED + timedelta(days=1), "host-a", "microvm"),
        Seen("vuln", True, ENDED, "host-b", "microvm"),
    ]
    verdict = gate(promotion_source="host-a").evaluate(
        "vuln", "bronze", report(), verification=INTACT, window=iter(window)
    )
    assert verdict.evidence_sufficient
    assert verdict.reasons == (MET, "ignored: 1 run of host-b, not the promotion source host-a")


def test_an_override_is_of_its_class_alone() -> None:
    """A stricter threshold for one class."""
    own = {"overrides": {"vuln": {"thresholds": {"silver": 0.86}}, "other": {"thresholds": {"silver": 0.81}}}}
    assert reasons(report(), gate(**own)) == ("lower_bound_95 0.8500 < 0.86, the threshold of silver",)


def test_an_incomplete_report_is_refused_loudly() -> None:
    """It is no evidence at all."""
    with pytest.raises(IncompleteReportError):
        reasons(report(complete=False, run_id="partial:0123456789abcdef"))


def test_the_highest_tier_has_none_after_it() -> None:
    """A verdict is still given, and says so."""
    verdict = gate().evaluate("vuln", "gold", report(lower_bound_95=0.99), verification=INTACT)
    assert verdict.reasons == ("gold is the highest tier",)
    assert not verdict.evidence_sufficient


@pytest.mark.parametrize(
    ("name", "current", "target", "error"),
    [
        ("other", "bronze", None, InputError),
        ("vuln", "iron", None, TierConfigError),
        ("vuln", "bronze", "emerald", TierConfigError),
    ],
)
def test_what_does_not_exist_fails_loud(name: str, current: str, target: str | None, error: type) -> None:
    """Another class's report, and tiers that the file does not have."""
    with pytest.raises(error):
        gate().evaluate(name, current, report(), verification=INTACT, target_tier=target)


def test_apply_always_raises() -> None:
    """Whatever it is given: people promote."""
    for arguments in ((), (report(),), ("vuln", "silver")):
        with pytest.raises(PromotionMustBeHumanAuthorizedError, match="people"):
            gate().apply(*arguments, force=True)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 1),
    st.integers(0, 10),
    st.integers(0, 10),
    st.sampled_from(ISOLATION_LEVELS),
    st.sampled_from([None, "1" * 64]),
)
def test_evidence_suffices_only_when_every_condition_holds(
    bound: float, passed: int, held_out: int, isolation: str, head: str | None
) -> None:
    """Pure, and the conjunction of its conditions."""
    one = report(
        lower_bound_95=abs(bound),
        passed_count=passed,
        held_out_count=held_out,
        isolation_class=isolation,
        chain_head=head,
    )
    verdict = gate(min_isolation="landlock").evaluate("vuln", "bronze", one, verification=INTACT)
    strong = ISOLATION_LEVELS.index(one.isolation_class) >= ISOLATION_LEVELS.index("landlock")
    assert verdict.evidence_sufficient == (
        abs(bound) >= 0.8 and passed >= 8 and held_out >= 5 and strong and head is not None
    )
    assert verdict == gate(min_isolation="landlock").evaluate("vuln", "bronze", one, verification=INTACT)


BAD_TIERS = {
    "an unknown tier of a class": "thresholds: {bronze: 0.5}\ncurrent_tiers: {vuln: brnze}\n",
    "an unknown tier of a minimum": "thresholds: {bronze: 0.5}\nmin_passed: {silver: 3}\n",
    "an unknown tier of an override": (
        "thresholds: {bronze: 0.5}\noverrides: {vuln: {thresholds: {gold: 0.9}}}\n"
    ),
    "falling thresholds": "thresholds: {bronze: 0.5, silver: 0.5}\n",
    "an override that falls": (
        "thresholds: {bronze: 0.5, silver: 0.6}\noverrides: {vuln: {thresholds: {bronze: 0.7}}}\n"
    ),
    "no thresholds": "thresholds: {}\n",
    "a threshold above one": "thresholds: {bronze: 1.5}\n",
    "a threshold for none": "thresholds: {untiered: 0.5}\n",
    "an unknown key": "thresholds: {bronze: 0.5}\ncurrent_tier: {}\n",
    "an unknown isolation": "thresholds: {bronze: 0.5}\nmin_isolation: chroot\n",
    "a duplicate key": "thresholds: {bronze: 0.5}\nthresholds: {bronze: 0.6}\n",
    "not a number": "thresholds: {bronze: .nan}\n",
}


@pytest.mark.parametrize("name", BAD_TIERS)
def test_tiers_that_are_not_valid_fail_at_once(tmp_path: Path, name: str) -> None:
    """Before any report is looked at."""
    path = tmp_path / "trust-tiers.yaml"
    path.write_text("schema_version: 1\n" + BAD_TIERS[name])
    with pytest.raises(TierConfigError):
        load_tiers(path)


def test_missing_tiers_are_an_error(tmp_path: Path) -> None:
    """There are no thresholds by default."""
    with pytest.raises(TierConfigError):
        load_tiers(tmp_path / "trust-tiers.yaml")


def test_the_tiers_of_this_repository_are_valid() -> None:
    """And a class that is not listed has none."""
    tiers = load_tiers(ROOT / "docs" / "trust-tiers.yaml")
    assert tiers.tiers == ("bronze", "silver", "gold")
    assert tiers.tier_of("no-such-class") == "untiered"
    assert tiers.after("untiered") == "bronze"

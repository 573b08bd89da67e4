"""The promotion guard: every missing point is one line, and the change brings no rules of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchgov.audit.subjects import VerdictSubject
from benchgov.promotion.codeowners import parse_codeowners
from benchgov.promotion.guard import (
    Change,
    Evidence,
    Judgement,
    Proof,
    PullRequest,
    Review,
    Rules,
    guard,
    protected,
)
from benchgov.promotion.tiers import TierConfig

HEAD = "a" * 40
RUBRIC = "blake3:" + "1" * 64
OWNERS = parse_codeowners("* @org/maintainers\n/docs/trust-tiers.yaml @curator @org/maintainers\n")
TIERS = Change("docs/trust-tiers.yaml", "modified")
ADR = Change("docs/adr/0099-promotion.md", "added")
APPROVED = Review("curator", "APPROVED", HEAD)


def tiers(current: str = "bronze", **changes: Any) -> TierConfig:
    values = {
        "schema_version": 1,
        "thresholds": {"bronze": 0.6, "silver": 0.8, "gold": 0.9},
        "current_tiers": {"parsing": current},
        "promotion_source": "gh-1",
    }
    return TierConfig.model_validate({**values, **changes})


def proof(sequence: int = 5, **changes: Any) -> Proof:
    values = {
        "task_class": "parsing",
        "current_tier": "bronze",
        "target_tier": "silver",
        "verdict": "sufficient",
        "lower_bound_95": 0.85,
        "threshold_at_target": 0.8,
        "eval_run_id": "0" * 16,
        "rubric_digest": RUBRIC,
        "host_fingerprint": "gh-1",
        "reasons": ("all conditions met",),
    }
    return Proof(VerdictSubject.model_validate({**values, **changes}), sequence, "gh-1")


PULL = PullRequest("author", HEAD, (TIERS, ADR), (APPROVED,))
RULES = Rules("bench", tiers(), OWNERS, teams={"@org/maintainers": frozenset({"boss"})})
EVIDENCE = Evidence(True, verdicts=(proof(),), rubrics={"parsing": RUBRIC})


def judge(
    pull: PullRequest = PULL,
    rules: Rules = RULES,
    evidence: Evidence = EVIDENCE,
    after: TierConfig | str | None = None,
    owners: Any = None,
) -> Judgement:
    return guard(
        pull,
        rules,
        evidence,
        tiers_after=tiers("silver") if after is None else after,
        codeowners_after=owners,
    )


def test_a_promotion_with_everything_it_needs_passes() -> None:
    """A sufficient verdict, an owner's approval, a decision record."""
    assert judge() == Judgement(("docs/trust-tiers.yaml",), ())


def test_a_change_that_decides_nothing_is_none_of_its_business() -> None:
    """Code, documents and tests need no guard."""
    pull = replace(
        PULL, changes=(Change("src/x.py", "modified"), Change("README.md", "modified")), reviews=()
    )

    assert judge(pull, after=tiers()) == Judgement((), ())


@pytest.mark.parametrize(
    "path",
    [
        "docs/trust-tiers.yaml",
        "benchgov.yaml",
        ".github/CODEOWNERS",
        "CODEOWNERS",
        ".github/workflows/ci.yml",
        "bench/core/suite.yaml",
        "bench/core/accepted.yaml",
        "bench/core/baselines/index.json",
        "bench/parsing/rubric.py",
        "bench/parsing/cases/digests.yaml",
    ],
)
def test_what_decides_is_protected(path: str) -> None:
    """Also where a file is moved away from there."""
    moved = PullRequest("author", HEAD, (Change("elsewhere", "renamed", path),), ())

    assert protected(path, "bench")
    assert judge(moved, after=tiers()).protected == (path,)


def lines(judgement: Judgement) -> str:
    return "\n".join(judgement.missing)


@pytest.mark.parametrize(
    ("evidence", "line"),
    [
        (Evidence(False, "record 7 was changed"), "does not verify: record 7 was changed"),
        (replace(EVIDENCE, verdicts=()), "no verdict on this step"),
        (replace(EVIDENCE, verdicts=(proof(target_tier="gold"),)), "no verdict on this step"),
        (replace(EVIDENCE, verdicts=(proof(task_class="other"),)), "no verdict on this step"),
        (
            replace(EVIDENCE, verdicts=(proof(verdict="insufficient", reasons=("bound too low",)),)),
            "bound too low",
        ),
        (replace(EVIDENCE, verdicts=(proof(5), proof(6, verdict="insufficient"))), "record 6 of gh-1"),
        (replace(EVIDENCE, verdicts=(proof(rubric_digest="blake3:" + "2" * 64),)), "by another rubric"),
        (replace(EVIDENCE, rubrics={}), "by another rubric"),
    ],
)
def test_evidence_that_does_not_suffice_is_named(evidence: Evidence, line: str) -> None:
    """From the verified log, for this step, the newest one, by the base's rubric."""
    assert line in lines(judge(evidence=evidence))
    assert len(judge(evidence=evidence).missing) == 1


def test_another_host_s_verdict_is_ignored_and_named() -> None:
    """Only the promotion source's runs count."""
    other = Proof(proof(host_fingerprint="laptop").subject, 5, "laptop")

    found = judge(evidence=replace(EVIDENCE, verdicts=(other,)))

    assert found.missing == (
        "parsing: bronze → silver: no verdict of the promotion source gh-1; there are some of laptop",
    )


@pytest.mark.parametrize(
    ("reviews", "passes"),
    [
        ((), False),
        ((Review("author", "APPROVED", HEAD),), False),
        ((Review("stranger", "APPROVED", HEAD),), False),
        ((Review("curator", "COMMENTED", HEAD),), False),
        ((Review("curator", "APPROVED", "b" * 40),), False),
        ((Review("Curator", "APPROVED", HEAD),), True),
        ((Review("boss", "APPROVED", HEAD),), True),
    ],
)
def test_an_owner_other_than_the_author_approves_the_head(reviews: tuple[Review, ...], passes: bool) -> None:
    """By name or by team; an approval of an older commit does not count."""
    found = judge(replace(PULL, reviews=reviews))

    assert found.passed is passes
    assert passes or "no approving review" in lines(found)


def test_an_author_who_owns_cannot_approve_alone() -> None:
    """An owner's own pull request needs another owner."""
    assert not judge(replace(PULL, author="curator")).passed


def test_a_team_that_cannot_be_read_falls_to_the_maintainers() -> None:
    """By the base's settings; and the line says that the team could not be read."""
    unread = replace(RULES, teams={}, maintainers=frozenset({"boss"}))

    assert judge(replace(PULL, reviews=(Review("boss", "APPROVED", HEAD),)), unread).passed
    assert "@org/maintainers could not be read" in lines(judge(replace(PULL, reviews=()), unread))


def test_published_baselines_are_untouched() -> None:
    """Changed, removed, moved or added to: each is named; a new baseline is not."""
    base = "bench/core/baselines/default/b1"
    rules = replace(RULES, baselines_on_base=frozenset({base}))
    changes = (
        Change(f"{base}/baseline.json", "modified"),
        Change(f"{base}/checksums.json", "removed"),
        Change("elsewhere/x", "renamed", f"{base}/raw/1.json"),
        Change(f"{base}/raw/extra.json", "added"),
        Change("bench/core/baselines/default/b2/baseline.json", "added"),
        Change("bench/core/baselines/index.json", "modified"),
    )
    pull = replace(PULL, changes=changes, reviews=(Review("boss", "APPROVED", HEAD),))

    found = judge(pull, rules, after=tiers())

    assert len(found.missing) == 4
    assert all("published, and so immutable" in line for line in found.missing)


def test_owners_must_parse_and_own() -> None:
    """Before and after: a line that GitHub skips, and a path that nobody owns."""
    broken = replace(
        RULES, codeowners=parse_codeowners("* @org/maintainers\n!x @a\n"), maintainers=frozenset({"curator"})
    )
    assert "CODEOWNERS of the base: line 2" in lines(judge(rules=broken))

    nobody = parse_codeowners("* @org/maintainers\n/docs/trust-tiers.yaml\n")
    text = lines(judge(owners=nobody))
    assert "CODEOWNERS after the merge: nobody owns docs/trust-tiers.yaml" in text
    assert "CODEOWNERS after the merge: docs/trust-tiers.yaml would lose its owners" in text


def test_a_promotion_is_explained_and_alone() -> None:
    """With a decision record; and rules are not changed in the same breath."""
    assert "no decision record" in lines(judge(replace(PULL, changes=(TIERS,))))
    both = tiers("silver", thresholds={"bronze": 0.1, "silver": 0.2, "gold": 0.3})
    assert "make it two pull requests" in lines(judge(after=both))
    assert "would not be valid: line 3" in lines(judge(after="line 3"))


def test_a_demotion_needs_no_evidence_but_an_owner() -> None:
    """Trust is taken back without proof."""
    down = replace(RULES, tiers=tiers("gold"))

    assert judge(replace(PULL, changes=(TIERS,)), down, Evidence(False), after=tiers("bronze")).passed
    assert not judge(
        replace(PULL, changes=(TIERS,), reviews=()), down, Evidence(False), after=tiers("bronze")
    ).passed


def test_a_new_class_and_an_unknown_tier_are_raises() -> None:
    """A class that appears with a tier was promoted; a tier that the base does not know has no threshold."""
    appeared = tiers(current_tiers={"parsing": "bronze", "new": "bronze"})
    assert "new: untiered → bronze: the log has no verdict" in lines(judge(after=appeared))
    emerald = tiers("emerald", thresholds={"bronze": 0.6, "silver": 0.8, "gold": 0.9, "emerald": 0.95})
    assert "the base knows no tier 'emerald'" in lines(judge(after=emerald))


def test_a_list_of_files_that_was_cut_passes_nothing() -> None:
    """GitHub lists 3,000 files."""
    assert not judge(replace(PULL, truncated=True)).passed

"""Proposals: started by people, only with evidence that suffices, and changing only what is meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchgov.errors import RefusedError
from benchgov.eval.models import PromotionVerdict
from benchgov.promotion.proposal import (
    baseline_proposal,
    edited_tiers,
    next_adr,
    require_person,
    tier_proposal,
)

TIERS = """\
# How far each class is trusted.
schema_version: 1
thresholds: {bronze: 0.6, silver: 0.8}   # candidates

current_tiers:
  # by people
  other-class: silver
  parsing: bronze  # since spring

min_cases: 10
"""


def verdict(**changes: Any) -> PromotionVerdict:
    values = {
        "task_class": "parsing",
        "current_tier": "bronze",
        "target_tier": "silver",
        "evidence_sufficient": True,
        "reasons": ("all conditions met",),
        "lower_bound_95": 0.85,
        "threshold_at_target": 0.8,
        "run_id": "0" * 16,
        "rubric_digest": "blake3:" + "1" * 64,
        "chain_head": None,
        "host_fingerprint": "gh-1",
        "isolation_class": "landlock",
    }
    return PromotionVerdict.model_validate({**values, **changes})


def proposed(found: PromotionVerdict) -> Any:
    return tier_proposal(
        found, tiers=TIERS, adr_names=["0001-a.md", "0031-b.md", "README.md"], exhibits=(),
        owners=("@curator",), by="octocat", dossier="https://example.invalid/d",
    )  # fmt: skip


ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_ACTOR": "octocat"}


def test_a_person_at_a_terminal_or_by_hand_in_actions_may_propose() -> None:
    """And is named."""
    assert require_person({"USER": "me"}, terminal=True) == "me"
    assert require_person(ACTIONS, terminal=False) == "octocat"
    assert require_person({**ACTIONS, "GITHUB_TRIGGERING_ACTOR": "other"}, terminal=False) == "other"


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "no terminal"),
        ({**ACTIONS, "GITHUB_EVENT_NAME": "schedule"}, "started by schedule"),
        ({**ACTIONS, "GITHUB_EVENT_NAME": "push"}, "started by push"),
        ({**ACTIONS, "GITHUB_EVENT_NAME": "workflow_run"}, "started by workflow_run"),
        ({**ACTIONS, "GITHUB_EVENT_NAME": ""}, "unknown event"),
        ({**ACTIONS, "GITHUB_ACTOR": "github-actions[bot]"}, "is none"),
        ({**ACTIONS, "GITHUB_ACTOR": ""}, "nobody is none"),
        ({**ACTIONS, "GITHUB_TRIGGERING_ACTOR": "dependabot[bot]"}, "is none"),
    ],
)
def test_nothing_else_may(environ: dict[str, str], why: str) -> None:
    """A schedule, a push, another workflow, a bot, a script; a terminal does not help in Actions."""
    with pytest.raises(RefusedError, match=why):
        require_person(environ, terminal=bool(environ))


def test_only_the_class_s_line_changes() -> None:
    """Comments, order and spaces stay."""
    edited = edited_tiers(TIERS, "parsing", "silver")

    assert edited == TIERS.replace("parsing: bronze  # since", "parsing: silver  # since")


def test_a_class_without_a_tier_gets_a_line() -> None:
    """In the block, whatever else is in it."""
    edited = edited_tiers(TIERS, "new-class", "bronze")

    assert yaml.safe_load(edited)["current_tiers"] == {
        "other-class": "silver", "parsing": "bronze", "new-class": "bronze",
    }  # fmt: skip
    assert len(edited.splitlines()) == len(TIERS.splitlines()) + 1


@pytest.mark.parametrize(
    "text",
    [
        "schema_version: 1\n",
        "current_tiers: {parsing: bronze}\n",
        "other:\n  current_tiers:\n    parsing: bronze\n",
    ],
)
def test_what_cannot_be_edited_by_line_is_left_to_people(text: str) -> None:
    """Flow style, anchors, no block at all: refused, rather than written wrongly."""
    with pytest.raises(RefusedError, match="plain block"):
        edited_tiers(text, "parsing", "silver")


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), st.sampled_from(["bronze", "silver"])
    ),
    st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True),
)
def test_editing_changes_one_class_and_nothing_else(current: dict[str, str], name: str) -> None:
    """Whatever the classes are called, `yes` and `null` too."""
    text = "a: 1\n" + yaml.safe_dump({"current_tiers": current or None}).replace(" null", "") + "z: [2]\n"
    try:
        edited = yaml.safe_load(edited_tiers(text, name, "gold"))
    except RefusedError:
        assert not isinstance(yaml.safe_load(name), str)
        return
    assert edited == {"a": 1, "current_tiers": {**current, name: "gold"}, "z": [2]}


def test_a_proposal_carries_the_evidence_and_a_record_to_complete() -> None:
    """The tier's edit, a numbered decision record, the verdict, and whom to ask."""
    proposal = proposed(verdict())

    assert proposal.branch == "benchgov/promote-parsing-silver"
    assert sorted(proposal.files) == ["docs/adr/0032-parsing-silver.md", "docs/trust-tiers.yaml"]
    assert b"Status: proposed" in proposal.files["docs/adr/0032-parsing-silver.md"]
    assert "0.8500, threshold 0.8000" in proposal.body
    assert "Nothing merges this by itself" in proposal.body
    assert "[Dossier](https://example.invalid/d)" in proposal.body


def test_evidence_that_does_not_suffice_is_not_proposed() -> None:
    """Every reason is listed."""
    with pytest.raises(RefusedError) as error:
        proposed(verdict(evidence_sufficient=False, reasons=("bound too low", "wrong host")))

    assert error.value.details == ("bound too low", "wrong host")


def test_baselines_are_proposed_as_the_files_that_they_are() -> None:
    """The same files give the same branch, so that a second proposal is noticed; none are refused."""
    files = {"bench/core/baselines/index.json": b"{}", "bench/core/baselines/r/b/baseline.json": b"[]"}
    one, other = (
        baseline_proposal("core", files, exhibits=(), owners=(), by="octocat", dossier=None) for _ in range(2)
    )

    assert one == other
    assert one.branch.startswith("benchgov/baseline-core-")
    with pytest.raises(RefusedError, match="those of the last commit"):
        baseline_proposal("core", {}, exhibits=(), owners=(), by="octocat", dossier=None)


def test_decision_records_are_numbered_on() -> None:
    """After the highest."""
    assert next_adr([]) == 1
    assert next_adr(["0007-x.md", "0010-y.md", "notes.md"]) == 11

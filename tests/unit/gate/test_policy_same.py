"""`policy.same`: which machines' numbers may be held against each other, and that it is said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOW
from tests.gate_builders import FACTS, active, drafted, metric, report, run

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.store import BaselineStore
from benchgov.config import PROPERTIES, Policy, load_settings
from benchgov.environment.pinned import difference, fingerprint, may_be_compared
from benchgov.errors import ConfigError
from benchgov.gate.compare import compare
from benchgov.gate.policy import GatePolicy
from benchgov.report import Facts, Report

SAME = ("arch", "os")


def machine(**changes: Any) -> Facts:
    """The usual machine, but for these facts."""
    return FACTS.model_copy(update=changes)


def policy(same: tuple[str, ...] | None) -> GatePolicy:
    """A policy with this widening."""
    return GatePolicy(settings=Policy(same=same))


def publish(store: BaselineStore, one: Report, days: int) -> str:
    """An active baseline made of `one`."""
    made = drafted(one, now=NOW + timedelta(days=days))
    store.publish(made.baseline, made.raw)
    store.activate(made.baseline)
    return made.baseline.baseline_id


def test_the_names_are_those_of_the_facts() -> None:
    """A property that is added to the facts can be named here too."""
    assert set(PROPERTIES) == set(Facts.model_fields) - {"tools"}


def test_a_wider_policy_compares_and_says_what_it_did_not() -> None:
    """Another processor and tool: not comparable, but compared when the policy names what must agree."""
    here = report(run("parse", metric([200.0] * 5)), facts=machine(cpu_model="Other", tools={"gcc": "13"}))
    baselines = active(report())
    assert compare(here, baselines, policy(None)).verdict == "not-comparable"
    result = compare(here, baselines, policy(SAME))
    assert (result.verdict, result.same) == ("regression", SAME)
    assert [one.name for one in result.environment_difference] == ["cpu_model", "gcc"]
    assert "policy.same compares arch, os, and they differ in cpu_model, gcc." in result.reason


@pytest.mark.parametrize(
    ("same", "facts"),
    [
        (("arch",), {"arch": "arm64"}),
        (("arch", "tools.gcc"), {"tools": {"gcc": "13"}}),
        (("tools.gcc",), {"tools": {}}),
        (("tools.clang",), {"kernel": "7"}),
        (("memory_mb",), {"memory_mb": 16384}),
    ],
)
def test_what_is_named_must_agree(same: tuple[str, ...], facts: dict[str, Any]) -> None:
    """A tool that only one machine has, or none, does not agree."""
    result = compare(report(facts=machine(**facts)), active(report()), policy(same))
    assert result.verdict == "not-comparable"


def test_memory_agrees_as_in_the_fingerprint() -> None:
    """A few megabytes less are the same machine."""
    assert may_be_compared(FACTS, machine(memory_mb=8190, kernel="7"), ("memory_mb",))


def test_the_same_machine_needs_no_remark() -> None:
    """The widening is only told when it made a difference."""
    result = compare(report(), active(report()), policy(SAME))
    assert (result.verdict, result.environment_difference) == ("pass", ())
    assert "another machine" not in result.reason


def test_the_closest_machine_comes_first_and_of_equals_the_latest(tmp_path: Path) -> None:
    """This very machine before all others; then by how many facts differ; then by time."""
    store = BaselineStore(tmp_path / "baselines")
    environment = report().environment

    def found(same: tuple[str, ...] | None) -> tuple[list[str], str | None]:
        applied = store.active("default", environment, same)
        nearest = applied.nearest.baseline_id if applied.nearest else None
        return [one.baseline.baseline_id for one in applied.baselines], nearest

    far = publish(store, report(facts=machine(cpu_model="Other", kernel="7")), 0)
    assert found(SAME) == ([far], None)
    assert found(None) == ([], far)
    near = publish(store, report(facts=machine(cpu_model="Other")), 1)
    assert found(SAME) == ([near], None)
    later = publish(store, report(facts=machine(kernel="7")), 2)
    assert found(SAME) == ([later], None)
    assert found(("arch", "kernel")) == ([near], None)
    closest = publish(store, report(facts=machine(os="debian-11")), 3)
    assert found(SAME) == ([later], None)
    assert found(("image", "os", "kernel", "cpu_model")) == ([], closest)
    own = publish(store, report(), 4)
    assert found(SAME) == ([own], None)


def test_no_baseline_at_all_is_still_none(tmp_path: Path) -> None:
    """Widening makes nothing up."""
    store = BaselineStore(tmp_path / "baselines")
    assert store.active("default", report().environment, SAME) == ActiveBaselines()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "at least 1 item"),
        ("[arhc]", "no property 'arhc'; did you mean 'arch'"),
        ("[tools]", "no property 'tools'"),
        ("[tools.]", "no property 'tools.'"),
        ("['tools.a b']", "no property 'tools.a b'"),
        ("[arch, arch]", "there twice"),
        ("[fingerprint]", "no property 'fingerprint'; known are os, kernel"),
        ("arch", "valid tuple"),
        ("[1]", "valid string"),
    ],
)
def test_a_widening_that_names_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """An empty list would compare everything with everything, and a typing error more than was meant."""
    (tmp_path / "benchgov.yaml").write_text(f"policy:\n  same: {text}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, {})
    assert any(message in one for one in caught.value.details), caught.value.details


def test_a_valid_widening_is_read(tmp_path: Path) -> None:
    """Properties and tools."""
    (tmp_path / "benchgov.yaml").write_text("policy: {same: [arch, tools.gcc-12]}\n")
    assert load_settings(tmp_path, {}).policy.same == ("arch", "tools.gcc-12")


WORDS = st.sampled_from(["a", "b"])
MACHINES = st.builds(
    lambda os, arch, cpu, tools: machine(os=os, arch=arch, cpu_model=cpu, tools=tools),
    WORDS,
    WORDS,
    WORDS,
    st.dictionaries(st.sampled_from(["gcc", "node"]), WORDS),
)
NAMES = st.lists(st.sampled_from([*PROPERTIES, "tools.gcc", "tools.node"]), min_size=1, unique=True).map(
    tuple
)


@given(MACHINES, MACHINES, NAMES, NAMES)
def test_naming_more_never_compares_more(
    one: Facts, other: Facts, some: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Symmetric; and what agrees in more agrees in less. Without names it is the fingerprint."""
    both = tuple(dict.fromkeys((*some, *more)))
    assert may_be_compared(one, other, some) == may_be_compared(other, one, some)
    assert may_be_compared(one, other, some) or not may_be_compared(one, other, both)
    assert may_be_compared(one, other, None) == (fingerprint(one) == fingerprint(other))
    assert may_be_compared(one, other, None) == (not difference(one, other))

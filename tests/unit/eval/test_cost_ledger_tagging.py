"""The tag of an invocation: costs that a bench causes can be told from those of production."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchgov.errors import InputError
from benchgov.eval.cost_tag import (
    TAG_VARIABLE,
    current_tag,
    entry,
    invocation_tag,
    of_production,
    tag_invocation,
)

STARTED = "2026-01-02T03:04:05.000000Z"


def test_a_tag_names_run_task_class_and_case() -> None:
    """`bench:<run started>:<task class>:<case id>`."""
    tag = invocation_tag("vuln-remediation", "001-x", STARTED)
    assert tag == "bench:2026-01-02T03:04:05.000000Z:vuln-remediation:001-x"


def test_an_entry_under_a_tag_is_marked() -> None:
    """The variable is there: the workflow is the tag, and `bench_invocation` is true."""
    line = entry(0.25, "wf-7", environ={TAG_VARIABLE: "bench:x"}, sandbox="s1")
    assert line == {"sandbox": "s1", "cost_usd": 0.25, "workflow_id": "bench:x", "bench_invocation": True}


def test_an_entry_of_production_has_no_mark() -> None:
    """The variable is not there, or empty: the entry is as it always was."""
    for environ in ({}, {TAG_VARIABLE: ""}):
        assert entry(0.25, "wf-7", environ=environ) == {"cost_usd": 0.25, "workflow_id": "wf-7"}


def test_bench_costs_do_not_pollute_those_of_production() -> None:
    """A ledger of both sums up to production's costs, however the facts of an entry are named."""
    ledger = [entry(1.0, "wf-1", environ={}), entry(2.0, "wf-2", environ={})]
    with tag_invocation("t", "001", STARTED):
        ledger += [entry(100.0, "wf-1", environ={}, bench_invocation=False, workflow_id_hint="wf-1")]
    assert sum(line["cost_usd"] for line in of_production(ledger)) == 3.0
    assert [line["workflow_id"] for line in ledger][-1] == f"bench:{STARTED}:t:001"


def test_the_tag_ends_with_its_block_and_touches_no_environment() -> None:
    """Afterwards, and after an error, there is none; the process's environment never had one."""

    def fail() -> None:
        with tag_invocation("t", "001", STARTED) as tag:
            assert current_tag({}) == tag
            assert TAG_VARIABLE not in os.environ
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert current_tag({}) is None


def test_invocations_at_the_same_time_keep_their_own_tags() -> None:
    """Of 8 threads that all wait inside their block, each sees its own tag."""
    from threading import Barrier

    together = Barrier(8)

    def invoke(number: int) -> bool:
        with tag_invocation("t", f"{number:03}", STARTED):
            together.wait(10)
            return current_tag({}) == f"bench:{STARTED}:t:{number:03}"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(invoke, range(8)))


@pytest.mark.parametrize("cost", [-0.01, float("nan"), float("inf")])
def test_a_cost_that_is_none_is_refused(cost: float) -> None:
    """Negative, not a number, or without end."""
    with pytest.raises(InputError, match="cost"):
        entry(cost, "wf", environ={})

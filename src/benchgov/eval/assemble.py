"""The report of a run from its identity and its scores: for one machine as for the shards of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from benchgov.eval.aggregate import Aggregate, PerCase, aggregate
from benchgov.eval.models import PARTIAL, BenchRunReport, IsolationClass


def assemble(
    identity: Mapping[str, Any], per_case: PerCase, *, isolation: IsolationClass, partial: bool = False
) -> BenchRunReport:
    """The report of scores in the order of their case ids.

    `identity` has every field of a report that does not follow from its scores. The bootstrap's seed is
    `run_id` as a number, to which the mark of a partial run is no part.
    """
    run_id: str = identity["run_id"]
    numbers = aggregate(per_case, int(run_id, 16), isolation)
    named = {one.name: getattr(numbers, one.name) for one in fields(Aggregate)}
    marked = {**identity, "run_id": PARTIAL + run_id} if partial else identity
    return BenchRunReport.model_validate({**marked, **named, "per_case": tuple(per_case)})

"""The replay comparison, schema v1: whether a second run of a report's plan gave the same."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchgov.canonical import Json
from benchgov.report import Drift
from benchgov.wire import Name, Sha256, Wire

MAX_LISTED = 10_000
"""Most mismatches that are listed; `mismatched` counts all."""

Count = Annotated[int, Field(ge=0)]


class Policy(Wire):
    """What was asked of a replay.

    `require_pass`: every run passes. `require_expectations`: every run has expectations, and they hold.
    """

    max_protocols: Annotated[int, Field(ge=1)] | None = None
    skip_build: bool = False
    require_pass: bool = False
    require_expectations: bool = False


class Hashes(Wire):
    """The two hashes of a replay section."""

    plan_sha256: Sha256
    result_sha256: Sha256


class Mismatch(Wire):
    """A place where the two differ: a JSON pointer (RFC 6901) into the reports, and both values.

    Runs are found by their key, and counted as they stand in the baseline report; `only_in` says that one
    side has nothing there.
    """

    path: str
    baseline: Json = None
    replay: Json = None
    only_in: Literal["baseline", "replay"] | None = None


class Unmet(Wire):
    """A rule of the policy that a run of the replay does not keep."""

    run: str
    rule: Literal["require_pass", "require_expectations"]
    detail: str


class ReplayComparison(Wire):
    """Baseline report against replay: `match` when both hashes are equal and the policy is kept.

    `published` are the hashes that the baseline report carries, `baseline` those of the part of it that was
    replayed: with `max_protocols` its first `compared` runs of `total`. `authoritative` only when both were
    made in the pinned environment.
    """

    schema_version: Literal[1]
    suite: Name
    regime: Name
    verdict: Literal["match", "mismatch"]
    reason: str
    authoritative: bool
    policy: Policy
    baseline_report_sha256: Sha256
    replay_report_sha256: Sha256
    published: Hashes
    baseline: Hashes
    replay: Hashes
    total: Count
    compared: Count
    matched: Count
    mismatched: Count
    mismatches: tuple[Mismatch, ...]
    unmet: tuple[Unmet, ...]
    environment_difference: tuple[Drift, ...]

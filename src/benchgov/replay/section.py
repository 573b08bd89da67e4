"""The `replay` section of a report: the field lists, the plan's and the result's hash."""

from __future__ import annotations

from collections.abc import Sequence

from benchgov.canonical import Json, canonical_json, sha256_hex
from benchgov.report import Replay, Run, RunConfig

HARNESS = "benchgov replay"

DETERMINISTIC_FIELDS = (
    "benchmark",
    "scale",
    "variant",
    "family",
    "signature",
    "protocol",
    "protocol_sha256",
    "source",
    "features",
    "profile",
    "overall",
    "ok",
    "run_is_valid",
    "expectations",
    "layers",
    "output_digest",
)
"""Fields of a run that an identical replay must give again."""

NONDETERMINISTIC_FIELDS = ("reason", "stderr_tail", "notes", "sampling", "metrics", "reference")
"""Fields of a run that depend on the machine and the moment."""

PLAN_FIELDS = (
    "suite",
    "suite_sha256",
    "regime",
    "warmup",
    "runs",
    "timeout_seconds",
    "selection",
    "options",
    "values",
    "build",
)
"""Fields of a report's `config` that drive a replay, and must be equal; `plan_sha256` covers them."""

OUTSIDE_PLAN_FIELDS = ("revision", "dirty", "against")
"""Fields of `config` that say which source it was; the protocols' hashes say more."""

BUILD_PLAN_FIELDS = ("command", "outputs", "output_digest")
BUILD_OUTSIDE_PLAN_FIELDS = ("printed_digest", "skipped")
"""What a build prints is not the same twice: `make` has nothing to do the second time."""

# Later than the first reports of version 1: where they say nothing, the plan is what it was without them.
_ADDED = ("values", "build")


def deterministic_projection(runs: Sequence[Run]) -> list[Json]:
    """The runs with only their deterministic fields, in report order."""
    return [run.model_dump(mode="json", include=set(DETERMINISTIC_FIELDS)) for run in runs]


def plan_config(config: RunConfig) -> dict[str, Json]:
    """What of `config` drives a replay, as JSON."""
    found: dict[str, Json] = config.model_dump(
        mode="json", include=set(PLAN_FIELDS), exclude={"build": set(BUILD_OUTSIDE_PLAN_FIELDS)}
    )
    return {name: value for name, value in found.items() if value or name not in _ADDED}


def replay_section(config: RunConfig, runs: Sequence[Run]) -> Replay:
    """The `replay` section of the report that `config` and `runs` make.

    `plan_sha256` covers the config (but no revision: the protocols' hashes say more), the
    ordered protocols and their hashes; `result_sha256` covers the deterministic projection.
    """
    plan = {
        "config": plan_config(config),
        "protocols": [[run.key, run.protocol, run.protocol_sha256] for run in runs],
    }
    return Replay(
        harness=HARNESS,
        plan_sha256=sha256_hex(canonical_json(plan)),
        result_sha256=sha256_hex(canonical_json(deterministic_projection(runs))),
        deterministic_fields=DETERMINISTIC_FIELDS,
        nondeterministic_fields=NONDETERMINISTIC_FIELDS,
    )

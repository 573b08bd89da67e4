"""What of a report a second run must reproduce: the field lists, the plan's and the result's hash."""

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

_PLAN_EXCLUDES = {"revision", "dirty", "against"}


def deterministic_projection(runs: Sequence[Run]) -> list[Json]:
    """The runs with only their deterministic fields, in report order."""
    return [run.model_dump(mode="json", include=set(DETERMINISTIC_FIELDS)) for run in runs]


def replay_section(config: RunConfig, runs: Sequence[Run]) -> Replay:
    """The `replay` section of the report that `config` and `runs` make.

    `plan_sha256` covers the config (but no revision: the protocols' hashes say more), the
    ordered protocols and their hashes; `result_sha256` covers the deterministic projection.
    """
    plan = {
        "config": config.model_dump(mode="json", exclude=_PLAN_EXCLUDES),
        "protocols": [[run.key, run.protocol, run.protocol_sha256] for run in runs],
    }
    return Replay(
        harness=HARNESS,
        plan_sha256=sha256_hex(canonical_json(plan)),
        result_sha256=sha256_hex(canonical_json(deterministic_projection(runs))),
        deterministic_fields=DETERMINISTIC_FIELDS,
        nondeterministic_fields=NONDETERMINISTIC_FIELDS,
    )

"""What append-audit hands to actions/attest: the text of a checkpoint, and the predicate of a record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from benchgov.actions.job import Job, StepFailedError, option
from benchgov.errors import ExitCode

_CHECKPOINT, _PREDICATE = "benchgov-checkpoint.txt", "benchgov-predicate.json"
_KINDS = {"none": (), "run": ("run", "eval"), "verdict": ("verdict", "comparison")}


class Asked(Protocol):
    """The inputs that say what is attested."""

    @property
    def predicate(self) -> str:
        """Of which kind of record there shall be a predicate."""

    @property
    def config(self) -> str:
        """The settings file."""


def anchored(
    inputs: Asked,
    job: Job,
    records: Sequence[dict[str, Any]],
    log: Sequence[str],
    variables: Mapping[str, str],
) -> dict[str, str]:
    """Publish a checkpoint of the chain that `records` went to, and make the predicate; the outputs for both.

    `log` are the options that name the log, `variables` the credentials that it is pushed with.

    Raises:
        StepFailedError: the log is not what was published, or the checkpoint cannot be published.
    """
    if not records:
        return {}
    folder = Path(job.environ.get("RUNNER_TEMP", ".")).absolute()
    host = records[-1]["host"]
    common = [*log, *option("host", host), *option("config", inputs.config), "--format=json"]
    published = _asked(job, ["checkpoint", "--incremental", *common], variables)
    # Without signatures, which may be added later: what is attested stays the same.
    text = published["checkpoint"].partition("\n\n")[0].rstrip("\n") + "\n"
    path = folder / _CHECKPOINT
    path.write_text(text, encoding="utf-8")
    outputs = {"checkpoint": str(path)}
    chosen = [one for one in records if one["kind"] in _KINDS[inputs.predicate]]
    if chosen:
        outputs |= _predicate(job, max(chosen, key=_sequence), folder / _PREDICATE, common, variables)
    elif inputs.predicate != "none":
        job.workflow.annotate(
            "notice", f"no record of a {inputs.predicate}, so there is no predicate", title="benchgov"
        )
    return outputs


def _sequence(record: dict[str, Any]) -> int:
    return int(record["sequence"])


def _predicate(
    job: Job, record: dict[str, Any], path: Path, common: Sequence[str], variables: Mapping[str, str]
) -> dict[str, str]:
    options = [one for one in common if not one.startswith("--push")]
    made = _asked(job, ["predicate", f"--record={record['sequence']}", f"--out={path}", *options], variables)
    (subject,) = made["subject"]
    return {
        "predicate": str(path),
        "predicate_type": made["predicateType"],
        "subject_name": subject["name"],
        "subject_digest": f"sha256:{subject['digest']['sha256']}",
    }


def _asked(job: Job, arguments: list[str], variables: Mapping[str, str]) -> dict[str, Any]:
    ended = job.command(["audit", *arguments], capture=True, variables=variables)
    if ended.blocked:
        raise StepFailedError(job.blocked(ended.blocked, fail=True) or ExitCode.BLOCKED)
    value: dict[str, Any] = json.loads(ended.stdout)
    return value

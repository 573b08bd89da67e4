"""Action append-audit: record the results in the audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Flag, Lines
from benchgov.actions.job import Job, option


class Inputs(ActionInputs):
    """Inputs of append-audit."""

    files: Annotated[
        Lines, Field(description="what to record, one path a line; default: report.json and comparison.json")
    ] = ()
    store: Annotated[str, Field(description="folder of the audit log; default: the settings'")] = ""
    artifact_name: Annotated[
        str,
        Field(
            description="name of the artifact with the log; give one where several jobs append",
        ),
    ] = "benchgov-audit"
    upload: Annotated[Flag, Field(description="`false`: keep the log in the job")] = True


class Outputs(ActionOutputs):
    """Outputs of append-audit."""

    head: Annotated[str, Field(description="`sequence:hash` of the last record; keep it to verify against")]
    recorded: Annotated[str, Field(description="how many records are new")]
    store: Annotated[str, Field(description="folder of the audit log")]


def run(inputs: Inputs, job: Job) -> int:
    """Append, after the whole log was verified; a log that was tampered with fails the step."""
    project = job.project(inputs.config)
    store = Path(project.audit_log(inputs.store).where())
    ended = job.command(
        [
            "audit",
            "append",
            *option("store", store),
            *option("config", inputs.config),
            "--format=json",
            "--",
            *inputs.files,
        ],
        capture=True,
    )
    if ended.blocked:
        return job.blocked(ended.blocked, fail=True)
    records = json.loads(ended.stdout)
    last = max(records, key=lambda record: int(record["sequence"]))
    head = f"{last['sequence']}:{last['chain_head']}"
    new = sum(bool(record["new"]) for record in records)
    job.workflow.set_outputs(Outputs(head=head, recorded=str(new), store=job.shown(store)).as_outputs())
    job.workflow.add_summary(f"Audit log: {new} new of {len(records)} records, head `{head}`")
    job.workflow.say(f"{new} new of {len(records)} records; head {head}")
    return ended.code

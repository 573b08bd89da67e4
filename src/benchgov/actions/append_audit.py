"""Action append-audit: record the results of this job, or of all jobs of a workflow run, in the audit log."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from benchgov.actions.attesting import anchored
from benchgov.actions.inputs import ActionInputs, ActionOutputs, Count, Flag, Lines
from benchgov.actions.job import Ended, Job, option
from benchgov.cli.common import Project

_TOKEN = "${{ github.token }}"  # noqa: S105 - the expression, not a token
_GIT = "git:"
_BRANCH = f"{_GIT}benchgov-audit"
_MOST_FAULTS = 10


class Inputs(ActionInputs):
    """Inputs of append-audit."""

    mode: Annotated[
        Literal["append", "collect"],
        Field(
            description="`append`: this job's results, to a log that is kept as an artifact; `collect`: the "
            "artifacts of all jobs of a workflow run, to a branch that is pushed (needs `contents: write`)"
        ),
    ] = "append"
    files: Annotated[
        Lines, Field(description="what to record, one path a line; default: report.json and comparison.json")
    ] = ()
    store: Annotated[
        str,
        Field(
            description="folder of the audit log, or `git:` and its branch; default: the settings', and with "
            "`collect` `git:benchgov-audit`"
        ),
    ] = ""
    artifact_pattern: Annotated[str, Field(description="with `collect`: which artifacts hold evidence")] = (
        "benchgov-*"
    )
    run_id: Annotated[
        str,
        Field(
            description="with `collect`: their workflow run, if it is not this one (needs `actions: read`)"
        ),
    ] = ""
    folders: Annotated[
        Lines,
        Field(description="with `collect`: folders of artifacts that are here already, one a line, instead"),
    ] = ()
    host: Annotated[
        str,
        Field(
            description="with `collect`: whose chain to continue; default: made of repository, workflow and "
            "image on GitHub's runners. Name it on runners of your own"
        ),
    ] = ""
    remote: Annotated[str, Field(description="with `collect`: where to push the branch")] = "origin"
    sweep_days: Annotated[
        Count | None,
        Field(
            description="with `collect`: look back so many days for artifacts that the log lacks "
            "(needs `actions: read`); default: not at all"
        ),
    ] = None
    github_token: Annotated[
        str,
        Field(
            description="with `collect`: token that may push the branch",
            json_schema_extra={"default": _TOKEN},
            repr=False,
        ),
    ] = ""
    artifact_name: Annotated[
        str,
        Field(
            description="name of the artifact with the log; give one where several jobs append",
        ),
    ] = "benchgov-audit"
    upload: Annotated[Flag, Field(description="`false`: keep the log in the job")] = True
    seen: Annotated[
        str,
        Field(
            description="file that remembers the highest heads seen, which a cache keeps between runs; a log "
            "that went back is refused. Default: nothing is remembered"
        ),
    ] = ""
    attest: Annotated[
        Flag,
        Field(
            description="`true`: publish a checkpoint of the log, and attest it "
            "(needs `id-token: write` and `attestations: write`)"
        ),
    ] = False
    predicate: Annotated[
        Literal["none", "run", "verdict"],
        Field(
            description="with `attest`: attest the newest record too, of a run (test-result) or of a verdict "
            "(simple verification result), about the file that it vouches for"
        ),
    ] = "none"


class Outputs(ActionOutputs):
    """Outputs of append-audit."""

    head: Annotated[str, Field(description="`sequence:hash` of the last record; keep it to verify against")]
    recorded: Annotated[str, Field(description="how many records are new")]
    store: Annotated[str, Field(description="folder of the audit log, or `git:` and its branch")]
    checkpoint: Annotated[str, Field(description="with `attest`: file with the text of the checkpoint")] = ""
    predicate: Annotated[str, Field(description="file with the predicate of the record, if there is one")] = (
        ""
    )
    predicate_type: Annotated[str, Field(description="its type")] = ""
    subject_name: Annotated[str, Field(description="name of the file that it is about")] = ""
    subject_digest: Annotated[str, Field(description="digest of the file that it is about")] = ""


def run(inputs: Inputs, job: Job) -> int:
    """Append, after the whole log was verified; a log that was tampered with fails the step."""
    project = job.project(inputs.config)
    return _append(inputs, job, project) if inputs.mode == "append" else _collect(inputs, job, project)


def _append(inputs: Inputs, job: Job, project: Project) -> int:
    store = project.audit_log(inputs.store).where()
    ended = job.command(
        [
            "audit",
            "append",
            *option("store", store),
            *option("config", inputs.config),
            *option("seen", inputs.seen),
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
    attested = anchored(inputs, job, records, option("store", store), {}) if inputs.attest else {}
    _tell(job, records, f"{last['sequence']}:{last['chain_head']}", store, attested)
    if store.startswith(_GIT):
        job.workflow.annotate(
            "warning",
            "the records are in this job's clone alone: nothing pushes them but `mode: collect`",
            title="benchgov",
        )
    return ended.code


def _collect(inputs: Inputs, job: Job, project: Project) -> int:
    """Collect the downloaded artifacts, and then what a sweep finds; 1 when something was not recorded."""
    store = inputs.store or project.settings.audit.store
    if not inputs.store and not store.startswith(_GIT):
        store = _BRANCH
    folders = _folders(inputs, job.environ.get("BENCHGOV_ARTIFACT", ""))
    writing = [
        *option("store", store),
        *option("push", inputs.remote if store.startswith(_GIT) else ""),
        *option("host", inputs.host),
        *option("config", inputs.config),
        *option("seen", inputs.seen),
        "--format=json",
    ]
    variables = _credentials(inputs, job)
    arguments = ["collect", *option("run-id", inputs.run_id), *writing, "--", *folders]
    outcomes = [job.command(["audit", *arguments], capture=True, variables=variables)] if folders else []
    if inputs.sweep_days is not None:
        sweep = [
            "audit",
            "sweep",
            f"--days={inputs.sweep_days}",
            f"--name={inputs.artifact_pattern}",
            *writing,
        ]
        outcomes.append(job.command(sweep, capture=True, variables=variables))
    return _judge(outcomes, inputs, job, store, variables)


def _folders(inputs: Inputs, downloaded: str) -> list[str]:
    """Where the artifacts are; a run that has none is an error, unless there is a sweep to do."""
    if downloaded and (inputs.sweep_days is None or Path(downloaded).is_dir()):
        return [downloaded]
    return [str(Path(one).absolute()) for one in inputs.folders]


def _judge(outcomes: list[Ended], inputs: Inputs, job: Job, store: str, variables: dict[str, str]) -> int:
    for ended in outcomes:
        if ended.blocked:
            return job.blocked(ended.blocked, fail=True)
    values = [json.loads(ended.stdout) for ended in outcomes]
    for value in values:
        _annotate(value, job)
    head = next((value["head"] for value in reversed(values) if value["head"]), "")
    records = [record for value in values for record in value["records"]]
    log = [*option("store", store), *option("push", inputs.remote if store.startswith(_GIT) else "")]
    attested = anchored(inputs, job, records, log, variables) if inputs.attest else {}
    _tell(job, records, head, store, attested)
    return max((ended.code for ended in outcomes), default=0)


def _annotate(value: dict[str, Any], job: Job) -> None:
    """Say what was not recorded: each of the first few, and then how many more."""
    told = [
        ("error", f"{one['artifact']}/{one['file']}".rstrip("/") + f": {one['reason']}")
        for one in value["faults"]
    ]
    told += [
        (
            "notice" if one["why"] == "fork" else "error",
            f"{one['artifact']} of run {one['run_id']}: {one['why']}",
        )
        for one in value.get("missing", [])
    ]
    for level, text in told[:_MOST_FAULTS]:
        job.workflow.annotate(
            "notice" if level == "notice" else "error", text, title="benchgov: not recorded"
        )
    if len(told) > _MOST_FAULTS:
        job.workflow.annotate("error", f"{len(told) - _MOST_FAULTS} more; the log has them", title="benchgov")


def _tell(job: Job, records: list[dict[str, Any]], head: str, store: str, attested: dict[str, str]) -> None:
    new = sum(bool(record["new"]) for record in records)
    shown = store if store.startswith(_GIT) else job.shown(Path(store))
    outputs = Outputs(head=head, recorded=str(new), store=shown, **attested)
    job.workflow.set_outputs(outputs.as_outputs())
    job.workflow.add_summary(f"Audit log: {new} new of {len(records)} records, head `{head}`")
    job.workflow.say(f"{new} new of {len(records)} records; head {head}")


def _credentials(inputs: Inputs, job: Job) -> dict[str, str]:
    """The variables by which Git and the sweep know the token: never an argument, nor a file."""
    if not inputs.github_token:
        return {}
    server = job.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    login = base64.b64encode(f"x-access-token:{inputs.github_token}".encode()).decode()
    # The empty header first: it drops the one that actions/checkout may have left in the settings.
    headers = ("", f"AUTHORIZATION: basic {login}")
    return {
        "GITHUB_TOKEN": inputs.github_token,
        "GIT_CONFIG_COUNT": str(len(headers)),
        **{f"GIT_CONFIG_KEY_{number}": f"http.{server}/.extraheader" for number in range(len(headers))},
        **{f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(headers)},
    }

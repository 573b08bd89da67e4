"""Action track-history: where a suite's level changed, over the artifacts of earlier runs of a branch."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, ArtifactUrl, Count, Flag
from benchgov.actions.job import Job, option
from benchgov.actions.publishing import TOKEN
from benchgov.actions.workflow import MAX_SUMMARY_BYTES
from benchgov.documents import load_json_model
from benchgov.errors import BlockedError, UsageError
from benchgov.github.blocks import Block, page
from benchgov.github.event import default_branch, read_payload
from benchgov.history.model import Change, History, HistorySeries
from benchgov.names import is_name
from benchgov.text import code
from benchgov.units import humanize, signed_percent

if TYPE_CHECKING:
    from benchgov.github.past import Fetched

_MOST_FAULTS = 10


class Inputs(ActionInputs):
    """Inputs of track-history."""

    suite: Annotated[str, Field(description="the suite whose reports are read")]
    days: Annotated[Count, Field(description="how far to look back")] = 90
    most: Annotated[Count, Field(description="how many reports to read: the newest")] = 100
    branch: Annotated[
        str, Field(description="whose runs count; default: the repository's default branch")
    ] = ""
    source_artifact: Annotated[
        str, Field(description="name of the artifacts with the reports; default `benchgov-<suite>`")
    ] = ""
    github_token: Annotated[
        str,
        Field(
            description="token that may read artifacts (needs `actions: read`)",
            json_schema_extra={"default": TOKEN},
            repr=False,
        ),
    ] = ""
    artifact_name: Annotated[
        str, Field(description="name of the artifact with the history; default `benchgov-history-<suite>`")
    ] = ""
    upload: Annotated[Flag, Field(description="`false`: keep the history in the job")] = True


class Outputs(ActionOutputs):
    """Outputs of track-history."""

    reports: Annotated[str, Field(description="how many reports were read")] = "0"
    worse: Annotated[str, Field(description="how many changes are for the worse")] = "0"
    better: Annotated[str, Field(description="how many changes are for the better")] = "0"
    history: Annotated[str, Field(description="path of the history, as JSON; empty without a report")] = ""
    artifact_name: Annotated[str, Field(description="name of the artifact")] = ""
    artifact_url: ArtifactUrl = ""


def run(inputs: Inputs, job: Job) -> int:
    """Fetch, look for changes, and show them. A change is told and does not fail the step: it is history."""
    project = job.project(inputs.config)
    if not is_name(inputs.suite):
        raise UsageError(f"{inputs.suite!r} is not the name of a suite")
    path = project.output_dir / "history" / inputs.suite / "history.json"
    with tempfile.TemporaryDirectory(prefix="benchgov-") as folder:
        fetched = _fetch(inputs, job, Path(folder))
        for fault in fetched.faults[:_MOST_FAULTS]:
            job.workflow.annotate("warning", f"left out: {fault}", title="benchgov")
        if not fetched.reports:
            job.workflow.annotate("notice", f"{inputs.suite}: there is no earlier report", title="benchgov")
            job.workflow.set_outputs(Outputs().as_outputs())
            return 0
        path.parent.mkdir(parents=True, exist_ok=True)
        arguments = [*option("out", path), *option("config", inputs.config), "--format=json", "--", folder]
        ended = job.command(["history", *arguments], capture=True)
    if ended.blocked:
        return job.blocked(ended.blocked, fail=True)
    history = load_json_model(path, History)
    job.workflow.add_summary(page(blocks_of(inputs.suite, history), MAX_SUMMARY_BYTES))
    job.workflow.set_outputs(_outputs(inputs, history, job.shown(path)).as_outputs())
    return 0


def _fetch(inputs: Inputs, job: Job, folder: Path) -> Fetched:
    from benchgov.github.artifacts import ArtifactClient
    from benchgov.github.past import Wanted, fetch_reports
    from benchgov.github.session import Connection, RefusedByGitHubError

    wanted = Wanted(
        since=datetime.now(UTC) - timedelta(days=inputs.days),
        name=inputs.source_artifact or f"benchgov-{inputs.suite}",
        branch=inputs.branch or default_branch(read_payload(job.environ)),
        most=inputs.most,
    )
    repository = job.environ.get("GITHUB_REPOSITORY", "")
    client = ArtifactClient(Connection.of(inputs.github_token, repository, job.environ), job.sleep)
    try:
        return fetch_reports(client, wanted, folder)
    except RefusedByGitHubError as error:
        raise BlockedError(
            f"the artifacts cannot be read: {error}", remedy="Give the job `actions: read`."
        ) from error
    finally:
        client.close()


def _changes(history: History, effect: str) -> list[tuple[HistorySeries, Change]]:
    return [(one, change) for one in history.series for change in one.changes if change.effect == effect]


def blocks_of(suite: str, history: History) -> Sequence[Block]:
    """The changes as Markdown, those for the worse first."""
    worse, better = _changes(history, "worse"), _changes(history, "better")
    sign = "📉" if worse else "📈"
    head = (
        f"### {sign} History of {code(suite)} — {len(worse)} for the worse, {len(better)} for the better, "
        f"in {history.reports} reports\n"
    )
    blocks = [Block(head)]
    if worse or better:
        table = (
            "| run | metric | change | before | after | since | commit |\n|---|---|---:|---:|---:|---|---|"
        )
        blocks.append(Block(table, tuple(_row(*one) for one in (*worse, *better))))
    short = sum(not one.enough for one in history.series)
    if short:
        blocks.append(Block(f"{short} series have fewer than {history.min_points} points yet.\n"))
    return blocks


def _row(series: HistorySeries, change: Change) -> str:
    size = "from 0" if change.percent is None else signed_percent(change.percent)
    cells = (
        code(series.run),
        code(series.metric),
        f"{size} {change.effect}",
        humanize(change.before, series.unit),
        humanize(change.after, series.unit),
        f"{change.at_utc:%Y-%m-%d}",
        code((change.revision or "unknown")[:12]),
    )
    return f"| {' | '.join(cells)} |"


def _outputs(inputs: Inputs, history: History, path: str) -> Outputs:
    return Outputs(
        reports=str(history.reports),
        worse=str(len(_changes(history, "worse"))),
        better=str(len(_changes(history, "better"))),
        history=path,
        artifact_name=inputs.artifact_name or f"benchgov-history-{inputs.suite}",
    )

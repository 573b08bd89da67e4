"""Action promotion-guard: a required check on pull requests that change what evidence is judged by.

It reads the base branch, which is what is checked out, and asks GitHub for the change itself and its reviews.
Nothing of the pull request is checked out or executed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Count
from benchgov.actions.job import Job
from benchgov.actions.publishing import TOKEN
from benchgov.cli.common import Project
from benchgov.errors import BenchgovError, BlockedError, ExitCode, InputError
from benchgov.files import read_text
from benchgov.github.event import read_event
from benchgov.text import code, markdown, one_line

if TYPE_CHECKING:
    from benchgov.github.pulls import PullReader
    from benchgov.promotion.codeowners import CodeOwners
    from benchgov.promotion.guard import Evidence, Judgement, PullRequest, Rules
    from benchgov.promotion.tiers import TierConfig


class Inputs(ActionInputs):
    """Inputs of promotion-guard."""

    pull_request: Annotated[Count, Field(description="number of the pull request; default: the event's")] = 0
    github_token: Annotated[
        str,
        Field(
            description="token to read the pull request, its reviews and, where it may, the owners' teams",
            json_schema_extra={"default": TOKEN},
            repr=False,
        ),
    ] = ""


class Outputs(ActionOutputs):
    """Outputs of promotion-guard."""

    status: Annotated[str, Field(description="`pass`, `missing`, or `not-concerned`")]
    missing: Annotated[str, Field(description="how many points are missing")] = "0"


def run(inputs: Inputs, job: Job) -> int:
    """Judge the pull request; the step fails with a line for each missing point."""
    from benchgov.github.pulls import PullReader
    from benchgov.github.session import Connection, RefusedByGitHubError, Session

    project = job.project(inputs.config)
    event = read_event(job.environ)
    number = inputs.pull_request or event.pull_request
    if number is None:
        raise InputError(
            "the event is of no pull request", where="event", remedy="Run on `pull_request_target`."
        )
    with Session(Connection.of(inputs.github_token, event.repository, job.environ), job.sleep) as session:
        try:
            judgement = _judge(PullReader(session), number, project)
        except RefusedByGitHubError as error:
            raise BlockedError(
                f"the pull request cannot be read: {error}",
                remedy="Give the job `contents: read` and `pull-requests: read`.",
            ) from error
    return _tell(job, judgement)


def _judge(reader: PullReader, number: int, project: Project) -> Judgement:
    from benchgov.promotion.guard import TIERS, guard

    pull = reader.pull_request(number)
    rules = _rules(reader, project)
    return guard(
        pull,
        rules,
        _evidence(project),
        tiers_after=_tiers_after(reader, pull, TIERS),
        codeowners_after=_owners_after(reader, pull),
    )


def _rules(reader: PullReader, project: Project) -> Rules:
    from benchgov.promotion.guard import TIERS, Rules
    from benchgov.promotion.tiers import load_tiers

    owners = _owners(project.root)
    names = {owner for rule in owners.rules for owner in rule.owners}
    bench_dir = project.settings.bench_dir
    published = (project.root / bench_dir).glob("*/baselines/*/*/")
    tiers = project.root / TIERS
    return Rules(
        bench_dir=bench_dir,
        tiers=load_tiers(tiers) if tiers.exists() else None,
        codeowners=owners,
        teams=reader.teams(names),
        maintainers=frozenset(project.settings.maintainers),
        baselines_on_base=frozenset(
            str(path.relative_to(project.root)) for path in published if path.is_dir()
        ),
    )


def _owners(root: Path) -> CodeOwners:
    from benchgov.promotion.codeowners import LOCATIONS, MAX_BYTES, parse_codeowners

    for place in LOCATIONS:
        if (root / place).is_file():
            return parse_codeowners(read_text(root / place, MAX_BYTES + 1))
    return parse_codeowners("")


def _owners_after(reader: PullReader, pull: PullRequest) -> CodeOwners | None:
    """CODEOWNERS as it would be, where the pull request touches one; the first place that has one counts."""
    from benchgov.promotion.codeowners import LOCATIONS, parse_codeowners

    touched = {path for change in pull.changes for path in change.paths}
    if not touched & set(LOCATIONS):
        return None
    found = (reader.text_at(place, pull.head_sha) for place in LOCATIONS)
    return parse_codeowners(next((text for text in found if text is not None), ""))


def _tiers_after(reader: PullReader, pull: PullRequest, path: str) -> TierConfig | str | None:
    from benchgov.documents import parse_yaml, yaml_model
    from benchgov.errors import TierConfigError
    from benchgov.promotion.tiers import TierConfig

    if not any(path in change.paths for change in pull.changes):
        return None
    try:
        text = reader.text_at(path, pull.head_sha)
        if text is None:
            return "it would be removed"
        return yaml_model(parse_yaml(text, path), TierConfig, TierConfigError)
    except (InputError, TierConfigError) as error:
        return one_line("; ".join((error.message, *error.details[:3])), 500)


def _evidence(project: Project) -> Evidence:
    """The verdicts in the base's log, if all of it verifies, and the digests of the base's rubrics."""
    from benchgov.audit.chain import read, verify
    from benchgov.audit.subjects import VerdictSubject
    from benchgov.promotion.guard import Evidence, Proof

    log = project.audit_log()
    try:
        verification = verify(log, strict=True)
        if verification.divergence:
            return Evidence(False, str(verification.divergence.error()))
        records = [record for _, record in read(log) if record.kind == "verdict"]
    except BenchgovError as error:
        return Evidence(False, str(error))
    proofs = tuple(
        Proof(VerdictSubject.model_validate(one.subject), one.sequence, one.host) for one in records
    )
    return Evidence(True, verdicts=proofs, rubrics=_rubrics(project))


def _rubrics(project: Project) -> dict[str, str]:
    from benchgov.eval.digests import rubric_digest

    folder = project.root / project.settings.bench_dir
    return {
        path.parent.name: rubric_digest(path.parent)
        for path in sorted(folder.glob("*/rubric.py"))
        if path.is_file()
    }


def _tell(job: Job, judgement: Judgement) -> int:
    if not judgement.protected and judgement.passed:
        job.workflow.annotate("notice", "nothing that decides is touched", title="benchgov guard")
        job.workflow.set_outputs(Outputs(status="not-concerned").as_outputs())
        return 0
    for line in judgement.missing:
        job.workflow.annotate("error", line, title="benchgov guard")
    listed = "\n".join(f"- {markdown(line, 1000)}" for line in judgement.missing) or "- nothing"
    paths = "\n".join(f"- {code(path)}" for path in judgement.protected[:200])
    job.workflow.add_summary(f"### benchgov guard\n\nMissing:\n\n{listed}\n\nProtected paths:\n\n{paths}")
    status = "pass" if judgement.passed else "missing"
    job.workflow.set_outputs(Outputs(status=status, missing=str(len(judgement.missing))).as_outputs())
    if judgement.passed:
        job.workflow.annotate("notice", "every point is there", title="benchgov guard")
    return int(ExitCode.OK if judgement.passed else ExitCode.FAILED)

"""`benchgov promote propose` and `benchgov baseline propose`: evidence to people, as a draft pull request."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.audit.record import Record
    from benchgov.cli.common import Project
    from benchgov.promotion.proposal import Exhibit, Proposal

_base = click.option("--base", metavar="BRANCH", help="Branch to propose to.  [default: the default branch]")
_dossier = click.option("--dossier", metavar="URL", help="Where the dossier can be read.")
_dry = click.option("--dry-run", is_flag=True, help="Print the proposal, and write nothing anywhere.")


@click.group()
def promote() -> None:
    """Propose a tier to people. Nothing here, or anywhere, promotes by itself."""


@promote.command("propose")
@click.option("--task-class", required=True, metavar="NAME", help="Which task class.")
@click.option("--tier", required=True, metavar="TIER", help="The tier to propose.")
@_dossier
@_base
@_dry
@format_option
@config_option
def propose_tier(task_class: str, tier: str, dossier: str | None, dry_run: bool, **given: Any) -> int:
    """Open a draft pull request that moves a task class to a tier, with its evidence.

    The newest recorded verdict must suffice: make it with `benchgov eval promote-verdict`, and publish a
    checkpoint that covers it with `benchgov audit checkpoint`. The pull request edits docs/trust-tiers.yaml,
    begins a decision record, carries the verdict and the inclusion proofs, and asks the code owners for
    review. It is started by a person: in a terminal, or by `workflow_dispatch`. It merges and approves
    nothing. The token is GITHUB_TOKEN or GH_TOKEN (`contents: write`, `pull-requests: write`).

    \b
    Exit codes: 0 proposed
                4 not by a person, the evidence does not suffice, or it was proposed before
                5 the audit log was tampered with

    \b
    Examples:
      benchgov promote propose --task-class parsing --tier silver --dry-run
      benchgov promote propose --task-class parsing --tier silver
    """
    from benchgov.cli.eval_places import EvalPlaces
    from benchgov.promotion.guard import TIERS
    from benchgov.promotion.proposal import ADR_FOLDER, require_person, tier_proposal
    from benchgov.promotion.verdicts import judge

    project = open_project(given["config_file"])
    by = require_person(project.rim.environ, terminal=sys.stdin.isatty() or dry_run)
    verdict, _ = judge(EvalPlaces.of(project).for_verdict(project), task_class, tier)
    records = [one for one in _records(project, "verdict") if one.subject.get("task_class") == task_class]
    records = [one for one in records if one.subject.get("eval_run_id") == verdict.run_id]
    _require_recorded(records, tier)
    proposal = tier_proposal(
        verdict,
        tiers=(project.root / TIERS).read_text(encoding="utf-8"),
        adr_names=[path.name for path in (project.root / ADR_FOLDER).glob("*.md")],
        exhibits=_exhibits(project, [*_run_of(project, verdict.run_id), *records[-1:]]),
        owners=_owners(project, [TIERS]),
        by=by,
        dossier=dossier,
    )
    return _finish(project, proposal, given["base"], dry_run, given["output_format"])


@click.command("propose")
@click.argument("suite")
@_dossier
@_base
@_dry
@format_option
@config_option
def propose_baseline(suite: str, dossier: str | None, dry_run: bool, **given: Any) -> int:
    """Open a draft pull request with the new baselines of a suite, and their index.

    What differs from the last commit below the suite's `baselines/` is proposed: make it with `generate` or
    `approve`, and publish a checkpoint with `benchgov audit checkpoint` when the log has records of it. It is
    started by a person: in a terminal, or by `workflow_dispatch`. It merges and approves nothing.

    \b
    Exit codes: 0 proposed
                4 not by a person, nothing to propose, or it was proposed before
                5 the audit log was tampered with

    \b
    Example:
      benchgov baseline propose core
    """
    from benchgov.promotion.proposal import baseline_proposal, require_person

    project = open_project(given["config_file"])
    by = require_person(project.rim.environ, terminal=sys.stdin.isatty() or dry_run)
    files = _new_files(project, suite)
    kinds = ("baseline", "approval")
    records = [one for kind in kinds for one in _records(project, kind) if one.subject.get("suite") == suite]
    proposal = baseline_proposal(
        suite,
        files,
        exhibits=_exhibits(project, records[-1:]),
        owners=_owners(project, files),
        by=by,
        dossier=dossier,
    )
    return _finish(project, proposal, given["base"], dry_run, given["output_format"])


def _require_recorded(records: list[Record], tier: str) -> None:
    """What is proposed is what the guard will read: the newest recorded verdict on the run.

    Raises:
        RefusedError: there is none for this tier, or it does not suffice.
    """
    from benchgov.errors import RefusedError

    newest = records[-1].subject if records else {}
    if newest.get("target_tier") != tier or newest.get("verdict") != "sufficient":
        raise RefusedError(
            f"no sufficient verdict on this run and {tier} is recorded",
            remedy="Record one with `benchgov eval promote-verdict`, then `benchgov audit checkpoint`.",
        )


def _records(project: Project, kind: str) -> list[Record]:
    """The records of a kind, from a log that verifies."""
    from benchgov.audit.chain import read, verify

    log = project.audit_log()
    if not log.present():
        return []
    verification = verify(log)
    if verification.divergence:
        raise verification.divergence.error()
    return [record for _, record in read(log) if record.kind == kind]


def _run_of(project: Project, run_id: str) -> list[Record]:
    return [one for one in _records(project, "eval") if one.subject.get("eval_run_id") == run_id][-1:]


def _exhibits(project: Project, records: Iterable[Record]) -> list[Exhibit]:
    from benchgov.audit.prove import prove_record
    from benchgov.promotion.proposal import Exhibit

    log = project.audit_log()
    return [Exhibit(one, prove_record(log, one.host, one.sequence).to_bytes().decode()) for one in records]


def _owners(project: Project, paths: Iterable[str]) -> tuple[str, ...]:
    """The owners of the paths by CODEOWNERS, each once."""
    from benchgov.files import read_text
    from benchgov.promotion.codeowners import LOCATIONS, MAX_BYTES, parse_codeowners

    place = next((one for one in LOCATIONS if (project.root / one).is_file()), None)
    if place is None:
        return ()
    owners = parse_codeowners(read_text(project.root / place, MAX_BYTES + 1))
    return tuple(dict.fromkeys(owner for path in paths for owner in owners.owners_of(path)))


def _new_files(project: Project, suite: str) -> dict[str, bytes]:
    """Path → content of what differs from the last commit below the suite's baselines.

    Raises:
        RefusedError: a published file was changed or removed.
    """
    from benchgov.errors import RefusedError
    from benchgov.files import read_bytes
    from benchgov.git import blobs, commit_of

    folder = project.suite_dir(suite) / "baselines"
    relative = folder.relative_to(project.root).as_posix()
    before = blobs(project.rim.run, project.root, commit_of(project.rim.run, project.root, "HEAD"), relative)
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(project.root).as_posix()
        if path.is_file() and not path.is_symlink():
            data = read_bytes(path)
            if before.get(name) != _blob_id(data):
                found[name] = data
    changed = [name for name in found if name in before and not name.endswith("/index.json")]
    gone = [name for name in before if not (project.root / name).exists()]
    if changed or gone:
        raise RefusedError("published baselines were changed", details=[*changed, *gone])
    return found


def _blob_id(data: bytes) -> str:
    """Git's name for a file's content."""
    from hashlib import sha1

    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _finish(project: Project, proposal: Proposal, base: str | None, dry_run: bool, output_format: str) -> int:
    if dry_run:
        shown: dict[str, Any] = {"branch": proposal.branch, "title": proposal.title, "body": proposal.body}
        shown |= {"files": sorted(proposal.files), "owners": list(proposal.owners)}
        if output_format == "json":
            print_json(project.rim, shown)
        else:
            project.rim.stdout.write(f"{proposal.title}\nbranch {proposal.branch}\n\n{proposal.body}\n")
        return 0
    return _send(project, proposal, base, output_format)


def _send(project: Project, proposal: Proposal, base: str | None, output_format: str) -> int:
    import time

    from benchgov.errors import BlockedError, UsageError
    from benchgov.github.proposals import propose
    from benchgov.github.session import Connection, RefusedByGitHubError, Session

    environ = project.rim.environ
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or ""
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not token or not repository:
        raise UsageError(
            "GITHUB_TOKEN (or GH_TOKEN) and GITHUB_REPOSITORY (`owner/name`) are needed",
            remedy="Set both; or see what would be proposed with --dry-run.",
        )
    try:
        with Session(Connection.of(token, repository, environ), time.sleep) as session:
            branch = base or str(session.get("")["default_branch"])
            proposed = propose(session, proposal, branch)
    except RefusedByGitHubError as error:
        raise BlockedError(
            f"GitHub refused: {error}",
            remedy="The token needs `contents: write` and `pull-requests: write`, and the repository's"
            " settings must let Actions create pull requests.",
        ) from error
    for warning in proposed.warnings:
        project.rim.stderr.write(f"benchgov: {warning}\n")
    if output_format == "json":
        print_json(project.rim, {"url": proposed.url, "number": proposed.number, "branch": proposal.branch})
    else:
        project.rim.stdout.write(f"{proposal.title}: {proposed.url}\n")
    return 0

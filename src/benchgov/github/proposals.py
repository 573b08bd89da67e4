"""Bring a proposal to GitHub: a branch of one commit, a draft pull request, and a request for review."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from github.InputGitTreeElement import InputGitTreeElement

from benchgov.errors import RefusedError
from benchgov.github.session import RefusedByGitHubError, Session
from benchgov.promotion.proposal import Proposal
from benchgov.text import one_line


@dataclass(frozen=True)
class Proposed:
    """The pull request's address and number, and what GitHub refused besides it."""

    url: str
    number: int
    warnings: tuple[str, ...]


def propose(session: Session, proposal: Proposal, base: str) -> Proposed:
    """Make the branch from the tip of `base`, and open a draft pull request from it.

    Raises:
        RefusedError: the branch is there already: the same was proposed before.
        RefusedByGitHubError: GitHub refuses the branch or the pull request.
    """
    _branch(session, proposal, base)
    try:
        made = session.attempt(
            lambda: session.repository.create_pull(
                base=base, head=proposal.branch, title=proposal.title, body=proposal.body, draft=True
            )
        )
    except RefusedByGitHubError:
        # Without its pull request the branch would stand in the way of the next attempt.
        session.attempt(lambda: session.repository.get_git_ref(f"heads/{proposal.branch}").delete())
        raise
    warnings = _ask(session, int(made.number), proposal.owners)
    return Proposed(str(made.html_url), int(made.number), tuple(warnings))


def _branch(session: Session, proposal: Proposal, base: str) -> None:
    repository = session.repository
    tip = str(session.get(f"/git/ref/heads/{base}")["object"]["sha"])
    parent = session.attempt(lambda: repository.get_git_commit(tip))
    elements = []
    for path, data in sorted(proposal.files.items()):
        content = base64.b64encode(data).decode()
        blob = session.attempt(lambda content=content: repository.create_git_blob(content, "base64"))  # type: ignore[misc]
        elements.append(InputGitTreeElement(path, "100644", "blob", sha=blob.sha))
    tree = session.attempt(lambda: repository.create_git_tree(elements, parent.tree))
    commit = session.attempt(lambda: repository.create_git_commit(proposal.title, tree, [parent]))
    try:
        session.attempt(lambda: repository.create_git_ref(f"refs/heads/{proposal.branch}", commit.sha))
    except RefusedByGitHubError as error:
        if error.status != 422:
            raise
        raise RefusedError(
            f"branch {proposal.branch} is there already",
            remedy="Decide on its pull request, or close that and delete the branch; then propose again.",
        ) from error


def _ask(session: Session, number: int, owners: Sequence[str]) -> list[str]:
    """Ask the owners for review; for a draft GitHub does not do it by itself."""
    names = [owner.removeprefix("@") for owner in owners if owner.startswith("@")]
    users = [name for name in names if "/" not in name]
    teams = [name.partition("/")[2] for name in names if "/" in name]
    if not names:
        return ["nobody was asked for review: CODEOWNERS names no user or team for what is changed"]

    def ask() -> None:
        session.repository.get_pull(number).create_review_request(users, teams)

    try:
        session.attempt(ask)
    except RefusedByGitHubError as error:
        return [f"{', '.join(owners)} could not be asked for review: {one_line(str(error), 300)}"]
    return []

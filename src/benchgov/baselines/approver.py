"""Who approves, and may they: the person from workflow, flag or Git; maintainers by configuration. Pure.

Inside Actions the person is whom GitHub says, and a flag cannot change that. Elsewhere the name is the
person's own word: what counts then is the review of the pull request (docs/adr/0019-approval.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_LOGIN = 64
_NOBODY_ASKED = ("schedule", "workflow_run", "merge_group")


@dataclass(frozen=True)
class Approver:
    """The logins that must all be maintainers; the last one is who acts now. Without any, nobody does."""

    logins: tuple[str, ...]
    identified_by: Literal["actions", "flag", "git"]

    @property
    def name(self) -> str:
        """Who approves."""
        return self.logins[-1] if self.logins else ""


def in_actions(environ: Mapping[str, str]) -> bool:
    """Whether a GitHub Actions runner runs this."""
    return environ.get("GITHUB_ACTIONS") == "true"


def identify(flag: str | None, environ: Mapping[str, str], git_name: str | None) -> Approver:
    """Who approves: in Actions its actors, else `flag`, else `git_name`.

    A run that somebody started again has two actors: who started it first, whose input it carries, and who
    started it again. Both must be maintainers.
    """
    if in_actions(environ):
        actors = (environ.get("GITHUB_ACTOR", ""), environ.get("GITHUB_TRIGGERING_ACTOR", ""))
        return Approver(tuple(dict.fromkeys(filter(None, actors))), "actions")
    if flag:
        return Approver((flag,), "flag")
    return Approver((git_name,) if git_name else (), "git")


def authority(approver: Approver, flag: str | None, maintainers: Sequence[str]) -> Iterator[str]:
    """Why `approver` may not approve, if they may not: rule by rule."""
    people = {_login(one) for one in maintainers if "/" not in one}
    if not approver.logins:
        yield "rule maintainer: it is not known who approves; give --approver"
    if approver.identified_by == "actions" and flag and _login(flag) != _login(approver.name):
        yield f"rule actor: in Actions the approver is the actor, {approver.name}, not --approver {flag}"
    if approver.logins and not people:
        teams = ", of teams only, which cannot be looked up here" if maintainers else ""
        yield f"rule maintainer: `maintainers` of benchgov.yaml names nobody by login{teams}"
    for login in approver.logins:
        if login.endswith("[bot]"):
            yield f"rule person: {login} is not a person"
        elif len(login) > MAX_LOGIN:
            yield f"rule person: a login of {len(login):,} characters; {MAX_LOGIN} is the limit"
        elif people and _login(login) not in people:
            yield f"rule maintainer: {login} is not one of `maintainers` in benchgov.yaml"


def _login(text: str) -> str:
    """Logins are the same in any case, and may be written with an @."""
    return text.strip().removeprefix("@").casefold()


def attended(environ: Mapping[str, str], default_branch: str | None) -> Iterator[str]:
    """Why nothing may be promoted in this workflow run, if so: nobody asked for it, or nobody would review.

    Outside of Actions nothing is wrong. A push to a default branch that is not known counts as one.
    """
    if not in_actions(environ):
        return
    event, ref = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_REF", "")
    if event in _NOBODY_ASKED or not event:
        yield f"rule attended: nobody asked for this run (event {event or 'unknown'}); people promote"
    elif event == "push" and ref == f"refs/heads/{default_branch or ref.removeprefix('refs/heads/')}":
        yield f"rule reviewed: a push to {ref} is past review; promote on a pull request's branch"

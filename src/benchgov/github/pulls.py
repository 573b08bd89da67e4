"""What GitHub says of a pull request: its files, its reviews, its author, and files as they would be."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from benchgov.errors import InputError
from benchgov.github.session import RefusedByGitHubError, Session
from benchgov.promotion.guard import Change, PullRequest, Review, Status

PAGE = 100
MAX_FILES = 3_000
"""How many files of a pull request GitHub lists; of more it says nothing."""

MAX_PAGES = 30


class PullReader:
    """Reads pull requests of one repository; every method raises `RefusedByGitHubError` when refused."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pull_request(self, number: int) -> PullRequest:
        """The pull request, as it is now."""
        raw = self._session.get(f"/pulls/{number}")
        changes = tuple(_change(one) for one in self._pages(f"/pulls/{number}/files"))
        reviews = last_words(self._pages(f"/pulls/{number}/reviews"))
        return PullRequest(
            author=str(raw["user"]["login"]),
            head_sha=str(raw["head"]["sha"]),
            changes=changes,
            reviews=reviews,
            # A list that is empty, or shorter than GitHub counts, is no reason to pass.
            truncated=not changes
            or len(changes) >= MAX_FILES
            or int(raw.get("changed_files") or 0) > len(changes),
        )

    def text_at(self, path: str, commit: str) -> str | None:
        """A file's text at a commit; None when it is not there.

        Raises:
            InputError: it is larger than 1 MB, no file, or not UTF-8.
        """
        try:
            raw = self._session.get(f"/contents/{path}", ref=commit)
        except RefusedByGitHubError as error:
            if error.status == 404:
                return None
            raise
        if not isinstance(raw, dict) or raw.get("type") != "file" or raw.get("encoding") != "base64":
            raise InputError("no file of less than 1 MB", where=path)
        try:
            return base64.b64decode(raw["content"]).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InputError("not UTF-8", where=path) from error

    def teams(self, owners: Iterable[str]) -> dict[str, frozenset[str]]:
        """`@org/team` → its members, for those teams that the token may see."""
        found = {}
        for owner in sorted(set(owners)):
            org, slash, team = owner.removeprefix("@").partition("/")
            if not slash:
                continue
            try:
                members = self._session.get_any(f"/orgs/{org}/teams/{team}/members", per_page=PAGE)
            except RefusedByGitHubError:
                continue  # the guard says that it could not be read
            found[owner] = frozenset(str(one["login"]) for one in members)
        return found

    def _pages(self, path: str) -> Iterator[Any]:
        for number in range(1, MAX_PAGES + 1):
            listed = self._session.get(path, per_page=PAGE, page=number)
            yield from listed
            if len(listed) < PAGE:
                return


def last_words(reviews: Iterable[Any]) -> tuple[Review, ...]:
    """Each reviewer's last review that decides: a comment takes no approval back, a dismissal does."""
    last: dict[str, Review] = {}
    for raw in reviews:
        user, state = raw.get("user"), str(raw.get("state"))
        if user is None or state in ("COMMENTED", "PENDING"):
            continue
        name = str(user["login"])
        last[name.lower()] = Review(name, state, str(raw.get("commit_id") or ""))
    return tuple(last.values())


def _change(raw: Any) -> Change:
    status: Status = raw["status"] if raw["status"] in get_args(Status) else "changed"
    return Change(str(raw["filename"]), status, raw.get("previous_filename"))

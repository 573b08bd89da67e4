"""The event that started the workflow → what benchgov needs of it: commits, pull request, fork or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.files import read_text

MAX_EVENT_BYTES = 25 * 1024 * 1024
"""GitHub caps a webhook's payload at 25 MB."""

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_PULL_REQUEST_EVENTS = {"pull_request", "pull_request_target", "pull_request_review"}


@dataclass(frozen=True)
class Event:
    """What started this run.

    `head_sha` is the commit that a check run belongs to: of a pull request its own head, not the merge
    commit that is checked out. `base_sha` is the commit that a change is compared with, or None.
    """

    name: str
    repository: str
    head_sha: str | None
    base_sha: str | None = None
    pull_request: int | None = None
    fork: bool = False
    run_url: str | None = None


def read_event(environ: Mapping[str, str]) -> Event:
    """The event of this run, from GITHUB_* and the file that GITHUB_EVENT_PATH names.

    Raises:
        InputError: the file is not a JSON object, or a commit, number or name in it is not one.
    """
    return parse_event(read_payload(environ), environ)


def read_payload(environ: Mapping[str, str]) -> dict[str, Any]:
    """The event's payload as GitHub sent it; raises `InputError` when it is not a JSON object."""
    path = environ.get("GITHUB_EVENT_PATH")
    payload: Any = {}
    if path and Path(path).is_file():
        payload = parse_json(read_text(Path(path), MAX_EVENT_BYTES), path)
    if not isinstance(payload, dict):
        raise InputError("the event is not a JSON object", where=path)
    return payload


def default_branch(payload: Mapping[str, Any]) -> str:
    """The default branch by the event; a scheduled run's event does not say it, and runs on it."""
    found = _at(payload, "repository", "default_branch")
    return found if isinstance(found, str) else "main"


def parse_event(payload: Mapping[str, Any], environ: Mapping[str, str]) -> Event:
    """`payload`, typed; raises `InputError` as `read_event`."""
    name = environ.get("GITHUB_EVENT_NAME", "")
    repository = _matching(environ.get("GITHUB_REPOSITORY", ""), _REPOSITORY, "GITHUB_REPOSITORY") or ""
    checked_out = _matching(environ.get("GITHUB_SHA"), _SHA, "GITHUB_SHA")
    run_url = _run_url(environ, repository)
    if name in _PULL_REQUEST_EVENTS:
        return _pull_request(payload, name, repository, run_url)
    base = _sha(payload, "merge_group", "base_sha") if name == "merge_group" else None
    return Event(name, repository, checked_out, base, run_url=run_url)


def _pull_request(payload: Mapping[str, Any], name: str, repository: str, run_url: str | None) -> Event:
    head = _sha(payload, "pull_request", "head", "sha")
    base = _sha(payload, "pull_request", "base", "sha")
    number = _at(payload, "pull_request", "number")
    if head is None or base is None or type(number) is not int or number < 1:
        raise InputError("the pull_request event names no head, base or number", where="event")
    source = _at(payload, "pull_request", "head", "repo", "full_name")
    # A deleted fork leaves `repo` null: then it was not this repository's own branch.
    fork = not isinstance(source, str) or source.lower() != repository.lower()
    return Event(name, repository, head, base, number, fork, run_url)


def _at(payload: Any, *steps: str) -> Any:
    for step in steps:
        payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


def _sha(payload: Mapping[str, Any], *steps: str) -> str | None:
    return _matching(_at(payload, *steps), _SHA, ".".join(steps))


def _matching(value: Any, pattern: re.Pattern[str], what: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InputError(f"{what} is not what GitHub writes there", where="event")
    return value


def _run_url(environ: Mapping[str, str], repository: str) -> str | None:
    server, run = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_RUN_ID", "")
    if not (re.fullmatch(r"https?://[A-Za-z0-9.:-]+", server) and run.isdigit() and repository):
        return None
    return f"{server}/{repository}/actions/runs/{run}"

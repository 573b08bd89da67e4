"""The event that started a workflow, read as untrusted JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.errors import InputError
from benchgov.github.event import parse_event, read_event

HEAD, BASE = "a" * 40, "b" * 40
ENVIRON = {
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REPOSITORY": "acme/widgets",
    "GITHUB_SHA": "c" * 40,
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_RUN_ID": "42",
}


def pull_request(**changes: Any) -> dict[str, Any]:
    """A pull_request event; `changes` replace parts of its pull request."""
    parts = {
        "number": 7,
        "head": {"sha": HEAD, "repo": {"full_name": "Acme/Widgets"}},
        "base": {"sha": BASE},
        **changes,
    }
    return {"pull_request": parts}


def test_a_pull_request_has_its_own_head_and_base() -> None:
    """The check run belongs to the pull request's head, not to the merge commit that is checked out."""
    event = parse_event(pull_request(), ENVIRON)

    assert (event.head_sha, event.base_sha, event.pull_request, event.fork) == (HEAD, BASE, 7, False)
    assert event.run_url == "https://github.example/acme/widgets/actions/runs/42"


@pytest.mark.parametrize("repo", [{"full_name": "someone/widgets"}, None, "acme/widgets"])
def test_what_is_not_surely_this_repository_is_a_fork(repo: Any) -> None:
    """A deleted fork has no repository; it is not taken for this one."""
    assert parse_event(pull_request(head={"sha": HEAD, "repo": repo}), ENVIRON).fork


def test_a_push_has_the_commit_and_no_base() -> None:
    """Outside of a pull request the checked-out commit is judged by what is checked out."""
    event = parse_event({}, {**ENVIRON, "GITHUB_EVENT_NAME": "push"})

    assert (event.head_sha, event.base_sha, event.pull_request) == ("c" * 40, None, None)


def test_a_merge_group_is_compared_with_its_base() -> None:
    """The queue says what the group is based on."""
    environ = {**ENVIRON, "GITHUB_EVENT_NAME": "merge_group"}

    assert parse_event({"merge_group": {"base_sha": BASE}}, environ).base_sha == BASE


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"pull_request": []},
        pull_request(number="7"),
        pull_request(number=True),
        pull_request(number=-1),
        pull_request(head={"sha": "--upload-pack=x"}),
        pull_request(base={"sha": "main"}),
        pull_request(base={"sha": 5}),
    ],
)
def test_a_forged_event_is_refused(payload: Any) -> None:
    """A commit that is not one could be an option of git, a number that is not one another issue."""
    with pytest.raises(InputError):
        parse_event(payload, ENVIRON)


@pytest.mark.parametrize("name", ["no slash", "../../x/y", "a/b\nc"])
def test_a_forged_repository_is_refused(name: str) -> None:
    """It becomes part of an address."""
    with pytest.raises(InputError, match="GITHUB_REPOSITORY"):
        parse_event(pull_request(), {**ENVIRON, "GITHUB_REPOSITORY": name})


def test_a_server_that_is_no_address_gives_no_link() -> None:
    """No link rather than a link of somebody's choosing."""
    event = parse_event(pull_request(), {**ENVIRON, "GITHUB_SERVER_URL": "https://x/)[click](https://evil"})

    assert event.run_url is None


def test_the_file_is_read_strictly(tmp_path: Path) -> None:
    """Not JSON, or not an object: refused; absent: an event without details."""
    path = tmp_path / "event.json"
    environ = {**ENVIRON, "GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": "push"}
    assert read_event(environ).head_sha == "c" * 40
    path.write_text(json.dumps([1]))
    with pytest.raises(InputError, match="not a JSON object"):
        read_event(environ)
    path.write_text('{"a": 1, "a": 2}')
    with pytest.raises(InputError, match="duplicate key"):
        read_event(environ)

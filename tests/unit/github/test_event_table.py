"""Every event: what is published where, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.github.builders import comparison
from tests.unit.github.test_publish import Recorder

from benchgov.github.client import RefusedByGitHubError
from benchgov.github.event import parse_event
from benchgov.github.publish import publish
from benchgov.github.receiving import targets_of
from benchgov.github.render import Links, present
from benchgov.github.runs import PullRequest, WorkflowRun

HEAD, BASE, MERGE = "a" * 40, "b" * 40, "c" * 40
HERE = "acme/widgets"


def environ(name: str) -> dict[str, str]:
    """The variables of a job; what is checked out is a merge commit, or the commit itself."""
    return {"GITHUB_EVENT_NAME": name, "GITHUB_REPOSITORY": HERE, "GITHUB_SHA": MERGE}


def pull(repository: str | None = HERE, **changes: Any) -> dict[str, Any]:
    """A pull_request event from a branch of `repository`; None is a fork that was deleted."""
    head = {"sha": HEAD, "repo": repository and {"full_name": repository}}
    return {"pull_request": {"number": 7, "head": head, "base": {"sha": BASE}, **changes}}


TABLE: list[tuple[str, dict[str, Any], str, int | None, str | None]] = [
    # event, payload, commit of the check run, pull request of the comment, base
    ("pull_request", pull(), HEAD, 7, BASE),
    ("pull_request", pull(state="closed"), HEAD, 7, BASE),
    ("push", {"before": BASE, "after": MERGE}, MERGE, None, None),
    ("push", {"before": BASE, "after": MERGE, "forced": True}, MERGE, None, None),
    ("schedule", {"schedule": "17 3 * * *"}, MERGE, None, None),
    ("workflow_dispatch", {"inputs": {}}, MERGE, None, None),
    ("merge_group", {"merge_group": {"base_sha": BASE, "head_sha": MERGE}}, MERGE, None, BASE),
    ("workflow_run", {"workflow_run": {"id": 5}}, MERGE, None, None),
]


@pytest.mark.parametrize(("name", "payload", "commit", "number", "base"), TABLE)
def test_where_an_event_publishes(
    name: str, payload: dict[str, Any], commit: str, number: int | None, base: str | None
) -> None:
    """A check run on the commit that the verdict is about; a comment where there is a conversation."""
    writer = Recorder()
    event = parse_event(payload, environ(name))

    done = publish(writer, present(comparison(), None, Links()), event, check=True, comment=True)

    assert [check.head_sha for check in writer.checks] == [commit]
    assert [written[0] for written in writer.comments] == ([number] if number else [])
    assert (event.base_sha, event.fork, done.warnings) == (base, False, ())


@pytest.mark.parametrize("repository", ["stranger/widgets", None])
def test_a_fork_is_told_why_nothing_is_written(repository: str | None) -> None:
    """Its token may only read: two warnings, and the job summary has the verdict; the second stage writes."""
    refused = RefusedByGitHubError(403, "Resource not accessible by integration")
    writer = Recorder(refuse_check=refused, refuse_comment=refused)
    event = parse_event(pull(repository), environ("pull_request"))

    done = publish(writer, present(comparison(), None, Links()), event, check=True, comment=True)

    assert (writer.checks, writer.comments, done.check_url, done.comment_url) == ([], [], None, None)
    assert all("from a fork" in warning for warning in done.warnings)


def test_suites_of_a_matrix_have_a_check_and_a_comment_each() -> None:
    """Jobs of one run do not overwrite each other, nor do a suite and a task class of the same name."""
    writer = Recorder()
    event = parse_event(pull(), environ("pull_request"))
    shown = [present(comparison(suite=suite), None, Links()) for suite in ("core", "io")]

    for one in (*shown, *shown):  # run again
        publish(writer, one, event, check=True, comment=True)

    assert {check.name for check in writer.checks} == {"benchgov / core", "benchgov / io"}
    assert len({marker for _, marker, _ in writer.comments}) == 2


def run(**changes: Any) -> WorkflowRun:
    """A finished first stage of a fork's pull request."""
    values = {
        "number": 5,
        "event": "pull_request",
        "head_sha": HEAD,
        "head_branch": "change",
        "head_repository": "stranger/widgets",
        "repository": HERE,
        "url": "",
    }
    return WorkflowRun(**{**values, **changes})


def request(head: str = HEAD) -> PullRequest:
    """The pull request as it is now."""
    return PullRequest(7, head, "stranger/widgets", BASE, "main", MERGE, "stranger")


@pytest.mark.parametrize(
    ("source", "pulls", "published"),
    [
        (run(), [request()], [(HEAD, 7)]),
        (run(head_repository=HERE), [request()], [(HEAD, 7)]),
        (run(), [request("d" * 40)], [(HEAD, None)]),  # force-pushed since
        (run(), [], []),  # closed, or its branch deleted
        (run(head_repository=None), [], []),  # the fork was deleted
        (run(event="push"), [request()], []),
        (run(event="schedule"), [request()], []),
        (run(event="workflow_dispatch"), [request()], []),
        (run(event="merge_group"), [request()], []),
        (run(event="pull_request_target"), [request()], []),
        (run(repository="other/widgets"), [request()], []),
    ],
)
def test_what_the_second_stage_publishes(
    source: WorkflowRun, pulls: list[PullRequest], published: list[tuple[str, int | None]]
) -> None:
    """By what GitHub says of the run and of the pull request now."""
    targets = targets_of(source, HERE, pulls)

    assert [(one.event.head_sha, one.event.pull_request) for one in targets.found] == published
    assert bool(targets.found) is not bool(targets.reason)

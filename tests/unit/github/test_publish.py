"""Delivering a presentation, whatever GitHub refuses."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from tests.unit.github.builders import comparison, finding

from benchgov.github.client import CheckRun, RefusedByGitHubError
from benchgov.github.event import Event
from benchgov.github.publish import MAX_COMMENT_BYTES, publish
from benchgov.github.render import Links, present

EVENT = Event("pull_request", "acme/widgets", "a" * 40, "b" * 40, 7)


@dataclass
class Recorder:
    """Writes nowhere; refuses what it is told to refuse."""

    refuse_check: RefusedByGitHubError | None = None
    refuse_comment: RefusedByGitHubError | None = None
    checks: list[CheckRun] = field(default_factory=list)
    comments: list[tuple[int, str, str]] = field(default_factory=list)

    def create_check(self, check: CheckRun) -> str:
        if self.refuse_check:
            raise self.refuse_check
        self.checks.append(check)
        return "check"

    def put_comment(self, number: int, marker: str, body: str) -> str:
        if self.refuse_comment:
            raise self.refuse_comment
        self.comments.append((number, marker, body))
        return "comment"


def test_a_pull_request_gets_a_check_run_on_its_head_and_one_comment() -> None:
    """The comment begins with its marker, so that it is found again."""
    writer = Recorder()

    done = publish(writer, present(comparison(), None, Links()), EVENT, check=True, comment=True)

    assert (done.check_url, done.comment_url, done.warnings) == ("check", "comment", ())
    assert (writer.checks[0].name, writer.checks[0].head_sha) == ("benchgov / core", "a" * 40)
    number, marker, body = writer.comments[0]
    assert number == 7
    assert body.startswith(marker + "\n")


def test_a_push_gets_a_check_run_and_no_comment() -> None:
    """There is no conversation to write into."""
    writer = Recorder()
    event = Event("push", "acme/widgets", "a" * 40)

    publish(writer, present(comparison(), None, Links()), event, check=True, comment=True)

    assert len(writer.checks) == 1
    assert writer.comments == []


def test_what_is_not_wanted_is_not_written() -> None:
    """`check: false` and `comment: false` are kept."""
    writer = Recorder()

    publish(writer, present(comparison(), None, Links()), EVENT, check=False, comment=False)

    assert (writer.checks, writer.comments) == ([], [])


@pytest.mark.parametrize(("status", "fork", "words"), [
    (403, False, "`checks: write`"),
    (404, False, "`checks: write`"),
    (403, True, "from a fork"),
    (401, False, "not valid"),
    (502, False, "the verdict stands"),
])  # fmt: skip
def test_a_refused_check_run_is_a_warning_and_the_comment_is_still_written(
    status: int, fork: bool, words: str
) -> None:
    """The warning names the permission and where to set it."""
    writer = Recorder(refuse_check=RefusedByGitHubError(status, "no\n::error::x"))
    event = Event("pull_request", "acme/widgets", "a" * 40, "b" * 40, 7, fork)

    done = publish(writer, present(comparison(), None, Links()), event, check=True, comment=True)

    assert done.check_url is None
    assert done.comment_url == "comment"
    assert words in done.warnings[0]
    assert "\n" not in done.warnings[0]


def test_a_refused_comment_is_a_warning() -> None:
    """It names the other permission."""
    writer = Recorder(refuse_comment=RefusedByGitHubError(403, "no"))

    done = publish(writer, present(comparison(), None, Links()), EVENT, check=True, comment=True)

    assert "`pull-requests: write`" in done.warnings[0]
    assert done.check_url == "check"


def test_bodies_stay_below_github_s_limit() -> None:
    """Ten thousand findings fit, cut cleanly."""
    writer = Recorder()
    many = tuple(finding(variant=f"v{number}") for number in range(10_000))

    publish(writer, present(comparison(findings=many), None, Links()), EVENT, check=True, comment=True)

    assert len(writer.comments[0][2].encode()) <= MAX_COMMENT_BYTES
    assert len(writer.checks[0].summary.encode()) <= MAX_COMMENT_BYTES

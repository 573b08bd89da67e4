"""The client against a small GitHub of the test's own, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.unit.github.stub import Server, running

from benchgov.github.client import CheckRun, Connection, GitHubClient, RefusedByGitHubError
from benchgov.github.render import Annotation

pytestmark = pytest.mark.effects

MARKER = "<!-- marker -->"


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    with running() as started:
        yield started


@pytest.fixture
def waits() -> list[float]:
    """How long the client waited, in seconds, without waiting."""
    return []


@pytest.fixture
def client(server: Server, waits: list[float]) -> Iterator[GitHubClient]:
    """A client of that server."""
    made = GitHubClient(Connection("secret-token", "acme/widgets", server.url), waits.append)
    yield made
    made.close()


def check(count: int = 0) -> CheckRun:
    """A check run with `count` annotations."""
    notes = tuple(Annotation("a.py", line + 1, "failure", "t", f"m{line}") for line in range(count))
    return CheckRun("benchgov / core", "a" * 40, "failure", "title", "summary", notes)


def comment(server: Server, body: str, login: str = "me", kind: str = "User") -> None:
    """Put a comment on the server."""
    number = len(server.comments) + 1
    server.comments.append(
        {
            "id": number,
            "body": body,
            "user": {"login": login, "type": kind},
            "url": f"{server.url}/repos/acme/widgets/issues/comments/{number}",
            "html_url": f"https://github.example/comment/{number}",
        }
    )


def test_annotations_are_sent_in_batches_of_fifty(client: GitHubClient, server: Server) -> None:
    """The first with the check run, the others added to it: none is lost."""
    assert client.create_check(check(120)) == "https://github.example/check/5"

    bodies = [*server.writes("POST"), *server.writes("PATCH")]
    assert [len(body["output"]["annotations"]) for body in bodies] == [50, 50, 20]
    sent = [note["message"] for body in bodies for note in body["output"]["annotations"]]
    assert sent == [f"m{line}" for line in range(120)]
    assert bodies[0]["conclusion"] == "failure"
    assert bodies[0]["status"] == "completed"


def test_a_comment_is_made_once_and_then_updated(client: GitHubClient, server: Server) -> None:
    """The marker at the start and the author together say that it is ours."""
    client.put_comment(7, MARKER, f"{MARKER}\none")
    assert [body["body"] for body in server.writes("POST")] == [f"{MARKER}\none"]

    comment(server, f"quoting {MARKER}")
    comment(server, f"{MARKER}\nforged", login="somebody")
    comment(server, f"{MARKER}\none")
    client.put_comment(7, MARKER, f"{MARKER}\ntwo")

    assert len(server.writes("POST")) == 1
    patched = [path for verb, path, _ in server.requests if verb == "PATCH"]
    assert patched == ["/repos/acme/widgets/issues/comments/3"]


def test_an_unchanged_comment_is_left_alone(client: GitHubClient, server: Server) -> None:
    """No edit, no notification."""
    comment(server, f"{MARKER}\nsame")

    assert client.put_comment(7, MARKER, f"{MARKER}\nsame") == "https://github.example/comment/1"
    assert server.writes("PATCH") == []


def test_the_workflow_s_own_token_finds_the_bot_s_comment(client: GitHubClient, server: Server) -> None:
    """GITHUB_TOKEN may not ask who it is; then only a bot's comment can be its own."""
    server.login = None
    comment(server, f"{MARKER}\nforged", login="somebody")
    comment(server, f"{MARKER}\none", login="github-actions[bot]", kind="Bot")

    client.put_comment(7, MARKER, f"{MARKER}\ntwo")

    patched = [path for verb, path, _ in server.requests if verb == "PATCH"]
    assert patched == ["/repos/acme/widgets/issues/comments/2"]


@pytest.mark.parametrize(
    ("failure", "waited"),
    [
        ((502, {}), 1.0),
        ((429, {}), 1.0),
        ((429, {"Retry-After": "7"}), 7.0),
        ((403, {"Retry-After": "3"}), 3.0),
        ((403, {"X-RateLimit-Remaining": "0"}), 1.0),
    ],
)
def test_passing_trouble_is_waited_out(
    client: GitHubClient,
    server: Server,
    waits: list[float],
    failure: tuple[int, dict[str, str]],
    waited: float,
) -> None:
    """5xx, 429 and GitHub's secondary limits: try again, when GitHub says."""
    server.failures.append(failure)

    assert client.create_check(check())
    assert waits == [waited]


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_not_tried_again(
    client: GitHubClient, server: Server, waits: list[float], status: int
) -> None:
    """It carries the status, from which the missing permission follows."""
    server.failures.append((status, {}))

    with pytest.raises(RefusedByGitHubError) as caught:
        client.create_check(check())
    assert (caught.value.status, waits) == (status, [])


def test_lasting_trouble_ends(client: GitHubClient, server: Server, waits: list[float]) -> None:
    """Four tries, each wait twice the one before."""
    server.failures.extend([(503, {})] * 9)

    with pytest.raises(RefusedByGitHubError):
        client.create_check(check())
    assert waits == [1.0, 2.0, 4.0]


def test_a_limit_that_lasts_an_hour_is_not_waited_out(
    client: GitHubClient, server: Server, waits: list[float]
) -> None:
    """A job does not sleep for an hour."""
    server.failures.append((429, {"Retry-After": "3600"}))

    with pytest.raises(RefusedByGitHubError):
        client.create_check(check())
    assert waits == []


def test_a_server_that_is_not_there_is_a_refusal(server: Server, waits: list[float]) -> None:
    """No traceback, and the address is not repeated."""
    client = GitHubClient(Connection("t", "acme/widgets", "http://127.0.0.1:1"), waits.append)
    with pytest.raises(RefusedByGitHubError, match="no answer"):
        client.create_check(check())
    client.close()


def test_the_token_is_in_no_repr() -> None:
    """Whoever logs the connection does not log the token."""
    assert "secret-token" not in repr(Connection("secret-token", "acme/widgets"))

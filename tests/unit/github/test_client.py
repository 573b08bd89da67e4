"""The client against a small GitHub of the test's own, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchgov.github.client import CheckRun, Connection, GitHubClient, RefusedByGitHubError
from benchgov.github.render import Annotation

pytestmark = pytest.mark.effects

MARKER = "<!-- marker -->"


class Server(ThreadingHTTPServer):
    """Answers check runs and comments, after the failures that are queued."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.login: str | None = "me"

    def writes(self, method: str) -> list[Any]:
        """The bodies that were sent with `method`."""
        return [body for verb, _, body in self.requests if verb == method]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        self.server.requests.append((self.command, self.path, body))
        if self.server.failures:
            status, headers = self.server.failures.pop(0)
            self._answer(status, {"message": "refused"}, headers)
        else:
            self._answer(*self._result(body), {})

    def _result(self, body: Any) -> tuple[int, Any]:
        path = self.path.partition("?")[0]
        if path == "/user":
            login = self.server.login
            return (200, {"login": login}) if login else (403, {"message": "not accessible by integration"})
        if "check-runs" in path:
            return 201, {"id": 5, "url": self.server.url + path, "html_url": "https://github.example/check/5"}
        if self.command == "GET":
            return 200, self.server.comments
        address = "https://github.example/comment"
        return 200, {"id": 9, "html_url": address, "body": body["body"], "url": self.server.url + path}

    def _answer(self, status: int, value: Any, headers: dict[str, str]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    running = Server()
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


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

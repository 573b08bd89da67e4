"""A small GitHub of the tests' own, over real HTTP: check runs and comments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.http_server import serving


class Server(ThreadingHTTPServer):
    """Answers check runs and comments, after the failures that are queued."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.login: str | None = "me"
        self.run: dict[str, Any] = {}
        self.pulls: list[dict[str, Any]] = []
        self.archives: dict[str, bytes] = {}

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
            if not self._serve_artifact():
                self._answer(*self._result(body), {})

    def _serve_artifact(self) -> bool:
        """Redirect to an artifact's signed address, or send its bytes from there, as GitHub does."""
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[-1] != "zip" and parts[0] != "signed":
            return False
        self.send_response(302 if parts[-1] == "zip" else 200)
        data = b""
        if parts[-1] == "zip":
            self.send_header("Location", f"{self.server.url}/signed/{parts[-2]}")
        else:
            assert "Authorization" not in self.headers, "the token must not leave GitHub"
            data = list(self.server.archives.values())[int(parts[1])]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return True

    def _result(self, body: Any) -> tuple[int, Any]:
        path = self.path.partition("?")[0]
        if path == "/user":
            login = self.server.login
            return (200, {"login": login}) if login else (403, {"message": "not accessible by integration"})
        if "/actions/runs/" in path:
            return (200, self._artifacts()) if path.endswith("/artifacts") else (200, self.server.run)
        if path.endswith("/pulls"):
            return 200, self.server.pulls
        if "check-runs" in path:
            return 201, {"id": 5, "url": self.server.url + path, "html_url": "https://github.example/check/5"}
        if self.command == "GET":
            return 200, self.server.comments
        address = "https://github.example/comment"
        return 200, {"id": 9, "html_url": address, "body": body["body"], "url": self.server.url + path}

    def _artifacts(self) -> dict[str, Any]:
        found = [
            {"id": number, "name": name, "size_in_bytes": len(data), "expired": False}
            for number, (name, data) in enumerate(self.server.archives.items())
        ]
        return {"total_count": len(found), "artifacts": found}

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


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port of the loopback address, until the block ends."""
    with serving(Server()) as server:
        yield server

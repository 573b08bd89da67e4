"""In front of GitHub's emulator: answers what the emulator has no route for, and forwards the rest."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = bytes | Callable[[str], bytes]
"""The body for a path that ends so, or what makes it from the path."""


class Front(ThreadingHTTPServer):
    """Answers GET requests whose path ends with a key of `answers`."""

    def __init__(self, upstream: str, answers: Mapping[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream, self.answers = upstream, answers
        self.requests: list[tuple[str, str, Any]] = []
        """(method, path, body) of every request."""


class _Handler(BaseHTTPRequestHandler):
    server: Front

    def do_GET(self) -> None:
        self.server.requests.append(("GET", self.path, None))
        path = self.path.partition("?")[0]
        found = next((body for end, body in self.server.answers.items() if path.endswith(end)), None)
        if found is None:
            self._send_on(None)
        else:
            self._answer(200, found if isinstance(found, bytes) else found(path))

    def do_POST(self) -> None:
        self._forward()

    def do_PATCH(self) -> None:
        self._forward()

    def do_PUT(self) -> None:
        self._forward()

    def do_DELETE(self) -> None:
        self._forward()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        self.server.requests.append((self.command, self.path, json.loads(body) if body else None))
        self._send_on(body)

    def _send_on(self, body: bytes | None) -> None:
        headers = {"Authorization": self.headers["Authorization"], "Content-Type": "application/json"}
        request = urllib.request.Request(self.server.upstream + self.path, body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                # Answers name the emulator's address; PyGithub follows them, and is to come back here.
                here = f"http://127.0.0.1:{self.server.server_port}"
                found = answer.read().replace(self.server.upstream.encode(), here.encode())
                self._answer(answer.status, found)
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def in_front(upstream: str, answers: Mapping[str, Answer]) -> Iterator[tuple[str, Front]]:
    """Such a server and its address, until the block ends."""
    server = Front(upstream, answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

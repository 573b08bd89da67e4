"""A small GitHub of the tests' own, over real HTTP: artifacts, and where their zips are stored."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collect_builders import MOMENT, write_artifact
from tests.http_server import serving


class Hub(ThreadingHTTPServer):
    """Lists artifacts, and gives their zips by way of another address, as GitHub does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.listed: list[dict[str, Any]] = []
        self.zips: dict[int, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.status = 200

    def add(self, name: str, data: bytes = b"", *, run: int | None = 7, **changes: Any) -> int:
        """List an artifact; its id."""
        number = len(self.listed) + 1
        repositories = {"repository_id": 1, "head_repository_id": changes.pop("head_repository_id", 1)}
        repositories |= {"head_branch": changes.pop("head_branch", "main")}
        self.listed.append(
            {
                "id": number,
                "name": name,
                "size_in_bytes": len(data),
                "expired": False,
                "created_at": MOMENT.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "workflow_run": None if run is None else {"id": run, **repositories},
                **changes,
            }
        )
        self.zips[number] = data
        return number


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        if parts.path.endswith("/zip"):
            number = int(parts.path.split("/")[-2])
            # Another host name of the same machine: the token must not follow.
            self._answer(302, b"", f"http://localhost:{self.server.server_port}/storage/{number}")
        elif parts.path.startswith("/storage/"):
            data = self.server.zips[int(parts.path.rpartition("/")[2])]
            self._answer(200 if data != b"gone" else 410, data)
        else:
            given = parse_qs(parts.query)
            page, count = int(given.get("page", ["1"])[0]), int(given["per_page"][0])
            some = self.server.listed[(page - 1) * count : page * count]
            total = len(self.server.listed)
            self._answer(self.server.status, json.dumps({"total_count": total, "artifacts": some}).encode())

    def _answer(self, status: int, data: bytes, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Hub]:
    """A server on a free port of the loopback address, until the block ends."""
    with serving(Hub()) as server:
        yield server


def packed(folder: Path, name: str) -> bytes:
    """The zip of a good artifact."""
    place = write_artifact(folder, name, f"bench-{name}")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in sorted(place.rglob("*.json")):
            archive.write(path, str(path.relative_to(place)))
    return stream.getvalue()

"""Both stages of a fork's pull request under act, as reusable workflows, with GitHub's emulator."""

from __future__ import annotations

import io
import json
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.consumer import make_consumer
from tests.e2e.support import NAME, OWNER, Act, Emulator, git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MEASURE = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  benchmark:
    uses: org/benchgov/.github/workflows/benchmark.yml@v1
    permissions:
      contents: read
    with:
      suite: demo
"""
PUBLISH = """\
name: publish
on:
  workflow_run:
    workflows: [benchmarks]
    types: [completed]
permissions: {}
jobs:
  publish:
    uses: org/benchgov/.github/workflows/publish.yml@v1
    permissions:
      actions: read
      checks: write
      contents: read
      pull-requests: write
"""


class Runs(ThreadingHTTPServer):
    """The emulator, and what it has no route or no fork for: a run, its artifact, its pull request."""

    def __init__(self, upstream: str, run: dict[str, Any], pull: dict[str, Any], data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        one = {"id": 1, "name": "benchgov-demo", "size_in_bytes": len(data), "expired": False}
        self.upstream = upstream
        self.answers = {
            "/zip": data,
            f"/actions/runs/{run['id']}": json.dumps(run).encode(),
            "/artifacts": json.dumps({"total_count": 1, "artifacts": [one]}).encode(),
            "/pulls": json.dumps([pull]).encode(),
        }


class Handler(BaseHTTPRequestHandler):
    server: Runs

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = next((body for end, body in self.server.answers.items() if path.endswith(end)), None)
        self._forward() if found is None else self._answer(200, found)

    def do_POST(self) -> None:
        self._forward()

    def do_PATCH(self) -> None:
        self._forward()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        headers = {"Authorization": self.headers["Authorization"], "Content-Type": "application/json"}
        request = urllib.request.Request(self.server.upstream + self.path, body, headers, method=self.command)
        with urllib.request.urlopen(request, timeout=20) as answer:
            self._answer(answer.status, answer.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def with_runs(upstream: str, run: dict[str, Any], pull: dict[str, Any], data: bytes) -> Iterator[str]:
    """The address of such a GitHub, until the block ends."""
    server = Runs(upstream, run, pull, data)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_fork_s_regression_reaches_its_pull_request(act: Act, github: Emulator, tmp_path: Path) -> None:
    """Stage one measures with no right to write; stage two, on the base, writes check run and comment."""
    consumer = make_consumer(tmp_path / "widgets", MEASURE)
    number, head = github.open_pull_request()
    merged = consumer.change(rounds=20)

    first = act.run(consumer.folder, consumer.event(head, number), {"GITHUB_API_URL": github.url})
    assert first.status != 0, first.log
    assert github.comments(number) == []
    uploaded = next(first.artifacts.rglob("benchgov-demo.zip")).read_bytes()
    assert zipfile.ZipFile(io.BytesIO(uploaded)).namelist()

    git(consumer.folder, "checkout", "--quiet", "main")
    fork = {"full_name": "stranger/widgets"}
    run = {
        "id": 5,
        "event": "pull_request",
        "head_sha": head,
        "head_branch": "change",
        "head_repository": fork,
        "repository": {"full_name": f"{OWNER}/{NAME}"},
        "html_url": "https://github.example/run/5",
    }
    pull = {
        "number": number,
        "head": {"sha": head, "repo": fork},
        "base": {"sha": consumer.base, "ref": "main"},
        "merge_commit_sha": merged,  # what stage one checked out
        "user": {"login": "stranger"},
    }
    event = {
        "action": "completed",
        "workflow_run": {"id": 5, "conclusion": "failure", "head_sha": head},
        "repository": {"full_name": f"{OWNER}/{NAME}", "default_branch": "main"},
    }
    with with_runs(github.url, run, pull, uploaded) as api:
        second = act.run(
            consumer.folder, event, {"GITHUB_API_URL": api}, name="workflow_run", workflow=PUBLISH
        )

    assert second.status == 0, second.log
    (comment,) = github.comments(number)
    assert "regression" in comment["body"]
    (check,) = github.check_runs(head)
    assert (check["name"], check["conclusion"]) == ("benchgov / demo", "failure")

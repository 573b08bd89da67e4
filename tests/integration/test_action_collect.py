"""The step of append-audit with `mode: collect`, in this process: inputs, outputs, where the token goes."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.artifact_hub import packed
from tests.artifact_hub import running as running_hub
from tests.collect_builders import BRANCH, bare_remote, clone_of, git, write_artifact
from tests.http_server import serving
from tests.step_builders import outputs_of

from benchgov.actions.__main__ import run_action

TOKEN = "ghs-not-a-real-token"
RunStep = Callable[..., tuple[int, str, dict[str, str]]]


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository that everybody pushes to."""
    return bare_remote(tmp_path)


@pytest.fixture
def step(remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStep:
    """Run the step in a clone of it: exit code, log and outputs."""
    clone = clone_of(remote, tmp_path / "clone")

    def run(**inputs: str) -> tuple[int, str, dict[str, str]]:
        monkeypatch.chdir(clone)
        output = tmp_path / "output"
        output.write_text("")
        for name in [name for name in os.environ if name.startswith(("GITHUB_", "INPUT_"))]:
            monkeypatch.delenv(name)
        given = {"mode": "collect", "host": "ci", "folders": str(tmp_path / "in"), **inputs}
        variables = {f"INPUT_{name.upper()}": value for name, value in given.items() if name.islower()}
        variables |= {name: value for name, value in given.items() if name.isupper()}
        variables |= {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "12", "GITHUB_OUTPUT": str(output)}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        log = io.StringIO()
        code = run_action("append-audit", os.environ, log, lambda _: None)
        assert not [name for name in os.environ if name.startswith(("GIT_CONFIG_", "GITHUB_TOKEN"))]
        return code, log.getvalue(), outputs_of(output)

    return run


def test_the_step_collects_pushes_and_says_the_head(step: RunStep, remote: Path, tmp_path: Path) -> None:
    """To `git:benchgov-audit` by default, although the settings name a folder; again, nothing is new."""
    for name in ("a", "b"):
        write_artifact(tmp_path / "in", name, name)

    code, log, outputs = step(github_token=TOKEN)

    assert (code, outputs["recorded"], outputs["store"]) == (0, "2", f"git:{BRANCH}")
    assert outputs["head"].startswith("2:")
    assert git(remote, "rev-list", "--count", BRANCH) == "1"
    assert TOKEN not in log
    assert step(github_token=TOKEN)[2] == {**outputs, "recorded": "0"}


def test_what_was_not_recorded_is_annotated_and_red(step: RunStep, tmp_path: Path) -> None:
    """Good artifacts land all the same; a log that was tampered with fails the step."""
    write_artifact(tmp_path / "in", "good")
    for number in range(12):
        (tmp_path / "in" / f"bad-{number}").mkdir()
        (tmp_path / "in" / f"bad-{number}" / "report.json").write_text("{}")

    code, log, outputs = step()

    assert (code, outputs["recorded"]) == (1, "1")
    told = [line for line in log.splitlines() if line.startswith("::error title=benchgov")]
    assert len(told) == 11
    assert "bad-0/report.json: neither a report" in told[0]
    assert told[-1].endswith("2 more; the log has them")


def test_the_step_sweeps_when_it_is_told_to(
    step: RunStep, remote: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Artifacts of earlier runs are fetched with the token, and named when they are gone."""
    write_artifact(tmp_path / "in", "benchgov-now")
    with running_hub() as hub:
        hub.add("benchgov-earlier", packed(tmp_path / "elsewhere", "earlier"), run=8)
        hub.add("benchgov-late", run=8, expired=True)
        hub.add("benchgov-fork", run=9, head_repository_id=2)
        code, log, outputs = step(
            sweep_days="400", github_token=TOKEN, GITHUB_API_URL=hub.url, GITHUB_REPOSITORY="acme/widgets"
        )

    assert (code, outputs["recorded"], outputs["head"].partition(":")[0]) == (1, "2", "2")
    assert "::error title=benchgov%3A not recorded::benchgov-late of run 8: expired" in log
    assert "::notice title=benchgov%3A not recorded::benchgov-fork of run 9: fork" in log
    assert git(remote, "rev-list", "--count", BRANCH) == "2"


def test_a_sweep_alone_needs_no_artifact_of_its_own_run(step: RunStep, tmp_path: Path) -> None:
    """As on a schedule; without a sweep, a run that left nothing is an error."""
    nothing = {"folders": "", "BENCHGOV_ARTIFACT": str(tmp_path / "none")}
    with running_hub() as hub:
        hub.add("benchgov-earlier", packed(tmp_path / "elsewhere", "earlier"), run=8)
        asked = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": "acme/widgets"}
        code, _, outputs = step(sweep_days="400", github_token=TOKEN, **nothing, **asked)

    assert (code, outputs["recorded"]) == (0, "1")
    code, log, _ = step(**nothing)
    assert code == 65
    assert "::error title=benchgov::" in log


class Refusing(BaseHTTPRequestHandler):
    """A Git server that remembers who asked, and refuses."""

    seen: list[list[str]]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get_all("Authorization", []))
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def git_server() -> Iterator[tuple[str, list[list[str]]]]:
    """Its address, and the credentials that it was shown."""
    handler = type("Handler", (Refusing,), {"seen": []})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}", handler.seen  # type: ignore[attr-defined]


def test_git_is_given_the_token_and_not_the_one_that_a_checkout_left(
    step: RunStep,
    git_server: tuple[str, list[list[str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One header, made of the input: GitHub refuses two. It is in no argument, file or log."""
    address, seen = git_server
    write_artifact(tmp_path / "in", "a")
    clone = tmp_path / "clone"
    git(clone, "remote", "set-url", "origin", f"{address}/acme/widgets.git")
    git(clone, "config", f"http.{address}/.extraheader", "AUTHORIZATION: basic b2xk")
    # Three more attempts, without waiting for them.
    monkeypatch.setattr("time.sleep", lambda _: None)

    code, log, _ = step(github_token=TOKEN, GITHUB_SERVER_URL=address)

    assert code == 74
    assert "the remote cannot be asked" in log
    login = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert seen
    assert all(shown == [f"basic {login}"] for shown in seen)
    assert login not in log
    assert login not in (clone / ".git" / "config").read_text()


def test_appending_to_a_branch_warns_that_nothing_pushes_it(
    step: RunStep, remote: Path, tmp_path: Path
) -> None:
    """`mode: append` leaves the records in the job's clone, and uploads no folder."""
    place = write_artifact(tmp_path / "in", "a")

    code, log, outputs = step(mode="append", store=f"git:{BRANCH}", files=str(place / "report.json"))

    assert (code, outputs["store"]) == (0, f"git:{BRANCH}")
    assert "::warning title=benchgov::the records are in this job's clone alone" in log
    assert git(remote, "branch", "--list", BRANCH) == ""

"""The second stage as a process: a fork's artifact in, a verdict by the base's rules out."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.consumer import SUITE, Consumer, benchgov, make_consumer
from tests.e2e.support import ROOT, commit_all
from tests.unit.github.stub import Server, running

HOSTILE = "x</details>@everyone ::error::a \x1b[31m![](https://evil.example/i.png) ##[error]b"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Consumer, bytes]:
    """A repository with a baseline, and the report of a change that is forty times as slow."""
    folder = tmp_path_factory.mktemp("consumer")
    consumer = make_consumer(folder / "widgets")
    fork = folder / "fork"
    shutil.copytree(consumer.folder, fork, symlinks=True)
    Consumer(fork, consumer.base).change(rounds=40)
    # What the fork says of policy and limits is its own affair.
    (fork / "bench" / "demo" / "suite.yaml").write_text(SUITE.replace("400", "9000"))
    (fork / "benchgov.yaml").write_text("regime: ci\npolicy: {default_threshold: 9999}\n")
    commit_all(fork, "looser")
    benchgov(fork, "run", "demo", "--no-gate")
    return consumer, (fork / ".benchgov" / "out" / "report.json").read_bytes()


@pytest.fixture
def server(measured: tuple[Consumer, bytes]) -> Iterator[Server]:
    """GitHub with pull request 7 of a fork, and a finished run of its head."""
    consumer, data = measured
    head = json.loads(data)["config"]["revision"]
    fork = {"full_name": "stranger/widgets"}
    with running() as server:
        server.run = {
            "event": "pull_request",
            "head_sha": head,
            "head_branch": "change",
            "head_repository": fork,
            "repository": {"full_name": "acme/widgets"},
            "html_url": "https://github.example/acme/widgets/actions/runs/5",
        }
        server.pulls = [
            {
                "number": 7,
                "head": {"sha": head, "repo": fork},
                "base": {"sha": consumer.base, "ref": "main"},
                "merge_commit_sha": None,
                "user": {"login": "stranger"},
            }
        ]
        server.archives = {"benchgov-demo": packed(data)}
        yield server


def packed(report: bytes, **more: bytes) -> bytes:
    """An artifact with this report."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in {"out/report.json": report, **more}.items():
            made.writestr(name, content)
    return data.getvalue()


def changed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The report, forged."""
    value = json.loads(data)
    change(value)
    return json.dumps(value).encode()


class Stage:
    """Runs the action's step in a checkout of the base."""

    def __init__(self, folder: Path, server: Server, place: Path) -> None:
        self.folder, self.server, self.place = folder, server, place

    def run(self, **environ: str) -> tuple[int, str, dict[str, str]]:
        """(exit code, log, outputs)."""
        event = self.place / "event.json"
        event.write_text(json.dumps({"workflow_run": {"id": 5, "pull_requests": []}}))
        output = self.place / "output"
        output.write_text("")
        variables = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")} | {
            "PYTHONPATH": str(ROOT / "src"),
            "ImageOS": "ubuntu20",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.server.url,
            "GITHUB_EVENT_NAME": "workflow_run",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/widgets",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.place / "summary"),
            "INPUT_GITHUB_TOKEN": "ghs-not-a-real-token",
            **environ,
        }
        done = subprocess.run(
            [sys.executable, "-P", "-m", "benchgov.actions", "publish-results"],
            cwd=self.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found = dict(re.findall(r"^(\S+)<<(?:\S+)\n(.*)$", output.read_text(), re.MULTILINE))
        return done.returncode, done.stdout, found


@pytest.fixture
def stage(measured: tuple[Consumer, bytes], server: Server, tmp_path: Path) -> Stage:
    """The base's checkout, of this test alone."""
    shutil.copytree(measured[0].folder, tmp_path / "widgets", symlinks=True)
    return Stage(tmp_path / "widgets", server, tmp_path)


def test_the_verdict_is_the_base_s_whatever_the_fork_allows(stage: Stage) -> None:
    """Forty times as slow is a regression by the base's 400 %, though the fork's own limit is 9000 %."""
    status, log, outputs = stage.run()

    assert status == 0, log
    assert json.loads(outputs["verdicts"]) == {"demo": "regression"}
    assert outputs["pull-request"] == "7"
    check, comment = stage.server.writes("POST")
    assert (check["conclusion"], check["head_sha"]) == ("failure", stage.server.run["head_sha"])
    assert "regression" in comment["body"].splitlines()[1]
    run = stage.server.run["html_url"]
    assert f"[run]({run})" in comment["body"]
    assert re.search(rf"\[artifact\]\({re.escape(run)}/artifacts/\d+\)", comment["body"])
    assert len(stage.server.requests) <= 20
    assert "ghs-not-a-real-token" not in log


def test_a_verdict_in_the_artifact_is_not_read(stage: Stage, measured: tuple[Consumer, bytes]) -> None:
    """A forged gate, summary or comparison changes nothing."""

    def forge(value: dict[str, Any]) -> None:
        value["performance_gate"] = {"status": "pass", "reason": "all is well"}
        value["summary"]["authoritative"] = True

    forged = changed(measured[1], forge)
    stage.server.archives = {"a": packed(forged, **{"out/comparison.json": b'{"verdict": "pass"}'})}

    _, log, outputs = stage.run()

    assert json.loads(outputs["verdicts"]) == {"demo": "regression"}, log


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (lambda value: value["config"].update(revision="d" * 40), "not of what was measured here"),
        (lambda value: value["config"].update(suite="../../etc"), "suite"),
        (lambda value: value.update(pull_request=1), "pull_request"),
        (lambda value: value["runs"][0].update(benchmark=HOSTILE), "benchmark"),
        (lambda value: value["runs"][0]["metrics"][0]["samples"].append(-1), "sample"),
    ],
)
def test_a_forged_report_is_refused_by_name(
    stage: Stage, measured: tuple[Consumer, bytes], forge: Callable[[dict[str, Any]], None], why: str
) -> None:
    """Another repository's report, a path as a suite, extra fields, markup as a name: nothing is written."""
    stage.server.archives = {"a": packed(changed(measured[1], forge))}

    status, log, outputs = stage.run()

    assert status == 0, log
    assert json.loads(outputs["verdicts"]) == {}
    assert (outputs["refused"], stage.server.writes("POST")) == ("1", [])
    assert why in log


def test_texts_of_a_stranger_neither_ping_nor_command_nor_load(
    stage: Stage, measured: tuple[Consumer, bytes]
) -> None:
    """Free texts of a report that is otherwise valid: shown as what they are."""

    def forge(value: dict[str, Any]) -> None:
        run = value["runs"][0]
        run.update(overall="blocked", ok=False, run_is_valid=False, reason=HOSTILE, metrics=[])
        run.update(stderr_tail=HOSTILE + "\n::set-output name=verdicts::pass\n```")
        value["summary"].update(status="blocked")

    stage.server.archives = {"a": packed(changed(measured[1], forge))}

    status, log, _ = stage.run()

    assert status == 0, log
    check, comment = stage.server.writes("POST")
    for text in (check["output"]["summary"], comment["body"]):
        shown, _, quoted = text.partition("```")
        for bad in ("@everyone", "![](https://evil", "x</details>"):
            assert bad not in shown
        assert quoted.startswith("`text\n")  # its fence is longer than any inside
    assert "\x1b" not in json.dumps([check, comment], ensure_ascii=False)
    assert "\x1b" not in log.replace("\\u001b", "")
    assert not [line for line in log.splitlines() if line.startswith(("::set-output", "##[", "::error::a"))]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"event": "push"}, "published its results itself"),
        ({"event": "merge_group"}, "published its results itself"),
        ({"event": "schedule"}, "published its results itself"),
        ({"head_repository": None}, "no open pull request"),
        ({"repository": {"full_name": "other/widgets"}}, "of another repository"),
    ],
)
def test_other_events_publish_nothing_and_say_so(stage: Stage, change: dict[str, Any], why: str) -> None:
    """Closed pull requests, deleted forks and events that need no second stage."""
    stage.server.run |= change

    status, log, _ = stage.run()

    assert (status, stage.server.writes("POST")) == (0, [])
    assert why in log


def test_a_head_that_was_pushed_over_keeps_its_check_and_gets_no_comment(stage: Stage) -> None:
    """The comment belongs to the head that is there now."""
    stage.server.pulls[0]["head"]["sha"] = "e" * 40

    status, log, outputs = stage.run()

    assert status == 0, log
    (check,) = stage.server.writes("POST")
    assert check["conclusion"] == "failure"
    assert outputs.get("pull-request", "") == ""


def test_rules_of_the_base_that_cannot_be_used_ask_for_somebody(stage: Stage) -> None:
    """No verdict, whoever wrote the report: check run and comment say what is to be mended, and where."""
    (stage.folder / "bench/demo/accepted.yaml").write_text("version: 2\n")
    stage.server.pulls[0]["base"]["sha"] = commit_all(stage.folder, "invalid rules")

    status, log, outputs = stage.run()

    assert status not in (0, 1), log
    assert "verdicts" not in outputs
    check, comment = stage.server.writes("POST")
    assert check["conclusion"] == "action_required"
    assert "accepted.yaml" in comment["body"]


def test_a_missing_permission_is_named(stage: Stage) -> None:
    """Reading the run is refused: the message says what the job needs."""
    stage.server.failures = [(403, {})]

    status, log, _ = stage.run()

    assert status == 2
    assert "actions%3A read" in log or "`actions: read`" in log

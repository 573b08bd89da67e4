"""Stage two: which results are judged, and where they are published; GitHub says it, never the artifact."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from tests.gate_builders import metric, run
from tests.gate_builders import report as measured

from benchgov.errors import InputError
from benchgov.github.receiving import MAX_REPORTS, Reception, receive, targets_of
from benchgov.github.runs import Artifact, PullRequest, WorkflowRun
from benchgov.github.session import RefusedByGitHubError
from benchgov.report import Report

HEAD, MERGE, BASE = "a" * 40, "b" * 40, "c" * 40
RUN = WorkflowRun(
    5, "pull_request", HEAD, "change", "stranger/widgets", "acme/widgets", "https://github.example/r"
)
PULL = PullRequest(7, HEAD, "stranger/widgets", BASE, "main", MERGE, "stranger")


def test_a_fork_s_run_is_published_on_its_pull_request() -> None:
    """Check run on the measured head, comment on the pull request, rules of its base."""
    (target,) = targets_of(RUN, "acme/widgets", [PULL]).found

    assert target.base_sha == BASE
    assert (target.event.head_sha, target.event.pull_request, target.event.fork) == (HEAD, 7, True)


@pytest.mark.parametrize(
    ("run", "pulls", "reason"),
    [
        (replace(RUN, repository="other/widgets"), [PULL], "of another repository"),
        (replace(RUN, event="push"), [PULL], "published its results itself"),
        (replace(RUN, event="schedule"), [PULL], "published its results itself"),
        (replace(RUN, event="merge_group"), [PULL], "published its results itself"),
        (RUN, [], "no open pull request"),
    ],
)
def test_nothing_is_published_without_a_reason_to(
    run: WorkflowRun, pulls: list[PullRequest], reason: str
) -> None:
    """Closed pull requests, deleted branches and other events: nothing, and it says why."""
    targets = targets_of(run, "acme/widgets", pulls)

    assert targets.found == ()
    assert reason in targets.reason


def test_a_head_that_has_moved_gets_no_comment_of_the_old_one() -> None:
    """After a force-push the old commit keeps its check run; the comment waits for the new head's run."""
    (target,) = targets_of(RUN, "acme/widgets", [replace(PULL, head_sha="d" * 40)]).found

    assert (target.event.head_sha, target.event.pull_request) == (HEAD, None)


def test_one_branch_with_two_pull_requests_is_judged_by_each_base() -> None:
    """The same head, proposed to two branches, has two verdicts."""
    other = replace(PULL, number=8, base_sha="e" * 40, base_ref="stable")

    targets = targets_of(RUN, "acme/widgets", [PULL, other]).found

    assert [(one.event.pull_request, one.base_sha) for one in targets] == [(7, BASE), (8, "e" * 40)]


class Downloads:
    """Artifacts by name; None is refused by GitHub."""

    def __init__(self, **files: bytes | None) -> None:
        self.files = files
        self.artifacts = [Artifact(number, name, 1, False) for number, name in enumerate(files)]

    def download(self, artifact: Artifact, path: Path, limit: int) -> None:
        data = self.files[artifact.name]
        if data is None:
            raise RefusedByGitHubError(410, "gone")
        if len(data) > limit:
            raise InputError("too large")
        path.write_bytes(data)


def report(revision: str | None = HEAD, suite: str = "demo") -> Report:
    return measured(run("parse", metric([1.0, 2.0])), revision=revision, suite=suite)


def packed(**files: bytes) -> bytes:
    """An artifact with these files; `__` in a name is a slash, `_json` an ending."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return data.getvalue()


def take(folder: Path, downloads: Downloads) -> Reception:
    return receive(downloads, downloads.artifacts, folder, commits=(HEAD, MERGE, None))


@pytest.mark.parametrize("revision", [HEAD, MERGE])
def test_a_report_of_the_measured_commit_is_taken(tmp_path: Path, revision: str) -> None:
    """Of the head itself, or of its merge with the base, which workflows check out."""
    found = take(tmp_path, Downloads(a=packed(report_json=report(revision).to_bytes(), raw__x_json=b"{}")))

    assert [one.report.config.revision for one in found.reports] == [revision]
    assert found.refused == []


def test_the_report_at_the_top_counts_and_not_a_run_s_copy(tmp_path: Path) -> None:
    """An artifact holds the latest report beside the folders of single runs."""
    copy, top = report(suite="old").to_bytes(), report(suite="new").to_bytes()

    found = take(tmp_path, Downloads(a=packed(out__runs__r__report_json=copy, out__report_json=top)))

    assert [one.report.config.suite for one in found.reports] == ["new"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed(report_json=report("d" * 40).to_bytes()), "not of what was measured here"),
        (packed(report_json=report(None).to_bytes()), "unknown"),
        (packed(report_json=b"{}"), "report.json"),
        (packed(report_json=b'{"schema_version": 1, "schema_version": 1}'), "duplicate key"),
        (packed(report_json=b"\xff\xfe"), "UTF-8"),
        (packed(report_json=b"[" * 100_000), "report.json"),
        (packed(report_json=b'{"schema_version": 2}'), "schema_version"),
        (packed(report_json=b""), "report.json"),
        (b"no archive", "zip"),
        (None, "HTTP 410"),
    ],
)
def test_what_is_wrong_with_an_artifact_is_said_and_the_others_count(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    """Another commit's report, broken JSON, broken archives and lost ones: one line each."""
    found = take(tmp_path, Downloads(bad=content, good=packed(report_json=report().to_bytes())))

    assert [one.artifact for one in found.reports] == ["good"]
    assert len(found.refused) == 1
    assert why in found.refused[0]


def test_of_two_reports_of_one_suite_neither_counts(tmp_path: Path) -> None:
    """A stranger cannot put a second report beside the one that was measured and hope for the better."""
    data = packed(report_json=report().to_bytes())

    found = take(
        tmp_path, Downloads(first=data, second=data, other=packed(report_json=report(suite="x").to_bytes()))
    )

    assert [one.report.config.suite for one in found.reports] == ["x"]
    assert "reported by 2 artifacts (first, second)" in found.refused[0]


def test_artifacts_without_a_report_are_passed_over(tmp_path: Path) -> None:
    """Other actions upload too."""
    found = take(tmp_path, Downloads(logs=packed(log_txt=b"x")))

    assert (found.reports, found.refused) == ([], [])


def test_only_so_many_artifacts_are_opened(tmp_path: Path) -> None:
    """The rest is named."""
    found = take(tmp_path, Downloads(**{f"a{n}": packed(x=b"") for n in range(MAX_REPORTS + 2)}))

    assert len(found.refused) == 2

"""`baseline approve`: who may, of which run, what is written, and what is undone when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gate_builders import FACTS, blocked, metric, report, run
from tests.governance_builders import (
    RUNS,
    STORE,
    approve,
    commit,
    empty_repository,
    git,
    only_baseline,
    record,
    three,
    tree,
)

from benchgov.audit.verification import verify as verify_log
from benchgov.cli.main import run_cli
from benchgov.report import Gate


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh repository of octocat's, outside of Actions, and the current folder."""
    return empty_repository(tmp_path, monkeypatch)


def test_a_maintainer_approves_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Baseline, index and record; a later report is held against it."""
    name = three()
    assert run_cli(["baseline", "derive-thresholds", "demo"]) == 0
    capsys.readouterr()
    assert approve(name, "--notes", "new machine") == 0
    shown = capsys.readouterr()
    made = only_baseline()
    assert shown.out.startswith(f"approved: {made.baseline_id}\n  demo, by octocat\n")
    assert f"bench/demo/baselines/default/{made.baseline_id}" in shown.out
    assert "pull request" in shown.err
    assert made.approval is not None
    assert (made.approval.run, made.approval.identified_by, made.approval.notes) == (
        name,
        "git",
        "new machine",
    )
    assert made.provenance.created_by == "octocat"
    assert made.derivation is not None
    (path,) = Path(".benchgov/audit/hosts").glob("*/records/*.json")
    record_ = json.loads(path.read_text())
    assert (record_["kind"], record_["complete"]) == ("approval", True)
    facts = record_["subject"]
    assert (facts["approver"], facts["run"], facts["baseline_id"]) == ("octocat", name, made.baseline_id)
    assert facts["approved_at_utc"].endswith("Z")
    assert facts["notes"] == "new machine"
    assert [one["name"] for one in record_["evidence"]][:3] == ["baseline.json", "index.json", f"{name}.json"]
    assert len(record_["evidence"]) == 5
    assert verify_log(Path(".benchgov/audit"), strict=True).ok
    assert run_cli(["baseline", "verify"]) == 0
    assert run_cli(["compare", str(RUNS / name / "report.json")]) == 0
    assert run_cli(["baseline", "show", "demo"]) == 0
    assert "approved by octocat (git)" in capsys.readouterr().out


def test_one_benchmark_can_be_approved_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Over the suite's baseline; a failing neighbour does not matter."""
    assert approve(three()) == 0
    before = json.loads((STORE / "default/index.json").read_text())["active"][
        report().environment.fingerprint
    ]
    for number in range(4, 7):
        last = record(number, one=report(run("a", metric([50.0 + number] * 5)), blocked("b")))
    assert approve(last) == 4
    assert "rule run-status: the run is blocked" in capsys.readouterr().err
    assert approve(last, "--format", "json", scenario="demo/a") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["approval"]["scenario"] == "demo/a"
    after = json.loads((STORE / "default/index.json").read_text())["active"][report().environment.fingerprint]
    assert after == {"baseline": before["baseline"], "runs": {"a/fast": found["baseline_id"]}}
    assert run_cli(["baseline", "verify"]) == 0
    assert run_cli(["compare", "--sanity"]) == 0


def test_every_reason_against_an_approval_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, and nothing is written anywhere."""
    gate = Gate.model_validate({"status": "regression"})
    sampling = {"isolation": "process", "warmup": 1, "runs": 4, "iterations": 1}
    slow = report(run("a", metric([1.0] * 4), sampling=sampling)).model_copy(
        update={"performance_gate": gate}
    )
    name = record(0, one=slow)
    before = tree()
    assert approve(name, "--approver", "mallory", "--dataset", "d") == 4
    text = capsys.readouterr().err
    for rule in (
        "maintainer: mallory",
        "run-status",
        "dataset",
        "three-in-a-row",
        "minimum-warmup",
        "minimum-runs",
    ):
        assert f"rule {rule}" in text
    assert tree() == before


def test_a_run_in_another_environment_or_a_missing_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Insufficient runs, mismatched environment, no such run, no such scenario: exit 4."""
    record(0)
    record(1)
    other = record(2, facts=FACTS.model_copy(update={"cpu_model": "Other"}))
    assert approve(other) == 4
    assert (
        "found 1: there are no more; 2 of another regime or environment do not count"
        in capsys.readouterr().err
    )
    assert approve(other[:-1]) == 4
    assert "did you mean" in capsys.readouterr().err
    assert approve("../../x") == 4
    assert approve(other, scenario="nothing") == 4
    assert approve(other, "--notes", "x" * 5000) == 64
    assert not STORE.exists()


def test_the_same_run_is_not_approved_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """It is active already."""
    name = three()
    assert approve(name) == 0
    assert approve(name) == 4
    assert "rule not-again" in capsys.readouterr().err


def test_leaving_the_gate_out_does_not_hide_a_regression(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that no baseline judged is judged before it is approved."""
    assert approve(three()) == 0
    slow = [record(number, 300.0 + number) for number in range(4, 7)][-1]
    assert approve(slow) == 4
    assert "rule run-status: the run is regression" in capsys.readouterr().err
    assert approve(slow, scenario="demo/b") == 0


def actions(monkeypatch: pytest.MonkeyPatch, repository: Path, **environ: str) -> None:
    """This is a workflow's checkout now: an origin, an event, an actor."""
    event = repository.parent / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}))
    if "origin" not in git("remote"):
        git("clone", "-q", "--bare", ".", str(repository.parent / "origin.git"))
        git("remote", "add", "origin", str(repository.parent / "origin.git"))
        git("fetch", "-q", "origin")
    values = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_EVENT_NAME": "workflow_dispatch",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_ACTOR": "octocat",
    }
    for key, value in {**values, **environ}.items():
        monkeypatch.setenv(key, value)


def test_in_actions_the_actor_approves(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a flag, and not Git's settings; the record says so."""
    name = three()
    actions(monkeypatch, repository, GITHUB_ACTOR="mallory")
    assert approve(name, "--approver", "octocat") == 4
    text = capsys.readouterr().err
    assert "rule actor: in Actions the approver is the actor, mallory, not --approver octocat" in text
    assert "rule maintainer: mallory is not one of" in text
    actions(monkeypatch, repository)
    git("update-ref", "-d", "refs/remotes/origin/main")  # as in the checkout of a pull request
    assert approve(name) == 0
    found = only_baseline().approval
    assert found is not None
    assert (found.approver, found.identified_by) == ("octocat", "actions")


def test_in_actions_maintainers_are_those_of_the_default_branch(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A branch that makes its author a maintainer is not believed; without that branch nobody is one."""
    name = three()
    actions(monkeypatch, repository, GITHUB_ACTOR="mallory")
    Path("benchgov.yaml").write_text('version: 1\nmaintainers: ["mallory"]\n')
    commit()
    assert approve(name) == 4
    assert "mallory is not one of" in capsys.readouterr().err
    git("remote", "remove", "origin")
    assert approve(name) == 4
    assert "origin/main cannot be read here" in capsys.readouterr().err
    (repository.parent / "event.json").write_text("{}")
    assert approve(name) == 4
    assert "does not name the default branch" in capsys.readouterr().err


@pytest.mark.parametrize(("event", "rule"), [("schedule", "attended"), ("push", "reviewed")])
def test_no_schedule_and_no_push_to_the_default_branch_promotes(
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    event: str,
    rule: str,
) -> None:
    """Although the actor is a maintainer."""
    name = three()
    actions(monkeypatch, repository, GITHUB_EVENT_NAME=event)
    assert approve(name) == 4
    assert f"rule {rule}" in capsys.readouterr().err
    assert not STORE.exists()


def test_a_tampered_or_unwritable_log_undoes_the_approval(repository: Path) -> None:
    """All or nothing: what was published is taken back, and the index is as it was."""
    assert approve(three()) == 0
    (path,) = Path(".benchgov/audit/hosts").glob("*/records/*.json")
    good = path.read_bytes()
    name = [record(number, 90.0 + number) for number in range(4, 7)][-1]
    path.write_bytes(good.replace(b"octocat", b"mallory"))
    before = tree()
    assert approve(name) == 5
    assert tree() == before
    path.write_bytes(good)
    hints = path.parent.parent / "tail"
    hints.rename(repository / "kept")
    hints.mkdir()
    before = tree()
    assert approve(name) == 74
    assert tree() == before


def test_the_first_approval_that_fails_leaves_no_folder_behind(repository: Path) -> None:
    """Not even the regime's."""
    name = three()
    Path(".benchgov/audit").write_text("no folder")
    assert approve(name) != 0
    assert not (repository / STORE / "default").exists()

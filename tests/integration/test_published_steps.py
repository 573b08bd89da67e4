"""What the step compare-thresholds publishes: a check run, a comment, annotations; or why it cannot."""

from __future__ import annotations

from tests.e2e.consumer import Consumer
from tests.e2e.support import commit_all
from tests.step_builders import SECRET, RunStep, _published, consumer, step
from tests.unit.github.stub import running

__all__ = ["_published", "consumer", "step"]  # fixtures


def test_a_regression_is_red_and_annotated_where_nothing_can_be_published(
    consumer: Consumer, step: RunStep
) -> None:
    """Without a token the log carries the annotations, and a warning says what was not written."""
    consumer.change(rounds=30)
    step("run-bench", suite="demo")

    compared = step("compare-thresholds")

    assert (compared.status, compared.outputs["verdict"]) == (1, "regression")
    assert any(line.startswith("::error file=bench/demo/suite.yaml,line=") for line in compared.commands)
    assert any("there is no github-token" in line for line in compared.commands)


def test_the_verdict_is_published_with_the_token_that_is_given(consumer: Consumer, step: RunStep) -> None:
    """Check run and comment go to GITHUB_API_URL; the log shows no token, and no annotation twice."""
    consumer.change(rounds=30)
    step("run-bench", suite="demo")

    with running() as github:
        api = {"GITHUB_API_URL": github.url}
        compared = step("compare-thresholds", environ=api, github_token=SECRET)

    check, comment = github.writes("POST")
    assert (check["conclusion"], check["head_sha"]) == ("failure", "a" * 40)
    assert comment["body"].startswith("<!-- benchgov:comparison suite=demo -->")
    assert compared.outputs["check-url"] == "https://github.example/check/5"
    assert compared.outputs["comment-url"] == "https://github.example/comment"
    assert compared.status == 1
    assert SECRET not in compared.log
    assert not any("file=bench/demo/suite.yaml" in line for line in compared.commands)


def test_a_comparison_is_published_later_with_its_links(consumer: Consumer, step: RunStep) -> None:
    """One step compares, and a later one publishes with what came between; another report's is refused."""
    consumer.change(rounds=30)
    step("run-bench", suite="demo")
    links = {
        "artifact_url": "https://github.example/artifacts/1",
        "dossier_url": "https://github.example/artifacts/2",
        "audit_record": "2:" + "a" * 64,
    }

    with running() as github:
        given = {"environ": {"GITHUB_API_URL": github.url}, "github_token": SECRET}
        compared = step("compare-thresholds", publish="false", **given)
        assert github.requests == []
        made = compared.outputs["comparison"]
        published = step("compare-thresholds", comparison=made, **links, **given)
        (check, comment) = github.writes("POST")
        step("run-bench", suite="demo")
        refused = step("compare-thresholds", comparison=made, **given)

    assert (compared.status, published.status, refused.status) == (1, 0, 64)
    assert "regression" in compared.summary
    assert published.summary == ""
    assert (check["conclusion"], published.outputs["verdict"]) == ("failure", "regression")
    for shown in ("[artifact](https://github.example/artifacts/1)", "[dossier](", "audit record `2:aaa"):
        assert shown in comment["body"]
    assert "of another report" in refused.log
    assert len(github.writes("POST")) == 2


def test_rules_that_cannot_be_used_ask_for_somebody(consumer: Consumer, step: RunStep) -> None:
    """An invalid accepted.yaml is no verdict: the step is red, and the check run asks for somebody."""
    step("run-bench", suite="demo")
    (consumer.folder / "bench/demo/accepted.yaml").write_text("version: 1\naccepted: [{benchmark: x}]\n")
    base = commit_all(consumer.folder, "accept")

    with running() as github:
        given = {"environ": {"GITHUB_API_URL": github.url}, "github_token": SECRET}
        compared = step("compare-thresholds", baseline_ref=base, **given)

    check, comment = github.writes("POST")
    assert compared.status not in (0, 1)
    assert check["conclusion"] == "action_required"
    assert check["output"]["title"].startswith("cannot be judged: ")
    assert "accepted.yaml" in comment["body"]

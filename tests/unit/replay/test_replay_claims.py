"""A report that is not what it says is refused before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.builders import ENVIRONMENT, report_of, run_of

from benchgov.errors import InputError
from benchgov.replay.claims import check_claims
from benchgov.report import Metric, Report, Summary

RUN = run_of(metrics=(Metric(name="wall_time", unit="ns", direction="lower", samples=(5.0,)),))
REPORT = report_of([RUN])


def faults(report: Report, root: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_claims(report, root, "report.json")
    assert caught.value.where == "report.json"
    return "\n".join((caught.value.message, *caught.value.details))


def test_a_report_as_it_was_written_is_taken(tmp_path: Path) -> None:
    """The hashes, the summary and the paths hold."""
    check_claims(REPORT, tmp_path, "report.json")


@pytest.mark.parametrize("name", ["plan_sha256", "result_sha256", "harness"])
def test_a_forged_section_is_found(tmp_path: Path, name: str) -> None:
    """Both hashes are computed again."""
    forged = REPORT.replay.model_copy(update={name: "f" * 64})
    assert f"replay.{name} is 'ffff" in faults(REPORT.model_copy(update={"replay": forged}), tmp_path)


@pytest.mark.parametrize("name", ["deterministic_fields", "nondeterministic_fields"])
def test_a_shorter_field_list_is_found(tmp_path: Path, name: str) -> None:
    """A report cannot say by itself what must be the same."""
    forged = REPORT.replay.model_copy(update={name: ()})
    assert f"replay.{name}" in faults(REPORT.model_copy(update={"replay": forged}), tmp_path)


def test_an_edited_run_is_found(tmp_path: Path) -> None:
    """The result hash is over the runs."""
    edited = run_of(metrics=RUN.metrics, family="other")
    assert "result_sha256" in faults(REPORT.model_copy(update={"runs": (edited,)}), tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"passed": 2}, "summary.passed"), ({"status": "fail"}, "summary.status")],
)
def test_a_summary_of_other_runs_is_found(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """The counts are those of the runs."""
    summary = Summary.model_validate({**REPORT.summary.model_dump(), **changes})
    assert said in faults(REPORT.model_copy(update={"summary": summary}), tmp_path)


def test_authoritative_without_a_passed_gate_is_found(tmp_path: Path) -> None:
    """The word cannot be written in; to do without it is allowed."""
    drifted = ENVIRONMENT.model_copy(update={"gate": "drift"})
    assert "summary.authoritative" in faults(REPORT.model_copy(update={"environment": drifted}), tmp_path)
    modest = REPORT.summary.model_copy(update={"authoritative": False})
    check_claims(REPORT.model_copy(update={"summary": modest}), tmp_path, "report.json")


@pytest.mark.parametrize("path", ["../outside.py", "/etc/passwd", "bench/../../x.py", "a\0b"])
def test_a_protocol_outside_of_the_repository_is_found(tmp_path: Path, path: str) -> None:
    """However it gets out."""
    report = report_of([run_of(metrics=RUN.metrics, protocol=path)])
    assert "leaves the repository" in faults(report, tmp_path)


def test_a_protocol_behind_a_link_that_leads_out_is_found(tmp_path: Path) -> None:
    """Links are followed before it is decided."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "bench").symlink_to(tmp_path)
    assert "leaves the repository" in faults(REPORT, root)


def test_an_imported_report_is_not_replayed(tmp_path: Path) -> None:
    """Nothing here ran it."""
    assert "imported" in faults(report_of([RUN], config={"options": {"import": {}}}), tmp_path)

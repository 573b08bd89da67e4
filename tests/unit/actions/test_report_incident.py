"""Where report-incident finds the results of an earlier job."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchgov.actions.report_incident import Inputs, _folder
from benchgov.errors import InputError


def found(place: Path, name: str = "benchgov-core") -> Path:
    """The folder that is read when `place` is what was downloaded."""
    job = cast("Any", SimpleNamespace(environ={"BENCHGOV_ARTIFACT": str(place)}))
    project = cast("Any", SimpleNamespace(output_dir=Path("out")))
    return _folder(Inputs(artifact_name=name), job, project)


def test_an_artifact_has_its_latest_report_wherever_its_folders_begin(tmp_path: Path) -> None:
    """Beside the audit log's folder or alone; the reports of single runs do not count."""
    run = tmp_path / "out" / "runs" / "x" / "report.json"
    run.parent.mkdir(parents=True)
    run.touch()

    with pytest.raises(InputError, match="no report"):
        found(tmp_path)
    (tmp_path / "out" / "report.json").touch()
    assert found(tmp_path) == tmp_path / "out"
    assert found(tmp_path, "") == Path("out")

"""A matrix whose jobs leave artifacts, and one job that records them all on the log's branch."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.collect_builders import bare_remote, clone_of
from tests.e2e.consumer import COLLECT, benchgov, write_consumer
from tests.e2e.support import Act, commit_all, git, lines

pytestmark = pytest.mark.e2e


def test_a_matrix_is_collected_and_verifies_from_a_fresh_clone(act: Act, tmp_path: Path) -> None:
    """Three jobs, three records, one push; who clones the repository verifies them without a checkout."""
    remote = bare_remote(tmp_path)
    folder = write_consumer(tmp_path / "widgets", COLLECT)
    commit_all(folder, "suite")
    git(folder, "remote", "add", "origin", remote.as_uri())

    run = act.run(folder, {}, {}, name="push")

    assert run.status == 0, run.log
    assert "recorded=3" in lines(run)
    assert git(remote, "rev-list", "--count", "benchgov-audit") == "1"
    clone = clone_of(remote, tmp_path / "clone")
    store = "--store=git:benchgov-audit"
    found = json.loads(benchgov(clone, "audit", "verify", "--strict", "--format=json", store))
    assert (found["ok"], found["records"], found["hosts"][0]["host"]) == (True, 3, "ci")
    assert f"head={found['hosts'][0]['anchor']}" in lines(run)
    listed = json.loads(benchgov(clone, "audit", "log", "--format=json", store))
    names = [record["subject"]["workflow"]["artifact"] for record in listed]
    assert names == ["benchgov-demo-1", "benchgov-demo-2", "benchgov-demo-3"]
    assert os.listdir(clone) == [".git"]

"""Container jobs: act runs a consumer's workflow in a Docker container, in which another user owns the workspace."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.consumer import STEPS, Consumer, write_consumer
from tests.e2e.docker_engine import IMAGE, Engine, docker_engine, skip_without_engine
from tests.e2e.support import Act, Emulator, WorkflowRun, commit_all, installing, need, node_modules

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RUNNER = 1001
"""The user of GitHub's runner, who checks out; the user of a container job is mostly root."""

BASELINE = """\
name: baseline
on: push
permissions: {}
jobs:
  baseline:
    runs-on: ubuntu-latest
    steps:
      - uses: org/benchgov/verify-env@v1
      - env:
          BENCHGOV_PYTHON: python3
        run: |
          "$(ls -d "$RUNNER_TOOL_CACHE"/benchgov*/*/bin)"/python -I -m benchgov \\
            baseline generate demo --activate --by maintainer
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A Docker engine with the image of the jobs."""
    skip_without_engine()
    with docker_engine() as running:
        yield running


@pytest.fixture(scope="module")
def container_act(engine: Engine, tmp_path_factory: pytest.TempPathFactory, product: Path) -> Act:
    """act, with this engine for jobs that have a container."""
    return Act(tmp_path_factory.mktemp("act"), product, engine.host)


@pytest.fixture
def contained(container_act: Act, tmp_path: Path) -> Consumer:
    """A consumer's repository whose baseline was measured in a container job."""
    folder = write_consumer(tmp_path / "widgets", in_container(STEPS))
    commit_all(folder, "suite")
    made = in_job(container_act, folder, {}, installing(), name="push", workflow=in_container(BASELINE))
    assert made.status == 0, made.log
    return Consumer(folder, commit_all(folder, "baseline"))


def in_container(workflow: str) -> str:
    """`workflow` with its jobs in a container, which reaches node, pip's certificates and npm's packages."""
    node = Path(need("node")).resolve()
    certificates = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    volumes = [f"{node}:/usr/local/bin/node:ro", f"{node_modules()}:{node_modules()}:ro"]
    if certificates:
        volumes.append(f"{certificates}:{certificates}:ro")
    listed = "".join(f"        - {volume}\n" for volume in volumes)
    container = f"    container:\n      image: {IMAGE}\n      volumes:\n{listed}"
    return workflow.replace("    runs-on: ubuntu-latest\n", "    runs-on: ubuntu-latest\n" + container)


def in_job(act: Act, folder: Path, *arguments: object, **options: object) -> WorkflowRun:
    """Run act on a checkout that the runner's user owns."""
    own(folder, RUNNER)
    try:
        return act.run(folder, *arguments, **options)  # type: ignore[arg-type]
    finally:
        own(folder, os.geteuid())


def own(folder: Path, user: int) -> None:
    """Make `user` the owner of all of `folder`."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def lines(run: WorkflowRun) -> list[str]:
    """What the steps printed, without act's prefix."""
    return [line.partition("|")[2].strip() for line in run.log.splitlines() if "|" in line]


def test_the_pipeline_in_a_container_job(container_act: Act, github: Emulator, contained: Consumer) -> None:
    """verify-env to render-dossier in a container: ..."""
    number, head = github.open_pull_request()
    environ = {"GITHUB_API_URL": github.url, **installing()}
    contained.change()
    run = in_job(container_act, contained.folder, contained.event(head, number), environ)
    print(run.log)
    assert run.status == 0
    assert "verdict=pass" in lines(run)

"""Container jobs: act runs a workflow in a Docker container whose user does not own the workspace."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.e2e.consumer import STEPS, WHOLE_PIPELINE, Consumer, write_consumer
from tests.e2e.docker_engine import IMAGE, Engine, docker_engine, skip_without_engine
from tests.e2e.support import (
    Act,
    Emulator,
    WorkflowRun,
    artifact,
    commit_all,
    installing,
    lines,
    need,
    node_modules,
)

from benchgov.audit.verification import verify
from benchgov.report import Report

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Completed = subprocess.CompletedProcess[str]
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


@pytest.fixture(scope="session", autouse=True)
def _possible() -> None:
    """Skip before anything else is set up where no engine can be started."""
    skip_without_engine()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A Docker engine with the image of the jobs."""
    with docker_engine() as running:
        yield running


@pytest.fixture(scope="module")
def container_act(engine: Engine, tmp_path_factory: pytest.TempPathFactory, product: Path) -> Act:
    """act, with this engine for jobs that have a container."""
    folder = tmp_path_factory.mktemp("act")
    return Act(folder, product, folder / "cache", engine.host)


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
    volumes = [f"{node}:/usr/local/bin/node:ro", f"{node_modules()}:{node_modules()}:ro", *certificates()]
    listed = "".join(f"        - {volume}\n" for volume in volumes)
    container = f"    container:\n      image: {IMAGE}\n      volumes:\n{listed}"
    return workflow.replace("    runs-on: ubuntu-latest\n", "    runs-on: ubuntu-latest\n" + container)


def certificates() -> list[str]:
    """Volumes with the certificates that the variables of `installing` name; the image has the usual ones."""
    named = {value for name, value in installing().items() if "CERT" in name}
    return [f"{path}:{path}:ro" for path in sorted(named) if Path(path).exists()]


def in_job(
    act: Act,
    folder: Path,
    event: Mapping[str, object],
    environ: Mapping[str, str],
    **which: str,
) -> WorkflowRun:
    """Run act on a checkout that the runner's user owns."""
    own(folder, RUNNER)
    try:
        return act.run(folder, event, environ, **which)
    finally:
        own(folder, os.geteuid())


def own(folder: Path, user: int) -> None:
    """Make `user` the owner of all of `folder`."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def in_container_of(engine: Engine, product: Path, *options: str, **environ: str) -> Completed:
    """Start verify-env by the launcher, as a step in a container that was started with `options`."""
    environ = {**installing(), **environ}
    mounted = [f"--volume={volume}" for volume in [f"{product}:/product:ro", *certificates()]]
    command = ["sh", "/product/actions/launch.sh", "verify-env"]
    return engine.run(*mounted, *options, IMAGE, *command, environ=environ)


def test_the_pipeline_in_a_container_job(
    container_act: Act, github: Emulator, contained: Consumer, tmp_path: Path
) -> None:
    """In a container whose root does not own the workspace, every step works as on the runner itself:
    measured on the pinned machine, at a known revision, compared with the base's baseline, published."""
    number, head = github.open_pull_request()
    environ = {"GITHUB_API_URL": github.url, **installing()}
    commit = contained.change()
    event = contained.event(head, number)

    run = in_job(container_act, contained.folder, event, environ)

    assert run.status == 0, run.log
    assert "docker exec cmd=[sh -e " in run.log
    assert "verdict=pass" in lines(run)
    assert "no leaked Python" in lines(run)
    report = Report.model_validate(json.loads(artifact(run, "benchgov-demo").read("report.json")))
    assert report.summary.authoritative
    assert report.environment.facts.os == "debian-12"
    assert (report.config.revision, report.config.dirty) == (commit, False)
    assert [check["conclusion"] for check in github.check_runs(head)] == ["success"]
    artifact(run, "benchgov-audit").extractall(tmp_path / "audit")
    log = verify(tmp_path / "audit", strict=True)
    assert (log.ok, log.records) == (True, 2)
    assert "sum-of-squares" in artifact(run, "benchgov-dossier").read("index.html").decode()


def test_a_regression_in_one_step_in_a_container_job(
    container_act: Act, github: Emulator, contained: Consumer
) -> None:
    """`uses: org/benchgov@v1` turns red in a container too, and uploads all the same."""
    number, head = github.open_pull_request()
    contained.change(rounds=30)
    workflow = contained.folder / ".github" / "workflows" / "benchmarks.yml"
    workflow.write_text(in_container(WHOLE_PIPELINE))
    environ = {"GITHUB_API_URL": github.url, **installing()}

    run = in_job(container_act, contained.folder, contained.event(head, number), environ)

    assert run.status != 0, run.log
    assert "verdict=regression" in lines(run)
    (check,) = github.check_runs(head)
    assert check["conclusion"] == "failure"
    assert "out/dossier/index.html" in artifact(run, "benchgov-demo").namelist()


def test_a_user_without_name_home_or_tool_cache(engine: Engine, product: Path, tmp_path: Path) -> None:
    """`options: --user 1234` and a tool cache of the runner's: the environment is made in RUNNER_TEMP."""
    for name in ("workspace", "temp", "tools"):
        (tmp_path / name).mkdir()
    for name in ("workspace", "temp"):
        own(tmp_path / name, 1234)
    volumes = [f"--volume={tmp_path / name}:/{name}" for name in ("workspace", "temp", "tools")]
    places = {"GITHUB_WORKSPACE": "/workspace", "RUNNER_TOOL_CACHE": "/tools", "RUNNER_TEMP": "/temp"}

    done = in_container_of(engine, product, *volumes, "--user=1234:1234", HOME="", **places)

    assert done.returncode == 0, done.stdout
    assert "fingerprint" in done.stdout
    assert list((tmp_path / "temp").glob("benchgov-1234/*/complete"))
    assert not list((tmp_path / "tools").iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--read-only"], "none of RUNNER_TOOL_CACHE, RUNNER_TEMP and HOME can be written"),
        (["--user=1234:1234", "--env=HOME=/nonexistent"], "none of RUNNER_TOOL_CACHE, RUNNER_TEMP and HOME"),
        (["--tmpfs=/usr/lib/python3.11/ensurepip:ro"], "the package python3-venv has it"),
        (["--tmpfs=/usr/lib/python3.11/venv:ro"], "the package python3-venv has it"),
    ],
)
def test_what_a_container_lacks_is_named(
    engine: Engine, product: Path, options: list[str], said: str
) -> None:
    """One annotation, and never an exit code that is a verdict."""
    done = in_container_of(engine, product, *options)

    assert done.returncode == 70, done.stdout
    (error,) = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert said in error
    assert "Traceback" not in done.stdout

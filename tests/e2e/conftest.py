"""Fixtures of the end-to-end tests: this tree as an action, the emulator, consumers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.consumer import STEPS, Consumer, make_consumer
from tests.e2e.support import Act, Emulator, checkout_of_this_tree, emulator


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree as a repository with one commit, as a user's workflow gets it."""
    return checkout_of_this_tree(tmp_path_factory.mktemp("product") / "benchgov")


@pytest.fixture(scope="session")
def act(tmp_path_factory: pytest.TempPathFactory, product: Path, request: pytest.FixtureRequest) -> Act:
    """act, with one cache for all tests and workers: the private environment is built once."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    return Act(tmp_path_factory.mktemp("act"), product, shared / "act-cache")


@pytest.fixture(scope="session")
def _consumer_with_baseline(tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    return make_consumer(tmp_path_factory.mktemp("consumer") / "widgets", STEPS)


@pytest.fixture
def consumer(_consumer_with_baseline: Consumer, tmp_path: Path) -> Consumer:
    """A consumer's repository with a published baseline, of this test alone."""
    folder = tmp_path / "widgets"
    shutil.copytree(_consumer_with_baseline.folder, folder, symlinks=True)
    return Consumer(folder, _consumer_with_baseline.base)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Emulator]:
    """GitHub's emulator, empty but for the repository."""
    folder = tmp_path / "github"
    folder.mkdir()
    with emulator(folder) as running:
        yield running

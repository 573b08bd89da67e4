"""The collector: many artifacts, one push, nothing lost and nothing twice, whoever else pushes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.collect_builders import (
    BRANCH,
    bare_remote,
    clone_of,
    collected,
    git,
    items_of,
    pushed_log,
)

from benchgov.audit.attempts import Pace
from benchgov.audit.chain import read
from benchgov.audit.git_files import GitFiles
from benchgov.audit.opening import open_branch
from benchgov.audit.verification import verify
from benchgov.errors import BlockedError, LostRaceError, RemoteError, TamperError, UnreachableError
from benchgov.rim import run_process


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository that everybody pushes to."""
    return bare_remote(tmp_path)


def fresh(remote: Path, folder: Path, now: Callable[..., object]) -> GitFiles:
    """The log as somebody sees it who clones the remote now."""
    return open_branch(BRANCH, clone_of(remote, folder), run_process, now)  # type: ignore[arg-type]


def test_all_artifacts_land_in_one_push_in_the_order_of_their_names(
    remote: Path, tmp_path: Path, now: Callable[..., object]
) -> None:
    """One commit, records by artifact name; a report that lies in an artifact twice is one record."""
    done = collected(pushed_log(clone_of(remote, tmp_path / "one")), items_of(tmp_path / "in", "c", "a", "b"))

    assert (done.new, done.attempts) == (3, 1)
    log = fresh(remote, tmp_path / "fresh", now)
    assert git(remote, "rev-list", "--count", BRANCH) == "1"
    records = [record for _, record in read(log)]
    assert [record.subject["workflow"]["artifact"] for record in records] == ["a", "b", "c"]
    assert [record.subject["workflow"]["run_id"] for record in records] == ["7", "7", "7"]
    assert verify(log, strict=True).ok


def test_collecting_again_appends_nothing_and_pushes_nothing(remote: Path, tmp_path: Path) -> None:
    """From the same clone, from another one, and for another host."""
    items = items_of(tmp_path / "in", "a", "b")
    first = pushed_log(clone_of(remote, tmp_path / "one"))
    collected(first, items)
    tip = git(remote, "rev-parse", BRANCH)

    for files in (first, pushed_log(clone_of(remote, tmp_path / "two"))):
        done = collected(files, items)
        assert (done.new, len(done.done)) == (0, 2)

    from benchgov.audit.collect import Writer, collect

    pace = Pace(lambda _: None, lambda: 0.0)
    other = collect(first, items, Writer("another", first._now), pace)
    assert [one.new for _, one in other.done] == [False, False]
    assert {one.record.host for _, one in other.done} == {"collector"}
    assert git(remote, "rev-parse", BRANCH) == tip


def test_a_lost_race_makes_the_records_again_behind_the_new_head(
    remote: Path, tmp_path: Path, now: Callable[..., object]
) -> None:
    """The second clone was ready to push when the first one did: its records continue the first one's."""
    one, two = (pushed_log(clone_of(remote, tmp_path / name)) for name in ("one", "two"))
    move = two.branch.move
    raced: list[str] = []

    def late(old: str | None, new: str) -> None:
        if not raced:
            raced.append(new)
            collected(one, items_of(tmp_path / "first", "a"))
        move(old, new)

    two.branch.move = late  # type: ignore[method-assign]
    waits: list[float] = []
    done = collected(two, items_of(tmp_path / "second", "b"), Pace(waits.append, lambda: 0.5))

    assert done.attempts == 2
    assert waits == [pytest.approx(0.3125)]
    log = fresh(remote, tmp_path / "fresh", now)
    records = [record for _, record in read(log)]
    assert [record.sequence for record in records] == [1, 2]
    assert records[1].prev_hash == records[0].chain_head
    assert verify(log, strict=True).ok
    history = git(remote, "rev-list", "--parents", BRANCH).splitlines()
    assert [len(line.split()) for line in history] == [2, 1], "no merge, and the lost commit is not there"


def test_a_race_that_is_never_won_ends_and_loses_nothing(remote: Path, tmp_path: Path) -> None:
    """The attempts are bounded; afterwards the same artifacts can be collected."""
    files = pushed_log(clone_of(remote, tmp_path / "one"))
    items = items_of(tmp_path / "in", "a")
    move = files.branch.move

    def lose(old: str | None, new: str) -> None:
        raise LostRaceError("somebody else was first")

    files.branch.move = lose  # type: ignore[method-assign]
    waits: list[float] = []
    with pytest.raises(LostRaceError, match="given up after 9 attempts"):
        collected(files, items, Pace(waits.append, lambda: 1.0, attempts=9))

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    files.branch.move = move  # type: ignore[method-assign]
    assert collected(files, items).new == 1


def race(remote: Path, folder: Path, clones: int, each: int) -> list[int]:
    """So many clones collect so many artifacts each, at once; how many attempts each one took."""
    attempts: list[int] = []
    failed: list[BaseException] = []
    ready = threading.Barrier(clones)

    def work(number: int) -> None:
        try:
            files = pushed_log(clone_of(remote, folder / f"clone-{number}"))
            names = [f"job-{number}-{index}" for index in range(each)]
            items = items_of(folder / f"in-{number}", *names)
            wait_before_the_first_push(files, ready)
            pace = Pace(lambda seconds: time.sleep(seconds / 5), random.random, 200)
            attempts.append(collected(files, items, pace).attempts)
        except BaseException as error:
            failed.append(error)
            ready.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clones)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
    return attempts


def wait_before_the_first_push(files: GitFiles, ready: threading.Barrier) -> None:
    """Make all of them ready to push from one tip, so that all but one lose."""
    move = files.branch.move

    def together(old: str | None, new: str) -> None:
        files.branch.move = move  # type: ignore[method-assign]
        ready.wait(120)
        move(old, new)

    files.branch.move = together  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("clones", "each"), [(4, 2), pytest.param(12, 5, marks=pytest.mark.slow)], ids=["4", "12"]
)
def test_clones_that_push_at_once_lose_nothing(
    remote: Path, tmp_path: Path, now: Callable[..., object], clones: int, each: int
) -> None:
    """Every artifact of every clone is in the log once, in one chain, without a merge."""
    attempts = race(remote, tmp_path, clones, each)

    log = fresh(remote, tmp_path / "fresh", now)
    names = [record.subject["workflow"]["artifact"] for _, record in read(log)]
    wanted = [f"job-{number}-{index}" for number in range(clones) for index in range(each)]
    assert sorted(names) == sorted(wanted)
    assert verify(log, strict=True).ok
    assert sorted(attempts)[:2][-1] > 1, "all but the first must have lost"
    assert int(git(remote, "rev-list", "--count", BRANCH)) == clones
    assert not git(remote, "rev-list", "--merges", BRANCH)


def test_a_refusal_that_is_no_race_ends_at_once(remote: Path, tmp_path: Path) -> None:
    """A protected branch says no, with its reason, and is not asked again."""
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    waits: list[float] = []

    with pytest.raises(RemoteError, match="this branch is protected"):
        collected(
            pushed_log(clone_of(remote, tmp_path / "one")),
            items_of(tmp_path / "in", "a"),
            Pace(waits.append, lambda: 0.5),
        )
    assert waits == []


def test_a_remote_that_does_not_answer_is_asked_a_few_times(remote: Path, tmp_path: Path) -> None:
    """Then the error says that nothing was recorded."""
    files = pushed_log(clone_of(remote, tmp_path / "one"))
    remote.rename(tmp_path / "away.git")
    waits: list[float] = []

    with pytest.raises(UnreachableError, match="cannot be asked"):
        collected(files, items_of(tmp_path / "in", "a"), Pace(waits.append, lambda: 0.5))
    assert len(waits) == 3


def test_a_push_whose_answer_was_lost_is_not_made_twice(remote: Path, tmp_path: Path) -> None:
    """The remote took the commit, and the connection broke: the next attempt finds everything there."""
    files = pushed_log(clone_of(remote, tmp_path / "one"))
    move = files.branch.move

    def break_off(old: str | None, new: str) -> None:
        move(old, new)
        files.branch.move = move  # type: ignore[method-assign]
        raise UnreachableError("the connection broke")

    files.branch.move = break_off  # type: ignore[method-assign]
    done = collected(files, items_of(tmp_path / "in", "a"))

    assert (done.new, done.attempts) == (0, 2)
    assert git(remote, "rev-list", "--count", BRANCH) == "1"


def test_a_branch_that_was_rewritten_is_tamper(remote: Path, tmp_path: Path) -> None:
    """Whoever saw the earlier tip says so, and keeps it; a branch that vanished is no new log."""
    files = pushed_log(clone_of(remote, tmp_path / "one"))
    collected(files, items_of(tmp_path / "in", "a"))
    seen = git(remote, "rev-parse", BRANCH)

    git(remote, "branch", "-D", BRANCH)
    with pytest.raises(TamperError, match="the branch is gone"):
        collected(files, items_of(tmp_path / "more", "b"))
    collected(pushed_log(clone_of(remote, tmp_path / "two")), items_of(tmp_path / "other", "c"))
    with pytest.raises(TamperError, match="which does not continue it"):
        collected(files, items_of(tmp_path / "again", "d"))
    assert git(tmp_path / "one", "rev-parse", f"refs/remotes/origin/{BRANCH}") == seen


def test_a_log_that_was_tampered_with_gets_no_record(remote: Path, tmp_path: Path) -> None:
    """The branch is verified before anything is appended."""
    files = pushed_log(clone_of(remote, tmp_path / "one"))
    collected(files, items_of(tmp_path / "in", "a", "b"))
    with files.locked():
        path = "hosts/collector/records/000000000001.json"
        files.replace(path, files.read(path).replace(b'"demo"', b'"Demo"'))
    tip = git(remote, "rev-parse", BRANCH)

    with pytest.raises(TamperError, match="record 1: expected chain_head"):
        collected(pushed_log(clone_of(remote, tmp_path / "two")), items_of(tmp_path / "more", "c"))
    assert git(remote, "rev-parse", BRANCH) == tip


def test_records_that_wait_in_the_local_branch_are_pushed_too(remote: Path, tmp_path: Path) -> None:
    """What `audit append` put on the local branch goes along; a local branch behind the remote catches up."""
    clone = clone_of(remote, tmp_path / "one")
    local = open_branch(BRANCH, clone, run_process, pushed_log(clone)._now)
    local.create("hosts/a/note", b"x")

    collected(pushed_log(clone), items_of(tmp_path / "in", "a"))

    assert git(remote, "rev-list", "--count", BRANCH) == "2"
    assert git(clone, "rev-parse", BRANCH) == git(remote, "rev-parse", BRANCH)


def test_a_shallow_clone_collects(remote: Path, tmp_path: Path) -> None:
    """As actions/checkout makes it: only the tip of the log is fetched, and the push is fast-forward."""
    first = pushed_log(clone_of(remote, tmp_path / "one"))
    for name in ("a", "b"):
        collected(first, items_of(tmp_path / name, name))
    shallow = clone_of(remote, tmp_path / "two", "--depth=1", "--branch=main")

    assert collected(pushed_log(shallow), items_of(tmp_path / "c", "c")).new == 1
    assert git(shallow, "rev-list", "--count", BRANCH) == "2"
    assert git(remote, "rev-list", "--count", BRANCH) == "3"


def test_a_log_that_is_checked_out_is_not_written(remote: Path, tmp_path: Path) -> None:
    """Not locally, and not at the remote by way of it."""
    files = pushed_log(clone_of(remote, tmp_path / "one"))
    collected(files, items_of(tmp_path / "in", "a"))
    git(tmp_path / "one", "worktree", "add", "--quiet", str(tmp_path / "log"), BRANCH)

    with pytest.raises(BlockedError, match="checked out"):
        collected(files, items_of(tmp_path / "more", "b"))
    assert git(remote, "rev-list", "--count", BRANCH) == "1"

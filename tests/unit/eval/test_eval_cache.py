"""The cache of scores: whole files, named by all that a score depends on; what is not one is a miss."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.eval_builders import mode, score

from benchgov.errors import OutputError
from benchgov.eval.cache import Cache, CorruptEntryError
from benchgov.eval.plan import cache_key

PARTS = {"case": "blake3:1", "sut": "blake3:2"}
KEY = cache_key(PARTS)
SCORE = score(0.25, breakdown={"right": 0.25}, failure_modes=(mode("bad", "block", "ü"),), wall_clock_ms=7)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def entry(cache: Cache) -> Path:
    return cache.folder / "scores" / f"{KEY}.json"


def test_a_score_comes_back_as_it_was(cache: Cache) -> None:
    """The same bytes, and nothing where nothing was kept; an empty cache is no folder."""
    assert cache.get(KEY) is None
    assert not cache.folder.exists()
    cache.put(KEY, SCORE, PARTS, "x/1")
    found = cache.get(KEY)
    assert found == SCORE
    assert found.to_bytes() == SCORE.to_bytes()
    assert cache.latest("x/1") == PARTS
    assert cache.latest("x/2") is None
    assert cache.has(KEY)


@pytest.mark.parametrize("cut", [0, 1, 40, -2])
def test_a_file_that_was_cut_off_is_corrupt(cache: Cache, cut: int) -> None:
    """Wherever it was cut."""
    cache.put(KEY, SCORE, PARTS, "x/1")
    entry(cache).write_bytes(entry(cache).read_bytes()[:cut])
    with pytest.raises(CorruptEntryError):
        cache.get(KEY)


def test_another_score_under_the_key_is_corrupt(cache: Cache) -> None:
    """A score that was edited, the entry of another key, and what is no entry at all."""
    cache.put(KEY, SCORE, PARTS, "x/1")
    good = json.loads(entry(cache).read_bytes())
    better = {**good, "score": {**good["score"], "score": 1.0}}
    wrong: list[Any] = [better, {**good, "parts": {"case": "other"}}, [], {}, {**good, "score": "x"}, 1]
    for value in wrong:
        entry(cache).write_text(json.dumps(value))
        with pytest.raises(CorruptEntryError):
            cache.get(KEY)
    entry(cache).write_text("[" * 100_000)
    with pytest.raises(CorruptEntryError):
        cache.get(KEY)


def test_old_entries_go_and_used_ones_stay(cache: Cache) -> None:
    """Ninety days after it was written or last used; at most once a day, and not when the cache is new."""
    cache.put(KEY, SCORE, PARTS, "x/1")
    written = entry(cache).stat().st_mtime
    old = written - 80 * 86_400
    os.utime(entry(cache), (old, old))
    assert cache.gc(old + 90 * 86_400) == 0
    cache.touch(KEY)
    assert entry(cache).stat().st_mtime > old + 70 * 86_400
    cache.touch("0" * 64)  # nothing is there, which is nothing to say
    os.utime(entry(cache), (old, old))
    assert cache.gc_daily(old + 91 * 86_400) == 0
    os.utime(cache.folder / ".gc", (old, old))
    assert cache.gc_daily(old + 91 * 86_400) == 1
    assert cache.get(KEY) is None
    assert cache.latest("x/1") == PARTS
    assert cache.gc_daily(written) == 0
    assert Cache(cache.folder / "none").gc_daily(written) == 0


def test_writers_do_not_get_in_each_others_way(cache: Cache) -> None:
    """Eight threads put the same and other scores; all are whole."""

    def put(number: int) -> None:
        for other in range(10):
            parts = {"case": str(other)}
            cache.put(cache_key(parts), score(other / 10, wall_clock_ms=0), parts, f"x/{number}")

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [cache.get(cache_key({"case": str(other)})) for other in range(10)]
    assert [one and one.score for one in found] == [other / 10 for other in range(10)]
    assert not list(cache.folder.rglob("*.tmp"))


@pytest.mark.effects
def test_a_cache_that_cannot_be_written_is_told(read_only: Path) -> None:
    """One clear error, and nothing half-written."""
    with pytest.raises(OutputError):
        Cache(read_only / "cache").put(KEY, SCORE, PARTS, "x/1")

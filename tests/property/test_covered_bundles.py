"""Bundles that are verified as a whole: what a walk along them finds is found, and lies are no way in."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audit_builders import HOST, covers, head_of, record_path, root_of, seal_log, write_log

from benchgov.audit import shape, spans
from benchgov.audit.anchors import Anchor
from benchgov.audit.checkpoint import Checkpoint
from benchgov.audit.divergence import Divergence
from benchgov.audit.encoding import seal
from benchgov.audit.folder import FolderFiles
from benchgov.audit.record import GENESIS
from benchgov.audit.records import BUNDLE, bundle_path
from benchgov.audit.verification import verify
from benchgov.audit.walk import Cursor

RECORDS = 600
BUNDLES = 2
CHANGED = 100

Content = dict[str, Any]
Change = Callable[[int, Content], None]


@dataclass(frozen=True)
class Log:
    """Two bundles and 88 records of their own, in a folder."""

    store: Path
    files: list[bytes]

    def put(self, files: list[bytes]) -> None:
        """Put these records in the places of all."""
        for number in range(BUNDLES):
            content = b"".join(files[number * BUNDLE : (number + 1) * BUNDLE])
            (self.store / bundle_path(HOST, number)).write_bytes(content)
        for sequence in range(BUNDLES * BUNDLE + 1, RECORDS + 1):
            record_path(self.store, HOST, sequence).write_bytes(files[sequence - 1])

    def diverges(self, *kept: Anchor | Checkpoint, strict: bool = False) -> int | None:
        """The position of the first divergence."""
        found = verify(self.store, kept=kept, strict=strict).divergence
        return found.position if found else None

    def anchor(self, sequence: int) -> Anchor:
        """The head of a record of the good log."""
        return Anchor(head_of(self.files[sequence - 1]), sequence, HOST)

    def checkpoint(self, size: int) -> Checkpoint:
        """The checkpoint of the good log."""
        return Checkpoint("example.org/log", size, root_of(self.files[:size]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The log, made once."""
    store = tmp_path_factory.mktemp("covered") / "store"
    files = write_log(store, RECORDS)
    assert seal_log(store) == BUNDLES
    return Log(store, files)


@pytest.fixture
def log(whole: Log) -> Iterator[Log]:
    """The log, good before and after each test."""
    assert whole.diverges() is None
    yield whole
    whole.put(whole.files)


def rewrite(files: list[bytes], *changes: Change) -> list[bytes]:
    """The chain written anew, as by somebody who may write all of it; `changes` may alter each record."""
    head, written = GENESIS, list[bytes]()
    for sequence, data in enumerate(files, 1):
        content: Content = json.loads(data)
        content |= {"prev_hash": head, **covers(written)}
        del content["chain_head"]
        for change in changes:
            change(sequence, content)
        made = seal(content, content["prev_hash"])
        head = head_of(made)
        written.append(made)
    return written


def another_verdict(sequence: int, content: Content) -> None:
    """One record says something else."""
    if sequence == CHANGED:
        content["subject"]["status"] = "fail"


def test_a_good_log_is_passed_in_leaps(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """No record of a bundle is looked at but the first and the last; counts and heads are those of a walk."""
    seen = list[bytes]()

    def looking(data: bytes) -> shape.Parts | None:
        seen.append(data)
        return shape.take_apart(data)

    monkeypatch.setattr(spans, "take_apart", looking)
    quick, thorough = verify(log.store), verify(log.store, strict=True)
    assert quick == thorough
    assert len(seen) == 3 * BUNDLES
    assert (quick.records, quick.complete) == (RECORDS, RECORDS - RECORDS // 3)


def test_it_is_held_by_all_its_heads_and_roots(log: Log) -> None:
    """No false alarm, wherever they are from: in a bundle, at its ends, behind; with a place or without."""
    places = [1, 255, 256, 257, 400, 511, 512, 513, 599, 600]
    for sequence in places:
        assert log.diverges(log.anchor(sequence), log.checkpoint(sequence)) is None
        assert log.diverges(Anchor(log.anchor(sequence).head)) is None
    assert log.diverges(*map(log.anchor, places), *map(log.checkpoint, places)) is None


@settings(deadline=None, max_examples=60)
@given(st.integers(1, RECORDS), st.randoms(use_true_random=False))
def test_what_a_walk_finds_is_found_at_its_place(whole: Log, sequence: int, chance: random.Random) -> None:
    """A bit, a byte or a line of a bundle: the same file and position as a walk along every record gives."""
    files = list(whole.files)
    data = bytearray(files[sequence - 1])
    at = chance.randrange(len(data))
    if chance.random() < 0.7:
        data[at] ^= 1 << chance.randrange(8)
    else:
        data[at : at + 1] = chance.choice([b"", b"\n", b"{}", bytes(data) if sequence < RECORDS else b" "])
    files[sequence - 1] = bytes(data)
    whole.put(files)
    quick, thorough = verify(whole.store).divergence, walked(whole.store)
    whole.put(whole.files)
    assert quick is not None
    assert quick == thorough
    assert quick.position == sequence


def walked(store: Path) -> Divergence | None:
    """What a walk along every record finds."""
    cursor = Cursor(FolderFiles(store), HOST)
    cursor._bundles.leap = lambda number: None  # type: ignore[method-assign]
    return cursor.advance(RECORDS)


def test_who_links_all_anew_but_what_is_covered_is_found(log: Log) -> None:
    """At the record that says what the bundle was."""
    stale = {one: json.loads(log.files[one - 1])["covers"] for one in (257, 513)}

    def forget(sequence: int, content: Content) -> None:
        content |= {"covers": stale[sequence]} if sequence in stale else {}

    log.put(rewrite(log.files, another_verdict, forget))
    assert log.diverges() == log.diverges(strict=True) == 257


def test_who_also_writes_anew_what_is_covered_is_found_by_what_was_kept(log: Log) -> None:
    """By nothing else; by every head and root from the change on, at its place, and by none before it."""
    log.put(rewrite(log.files, another_verdict))
    assert log.diverges() is None
    assert log.diverges(log.anchor(CHANGED - 1), log.checkpoint(CHANGED - 1)) is None
    for sequence in (CHANGED, 256, 257, 400, 512, 513, RECORDS):
        assert log.diverges(log.anchor(sequence)) == sequence
        assert log.diverges(log.checkpoint(sequence)) == sequence
        assert log.diverges(Anchor(log.anchor(sequence).head)) == RECORDS + 1


@pytest.mark.parametrize("sequence", [256, 257, 400, 512, 513, RECORDS])
def test_a_head_that_is_only_claimed_is_no_head(log: Log, sequence: int) -> None:
    """A record that kept its head, although what is behind it was changed, is found by that head."""
    forged = rewrite(log.files, another_verdict)
    claimed = head_of(log.files[sequence - 1]).encode()
    forged[sequence - 1] = forged[sequence - 1].replace(head_of(forged[sequence - 1]).encode(), claimed)
    later = rewrite(log.files, another_verdict, link_from(sequence, forged[sequence - 1]))
    log.put([*forged[:sequence], *later[sequence:]])
    assert log.diverges(log.anchor(sequence)) == sequence
    assert log.diverges(Anchor(log.anchor(sequence).head)) is not None
    assert log.diverges(strict=True) == sequence


def link_from(sequence: int, forged: bytes) -> Change:
    """The record behind `forged` links to the head that it claims, and says what it covers as it now is."""

    def change(at: int, content: Content) -> None:
        if at == sequence + 1:
            content["prev_hash"] = head_of(forged)

    return change


@pytest.mark.parametrize("size", [256, 257, 400, 512, 513, RECORDS])
def test_a_root_that_is_only_claimed_is_no_root(log: Log, size: int) -> None:
    """Who leaves the old roots in what is covered still has another tree: its last bundle is hashed."""
    old = {one: json.loads(log.files[one - 1])["covers"]["root"] for one in (257, 513)}

    def keep(sequence: int, content: Content) -> None:
        if sequence in old:
            content["covers"] |= {"root": old[sequence]}

    log.put(rewrite(log.files, another_verdict, keep))
    assert log.diverges(log.checkpoint(size)) is not None
    assert log.diverges(strict=True) == 257


def test_a_false_count_is_found_by_a_strict_walk(log: Log) -> None:
    """Whoever writes the log may lie about how many records are complete; that is no change behind a head."""

    def count(sequence: int, content: Content) -> None:
        if sequence == 257:
            content["covers"] |= {"complete": 256}

    log.put(rewrite(log.files, count))
    assert log.diverges() is None
    assert log.diverges(strict=True) == 257
    assert log.diverges(log.anchor(512)) == 512


def test_a_record_covers_only_where_it_should(log: Log) -> None:
    """Nothing but the first record behind each 256 may, and what it says has one form."""
    span = json.loads(log.files[256])["covers"]
    for sequence, said in ((300, span), (257, {**span, "more": 1}), (257, "all"), (257, {}), (600, span)):
        log.put(rewrite(log.files, put_covers(sequence, said)))
        assert log.diverges(strict=True) == sequence
        if sequence != 300:  # in a bundle that is covered, where only a strict walk looks at each record
            assert log.diverges() == sequence


def put_covers(sequence: int, said: object) -> Change:
    """The record at `sequence` says this of those before it."""

    def change(at: int, content: Content) -> None:
        if at == sequence:
            content["covers"] = said

    return change


def test_a_log_whose_records_cover_nothing_is_walked_along(log: Log) -> None:
    """As earlier versions wrote it: good logs verify, and a change is found at its place."""

    def drop(sequence: int, content: Content) -> None:
        content.pop("covers", None)

    files = rewrite(log.files, drop)
    log.put(files)
    assert log.diverges() is log.diverges(strict=True) is None
    log.put([*files[:299], files[299].replace(b"pass", b"fail"), *files[300:]])
    assert log.diverges() == 300


def test_a_bundle_that_is_gone_is_found_at_its_first_record(log: Log) -> None:
    """Also one that the bundle behind it still covers."""
    path = log.store / bundle_path(HOST, 1)
    path.unlink()
    assert log.diverges() == 257
    path.write_bytes(b"")
    assert log.diverges() == 257
    path.write_bytes(b"".join(log.files[256:400]))
    assert log.diverges() == 401

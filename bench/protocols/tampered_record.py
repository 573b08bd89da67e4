"""Every way to change an audit log is found, at its position; what needs an anchor is found with one only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from layers import Layers, main
from samples import HOST, clock, entry, flip

from benchgov.audit import chain
from benchgov.audit.encoding import seal
from benchgov.audit.store import record_path
from benchgov.audit.verification import Anchor
from benchgov.canonical import Json

LAYERS = ("written", "payload", "relinked", "removed", "cut")
COUNT = 5


def protocol(layers: Layers, *, append: Any = chain.append, verify: Any = chain.verify) -> Json:
    """One log, and a changed copy of it for every way to change it."""
    log = layers.folder / "log"
    found: dict[str, int | None] = {}

    def position(name: str, change: Any, anchor: Anchor | None = None) -> int | None:
        copy = layers.folder / name.replace(" ", "-")
        shutil.copytree(log, copy)
        change(copy)
        divergence = verify(copy, anchor=anchor).divergence
        found[name] = divergence.position if divergence else None
        return found[name]

    with layers.layer("written"):
        records = [append(log, entry(number), host=HOST, now=clock).record for number in range(1, COUNT + 1)]
        kept = Anchor(records[-1].chain_head, COUNT)
        layers.equal("as written it verifies", position("untouched", lambda _: None, kept), None)
    with layers.layer("payload"):
        for number in range(1, COUNT + 1):
            name = f"bit of record {number}"
            at = position(name, lambda copy, n=number: flip(copy / record_path(HOST, n), at=40))
            layers.equal(f"a flipped {name} is found there", at, number)
    with layers.layer("relinked"):
        at = position("record 2 sealed again", lambda copy: _reseal(copy, 2))
        layers.equal("a record that was changed and sealed again breaks the next link", at, 3)
        layers.equal("the last one does not break any link", position("last sealed again", _reseal), None)
        at = position("last sealed again, anchored", _reseal, kept)
        layers.equal("but an anchor finds it", at, COUNT)
    with layers.layer("removed"):
        at = position("record 3 removed", lambda copy: (copy / record_path(HOST, 3)).unlink())
        layers.equal("a record that is gone is found", at, 3)
        at = position("records 2 and 3 swapped", _swap)
        layers.equal("two that changed places are found at the first", at, 2)
        at = position("a stranger", lambda copy: ((copy / record_path(HOST, 1)).parent / "note.txt").touch())
        layers.equal("a file that is no record is found", at, 0)
    with layers.layer("cut"):
        cut = Path(record_path(HOST, COUNT))
        at = position("tail cut", lambda copy: (copy / cut).unlink())
        layers.equal("a cut tail alone is still a chain", at, None)
        at = position("tail cut, anchored", lambda copy: (copy / cut).unlink(), kept)
        layers.equal("an anchor finds what was cut", at, COUNT)
    return {"head": kept.head, "found": found}


def _reseal(store: Path, number: int = COUNT) -> None:
    """Change a record's subject, and give it the identity that its new content has."""
    path = store / record_path(HOST, number)
    content = json.loads(path.read_bytes())
    del content["chain_head"]
    content["subject"]["status"] = "fail"
    path.write_bytes(seal(content, content["prev_hash"]))


def _swap(store: Path) -> None:
    first, second = store / record_path(HOST, 2), store / record_path(HOST, 3)
    left, right = first.read_bytes(), second.read_bytes()
    first.write_bytes(right)
    second.write_bytes(left)


if __name__ == "__main__":
    main(protocol, LAYERS)

"""Write Merkle vectors of our own, in the JSON layout of transparency-dev/merkle, from the plain recursion.

    python tools/make_merkle_vectors.py tests/data/merkle

The hashes come from `bench/core/reference_merkle.py`, not from the product.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.core import reference_merkle as plain

LEAVES = [f"record {number}".encode() for number in range(300)]
INCLUSIONS = ((0, 1), (2, 3), (6, 7), (0, 64), (256, 257), (131, 300))
CONSISTENCIES = ((1, 1), (2, 3), (6, 7), (4, 8), (64, 65), (13, 200))
GARBAGE = bytes(range(32))


def vectors() -> dict[str, dict[str, Any]]:
    """Path below the folder → vector."""
    found = {f"inclusion/{index}-of-{size}/{name}.json": one for index, size in INCLUSIONS
             for name, one in inclusion(index, size)}  # fmt: skip
    return found | {f"consistency/{old}-to-{new}/{name}.json": one for old, new in CONSISTENCIES
                    for name, one in consistency(old, new)}  # fmt: skip


def inclusion(index: int, size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The good proof of one leaf, and what may be done to it."""
    leaves = LEAVES[:size]
    root, hashes = plain.tree_hash(leaves), plain.path(index, leaves)
    good = {
        "leafIdx": index,
        "treeSize": size,
        "root": _text(root),
        "leafHash": _text(plain.tree_hash([leaves[index]])),
        "proof": _texts(hashes),
        "wantErr": False,
    }
    yield "good", good
    bad: dict[str, dict[str, Any]] = {
        "next-index": {"leafIdx": index + 1},
        "previous-index": {"leafIdx": index - 1},
        "beyond-the-size": {"leafIdx": size},
        "half-the-size": {"treeSize": size // 2},
        "twice-the-size": {"treeSize": size * 2},
        "no-tree": {"treeSize": 0},
        "other-root": {"root": _text(GARBAGE)},
        "no-root": {"root": ""},
        "leaf-as-node": {"leafHash": _text(sha256(b"\1" + leaves[index]).digest())},
        "leaf-without-prefix": {"leafHash": _text(sha256(leaves[index]).digest())},
    }
    yield from _spoilt(good, bad, hashes, root)


def consistency(old: int, new: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The good proof of growth, and what may be done to it."""
    first, second = plain.tree_hash(LEAVES[:old]), plain.tree_hash(LEAVES[:new])
    hashes = plain.proof(old, LEAVES[:new])
    good = {
        "size1": old,
        "size2": new,
        "root1": _text(first),
        "root2": _text(second),
        "proof": _texts(hashes),
        "wantErr": False,
    }
    yield "good", good
    bad: dict[str, dict[str, Any]] = {
        "from-nothing": {"size1": 0},
        "negative": {"size1": -1},
        "larger-first": {"size1": new + 1},
        "half-the-size": {"size2": new // 2},
        "other-first-root": {"root1": _text(GARBAGE)},
        "other-second-root": {"root2": _text(GARBAGE)},
    }
    if old != new:
        bad["swapped-roots"] = {"root1": _text(second), "root2": _text(first)}
        bad["swapped-sizes"] = {"size1": new, "size2": old}
    yield from _spoilt(good, bad, hashes, second)


def _spoilt(
    good: dict[str, Any], bad: dict[str, dict[str, Any]], hashes: list[bytes], root: bytes
) -> Iterator[tuple[str, dict[str, Any]]]:
    proofs = {
        "one-before": [GARBAGE, *hashes],
        "one-after": [*hashes, GARBAGE],
        "root-after": [*hashes, root],
    }
    if hashes:
        proofs |= {
            "no-first": hashes[1:],
            "no-last": hashes[:-1],
            "short-hash": [*hashes[:-1], hashes[-1][:31]],
        }
    if len(hashes) > 1:
        proofs |= {"reversed": hashes[::-1], "joined": [hashes[0] + hashes[1], *hashes[2:]]}
    for at in range(len(hashes)):
        flipped = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
        proofs[f"flipped-{at}"] = [*hashes[:at], flipped, *hashes[at + 1 :]]
    bad |= {name: {"proof": _texts(changed)} for name, changed in proofs.items()}
    for name, changes in bad.items():
        yield name, {**good, **changes, "wantErr": True}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _texts(hashes: list[bytes]) -> list[str]:
    return [_text(one) for one in hashes]


def content(name: str, vector: dict[str, Any]) -> str:
    """The text of a vector's file."""
    return json.dumps({**vector, "desc": Path(name).stem.replace("-", " ")}, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Write all vectors below a folder."""
    folder = Path(arguments[0])
    for name, vector in vectors().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(name, vector), encoding="utf-8")
    print(f"{len(vectors())} vectors")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

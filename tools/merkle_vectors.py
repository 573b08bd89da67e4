"""Check benchgov's Merkle verification with vectors in the JSON layout of transparency-dev/merkle.

    python tools/merkle_vectors.py FOLDER

FOLDER holds `inclusion/` and `consistency/`, with one vector a file, at any depth. Exit codes: 0 every vector
ends as it says; 1 one does not; 2 there is none, or a file is not a vector.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchgov.audit.merkle import verify_consistency, verify_inclusion
from benchgov.errors import ProofError


def inclusion(vector: dict[str, Any]) -> None:
    """Verify what an inclusion vector claims."""
    verify_inclusion(
        vector["leafIdx"],
        vector["treeSize"],
        _hash(vector["leafHash"]),
        _hashes(vector["proof"]),
        _hash(vector["root"]),
    )


def consistency(vector: dict[str, Any]) -> None:
    """Verify what a consistency vector claims."""
    verify_consistency(
        vector["size1"],
        vector["size2"],
        _hash(vector["root1"]),
        _hash(vector["root2"]),
        _hashes(vector["proof"]),
    )


KINDS: dict[str, Callable[[dict[str, Any]], None]] = {"inclusion": inclusion, "consistency": consistency}


def _hash(text: str | None) -> bytes:
    return base64.b64decode(text or "", validate=True)


def _hashes(texts: list[str] | None) -> list[bytes]:
    return [_hash(text) for text in texts or []]


def ends_as_it_says(kind: str, vector: dict[str, Any]) -> bool:
    """Whether the verification of `vector` fails exactly when `wantErr` says so."""
    try:
        KINDS[kind](vector)
    except ProofError:
        return bool(vector["wantErr"])
    return not vector["wantErr"]


def check(folder: Path) -> tuple[dict[str, int], list[str]]:
    """How many vectors of each kind there are, and the files of those that did not end as they say."""
    counts, wrong = dict.fromkeys(KINDS, 0), []
    for kind in KINDS:
        for path in sorted((folder / kind).rglob("*.json")):
            counts[kind] += 1
            if not ends_as_it_says(kind, json.loads(path.read_text(encoding="utf-8"))):
                wrong.append(path.relative_to(folder).as_posix())
    return counts, wrong


def main(arguments: list[str]) -> int:
    """Check the vectors below a folder; print what was found."""
    if len(arguments) != 1:
        print("usage: merkle_vectors.py FOLDER", file=sys.stderr)
        return 2
    try:
        counts, wrong = check(Path(arguments[0]))
    except (ValueError, KeyError, TypeError, OSError) as error:
        print(f"not a vector: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()), f"{len(wrong)} wrong", sep=": ")
    for name in wrong:
        print(f"  {name}")
    if not all(counts.values()):
        print(f"no vectors of one kind below {arguments[0]}", file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

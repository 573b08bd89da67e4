"""A report becomes canonical bytes, a digest, a record and a link of a chain, and each holds it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from layers import Layers, main
from samples import HOST, clock, entry, report

from benchgov.audit import chain
from benchgov.audit.drafts import from_report
from benchgov.audit.verification import parse_anchor
from benchgov.canonical import Json, blake3_hex, canonical_json, sha256_hex
from benchgov.documents import json_model
from benchgov.errors import InputError
from benchgov.report import Report

LAYERS = ("canonical", "report", "record", "chain")
DOCUMENT = {"é": 1.0, "b": [1e-7, 0.1, None, True], "a": {"z": "\u2028", "y": 10**15}}


def protocol(
    layers: Layers, *, canonical: Any = canonical_json, append: Any = chain.append, verify: Any = chain.verify
) -> Json:
    """Layer by layer; the digests of fixed documents are what another machine must find too."""
    store = layers.folder / "audit"
    with layers.layer("canonical"):
        again = dict(reversed(DOCUMENT.items()))
        layers.equal("the order of keys does not matter", canonical(again), canonical(DOCUMENT))
        layers.equal("whole floats are written as RFC 8785 asks", canonical([1.0, 1e21]), b"[1,1e+21]")
        layers.refused("NaN has no canonical form", lambda: canonical(math.nan), InputError)
        layers.refused("an integer that is not exact has none", lambda: canonical(2**53), InputError)
        layers.refused("a lone surrogate has none", lambda: canonical("\ud800"), InputError)
    with layers.layer("report"):
        made = report()
        data = made.to_bytes()
        text = data.decode()
        layers.expect("it reads back as it was", json_model(text, Report, "report") == made)
        layers.equal("and gives the same bytes again", json_model(text, Report, "report").to_bytes(), data)
        for name, wrong in (
            ("another schema version", text.replace('"schema_version":1', '"schema_version":2')),
            ("an unknown key", text.replace("{", '{"unknown":1,', 1)),
            ("a key that is there twice", text.replace("{", '{"schema_version":1,', 1)),
            ("a report that is cut off", text[: len(text) // 2]),
        ):
            layers.refused(
                f"{name} is refused", lambda wrong=wrong: json_model(wrong, Report, "r"), InputError
            )
    with layers.layer("record"):
        first = append(store, from_report(data, {}), host=HOST, now=clock)
        (named,) = first.record.evidence
        layers.equal("it names the report's digests", (named.sha256, named.blake3), _digests(data))
        layers.expect("it is new", first.new)
        second = append(store, from_report(data, {}), host=HOST, now=clock)
        layers.expect("the same report is recorded once", not second.new and second.record == first.record)
    with layers.layer("chain"):
        log = layers.folder / "log"
        records = [append(log, entry(number), host=HOST, now=clock).record for number in range(1, 6)]
        links = [(one.chain_head, two.prev_hash) for one, two in pairwise(records)]
        layers.expect(
            "each record names the one before it", all(left == right for left, right in links), links
        )
        head = records[-1].chain_head
        layers.equal("five records verify", (verify(log, strict=True).ok, verify(log).records), (True, 5))
        layers.expect(
            "the head that was kept elsewhere holds", verify(log, anchor=parse_anchor(f"5:{head}")).ok
        )
        other = parse_anchor(f"5:{sha256_hex(b'another')}")
        layers.expect("a head that was never written does not", not verify(log, anchor=other).ok)
    return {"document": blake3_hex(canonical(DOCUMENT)), "heads": [one.chain_head for one in records]}


def _digests(data: bytes) -> tuple[str, str]:
    return sha256_hex(data), blake3_hex(data)


if __name__ == "__main__":
    main(protocol, LAYERS)

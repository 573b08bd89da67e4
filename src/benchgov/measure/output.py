"""What a variant gave: its digest, whether it is what the manifest expects, and whether variants agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchgov.canonical import blake3_hex, digest_of
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Expectation, scale_text
from benchgov.suites.manifest import Expect
from benchgov.suites.signature import Signature


@dataclass(frozen=True)
class Outcome:
    """One variant's first run: its real signature where it has one, digests, and a command's exit code."""

    variant: str
    signature: Signature | None
    input_digest: str | None
    output_digest: str
    exit_code: int | None = None


def output_digest(kind: str, data: bytes) -> str:
    """BLAKE3 of the canonical JSON of an output, or of its bytes when it is not JSON.

    `kind` is `bytes` (a callable returned them), `json` (it returned a JSON value), or `stdout` (a
    command printed it: JSON when it reads as JSON).

    Raises:
        InputError: a returned value has no canonical form, such as an integer beyond ±(2^53 − 1).
    """
    if kind == "bytes":
        return blake3_hex(data)
    if kind == "json":
        return digest_of(parse_json(data.decode(), "output"))
    try:
        return digest_of(parse_json(data.decode(), "output"))
    except (InputError, UnicodeDecodeError):
        return blake3_hex(data)


def expectations(expect: Expect, scale: float | None, outcome: Outcome) -> tuple[Expectation, ...]:
    """Everything that the manifest says about the output, and whether it holds."""
    found: list[Expectation] = []
    digest = expect.digest
    if isinstance(digest, dict):
        digest = None if scale is None else digest.get(scale_text(scale))
    if digest is not None:
        found.append(_equal("digest", digest, outcome.output_digest))
    if "value" in expect.model_fields_set:
        ok = outcome.output_digest in _digests_of_value(expect)
        found.append(Expectation(name="value", ok=ok, detail="" if ok else "the output is another value"))
    if outcome.exit_code is not None:
        found.append(_equal("exit_code", str(expect.exit_code), str(outcome.exit_code)))
    return tuple(found)


def _equal(name: str, wanted: str, found: str) -> Expectation:
    ok = wanted == found
    return Expectation(name=name, ok=ok, detail="" if ok else f"expected {wanted}, found {found}")


def _digests_of_value(expect: Expect) -> set[str]:
    """A text may be met by a JSON string, or by the same bytes with or without a final newline."""
    value = expect.value
    if not isinstance(value, str):
        return {digest_of(value)}
    data = value.encode()
    return {digest_of(value), blake3_hex(data), blake3_hex(data + b"\n")}


def disagreement(benchmark: str, declared: Signature, outcomes: Sequence[Outcome]) -> str:
    """Why the variants of one benchmark must not be compared; empty when they agree."""
    wrong = [
        outcome
        for outcome in outcomes
        if outcome.signature is not None and not outcome.signature.agrees(declared)
    ]
    if wrong:
        found = ", ".join(f"variant {outcome.variant!r} has {outcome.signature}" for outcome in wrong)
        return f"parity: {benchmark}: signatures differ: {found}, the benchmark declares {declared}"
    inputs = {outcome.input_digest for outcome in outcomes if outcome.input_digest is not None}
    if len(inputs) > 1:
        return f"parity: {benchmark}: the input is not the same twice, so outputs cannot be compared"
    if len({outcome.output_digest for outcome in outcomes}) > 1:
        found = ", ".join(f"{outcome.variant!r} gives {outcome.output_digest}" for outcome in outcomes)
        return f"parity: {benchmark}: outputs differ: {found}"
    return ""

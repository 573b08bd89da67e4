"""Read the result of a protocol: one JSON object, consistent in itself, of bounded size. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StrictBool, ValidationError, model_validator

from benchgov.canonical import Json, digest_of
from benchgov.documents import describe_fault, parse_json
from benchgov.errors import InputError
from benchgov.files import decode
from benchgov.report import Expectation
from benchgov.suites.protocol import LayerVerdict, ProtocolExpect
from benchgov.wire import Wire

MAX_RESULT_BYTES = 4 * 1024 * 1024
"""The largest result that is read, in bytes."""

EXECUTION = "execution"
"""The layer that the harness adds: that the protocol ran, and gave a result."""

_WHERE = "its result"
_MAX_FAULTS = 5

LayerName = Annotated[str, Field(min_length=1, max_length=200)]


class Result(Wire):
    """What a protocol says of itself. `output` is any JSON value; its digest is published, not the value."""

    overall: Literal["pass", "fail", "blocked"]
    ok: StrictBool
    run_is_valid: StrictBool
    expectations: tuple[Expectation, ...]
    layers: dict[LayerName, LayerVerdict]
    output: Json = None

    @model_validator(mode="after")
    def _consistent(self) -> Result:
        if self.ok != (self.overall == "pass"):
            raise ValueError("ok must be true exactly when overall is 'pass'")
        if self.overall == "pass" and not all(one.ok for one in self.expectations):
            raise ValueError("overall is 'pass', but an expectation does not hold")
        if self.run_is_valid == (self.overall == "blocked"):
            raise ValueError("run_is_valid must be true when overall is 'pass' or 'fail', and only then")
        if not all(name.isprintable() for name in (*self.layers, *(one.name for one in self.expectations))):
            raise ValueError("names of layers and expectations hold no control characters")
        if EXECUTION in self.layers:
            raise ValueError(f"the layer {EXECUTION!r} is the harness's own")
        return self

    @property
    def output_digest(self) -> str | None:
        """BLAKE3 of the canonical output; None when the result has none."""
        return digest_of(self.output) if "output" in self.model_fields_set else None


def read_result(data: bytes) -> Result:
    """The result in `data`.

    Raises:
        InputError: not one JSON object, too large, not consistent, or `output` has no canonical form.
    """
    if len(data) > MAX_RESULT_BYTES:
        raise InputError(f"it has {len(data):,} bytes; {MAX_RESULT_BYTES:,} is the limit", where=_WHERE)
    text = decode(data, _WHERE)
    value = _only_value(text)
    if not isinstance(value, dict):
        raise InputError("a JSON object was expected", where=_WHERE)
    try:
        result = Result.model_validate_json(text.strip(), strict=True)
    except ValidationError as error:
        faults = [describe_fault(one, Result, _WHERE, {}) for one in error.errors(include_url=False)]
        raise InputError("; ".join(faults[:_MAX_FAULTS])) from error  # each says where it is
    try:
        _ = result.output_digest
    except InputError as error:
        raise InputError(f"output: {error.message}", where=_WHERE) from error
    return result


def _only_value(text: str) -> Json:
    if not text.strip():
        raise InputError("it printed nothing; one JSON object was expected", where=_WHERE)
    try:
        return parse_json(text, _WHERE)
    except InputError as error:
        if error.message == "Extra data":
            raise InputError(
                "more than one JSON value; one object was expected", where=error.where
            ) from error
        raise InputError(f"not JSON: {error.message}", where=error.where) from error


def manifest_expectations(expect: ProtocolExpect, result: Result) -> Iterator[Expectation]:
    """Everything that the manifest says about the result, and whether it holds."""
    names = {one.name for one in result.expectations}
    for name in expect.expectations:
        detail = "" if name in names else "the result does not have it"
        yield Expectation(name=f"expect: expectation {name}", ok=name in names, detail=detail)
    for name, wanted in expect.layers.items():
        found = result.layers.get(name, "not there")
        yield _equal(f"expect: layer {name}", wanted, found)
    if expect.digest is not None:
        yield _equal("expect: digest", expect.digest, str(result.output_digest))


def _equal(name: str, wanted: str, found: str) -> Expectation:
    ok = wanted == found
    return Expectation(name=name, ok=ok, detail="" if ok else f"expected {wanted}, found {found}")

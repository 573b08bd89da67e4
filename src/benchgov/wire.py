"""What every wire type has in common: frozen, no unknown keys, no NaN, canonical bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from benchgov.canonical import Json, canonical_json
from benchgov.names import NAME_PATTERN

BENCHMARK_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+,=()\[\]/: -]{0,254}$"
"""Ids of benchmarks: printable ASCII without quotes, markup or control characters."""

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
BenchmarkId = Annotated[str, Field(pattern=BENCHMARK_PATTERN)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Blake3 = Annotated[str, Field(pattern=r"^blake3:[0-9a-f]{64}$")]


def utc_text(moment: datetime) -> str:
    """A moment as `2026-01-31T23:59:59.123456Z`, always with six decimals, so that text sorts as time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Utc = Annotated[AwareDatetime, PlainSerializer(utc_text, return_type=str, when_used="json")]


class Wire(BaseModel):
    """A value that is written to a file and read back by another room or another machine."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null", defer_build=True
    )

    def to_json(self) -> Json:
        """The value as plain JSON types."""
        return self.model_dump(mode="json")

    def to_bytes(self) -> bytes:
        """The value as canonical JSON and a final newline."""
        return canonical_json(self.to_json()) + b"\n"

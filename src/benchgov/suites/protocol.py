"""The types of a protocol: an entry of `suite.yaml` that is run once, for its functional result."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from benchgov.suites.part import Callable_, EntryId, Part, Variables, Word, split_command
from benchgov.wire import Blake3, Name, Sha256

LayerVerdict = Literal["pass", "fail", "blocked", "skipped"]


class ProtocolExpect(Part):
    """What the result must say, beyond its own verdict.

    `expectations` are names that must be among the result's, so that none is dropped unseen; `layers` are
    verdicts that layers must have; `digest` is the BLAKE3 of the canonical `output`.
    """

    expectations: tuple[str, ...] = ()
    layers: dict[str, LayerVerdict] = {}
    digest: Blake3 | None = None


class ProtocolEntry(Part):
    """A program, or a Python callable, that says whether something works, layer by layer.

    A `command` prints one JSON object, a `callable` (`module:function`, without arguments) returns it. The
    placeholders of the command are `{python}`, `{suite}`, `{root}` and `{config.<name>}`; it runs in the
    suite's folder.
    """

    id: EntryId
    family: Name
    description: str = ""
    callable: Callable_ | None = None
    command: Annotated[tuple[Word, ...], Field(min_length=1)] | None = None
    protocol: str | None = Field(
        default=None,
        description="its source file, from the repository's root; by default found in the command",
    )
    protocol_sha256: Sha256 | None = Field(
        default=None, description="the SHA-256 that the source file must have; another one is not run"
    )
    env: Variables = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    expect: ProtocolExpect = ProtocolExpect()

    _split = field_validator("command", mode="before")(split_command)

    @model_validator(mode="after")
    def _one_kind(self) -> ProtocolEntry:
        if (self.callable is None) == (self.command is None):
            raise ValueError("a protocol is either a callable or a command")
        return self

"""The types of a source: an entry of `suite.yaml` whose benchmarks another tool measures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, field_validator

from benchgov.suites.part import MIN_RUNS, MIN_WARMUP, EntryId, Part, Variables, Word, split_command, texts
from benchgov.suites.placeholders import placeholders_in
from benchgov.wire import Name

FROM_GROUP = "from-group"
"""The `family` of a source whose benchmarks are of the families that their tool's groups name."""

AUTO = "auto"
OUTPUT = "output"
"""`{output}`: a folder that is fresh and empty for each execution."""

_OUTPUT = "{output}"
_OUTPUT_PREFIX = "{output}/"
_MAX_PART = 255


@dataclass(frozen=True)
class LogPattern:
    """A file, folder or glob that a source writes: `relative` to `{output}`, or to where the command runs."""

    relative: str
    in_output: bool


class SourceSpec(Part):
    """A command that measures, and where it writes what it found.

    In the command and in `env`, `{python}`, `{suite}` (the suite's folder), `{root}` (the repository's) and
    `{output}` are replaced. It
    runs in `folder`, from the repository's root (default: the suite's folder). Without `files` its
    standard output is the log.
    """

    tool: Name = Field(default=AUTO, description="which tool writes the log; auto: known by its content")
    command: Annotated[tuple[Word, ...], Field(min_length=1)]
    files: tuple[str, ...] = Field(default=(), description="files, folders or globs with the log")
    folder: str | None = Field(default=None, description="where it runs, from the repository's root")
    protocol: str | None = Field(default=None, description="the file that defines what is measured")
    env: Variables = {}
    samples: Literal["process", "tool"] = Field(
        default="process",
        description="process: several executions, each gives one sample; tool: one, its samples as they are",
    )

    _split = field_validator("command", mode="before")(split_command)
    _several = field_validator("files", mode="before")(texts)

    @field_validator("files")
    @classmethod
    def _below(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for name in given:
            _check_below(name)
        return given

    @property
    def patterns(self) -> tuple[LogPattern, ...]:
        """`files`, each knowing where it lies."""
        return tuple(map(_pattern, self.files))

    def placeholders(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """((the key that has it), name) of every placeholder in the command and in `env`."""
        yield from ((("command",), name) for name in placeholders_in(self.command))
        for key, value in self.env.items():
            yield from ((("env", key), name) for name in placeholders_in((value,)))


class SourceEntry(Part):
    """An entry of `benchmarks` that yields those of a tool, called `<id>/<the tool's own name>`.

    `rename` maps regular expressions to replacements, applied in order to the tool's own names. `family`
    is that of every benchmark which no family's `match` claims.
    """

    id: EntryId
    source: SourceSpec
    family: Name = FROM_GROUP
    description: str = ""
    rename: dict[str, str] = {}
    warmup: Annotated[int, Field(ge=MIN_WARMUP)] | None = None
    runs: Annotated[int, Field(ge=MIN_RUNS)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None

    @field_validator("rename")
    @classmethod
    def _rules(cls, given: dict[str, str]) -> dict[str, str]:
        for pattern, text in given.items():
            try:
                compiled(pattern).sub(text, "")  # the template is checked even where nothing matches
            except (re.error, IndexError) as error:
                raise ValueError(f"{text!r} is not a replacement: {error}") from error
        return given


def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern`, a regular expression; raises ValueError."""
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def _pattern(name: str) -> LogPattern:
    if name == _OUTPUT:
        return LogPattern(".", in_output=True)
    return LogPattern(name.removeprefix(_OUTPUT_PREFIX), name.startswith(_OUTPUT_PREFIX))


def _check_below(name: str) -> None:
    """Refuse a file that lies, or could be made to lie, elsewhere than below its folder."""
    if name == _OUTPUT:
        return
    relative = name.removeprefix(_OUTPUT_PREFIX)
    parts = relative.split("/")
    if not relative.strip("/.") or "\0" in name:
        raise ValueError(f"{name!r} is not the name of a file")
    if relative.startswith("/") or ".." in parts:
        raise ValueError(f"{name!r} leaves the folder; name files below it, or below {{output}}")
    if any("**" in part and part != "**" for part in parts) or parts[-1] == "**":
        raise ValueError(f"{name!r}: `**` stands for folders, alone between slashes, and not at the end")
    if (
        any(len(part.encode("utf-8", "surrogatepass")) > _MAX_PART for part in parts)
        or len(parts) > _MAX_PART
    ):
        raise ValueError("longer than the name of a file can be")
    if placeholders_in((relative,)):
        raise ValueError(f"{name!r}: only {{output}} may stand there, and only in front")

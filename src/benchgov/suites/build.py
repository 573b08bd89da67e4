"""The type of a suite's `build` step: what makes a work tree ready before anything of it runs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from benchgov.suites.part import Part, Variables, Word, split_command, texts
from benchgov.suites.placeholders import BUILD_PLACEHOLDERS, placeholders_in


class Build(Part):
    """A command that makes a work tree ready: a build, an installation.

    It runs once in the suite's folder; `{python}`, `{suite}`, `{root}` (the repository's folder) and
    `{config.<name>}` are replaced. A command line in its place stands for this with that `command`.
    """

    command: Annotated[tuple[Word, ...], Field(min_length=1)]
    outputs: tuple[str, ...] = Field(
        default=(),
        description="files that it makes, from the repository's root: their digest is part of the plan",
    )
    env: Variables = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = 600

    _split = field_validator("command", mode="before")(split_command)
    _several = field_validator("outputs", mode="before")(texts)

    @field_validator("command")
    @classmethod
    def _known(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        found = {name for name in placeholders_in(command) if not name.startswith("config.")}
        if unknown := found - set(BUILD_PLACEHOLDERS):
            known = ", ".join(BUILD_PLACEHOLDERS)
            raise ValueError(f"unknown placeholder {{{min(unknown)}}}; known are {known}")
        return command

    @field_validator("outputs")
    @classmethod
    def _below(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for name in given:
            if not name.strip("/.") or name.startswith("/") or ".." in name.split("/") or "\0" in name:
                raise ValueError(f"{name!r} is not a file below the repository's root")
        return given


def _as_build(value: Any) -> Any:
    return {"command": value} if isinstance(value, (str, list, tuple)) else value


BuildStep = Annotated[Build, BeforeValidator(_as_build)]

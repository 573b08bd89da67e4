"""What a system under test is: a callable of a Python module, or a command."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import UsageError
from benchgov.eval.vocabulary import SutProcess

_TARGET = re.compile(r"(?P<module>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*):(?P<name>[A-Za-z_]\w*(?:\.\w+)*)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_RETRIES = 10


@dataclass(frozen=True, slots=True)
class SutSpec:
    """A system under test and how it is asked.

    Either `module` and `name` are set (the callable `name` of `module`) or `command` is. `keep` names
    variables that it is given although they are held back otherwise; `writes` are paths besides its own
    folder that it may write; it is asked again up to `retries` times when it fails. `process`: `fresh` for
    each case, or `reused` from case to case, which only that of a callable can be.
    """

    module: str = ""
    name: str = ""
    command: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    writes: tuple[Path, ...] = ()
    retries: int = 0
    process: SutProcess = "fresh"

    def __post_init__(self) -> None:
        if self.command and self.process == "reused":
            raise UsageError(
                "the process of a command cannot be reused: it answers one case, and ends",
                remedy="Name the system under test as a callable (--sut), or leave its process fresh.",
            )
        wrong = [name for name in self.keep if not _VARIABLE.fullmatch(name)]
        if wrong:
            raise UsageError(f"--sut-env takes the name of a variable, without a value (found {wrong[0]!r})")
        if not 0 <= self.retries <= MAX_RETRIES:
            raise UsageError(f"--retries is at least 0 and at most {MAX_RETRIES} (found {self.retries})")

    @property
    def text(self) -> str:
        """The SUT as it was given: `module:callable`, or the command."""
        return shlex.join(self.command) if self.command else f"{self.module}:{self.name}"


def callable_sut(
    target: str,
    *,
    keep: tuple[str, ...] = (),
    writes: tuple[Path, ...] = (),
    retries: int = 0,
    process: SutProcess = "fresh",
) -> SutSpec:
    """The SUT that `module:callable` names; a bench's folder may hold a hyphen.

    Raises:
        UsageError: `target` is not of that form.
    """
    match = _TARGET.fullmatch(target)
    if match is None:
        raise UsageError(f"a SUT is named as module:callable (found {target!r})")
    return SutSpec(match["module"], match["name"], keep=keep, writes=writes, retries=retries, process=process)


def command_sut(
    command: str,
    *,
    keep: tuple[str, ...] = (),
    writes: tuple[Path, ...] = (),
    retries: int = 0,
    process: SutProcess = "fresh",
) -> SutSpec:
    """The SUT that a command line starts; it is split as a shell would, and no shell runs it.

    Raises:
        UsageError: it is empty, a quotation is not closed, or its process is to be reused.
    """
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--sut-command cannot be split into words: {error}") from error
    if not words or "\0" in command:
        raise UsageError("--sut-command names a program, and may give it arguments")
    return SutSpec(command=words, keep=keep, writes=writes, retries=retries, process=process)

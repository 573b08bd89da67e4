"""The runner's interface: workflow commands on standard output, outputs and job summary in files."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from benchgov.errors import OutputError
from benchgov.text import clean

MAX_SUMMARY_BYTES = 1024 * 1024 - 4096
"""Below GitHub's 1 MiB for a step's summary; more than that is lost as a whole."""

Level = Literal["error", "warning", "notice"]


class Workflow:
    """What a step may tell the runner. `environ` names the files (GITHUB_OUTPUT, GITHUB_STEP_SUMMARY)."""

    def __init__(self, stdout: TextIO, environ: Mapping[str, str]) -> None:
        self._stdout = stdout
        self._output = _path(environ, "GITHUB_OUTPUT")
        self._summary = _path(environ, "GITHUB_STEP_SUMMARY")

    def annotate(
        self, level: Level, message: str, *, title: str = "", file: str = "", line: int | None = None
    ) -> None:
        """Print an annotation; it is shown at `line` of `file`, or on the run's page without one."""
        given = {"file": file, "line": "" if line is None else str(line), "title": title}
        properties = ",".join(f"{name}={escape_property(value)}" for name, value in given.items() if value)
        self._write(f"::{level}{' ' if properties else ''}{properties}::{escape_data(message)}")

    def say(self, text: str) -> None:
        """Print text that others may have written: nothing in it is read as a command."""
        with self.quoted():
            self._write(clean(text))

    @contextmanager
    def quoted(self) -> Iterator[None]:
        """Until the block ends the runner obeys no command that is printed, by this or another process."""
        token = f"benchgov-{secrets.token_hex(16)}"
        self._write(f"::stop-commands::{token}")
        try:
            yield
        finally:
            self._write(f"\n::{token}::")

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs, as plain strings; raises `OutputError` when they cannot be written."""
        for name, value in outputs.items():
            delimiter = f"benchgov_{secrets.token_hex(16)}"
            _append(self._output, f"{name}<<{delimiter}\n{value}\n{delimiter}\n")

    def add_summary(self, markdown: str) -> None:
        """Add Markdown to the job summary; raises `OutputError` as `set_outputs`."""
        _append(self._summary, markdown.rstrip("\n") + "\n\n")

    def _write(self, line: str) -> None:
        self._stdout.write(line + "\n")
        self._stdout.flush()


def escape_data(text: str) -> str:
    """A command's message: one line that the runner reads back as `text`."""
    return clean(text).replace("%", "%25").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """A command's property: as `escape_data`, and it ends neither the property nor the list."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _append(path: Path | None, text: str) -> None:
    if path is None:  # outside of a runner there is nobody to tell
        return
    try:
        with path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error

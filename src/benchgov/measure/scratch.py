"""A private folder for what is made while measuring."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchgov.errors import OutputError


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder for inputs and outputs, removed afterwards; raises OutputError."""
    try:
        with tempfile.TemporaryDirectory(prefix="benchgov-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        raise OutputError(
            f"the folder for temporary files cannot be written: {error.strerror}",
            where=tempfile.gettempdir(),
            remedy="Make room, or set TMPDIR to a folder that has it.",
        ) from error

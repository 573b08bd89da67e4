"""Which log a setting or option means: a folder."""

from __future__ import annotations

from pathlib import Path

from benchgov.audit.files import LogFiles
from benchgov.audit.folder import FolderFiles


def open_log(spec: str, folder: Path) -> LogFiles:
    """The log that `spec` names; a relative path is one below `folder`."""
    return FolderFiles(folder / spec)

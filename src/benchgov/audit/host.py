"""Which chain this machine writes: a stable name of the hosted runner, or an id made once and kept."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from benchgov.audit.files import LogFiles
from benchgov.audit.folder import as_files
from benchgov.canonical import digest_of
from benchgov.errors import InputError
from benchgov.files import create_exclusive, read_text

_RUNNER_VARIABLES = ("GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "ImageOS", "RUNNER_ARCH")


def host_fingerprint(environ: Mapping[str, str], store: LogFiles | Path) -> str:
    """`gh-<16 hex digits>` on a GitHub-hosted runner; elsewhere a UUID, kept in `.host_id` at the log's home.

    Hosted runners are made anew for every job, so their name is a digest of repository, workflow, runner
    image and architecture. It is self-asserted: trust who may write the log, not the name.

    Raises:
        InputError: `.host_id` does not hold a UUID.
        OutputError: `.host_id` cannot be written.
    """
    if environ.get("GITHUB_ACTIONS") == "true" and environ.get("RUNNER_ENVIRONMENT") == "github-hosted":
        parts = [environ.get(name, "") for name in _RUNNER_VARIABLES]
        return f"gh-{digest_of(parts).removeprefix('blake3:')[:16]}"
    return _kept_id(as_files(store).home / ".host_id")


def _kept_id(path: Path) -> str:
    if not path.exists():
        # Two first writers race; the one whose file is there names the machine for both.
        create_exclusive(path, f"{uuid.uuid4()}\n".encode())
    text = read_text(path, limit=64).strip()
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise InputError(
            "does not hold a UUID",
            where=str(path),
            remedy="Restore it; or remove it, and this machine starts a chain of its own.",
        ) from error

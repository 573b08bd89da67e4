"""Moves a Dockerfile to Chainguard images without a shell, offline and without a model.

It answers `migrated` with the new Dockerfile, `not-needed`, or `not-possible` with the reason: it knows the
usual shapes of Python, Node, Go, Java and Rust images, and gives up on what it does not know.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .dockerfile import DockerfileError, parse
from .migrate import images, stages
from .migrate.words import NotPossible

_DIRECTIVES = re.compile(r"(?:#\s*(?:syntax|escape|check)\s*=.*\n)*")


def migrate(case: Any) -> dict[str, Any]:
    """The answer to a case, from the Dockerfile in its `input_path`."""
    text = (Path(case.input_path) / "Dockerfile").read_text(encoding="utf-8")
    try:
        dockerfile = parse(text)
        if images.is_migrated(dockerfile):
            return {"status": "not-needed", "reason": f"it runs on {dockerfile.final.base} already"}
        head = _DIRECTIVES.match(text)
        return {"status": "migrated", "dockerfile": (head[0] if head else "") + stages.rewritten(dockerfile)}
    except (DockerfileError, NotPossible) as reason:
        return {"status": "not-possible", "reason": str(reason)}

"""Placeholders of a command line, such as `{python}`; `{{name}}` is literal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

PLACEHOLDERS = ("python", "scale", "input", "suite", "root")
SOURCE_PLACEHOLDERS = ("python", "suite", "root", "output")
"""Those of a source: `{output}` is a folder that is fresh and empty for each execution."""
BUILD_PLACEHOLDERS = ("python", "suite", "root")
"""Those of a `build` step, and of a protocol. `{config.<name>}`, of the suite's config, goes everywhere."""

_NAME = r"((?:config\.)?[A-Za-z_]\w*)"
_PATTERN = re.compile(r"\{\{" + _NAME + r"\}\}|\{" + _NAME + r"\}")


def placeholders_in(command: Sequence[str]) -> tuple[str, ...]:
    """The names of all placeholders in `command`, known or not, in order."""
    return tuple(match[2] for word in command for match in _PATTERN.finditer(word) if match[2])


def fill(command: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """`command` with each placeholder replaced by its value; no shell ever sees the result."""

    def value(match: re.Match[str]) -> str:
        return values[match[2]] if match[2] else "{" + match[1] + "}"

    return tuple(_PATTERN.sub(value, word) for word in command)

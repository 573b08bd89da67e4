"""What a name is: safe as a file name on every system."""

from __future__ import annotations

import re

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$"
"""Ids of suites, families, variants, regimes, task classes and cases: safe as a file name on every system."""


def is_name(text: str) -> bool:
    """Whether `text` may be the id of a suite, family, variant, regime, task class or case."""
    return re.fullmatch(NAME_PATTERN[1:-1], text) is not None

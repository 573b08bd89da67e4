"""What the rubric sees of a project file: where it states the package's version, and everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Unreadable(Exception):  # noqa: N818 - a finding about the file
    """The file is not what its name promises."""


@dataclass(frozen=True)
class Place:
    """One place that states a version of the package.

    `value` is a version (`locked`) or a requirement. `digest` is what the place says of the artifact, if it
    says anything; `extra` is what else stands there, which must stay.
    """

    value: str
    locked: bool = False
    digest: Any = None
    extra: Any = None


@dataclass(frozen=True)
class View:
    """A file: its places by name, what other packages ask of the package, and the rest of its content."""

    places: Mapping[str, Place] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    rest: Any = None


@dataclass(frozen=True)
class Subject:
    """The package, and the name of the property by which a parent manages its version, if one does."""

    package: str
    managed_by: str | None = None


def normal_name(name: str) -> str:
    """A PyPI name as its index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()

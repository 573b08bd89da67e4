"""The order of versions in each ecosystem, which of them an advisory affects, and the nearest fixed one.

Orders: SemVer 2.0 (npm, Cargo, and Go with its `v`), PEP 440 by `packaging`, and Maven's ComparableVersion.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from itertools import zip_longest
from typing import Any, Literal

from packaging.version import Version

_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
_QUALIFIERS = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "milestone": 2, "m": 2, "rc": 3, "cr": 3, "snapshot": 4}
_RELEASED = ("", "ga", "final", "release")
_AFTER_RELEASE = {"sp": 6}


Reason = Literal["no-fixed-release", "other-major", "decided-elsewhere", "unknown-digest", "unknown-form"]


class NotPossible(Exception):  # noqa: N818 - an answer, not an error
    """There is no remedy within what this SUT may do, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def key(ecosystem: str, version: str) -> Any:
    """What versions of an ecosystem are sorted by.

    Raises:
        NotPossible: it is no version there.
    """
    if ecosystem == "PyPI":
        return Version(version)
    if ecosystem == "Maven":
        return cmp_to_key(_compare_maven)(_maven_parts(version))
    return _semver(version)


def is_affected(ecosystem: str, version: str, ranges: Sequence[Mapping[str, str]]) -> bool:
    """Whether a version lies in one of the ranges, each from `introduced` to before `fixed`."""
    at = key(ecosystem, version)
    return any(
        (one["introduced"] == "0" or key(ecosystem, one["introduced"]) <= at)
        and ("fixed" not in one or at < key(ecosystem, one["fixed"]))
        for one in ranges
    )


def nearest_fix(
    ecosystem: str, version: str, releases: Sequence[str], ranges: Sequence[Mapping[str, str]]
) -> str:
    """The lowest release from `version` on that is not affected.

    Raises:
        NotPossible: there is none, or the lowest is of another major version: code may need changes then.
    """
    at = key(ecosystem, version)
    fixed = [
        release
        for release in releases
        if key(ecosystem, release) >= at
        and not is_affected(ecosystem, release, ranges)
        and not _is_prerelease(ecosystem, release)
    ]
    if not fixed:
        raise NotPossible("no-fixed-release")
    lowest = min(fixed, key=lambda release: key(ecosystem, release))
    if _major(lowest) != _major(version):
        raise NotPossible("other-major")
    return lowest


def _major(version: str) -> str:
    found = re.search(r"\d+", version)
    return found[0] if found else ""


def _is_prerelease(ecosystem: str, version: str) -> bool:
    if ecosystem == "PyPI":
        return Version(version).is_prerelease
    if ecosystem == "Maven":
        return any(isinstance(part, str) and part in _QUALIFIERS for part in _maven_parts(version))
    return "-" in version.partition("+")[0]


def _semver(version: str) -> Any:
    found = _SEMVER.fullmatch(version)
    if found is None:
        raise NotPossible("unknown-form")
    numbers = tuple(int(part or 0) for part in found.group(1, 2, 3))
    if found[4] is None:
        return (numbers, 1, ())
    parts = (
        (0, int(part), "") if part.isdigit() else (1, 0, part)  # numbers come before words
        for part in found[4].split(".")
    )
    return (numbers, 0, tuple(parts))


def _maven_parts(version: str) -> list[int | str]:
    """Numbers and qualifiers; zeros and `final` at the end of a run of numbers mean nothing."""
    parts: list[int | str] = []
    for token in re.findall(r"\d+|[a-z]+", version.lower()):
        if token.isdigit():
            parts.append(int(token))
        else:
            while parts and parts[-1] == 0:
                parts.pop()
            if token not in _RELEASED:
                parts.append(token)
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


def _compare_maven(left: list[int | str], right: list[int | str]) -> int:
    for one, other in zip_longest(left, right):
        ranks = _maven_rank(one, other), _maven_rank(other, one)
        if ranks[0] != ranks[1]:
            return -1 if ranks[0] < ranks[1] else 1
    return 0


def _maven_rank(part: int | str | None, beside: int | str | None) -> tuple[int, int, str]:
    """What a part is worth beside another: a missing one is 0 beside a number, a release beside a word."""
    if part is None:
        part = 0 if isinstance(beside, int) else ""
    if isinstance(part, int):
        return (9, part, "")
    if part == "":
        return (5, 0, "")
    if part in _QUALIFIERS or part in _AFTER_RELEASE:
        return ({**_QUALIFIERS, **_AFTER_RELEASE}[part], 0, "")
    return (7, 0, part)

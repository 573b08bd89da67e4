"""Which releases a requirement lets in, for releases that are plain numbers.

The order of releases is never computed here: it is the order in which `versions.json` lists them. Only what
an operator spans is (npm's and Cargo's `^` and `~`, PEP 440's `~=` and `.*`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Numbers = tuple[int, ...]

_NPM_PART = re.compile(r"(\^|~>|~|>=|<=|>|<|=)?\s*v?(\d+(?:\.(?:\d+|[xX*]))*|[xX*])")
_PYPI_PART = re.compile(r"\s*(===|==|~=|>=|<=|!=|>|<)\s*(\d+(?:\.\d+)*)(\.\*)?\s*")
_COMPARE: dict[str, Callable[[Numbers, Numbers], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
}


def admitted(ecosystem: str, requirement: str, releases: Sequence[str]) -> list[str]:
    """The releases that `requirement` lets in, in their order; none when it cannot be read."""
    reader = {"npm": _npm, "Cargo": _cargo, "PyPI": _pypi}.get(ecosystem)
    if reader is None:
        return [release for release in releases if release == requirement]
    return [release for release in releases if reader(requirement, _padded(numbers(release)))]


def numbers(release: str) -> Numbers:
    """The numbers of a release: `v1.2.0+incompatible` is (1, 2, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", release.partition("+")[0]))


def _padded(parts: Numbers) -> Numbers:
    return (*parts, 0, 0, 0, 0)[:4]


def _npm(requirement: str, release: Numbers) -> bool:
    return any(_all_semver(part, release, "=") for part in requirement.split("||"))


def _cargo(requirement: str, release: Numbers) -> bool:
    return all(_all_semver(part.strip(), release, "^") for part in requirement.split(","))


def _all_semver(text: str, release: Numbers, default: str) -> bool:
    text = text.strip()
    parts = list(_NPM_PART.finditer(text))
    if not parts or _NPM_PART.sub("", text).strip():
        return False
    return all(_semver(part[1] or default, part[2], release) for part in parts)


def _semver(operator: str, operand: str, release: Numbers) -> bool:
    given = tuple(int(part) for part in operand.split(".") if part.isdigit())
    base = _padded(given)
    if operator in _COMPARE:
        return _COMPARE[operator](release, base)
    if operator == "^":
        width = next((index for index, part in enumerate(given) if part), len(given) - 1) + 1
    elif operator.startswith("~"):
        width = min(len(given), 2)
    else:
        return release[: len(given)] == given
    return release >= base and release[:width] == base[:width]


def _pypi(requirement: str, release: Numbers) -> bool:
    parts = [_PYPI_PART.fullmatch(part) for part in requirement.split(",") if part.strip()]
    return bool(parts) and all(part is not None and _pep440(part, release) for part in parts)


def _pep440(part: re.Match[str], release: Numbers) -> bool:
    operator, given = part[1], tuple(int(number) for number in part[2].split("."))
    if operator in _COMPARE:
        return _COMPARE[operator](release, _padded(given))
    if operator == "~=":
        width = len(given) - 1
        return release >= _padded(given) and release[:width] == given[:width]
    equal = release[: len(given)] == given if part[3] else release == _padded(given)
    return equal != (operator == "!=")

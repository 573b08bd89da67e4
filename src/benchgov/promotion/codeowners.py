r"""CODEOWNERS as GitHub reads it: which owners a path has. The last match wins.

Rules from GitHub's documentation of code owners: patterns are those of gitignore, without `!`, `[ ]` and
`\#`; a line that is not valid is skipped by GitHub, which leaves its paths to an earlier line, or to nobody.
That fails open, so such a line is a fault here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first that is there counts."""

MAX_BYTES = 3 * 1024 * 1024
"""A larger file is not loaded by GitHub: nobody owns anything."""

_USER = r"@[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}(?:_[A-Za-z0-9]+)?"
_OWNER = re.compile(rf"{_USER}(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)?|[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Rule:
    """A line: whom the paths that match belong to; to nobody when `owners` is empty."""

    line: int
    pattern: str
    owners: tuple[str, ...]
    matches: re.Pattern[str]


@dataclass(frozen=True)
class CodeOwners:
    """The rules of a file, and its faults, one line of text each."""

    rules: tuple[Rule, ...]
    faults: tuple[str, ...]

    def owners_of(self, path: str) -> tuple[str, ...]:
        """The owners of `path`: those of the last rule that matches."""
        return next((rule.owners for rule in reversed(self.rules) if rule.matches.fullmatch(path)), ())


def parse_codeowners(text: str) -> CodeOwners:
    """The rules of `text`; a line that GitHub would skip is a fault and no rule."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        return CodeOwners((), (f"larger than {MAX_BYTES:,} bytes, so GitHub does not load it",))
    rules: list[Rule] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = re.sub(r"(?:^|\s)#.*", "", line).split()
        if not words:
            continue
        fault = _fault(words)
        if fault:
            faults.append(f"line {number}: {fault}")
        else:
            rules.append(Rule(number, words[0], tuple(words[1:]), re.compile(_expression(words[0]))))
    return CodeOwners(tuple(rules), tuple(faults))


def _fault(words: Sequence[str]) -> str:
    pattern, *owners = words
    if pattern.startswith("!") or "[" in pattern or "]" in pattern or "\\" in pattern:
        return f"the pattern {pattern!r} has `!`, `[ ]` or a backslash, which GitHub does not support here"
    wrong = [owner for owner in owners if not _OWNER.fullmatch(owner)]
    return f"{wrong[0]!r} is neither a user, a team nor an e-mail address" if wrong else ""


def _expression(pattern: str) -> str:
    """A regular expression for the paths of files that a pattern matches."""
    anchored = "/" in pattern.rstrip("/")
    folder = pattern.endswith("/")
    parts = pattern.strip("/").split("/")
    start = "" if anchored else "(?:.*/)?"
    body = "/".join("\0" if part == "**" else _part(part) for part in parts)
    body = body.replace("\0/", "(?:.*/)?").replace("/\0", "/.*").replace("\0", ".*")
    if folder:
        return f"{start}{body}/.*"
    # `docs/*` is the files right in docs; `docs` or `*.js` may also be a folder with all that is below it.
    return f"{start}{body}" if anchored and parts[-1] == "*" else f"{start}{body}(?:/.*)?"


def _part(part: str) -> str:
    return "".join("[^/]*" if one == "*" else "[^/]" if one == "?" else re.escape(one) for one in part)

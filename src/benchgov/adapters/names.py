"""Names of other tools as stable ids of ours: rename rules, safe characters, families."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchgov.canonical import sha256_hex
from benchgov.errors import UsageError
from benchgov.names import is_name
from benchgov.wire import BENCHMARK_PATTERN

_MAX_ID, _MAX_NAME = 255, 128
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9._+,=()\[\]/: -]")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._+-]")
_HEAD = re.compile(r"^[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Rule:
    """`regex=text`: of --rename the replacement, of --family the family's name."""

    pattern: re.Pattern[str]
    text: str

    def __str__(self) -> str:
        return f"{self.pattern.pattern}={self.text}"


def rules_of(pairs: Iterable[tuple[str, str]]) -> list[Rule]:
    """Rules of (regular expression, text), as a manifest has them: valid already."""
    return [Rule(re.compile(pattern), text) for pattern, text in pairs]


def rename_rule(given: str) -> Rule:
    r"""`regex=replacement` of --rename; the replacement may name groups as `\\1`. Raises UsageError.

    The last `=` divides: a regular expression may hold one, a replacement may not.
    """
    pattern, text = _divided(given, "--rename", "regex=replacement")
    try:
        pattern.sub(text, "")  # the template is checked even where nothing matches
    except (re.error, IndexError) as error:
        raise UsageError(f"--rename {given}: not a replacement: {error}") from error
    return Rule(pattern, text)


def family_rule(given: str) -> Rule:
    """`regex=name` of --family; raises UsageError."""
    pattern, text = _divided(given, "--family", "regex=name")
    if not is_name(text):
        raise UsageError(f"--family {given}: {text!r} cannot be the name of a family")
    return Rule(pattern, text)


def _divided(given: str, option: str, form: str) -> tuple[re.Pattern[str], str]:
    pattern, equals, text = given.rpartition("=")
    if not equals or not pattern:
        raise UsageError(f"{option} {given}: {form} was expected")
    try:
        return re.compile(pattern), text
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{option} {given}: not a regular expression: {error}") from error


def renamed(name: str, rules: Sequence[Rule]) -> str:
    """`name` after every rule in turn, each applied to what the one before made."""
    for rule in rules:
        name = rule.pattern.sub(rule.text, name)
    return name


def benchmark_id(name: str) -> str:
    """`name` as a benchmark's id: what an id cannot hold becomes `_`; too long a name ends in its digest."""
    plain = _HEAD.sub("", _NOT_IN_ID.sub("_", " ".join(name.split())))
    found = _shortened(plain, name, _MAX_ID)
    assert re.fullmatch(BENCHMARK_PATTERN[1:-1], found)
    return found


def family_of(name: str, group: str, tool: str, rules: Sequence[Rule]) -> str:
    """The family of the benchmark called `name`: the first rule that fits, its tool's group, its tool."""
    rule = next((rule for rule in rules if rule.pattern.search(name)), None)
    return rule.text if rule else as_name(group, tool)


def as_name(text: str, otherwise: str) -> str:
    """`text` as a name that is safe as a file's; `otherwise` when it is blank."""
    if not text.strip():
        return otherwise
    return _shortened(_HEAD.sub("", _NOT_IN_NAME.sub("_", text)), text, _MAX_NAME)


def _shortened(plain: str, original: str, limit: int) -> str:
    digest = sha256_hex(original.encode("utf-8", "surrogatepass"))[:16]
    if not plain:
        return f"unnamed-{digest}"
    return plain if len(plain) <= limit else f"{plain[: limit - 17].rstrip()}-{digest}"

"""Select benchmarks: by id, `family:<name>`, glob (`canonical-*`); an id or a glob may say `@scale`.

What a source yields is known when it has run. It is selected when it may yield something that fits; `fits`
then says which of its benchmarks do.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from benchgov.errors import UsageError
from benchgov.report import scale_text
from benchgov.suggest import did_you_mean
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Benchmark, Entry
from benchgov.suites.protocol import ProtocolEntry
from benchgov.suites.source import FROM_GROUP, SourceEntry


def select(suite: Suite, patterns: Sequence[str]) -> tuple[Entry, ...]:
    """The entries that any of `patterns` names, in manifest order; all of them without a pattern.

    A benchmark that is selected only by `id@scale` keeps only those scales.

    Raises:
        UsageError: a pattern matches nothing; says what is near.
    """
    if not patterns:
        return suite.manifest.benchmarks
    wanted: dict[str, set[float] | None] = {}
    for pattern in patterns:
        found = {item.id: _selected(suite, item, pattern) for item in suite.manifest.benchmarks}
        found = {name: scales for name, scales in found.items() if scales is None or scales}
        if not found:
            raise UsageError(
                _nothing(suite, pattern), remedy="`benchgov run SUITE --dry-run` lists them all."
            )
        for name, scales in found.items():
            before = wanted.get(name, set())
            wanted[name] = None if before is None or scales is None else before | scales
    return tuple(
        _with_scales(item, wanted[item.id]) for item in suite.manifest.benchmarks if item.id in wanted
    )


def fits(entry: SourceEntry, benchmark: str, family: str, patterns: Sequence[str]) -> bool:
    """Whether any of `patterns` names this benchmark of `entry`; without a pattern all are named."""
    return not patterns or any(_one_fits(entry, benchmark, family, pattern) for pattern in patterns)


def names(entry: SourceEntry, pattern: str) -> bool:
    """Whether `pattern` is about ids that begin with that of `entry`, before the first `/`."""
    heads = (pattern, pattern.partition("/")[0])
    by_id = not pattern.startswith("family:")
    return by_id and any(entry.id == head or fnmatchcase(entry.id, head) for head in heads)


def _one_fits(entry: SourceEntry, benchmark: str, family: str, pattern: str) -> bool:
    if pattern.startswith("family:"):
        return family == pattern.removeprefix("family:")
    return any(name == pattern or fnmatchcase(name, pattern) for name in (entry.id, benchmark))


def _selected(suite: Suite, item: Entry, pattern: str) -> set[float] | None:
    """None: all of `item` is selected; otherwise the selected scales, none when it does not match."""
    if isinstance(item, SourceEntry):
        return None if _may_yield(suite, item, pattern) else set()
    return _scales(item, pattern)


def _may_yield(suite: Suite, item: SourceEntry, pattern: str) -> bool:
    if pattern.startswith("family:"):
        name = pattern.removeprefix("family:")
        family = suite.manifest.families.get(name)
        return item.family in {name, FROM_GROUP} or (family is not None and bool(family.match))
    return names(item, pattern)


def _scales(item: Benchmark | ProtocolEntry, pattern: str) -> set[float] | None:
    """None: all of `item` is selected; otherwise the selected scales, none when it does not match."""
    if pattern.startswith("family:"):
        return None if item.family == pattern.removeprefix("family:") else set()
    name, at, size = pattern.partition("@")
    if item.id != name and not fnmatchcase(item.id, name):
        return set()
    if not at:
        return None
    sizes = item.scale if isinstance(item, Benchmark) else ()
    return {scale for scale in sizes if scale_text(scale) == _same(size)}


def _same(size: str) -> str:
    """`1e3` and `1000.0` as `1000`."""
    try:
        return scale_text(float(size))
    except (ValueError, OverflowError):
        return size


def _with_scales(item: Entry, scales: set[float] | None) -> Entry:
    if scales is None or not isinstance(item, Benchmark):
        return item
    return item.model_copy(update={"scale": tuple(scale for scale in item.scale if scale in scales)})


def _nothing(suite: Suite, pattern: str) -> str:
    items = suite.manifest.benchmarks
    if pattern.startswith("family:"):
        known = [f"family:{name}" for name in suite.manifest.families]
    elif "@" in pattern:
        known = [f"{one.id}@{scale_text(scale)}" for one in _measured(items) for scale in one.scale]
    else:
        known = [item.id for item in items]
    return f"no benchmark of {suite.manifest.suite!r} matches {pattern!r}{did_you_mean(pattern, known)}"


def _measured(items: Sequence[Entry]) -> list[Benchmark]:
    return [item for item in items if isinstance(item, Benchmark)]

"""Why a case is, or is not, in the cache: which part of its key changed."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from benchgov.canonical import Json
from benchgov.eval.cache import Cache
from benchgov.eval.plan import Plan, cache_key, key_parts


@dataclass(frozen=True)
class Explanation:
    """A case's standing in the cache: `hit`, `changed` (with the parts, before and now) or `never`."""

    case_id: str
    standing: str
    changed: tuple[tuple[str, str, str], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """The explanation as plain JSON types."""
        parts = [{"part": name, "before": before, "now": now} for name, before, now in self.changed]
        return {"case_id": self.case_id, "standing": self.standing, "changed": parts}


def explain(plan: Plan, cache: Cache, pattern: str) -> tuple[Explanation, ...]:
    """An explanation for each case of the plan whose id matches `pattern`."""
    return tuple(
        _explained(one.case_id, f"{plan.task_class}/{one.case_id}", key_parts(plan, one), cache)
        for one in plan.cases
        if fnmatchcase(one.case_id, pattern)
    )


def _explained(case_id: str, kept_as: str, parts: dict[str, str], cache: Cache) -> Explanation:
    if cache.has(cache_key(parts)):
        return Explanation(case_id, "hit")
    before = cache.latest(kept_as)
    if before is None:
        return Explanation(case_id, "never")
    names = [*parts, *(name for name in before if name not in parts)]
    pairs = [(name, before.get(name, "none"), parts.get(name, "none")) for name in names]
    changed = tuple((name, old, new) for name, old, new in pairs if old != new)
    return Explanation(case_id, "changed" if changed else "lost", changed)

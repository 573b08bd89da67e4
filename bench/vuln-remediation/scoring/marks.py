"""The marks of a remediation: what it broke (which ends it), and how well it did the rest."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .project import Truth, places_of
from .ranges import admitted
from .view import Place, View

LINES_AROUND = 4
"""Lines around a place that was added: the block it stands in, and the comma before that."""


@dataclass(frozen=True)
class Change:
    """The project before and after, by file and by place."""

    truth: Truth
    before: Mapping[str, View]
    after: Mapping[str, View]

    @property
    def old(self) -> dict[str, Place]:
        return places_of(self.before)

    @property
    def new(self) -> dict[str, Place]:
        return places_of(self.after)

    def releases(self, place: Place) -> list[str]:
        """The releases that a place lets in."""
        if place.locked:
            return [release for release in self.truth.releases if release == place.value]
        return admitted(self.truth.ecosystem, place.value, self.truth.releases)

    def is_safe(self, place: Place) -> bool:
        found = self.releases(place)
        return bool(found) and not self.truth.affected.intersection(found)

    def lowest(self, place: Place) -> int:
        """The position of the lowest release that a place lets in, −1 for none."""
        found = self.releases(place)
        return self.truth.releases.index(found[0]) if found else -1


def breach(change: Change) -> str | None:
    """The code of the worst thing that the change broke; None when it broke nothing."""
    old, new = change.old, change.new
    kept = old.keys() & new.keys()
    if old.keys() - new.keys() or any(old[name].extra != new[name].extra for name in kept):
        return "scope.changed"
    if any(change.before[name].rest != change.after[name].rest for name in change.before):
        return "scope.changed"
    if not all(_may_be_added(name) for name in new.keys() - old.keys()):
        return "scope.changed"
    if any(old[name].locked != new[name].locked for name in kept):
        return "scope.changed"
    moved = [name for name in new if name not in old or new[name] != old[name]]
    if any(not change.releases(new[name]) for name in moved):
        return "version.unreleased"
    if any(change.lowest(new[name]) < change.lowest(old[name]) for name in kept):
        return "version.downgraded"
    return None


def _may_be_added(name: str) -> bool:
    """Whether a place is one that decides for others: an override, a managed version, its property."""
    return name.partition(": ")[2].startswith(("overrides", "resolutions", "managed", "property"))


def fixed_share(change: Change) -> float:
    """How many of the places that let an affected version in, or were added, let none in now.

    The package must be stated somewhere: where a parent decided before, a place must have been added.
    """
    old, new = change.old, change.new
    at_stake = [name for name in new if name not in old or not change.is_safe(old[name])]
    return _share([change.is_safe(new[name]) for name in at_stake])


def agrees(change: Change) -> bool:
    """Whether manifests, locked copies and what other packages ask still fit each other."""
    places = change.new
    locked = [place.value for place in places.values() if place.locked]
    asked = [place.value for place in places.values() if not place.locked]
    overridden = any("overrides" in name or "resolutions" in name for name in places)
    if not overridden:
        asked += [spec for view in change.after.values() for spec in view.asked]
    direct = [
        {place.value for name, place in view.places.items() if not place.locked and "overrides" not in name}
        for view in change.after.values()
    ]
    if change.truth.ecosystem == "npm" and len({frozenset(one) for one in direct}) > 1:
        return False
    return not locked or all(admitted(change.truth.ecosystem, spec, locked) for spec in asked)


def intact(change: Change) -> float:
    """How many of the changed digests are those of the versions beside them."""
    old, new = change.old, change.new
    changed = [place for name, place in new.items() if place.digest is not None and old.get(name) != place]
    return _share([_digest_fits(change, place) for place in changed], empty=1.0)


def minimal_share(change: Change) -> float:
    """How many of the moved places moved to the first release from the old one on that is not affected."""
    truth, old, new = change.truth, change.old, change.new
    starts = [truth.releases.index(release) for release in truth.installed if release in truth.releases]
    wanted = {truth.next_safe(truth.releases[start]) for start in starts}
    verdicts = []
    for name, place in new.items():
        if old.get(name) == place:
            continue
        lowest = truth.releases[change.lowest(place)]
        start = change.lowest(old[name]) if name in old else -1
        verdicts.append(lowest == truth.next_safe(truth.releases[start]) if start >= 0 else lowest in wanted)
    return _share(verdicts)


def tidy_share(change: Change, after: Mapping[str, str]) -> float:
    """1 when each changed line has to do with the package; less, the more others changed.

    A place that was added may bring lines of its own around it.
    """
    words = _words(change)
    others = sum(
        not any(word in line.lower() or word in line for word in words)
        for name, text in after.items()
        for line in _changed_lines(change.truth.files[name], text)
    )
    allowed = LINES_AROUND * len(change.new.keys() - change.old.keys())
    return 1 / (1 + max(0, others - allowed))


def _digest_fits(change: Change, place: Place) -> bool:
    found = change.releases(place)
    wanted = change.truth.hashes.get(found[0]) if len(found) == 1 else None
    return bool(place.digest == (sorted(wanted) if isinstance(wanted, list) else wanted))


def _words(change: Change) -> set[str]:
    """What a line that has to do with the package holds: its name, a version, or a digest of one."""
    words = {change.truth.subject.package.rpartition(":")[2].lower()}
    for place in (*change.old.values(), *change.new.values()):
        digests = place.digest.values() if isinstance(place.digest, dict) else place.digest
        words |= {place.value, *([digests] if isinstance(digests, str) else digests or ())}
    return {word for word in words if word}


def _changed_lines(before: str, after: str) -> list[str]:
    """The lines that were removed and those that were added, with their line ends."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    codes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return [line for _, low, high, lower, upper in codes for line in (*old[low:high], *new[lower:upper])]


def _share(verdicts: Sequence[bool], empty: float = 0.0) -> float:
    return sum(verdicts) / len(verdicts) if verdicts else empty

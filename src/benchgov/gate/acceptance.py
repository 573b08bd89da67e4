"""Findings and accepted slowdowns: which regressions are accepted, which are larger, what has expired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchgov.gate import sentences
from benchgov.gate.accepted import Acceptance, Accepted, Subject, described
from benchgov.gate.comparison import AcceptedBy, Finding
from benchgov.gate.decide import worsening_percent
from benchgov.gate.families import Judged
from benchgov.report import Source
from benchgov.units import plain_percent

_ROUNDING = 1e-9
"""Relative slack, as for limits: exactly the accepted percent is accepted, whatever binary fractions do."""
_SHOWN = 3


@dataclass(frozen=True)
class _Entry:
    entry: Acceptance
    line: int
    expired: bool


def accept(judged: Sequence[Judged], accepted: Accepted) -> list[Judged]:
    """`judged`, in which regressions that are accepted no longer block; they keep their numbers.

    Of several entries that fit one finding those count that have not expired, of these the one that names
    most, of these the first.
    """
    by_name: dict[tuple[str, str], list[_Entry]] = {}
    for entry, line in accepted.entries:
        listed = by_name.setdefault((entry.benchmark, entry.metric), [])
        listed.append(_Entry(entry, line, accepted.expired(entry)))
    if not by_name:
        return list(judged)
    return [
        _judged(one, by_name.get((one.finding.benchmark, one.finding.metric), []), accepted.path)
        for one in judged
    ]


def _judged(one: Judged, listed: Sequence[_Entry], path: str) -> Judged:
    finding = one.finding
    if finding.verdict != "regression" or finding.change_percent is None:
        return one
    subject = Subject(finding.benchmark, finding.metric, finding.family, finding.variant, finding.scale)
    fitting = [item for item in listed if item.entry.fits(subject)]
    if not fitting:
        return one
    best = min(fitting, key=lambda item: (item.expired, -item.entry.narrowness, item.line))
    return _told(finding, best, path)


def _told(finding: Finding, best: _Entry, path: str) -> Judged:
    entry = best.entry
    worse = worsening_percent(finding.change_percent or 0.0, finding.direction)
    enough = not best.expired and worse <= entry.up_to_percent * (1 + _ROUNDING)
    said = f"{plain_percent(entry.up_to_percent)} until {entry.until} ({path}:{best.line}: {entry.reason})"
    words = (
        f"Its acceptance has expired: up to {said}."
        if best.expired
        else f"Accepted up to {said}."
        if enough
        else f"More than is accepted, which is up to {said}."
    )
    by = AcceptedBy(
        up_to_percent=entry.up_to_percent,
        until=entry.until,
        reason=entry.reason,
        source=Source(path=path, line=best.line),
        expired=best.expired,
    )
    told = {"accepted": by, "sentence": sentences.join([finding.sentence, words])}
    if not enough:
        return Judged(finding.model_copy(update=told), "regression")
    return Judged(finding.model_copy(update={**told, "verdict": "accepted"}), "pass")


def remarks(judged: Sequence[Judged], accepted: Accepted) -> Iterator[str]:
    """What the reason of the whole says: which expired entries still had to hold, and which can go."""
    needed = {
        one.finding.accepted.source.line
        for one in judged
        if one.finding.accepted is not None and one.finding.accepted.expired
    }
    over = [(entry, line) for entry, line in accepted.entries if accepted.expired(entry)]
    still = [
        f"{described(entry)} on {entry.until} ({accepted.path}:{line})"
        for entry, line in over
        if line in needed
    ]
    idle = [f"{described(entry)} ({accepted.path}:{line})" for entry, line in over if line not in needed]
    if still:
        yield f"The acceptance expired of {_listed(still)}."
    if idle:
        yield f"Expired, and can be removed: {_listed(idle)}."


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")

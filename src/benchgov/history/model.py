"""The history, schema v1: series, and in each the steps that were found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from benchgov.canonical import Json
from benchgov.history.changes import MIN_POINTS, Finder, Step
from benchgov.history.series import Group, Series
from benchgov.report import Aggregate, Direction, Facts
from benchgov.wire import Blake3, Name, Utc, Wire

Effect = Literal["worse", "better"]
Count = Annotated[int, Field(ge=0)]


class Change(Wire):
    """A step of a series: from when on, at which commit, and how large.

    `revision` is the commit of the first report of the new level, `previous_revision` that of the last one of
    the old level: the change came after the one, and at the latest with the other. `percent` above 0 means
    that the number grew; it is None after a level of 0. `reports_after` says how many reports confirm it.
    """

    effect: Effect
    percent: float | None
    before: float
    after: float
    p_value: float
    at_utc: Utc
    revision: str | None
    previous_revision: str | None
    reports_before: Count
    reports_after: Count


class HistorySeries(Wire):
    """One metric of one run, over the reports of one suite, regime and environment, oldest first."""

    suite: Name
    regime: Name
    fingerprint: Blake3
    run: str
    metric: Name
    unit: str
    direction: Direction
    aggregate: Aggregate
    isolation: str
    config: dict[str, Json] = {}
    first_utc: Utc
    last_utc: Utc
    values: tuple[float, ...]
    enough: bool
    changes: tuple[Change, ...]

    @property
    def worst(self) -> float:
        """The largest change for the worse, in percent; 0 or less when there is none."""
        return max((_worse_percent(one) for one in self.changes), default=0.0)


class HistoryEnvironment(Wire):
    """The machine of a group of series."""

    suite: Name
    regime: Name
    fingerprint: Blake3
    facts: Facts


class History(Wire):
    """What many reports say together.

    `series`: those with the largest change for the worse first, then those that changed for the better, then
    the steady ones. `environments` are in the order of their newest reports, the latest first. `min_points`
    is how many points a series needs before a change is looked for in it (`enough`).
    """

    schema_version: Literal[1]
    method: str
    p_value: float
    min_magnitude_percent: float
    min_points: Count
    reports: Count
    environments: tuple[HistoryEnvironment, ...]
    series: tuple[HistorySeries, ...]


class Asked(Wire):
    """What a history is made with."""

    p_value: Annotated[float, Field(gt=0, lt=1)]
    min_magnitude_percent: Annotated[float, Field(ge=0)]


def history(
    series: Sequence[Series], facts: Mapping[Group, Facts], reports: int, asked: Asked, find: Finder
) -> History:
    """Look for changes in every series, and put them in order."""
    made = [_of_series(one, find) for one in series]
    return History(
        schema_version=1,
        method="apache-otava",
        p_value=asked.p_value,
        min_magnitude_percent=asked.min_magnitude_percent,
        min_points=MIN_POINTS,
        reports=reports,
        environments=tuple(
            HistoryEnvironment(**group._asdict(), facts=facts[group]) for group in _latest_first(series)
        ),
        series=tuple(sorted(made, key=lambda one: (-max(one.worst, 0.0), not one.changes))),
    )


def _latest_first(series: Sequence[Series]) -> list[Group]:
    newest: dict[Group, datetime] = {}
    for one in series:
        moment = one.points[-1].moment
        newest[one.key.group] = max(newest.get(one.key.group, moment), moment)
    return sorted(newest, key=lambda group: newest[group], reverse=True)


def _of_series(series: Series, find: Finder) -> HistorySeries:
    key, points = series.key, series.points
    return HistorySeries(
        **key.group._asdict(),
        run=key.run,
        metric=key.metric,
        unit=key.unit,
        direction=key.direction,
        aggregate=key.aggregate,
        isolation=key.isolation,
        config=json.loads(key.config),
        first_utc=points[0].moment,
        last_utc=points[-1].moment,
        values=tuple(series.values),
        enough=len(points) >= MIN_POINTS,
        changes=tuple(_change(series, step) for step in find(series.values)),
    )


def _change(series: Series, step: Step) -> Change:
    first = series.points[step.at]
    return Change(
        effect="worse" if (step.after > step.before) == (series.key.direction == "lower") else "better",
        percent=step.percent,
        before=step.before,
        after=step.after,
        p_value=step.p_value,
        at_utc=first.moment,
        revision=first.revision,
        previous_revision=series.points[step.at - 1].revision,
        reports_before=step.points_before,
        reports_after=step.points_after,
    )


def _worse_percent(change: Change) -> float:
    size = abs(change.percent) if change.percent is not None else float("inf")
    return size if change.effect == "worse" else -size

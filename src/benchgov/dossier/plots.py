"""The dossier's plots, as inline SVG: no script, font or address; colours come from the page's style sheet.

Wide plots have no view box and place things in percent of their width, so that their text keeps its size on a
narrow screen. Zero change is in the middle; a number that grew lies to the right, whichever way is better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from benchgov.dossier import numbers
from benchgov.dossier.model import Family, Row, Study
from benchgov.dossier.svg import Attribute, element, figure, line, number, share
from benchgov.dossier.words import VERDICT_WORDS

DEFAULT_EXTENT = 20.0
_LANE_HEIGHT = 58.0
_EDGE = 3.0


def extent_of(rows: Iterable[Row]) -> float:
    """The percent at a change plot's edges: the limits and nearly all changes fit; outliers are clamped."""
    some = [row for row in rows if row.change is not None]
    if not some:
        return DEFAULT_EXTENT
    sizes = sorted(abs(row.change or 0.0) for row in some)
    common = sizes[int(0.95 * (len(sizes) - 1))]
    wanted = max(common * 1.15, 1.8 * max(row.limit or 0.0 for row in some), 1.0)
    return _nice(min(wanted, 10_000.0))


def _nice(value: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(value))
    return next(step * magnitude for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * magnitude >= value)


def _at(change: float, extent: float) -> float:
    """Where a change lies, in percent of the plot's width."""
    clamped = max(-1.0, min(1.0, change / extent))
    return 50.0 + clamped * (50.0 - _EDGE)


def change_bar(row: Row, extent: float) -> Markup:
    """One row's change: a bar from zero to it, over the band within the limit."""
    if row.change is None:
        return Markup("")
    parts = _band(row.limit, extent, 0.0, "100%")
    parts.append(line("50%", 0.0, "50%", "100%", "axis"))
    at = _at(row.change, extent)
    if row.interval is not None:
        low, high = (share(_at(end, extent)) for end in row.interval)
        parts.append(line(low, "50%", high, "50%", "interval"))
    left, width = min(50.0, at), abs(at - 50.0)
    tint = f"v-{row.verdict}"
    parts.append(
        element(
            "rect",
            {"class": f"bar {tint}", "x": share(left), "y": "50%", "width": share(width), "height": 5.0},
        )
    )
    parts.append(_mark(row.change, at, "50%", tint, extent))
    label = f"{row.key}: {numbers.percent(row.change)}, {VERDICT_WORDS[row.verdict]}"
    return figure(label, {"class": "change", "width": "100%", "height": 26.0}, parts)


def _band(limit: float | None, extent: float, top: float, height: Attribute) -> list[Markup]:
    if limit is None:
        return []
    low, high = _at(-limit, extent), _at(limit, extent)
    return [
        element(
            "rect",
            {"class": "band", "x": share(low), "y": top, "width": share(high - low), "height": height},
        )
    ]


def _mark(change: float, at: float, y: Attribute, css: str, extent: float, *inner: Markup) -> Markup:
    """A dot, or an arrow head at the edge for a change that lies beyond it."""
    if abs(change) <= extent:
        return element("circle", {"class": f"dot {css}", "cx": share(at), "cy": y, "r": 4.5}, *inner)
    tip = 9.0 if change > 0 else -9.0
    path = element("path", {"class": f"dot {css}", "d": f"M0 -7L{number(tip)} 0L0 7Z"}, *inner)
    return element("svg", {"x": share(at), "y": y, "class": "arrow"}, path)


def change_axis(extent: float) -> Markup:
    """The axis over a column of change bars: the edges, the halves and zero."""
    marks = []
    for part in (-1.0, -0.5, 0.0, 0.5, 1.0):
        at = share(_at(part * extent, extent))
        text = "0" if part == 0 else numbers.limit(abs(part) * extent).replace(" ", "\u202f")
        sign = "" if part == 0 else "−" if part < 0 else "+"
        css = "tick" if part in (-1.0, 0.0, 1.0) else "tick half"
        anchor = {-1.0: "start", 1.0: "end"}.get(part, "middle")
        marks.append(element("text", {"class": css, "x": at, "y": 11.0, "text-anchor": anchor}, sign + text))
        marks.append(line(at, 15.0, at, 19.0, "axis"))
    attributes: dict[str, Attribute] = {
        "class": "change-axis",
        "width": "100%",
        "height": 19.0,
        "aria-hidden": "true",
    }
    return element("svg", attributes, *marks)


def overview(families: Sequence[Family], metric: str, extent: float) -> Markup:
    """One lane per family: every run's change as a dot, the limit as a band, the mean as a diamond."""
    lanes = [(family, table) for family in families for table in family.tables if table.metric == metric]
    parts: list[Markup] = []
    for index, (family, table) in enumerate(lanes):
        top = index * _LANE_HEIGHT
        known = [row for row in table.rows if row.change is not None]
        parts.append(element("text", {"class": "lane", "x": "0", "y": top + 15.0}, family.name))
        mean = "" if table.geometric_mean is None else f"mean {numbers.percent(table.geometric_mean)}"
        count = numbers.plural(len(known), "run")
        note = f"{mean} · {count}" if mean else count
        parts.append(
            element("text", {"class": "lane-note", "x": "100%", "y": top + 15.0, "text-anchor": "end"}, note)
        )
        parts += _lane(known, table.limits, table.geometric_mean, top, extent)
    height = len(lanes) * _LANE_HEIGHT
    label = f"Change of {metric} per family, from −{extent:g} % to +{extent:g} %"
    return figure(label, {"class": "overview", "width": "100%", "height": height}, parts)


def _lane(
    rows: Sequence[Row], limits: Sequence[float], mean: float | None, top: float, extent: float
) -> list[Markup]:
    middle = top + 36.0
    parts = [
        element("rect", {"class": "lane-ground", "x": "0", "y": top + 23.0, "width": "100%", "height": 26.0})
    ]
    for limit in reversed(limits):
        parts += _band(limit, extent, top + 23.0, 26.0)
    parts.append(line("50%", top + 23.0, "50%", top + 49.0, "axis"))
    for index, row in enumerate(reversed(rows)):  # worst first in `rows`: draw them last, on top
        change = row.change or 0.0
        spread = ((index * 5) % 7 - 3) * 2.4
        title = element("title", {}, f"{row.key}: {numbers.percent(change)}, {VERDICT_WORDS[row.verdict]}")
        parts.append(_mark(change, _at(change, extent), middle + spread, f"v-{row.verdict}", extent, title))
    if mean is not None:
        path = element("path", {"class": "mean", "d": "M0 -9L5 0L0 9L-5 0Z"})
        parts.append(element("svg", {"class": "arrow", "x": share(_at(mean, extent)), "y": middle}, path))
    return parts


_PLOT_WIDTH, _PLOT_HEIGHT = 340.0, 210.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 14.0, 12.0, 34.0
VARIANT_STYLES = 6
"""How many variants have a colour and a dash of their own; further ones start over."""


def scaling(study: Study) -> Markup:
    """Value over scale for each variant, both axes logarithmic; empty with fewer than two scales."""
    values = [point.value for one in study.lines for point in one.points if point.scale and point.value > 0]
    scales = [scale for scale in study.scales if scale]
    if len(scales) < 2 or not values:
        return Markup("")
    x = _log_axis(min(scales), max(scales), _LEFT, _PLOT_WIDTH - _RIGHT, pad=0.04)
    y = _log_axis(min(values), max(values), _PLOT_HEIGHT - _BOTTOM, _TOP, pad=0.08)
    parts = [*_y_grid(y, study), *_x_ticks(x, scales)]
    for index, one in enumerate(study.lines):
        points = [(x.place(p.scale), y.place(p.value)) for p in one.points if p.scale and p.value > 0]
        style = f"variant-{index % VARIANT_STYLES}"
        path = "M" + "L".join(f"{number(px)} {number(py)}" for px, py in points)
        if len(points) > 1:
            parts.append(element("path", {"class": f"curve {style}", "d": path}))
        parts += [
            element("circle", {"class": f"knot {style}", "cx": px, "cy": py, "r": 3.6}) for px, py in points
        ]
    attributes: dict[str, Attribute] = {
        "class": "scaling",
        "viewBox": f"0 0 {number(_PLOT_WIDTH)} {number(_PLOT_HEIGHT)}",
    }
    names = ", ".join(one.variant for one in study.lines)
    label = f"{study.benchmark}: {study.metric} over scale, logarithmic, of {names}"
    return figure(label, attributes, parts)


class _Axis:
    """A logarithmic axis from `low` to `high`, drawn from `start` to `end`."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self._start, self._end = low, high, start, end

    def place(self, value: float) -> float:
        position = (math.log10(value) - self.low) / (self.high - self.low)
        return self._start + position * (self._end - self._start)


def _log_axis(low: float, high: float, start: float, end: float, pad: float) -> _Axis:
    bottom, top = math.log10(low), math.log10(high)
    room = max(top - bottom, 0.3)
    middle = (bottom + top) / 2
    half = room / 2 * (1 + 2 * pad)
    return _Axis(middle - half, middle + half, start, end)


def _y_grid(axis: _Axis, study: Study) -> list[Markup]:
    parts = []
    for value in log_ticks(axis.low, axis.high):
        at = axis.place(value)
        parts.append(line(_LEFT, at, _PLOT_WIDTH - _RIGHT, at, "grid"))
        text = numbers.quantity(value, study.unit)
        parts.append(
            element("text", {"class": "tick", "x": _LEFT - 7, "y": at + 4, "text-anchor": "end"}, text)
        )
    return parts


def log_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values between 10^low and 10^high: decades, or 1–2–5 steps where there are too few decades."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    whole = [10.0**power for power in decades if low <= power <= high]
    if len(whole) >= 3:
        return whole[:: math.ceil(len(whole) / most)]
    steps = [step * 10.0**power for power in decades for step in (1, 2, 5)]
    inner = [value for value in steps if low <= math.log10(value) <= high]
    return inner[:: max(1, math.ceil(len(inner) / most))] or whole


def _x_ticks(axis: _Axis, scales: Sequence[float]) -> list[Markup]:
    base = _PLOT_HEIGHT - _BOTTOM + 8
    parts = [line(_LEFT, base - 4, _PLOT_WIDTH - _RIGHT, base - 4, "axis")]
    last = -math.inf
    for scale in scales:
        at = axis.place(scale)
        parts.append(line(at, base - 4, at, base, "axis"))
        text = numbers.scale(scale)
        if at - last > 12 + 6.5 * len(text):
            parts.append(
                element("text", {"class": "tick", "x": at, "y": base + 14, "text-anchor": "middle"}, text)
            )
            last = at
    return parts

"""Raw samples in a table's cell: this report's as dots, the baseline's below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from benchgov.dossier import numbers
from benchgov.dossier.model import Row
from benchgov.dossier.svg import Attribute, dots, element, figure, line, number

MOST_DOTS = 60
WIDTH, _HEIGHT, _MARGIN = 132.0, 26.0, 6.0
_LANES = (13.0, 10.5, 15.5)
"""Heights that neighbours take in turn, so that equal samples can be told apart."""
_RAISED, _LOWERED = -5.0, 8.0
"""How far the lanes move when there are samples of both."""

Place = Callable[[float], float]


def strip(row: Row) -> Markup:
    """The samples of one row: dots, a bar over their middle half, and a line at the baseline's value.

    The baseline's own samples, where they are known, are dots in a lane of their own below. The scale is the
    row's: from the least to the greatest of all that is drawn.
    """
    if not row.samples:
        return Markup("")
    place = _scale(row)
    shift = _RAISED if row.baseline_samples else 0.0
    parts = [_quartiles(row, place, shift)]
    if row.baseline is not None:
        at = place(row.baseline)
        parts.append(line(at, 2.0, at, 24.0, "baseline"))
    parts.append(_dots(row.samples, place, shift, "sample"))
    if row.baseline_samples:
        parts.append(_dots(row.baseline_samples, place, _LOWERED, "sample was"))
    attributes: dict[str, Attribute] = {
        "class": "strip",
        "width": WIDTH,
        "height": _HEIGHT,
        "viewBox": f"0 0 {number(WIDTH)} {number(_HEIGHT)}",
    }
    return figure(_label(row), attributes, parts)


def _scale(row: Row) -> Place:
    drawn = [*row.samples, *row.baseline_samples, *(() if row.baseline is None else (row.baseline,))]
    low, high = min(drawn), max(drawn)
    inner = WIDTH - 2 * _MARGIN

    def place(value: float) -> float:
        return _MARGIN + (inner / 2 if high == low else (value - low) / (high - low) * inner)

    return place


def _quartiles(row: Row, place: Place, shift: float) -> Markup:
    left, right = map(place, row.quartiles or (row.samples[0], row.samples[0]))
    height = 10.0 if shift else 14.0
    top = 13.0 + shift - height / 2
    return element(
        "rect", {"class": "quartiles", "x": left - 2, "y": top, "width": right - left + 4, "height": height}
    )


def _dots(samples: Sequence[float], place: Place, shift: float, css: str) -> Markup:
    spread = 0.4 if shift else 1.0
    return dots(
        (
            (place(value), 13.0 + shift + (_LANES[index % len(_LANES)] - 13.0) * spread)
            for index, value in enumerate(thin(samples, MOST_DOTS))
        ),
        css,
    )


def _label(row: Row) -> str:
    low, high = (numbers.quantity(end, row.unit) for end in (min(row.samples), max(row.samples)))
    label = f"{numbers.plural(len(row.samples), 'sample')} from {low} to {high}"
    if len(row.samples) > MOST_DOTS:
        label += f" ({MOST_DOTS} of them drawn)"
    if row.baseline is not None:
        label += f"; baseline {numbers.quantity(row.baseline, row.unit)}"
    if row.baseline_samples:
        label += f" of {numbers.plural(len(row.baseline_samples), 'sample')}"
    return label


def thin(samples: Sequence[float], most: int) -> Sequence[float]:
    """At most `most` of the samples: all, or order statistics evenly spaced, both ends included."""
    if len(samples) <= most:
        return samples
    ordered = sorted(samples)
    return [ordered[round(i * (len(ordered) - 1) / (most - 1))] for i in range(most)]

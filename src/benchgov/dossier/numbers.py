"""Numbers as a reader wants them: a quantity with a fitting unit, a signed percent, a ratio, a short digest."""

from __future__ import annotations

import math

_TIME = ((1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s"))
_SIZE = ((1.0, "B"), (1024.0, "KiB"), (1024.0**2, "MiB"), (1024.0**3, "GiB"))
_COUNT = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"))
_LADDERS = {"ns": _TIME, "bytes": _SIZE, "count": _COUNT}

MINUS = "\u2212"
NONE = "–"
_DIGEST_CHARACTERS = 12


def quantity(value: float | None, unit: str) -> str:
    """`value` (in `unit`) to three or four digits, in the largest unit of its kind below it: `12.4 µs`."""
    if value is None:
        return NONE
    ladder = _LADDERS.get(unit)
    if ladder is None:
        return f"{_digits(value)} {unit}"
    factor, name = max(
        (step for step in ladder if step[0] <= abs(value)), default=ladder[0], key=lambda step: step[0]
    )
    return f"{_digits(value / factor)} {name}".rstrip()


def _digits(value: float) -> str:
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def percent(value: float | None) -> str:
    """A signed percent: `+21.8 %`, `−3.0 %`, `0.0 %`."""
    if value is None:
        return NONE
    rounded = round(value, 1)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.1f} %"


def limit(value: float | None) -> str:
    """An unsigned percent without needless digits: `10 %`."""
    return NONE if value is None else f"{value:,.4g} %"


def ratio(value: float | None) -> str:
    """How many times: `3.21×`, `14.2×`."""
    return NONE if value is None else f"{_digits(value)}×"


def scale(value: float | None) -> str:
    """A problem size: `1,000`; a dash when the benchmark has none."""
    return NONE if value is None else f"{value:,.10g}"


def short(digest: str) -> str:
    """The first characters of a digest, without its algorithm's name."""
    return digest.rsplit(":", 1)[-1][:_DIGEST_CHARACTERS]


def duration(seconds: float) -> str:
    """A span of time: `3.2 s`, `4 min 10 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 run`, `2 runs`; `many` where an s doesn't do."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

"""Numbers as a reader wants them: a quantity with a fitting unit, a signed percent, a ratio."""

from __future__ import annotations

from benchgov.units import humanize, plain_percent, signed_percent

NONE = "–"


def quantity(value: float | None, unit: str) -> str:
    """`value` (in `unit`) for people: `12.4 µs`; a dash without one."""
    return NONE if value is None else humanize(value, unit)


def percent(value: float | None) -> str:
    """A signed percent to one decimal, without a sign when that is zero: `+21.8 %`, `−3.0 %`, `0.0 %`."""
    return NONE if value is None else signed_percent(round(value, 1) + 0.0)


def limit(value: float | None) -> str:
    """An unsigned percent without needless digits: `10 %`."""
    return NONE if value is None else plain_percent(value)


def ratio(value: float | None) -> str:
    """How many times: `3.21×`, `14.2×`."""
    if value is None:
        return NONE
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}×"


def scale(value: float | None) -> str:
    """A problem size: `1,000`; a dash when the benchmark has none."""
    return NONE if value is None else f"{value:,.10g}"


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


def interval(ends: tuple[float, float] | None) -> str:
    """A 95 % interval of a change as ` (+1.2 % to +3.4 %)`; nothing where there is none."""
    return "" if ends is None else f" ({percent(ends[0])} to {percent(ends[1])})"

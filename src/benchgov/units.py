"""Numbers for people: 12.4 µs, 3.50 MiB, +21.8 %."""

from __future__ import annotations

from collections.abc import Sequence

_SCALES: dict[str, Sequence[tuple[float, str]]] = {
    "ns": ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")),
    "bytes": ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")),
    "count": ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1, "")),
}
_SHOWN_IN_FULL = 100_000.0


def humanize(value: float, unit: str) -> str:
    """`value` with three significant digits and a fitting unit; `ns`, `bytes` and `count` are scaled.

    Counts below 100,000 are shown in full. Other units are printed as they are.
    """
    steps = _SCALES.get(unit)
    if steps is None:
        return f"{value:.4g} {unit}"
    if unit == "count" and value < _SHOWN_IN_FULL:
        return f"{value:,.0f}"
    # 999.6 ns would be rounded to 1000 ns: from there on the next unit reads better.
    for size, name in steps:  # noqa: B007 (the last one is for everything smaller)
        if value >= size * 0.9995:
            break
    return f"{_three_digits(value / size)} {name}".rstrip()


def _three_digits(number: float) -> str:
    if number == int(number):
        return f"{number:.0f}"
    return f"{number:.{0 if number >= 99.95 else 1 if number >= 9.995 else 2}f}"


def signed_percent(percent: float) -> str:
    """A change with its sign and one decimal: `+21.8 %`, `−3.2 %`; `0.0 %` for what rounds to nothing."""
    shown = round(percent, 1)
    sign = "+" if shown > 0 else "−" if shown < 0 else ""
    return f"{sign}{abs(shown):,.1f} %"


def plain_percent(percent: float) -> str:
    """A limit with as many digits as were given, at most four: `10 %`, `2.5 %`."""
    return f"{percent:.4g} %"

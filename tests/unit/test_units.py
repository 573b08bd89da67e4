"""Numbers for people."""

from __future__ import annotations

import pytest

from benchgov.units import humanize, plain_percent, signed_percent


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "ns", "0 ns"),
        (0.25, "ns", "0.25 ns"),
        (100, "ns", "100 ns"),
        (999.4, "ns", "999 ns"),
        (999.6, "ns", "1.00 µs"),
        (12_400, "ns", "12.4 µs"),
        (1_000_000, "ns", "1 ms"),
        (3.5e12, "ns", "3500 s"),
        (512, "bytes", "512 B"),
        (3.5 * 2**20, "bytes", "3.50 MiB"),
        (1234, "count", "1,234"),
        (1_234_567, "count", "1.23 M"),
        (41.5, "op/s", "41.5 op/s"),
    ],
)
def test_a_value_has_three_digits_and_a_fitting_unit(value: float, unit: str, text: str) -> None:
    """Times and sizes are scaled, small counts are shown in full, other units are left alone."""
    assert humanize(value, unit) == text


@pytest.mark.parametrize(("percent", "text"), [(21.77, "+21.8 %"), (-3.2, "−3.2 %"), (0.0, "0.0 %")])
def test_a_change_has_its_sign(percent: float, text: str) -> None:
    """Above 0 means that the number grew."""
    assert signed_percent(percent) == text


def test_a_limit_is_shown_as_it_was_given() -> None:
    """No digits are invented."""
    assert (plain_percent(10.0), plain_percent(2.5)) == ("10 %", "2.5 %")

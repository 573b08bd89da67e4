"""Where the plots put things."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from markupsafe import Markup
from tests.unit.dossier import examples as ex

from benchgov.dossier import numbers, plots, strips
from benchgov.dossier.gather import gather
from benchgov.dossier.model import Row, Study
from benchgov.dossier.svg import element, number


def row(change: float, limit: float | None = 10.0, **given: Any) -> Row:
    """A row with this change in percent."""
    run = ex.run("a", ex.metric(samples=[100 + change]))
    report = ex.report(run)
    made = gather(report, ex.comparison(report, ex.finding(run, 100, threshold_percent=limit, **given)))
    return made.families[0].tables[0].rows[0]


def study(*runs: tuple[str, float, float]) -> Study:
    """A study of (variant, scale, value)."""
    listed = [
        ex.run("a", ex.metric(samples=[value]), variant=name, scale=scale) for name, scale, value in runs
    ]
    return gather(ex.report(*listed)).studies[0]


def dot(drawing: Markup) -> float:
    """Where the dot of a change bar is, in percent of the width."""
    circle = next(node for node in ElementTree.fromstring(drawing) if node.tag == "circle")
    return float(circle.attrib["cx"].rstrip("%"))


def test_growth_lies_to_the_right_of_zero() -> None:
    """No change is in the middle; plus and minus are mirror images."""
    assert dot(plots.change_bar(row(0), 20)) == 50
    assert dot(plots.change_bar(row(5), 20)) > 50
    assert dot(plots.change_bar(row(5), 20)) - 50 == pytest.approx(50 - dot(plots.change_bar(row(-5), 20)))


def test_a_change_beyond_the_edge_is_an_arrow_at_the_edge() -> None:
    """An outlier neither leaves the drawing nor squeezes the others."""
    drawing = plots.change_bar(row(900), 20)
    assert "<circle" not in drawing
    assert 'class="arrow"' in drawing
    widths = [float(value) for value in re.findall(r'(?:x|width)="([0-9.]+)%"', drawing)]
    assert max(widths) <= 100


def test_the_band_is_as_wide_as_the_limit() -> None:
    """The band reaches from minus to plus the limit, and is left out where there is none."""
    band = next(
        node
        for node in ElementTree.fromstring(plots.change_bar(row(1, 10), 20))
        if node.attrib.get("class") == "band"
    )
    assert float(band.attrib["x"].rstrip("%")) == pytest.approx(26.5)
    assert float(band.attrib["width"].rstrip("%")) == pytest.approx(47)
    assert 'class="band"' not in plots.change_bar(row(1, None), 20)


def test_an_interval_is_drawn_where_there_is_one() -> None:
    """A rule that gives an interval has it shown around the change."""
    assert 'class="interval"' in plots.change_bar(row(3, interval_percent=(1.0, 6.0)), 20)
    assert 'class="interval"' not in plots.change_bar(row(3), 20)


def test_without_a_change_there_is_no_bar() -> None:
    """A new benchmark has nothing to draw."""
    assert plots.change_bar(row(0, change_percent=None, verdict="new"), 20) == ""


def test_the_axis_holds_limits_and_most_changes() -> None:
    """One outlier among many does not set the scale; a limit always fits."""
    many = [row(change) for change in [*range(-5, 6), *range(-5, 6), 4000]]
    assert 10 < plots.extent_of(many) < 100
    assert plots.extent_of([row(0.1, 30)]) > 30
    assert plots.extent_of([]) == plots.DEFAULT_EXTENT


def test_the_strip_has_a_dot_per_sample_and_the_baseline() -> None:
    """Raw samples are all drawn, inside the drawing, with the baseline as a line."""
    one = row(3)
    drawing = strips.strip(one)
    assert drawing.count("M") == 1
    assert 'class="baseline"' in drawing
    assert "1 sample from 103 ns to 103 ns; baseline 100 ns" in drawing
    several = gather(ex.report(ex.run("a", ex.metric(samples=range(1, 21))))).families[0].tables[0].rows[0]
    places = [float(x) for x in re.findall(r"M([0-9.]+) ", strips.strip(several))]
    assert len(places) == 20
    assert min(places) >= 0
    assert max(places) <= 132
    assert places == sorted(places)


def test_the_baselines_samples_have_a_lane_of_their_own() -> None:
    """Where the baseline's raw samples are known they are drawn too, below this report's."""
    run = ex.run("a", ex.metric(samples=[10, 11, 12]))
    report = ex.report(run)
    made = gather(
        report, ex.comparison(report, ex.finding(run, 9)), baseline_samples=lambda key, metric: (8, 9, 10, 11)
    )
    drawing = strips.strip(made.families[0].tables[0].rows[0])
    now, was = re.findall(r'class="sample[^"]*" d="([^"]+)"', drawing)
    assert (now.count("M"), was.count("M")) == (3, 4)
    heights = [max(float(y) for y in re.findall(r" ([0-9.]+)h", path)) for path in (now, was)]
    assert heights[0] < heights[1]
    assert "baseline 9 ns of 4 samples" in drawing


def test_very_many_samples_are_thinned_and_that_is_said() -> None:
    """A thousand samples are drawn as sixty of them, both ends kept."""
    samples = [float(value) for value in range(1000)]
    assert strips.thin(samples, 60)[0] == 0
    assert strips.thin(samples, 60)[-1] == 999
    assert len(strips.thin(samples, 60)) == 60
    one = gather(ex.report(ex.run("a", ex.metric(samples=samples)))).families[0].tables[0].rows[0]
    assert "1,000 samples from 0 ns to 999 ns (60 of them drawn)" in strips.strip(one)


def test_equal_samples_are_drawn_in_the_middle() -> None:
    """No spread is no division by zero."""
    one = gather(ex.report(ex.run("a", ex.metric(samples=[0, 0, 0])))).families[0].tables[0].rows[0]
    assert [float(x) for x in re.findall(r"M([0-9.]+) ", strips.strip(one))] == [66, 66, 66]


def test_scaling_is_straight_on_logarithmic_axes() -> None:
    """A power law is a line: equal factors are equal distances."""
    drawing = plots.scaling(study(("fast", 10, 20), ("fast", 100, 200), ("fast", 1000, 2000)))
    points = [
        (float(node.attrib["cx"]), float(node.attrib["cy"]))
        for node in ElementTree.fromstring(drawing)
        if node.tag == "circle"
    ]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.02)
    assert y2 < y0


def test_scaling_labels_its_axes() -> None:
    """Scales and quantities with their units are written out."""
    drawing = plots.scaling(study(("fast", 100, 1e3), ("fast", 10_000, 1e6), ("slow", 100, 1e4)))
    for label in ("100", "10,000", "1 µs", "10 µs", "100 µs", "1 ms"):
        assert f">{label}<" in drawing


@pytest.mark.parametrize("values", [[0.0, 0.0], [5.0, 5.0]])
def test_scaling_survives_degenerate_values(values: list[float]) -> None:
    """Zero has no logarithm, and equal values no range; neither breaks the plot."""
    drawing = plots.scaling(study(*(("fast", 10.0 ** (i + 1), value) for i, value in enumerate(values))))
    assert (drawing == "") == (values[0] == 0)


def test_a_single_scale_has_no_scaling_plot() -> None:
    """Two variants at one scale are a table, not a curve."""
    assert plots.scaling(study(("fast", 10, 1), ("slow", 10, 2))) == ""


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.2, 1.4), (0.0, 9.0), (-3.0, -2.5)])
def test_logarithmic_ticks_lie_on_the_axis(low: float, high: float) -> None:
    """There are a few ticks, none outside."""
    ticks = plots.log_ticks(low, high)
    assert len(ticks) <= 6
    assert all(10**low * 0.999 <= tick <= 10**high * 1.001 for tick in ticks)


def test_elements_escape_what_they_are_given() -> None:
    """Attributes and text children are data; only markup that was made here stays markup."""
    made = element("text", {"class": '"><script>'}, "<b>&", element("tspan", {}))
    assert made == '<text class="&#34;&gt;&lt;script&gt;">&lt;b&gt;&amp;<tspan/></text>'


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (-0.001, "0"), (12.345, "12.35"), (100.0, "100")])
def test_coordinates_are_short(value: float, text: str) -> None:
    """Two decimals at most."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (numbers.percent(21.84), "+21.8 %"),
        (numbers.percent(-0.04), "0.0 %"),
        (numbers.percent(None), "–"),
        (numbers.limit(2.5), "2.5 %"),
        (numbers.quantity(None, "ns"), "–"),
        (numbers.ratio(3.214), "3.21×"),
        (numbers.ratio(14.23), "14.2×"),
        (numbers.ratio(1432.0), "1,432×"),
        (numbers.ratio(None), "–"),
        (numbers.scale(1000.0), "1,000"),
        (numbers.scale(None), "–"),
        (numbers.duration(3.21), "3.2 s"),
        (numbers.duration(250), "4 min 10 s"),
        (numbers.duration(7500), "2 h 5 min"),
        (numbers.plural(1, "run"), "1 run"),
        (numbers.plural(2000, "family", "families"), "2,000 families"),
    ],
)
def test_numbers_read_well(shown: str, text: str) -> None:
    """Signs, units and separators are as a reader expects."""
    assert shown == text

"""A dossier → Markdown, or one self-contained HTML page. The same dossier gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchgov.dossier import control as controls
from benchgov.dossier import numbers, plots, strips, words
from benchgov.dossier.markdown import markdown
from benchgov.dossier.model import VERDICT_ORDER, Dossier, Point, RowVerdict, Study
from benchgov.text import clean

__all__ = ["html", "markdown"]

_TEMPLATES = Path(__file__).parent / "templates"

_SHOWN = {
    "shown_rows": 25,
    "shown_attention": 20,
    "shown_families": 30,
    "shown_studies": 24,
    "shown_troubles": 20,
    "shown_records": 12,
    "shown_noise": 100,
}
"""How many of each are in sight; the rest is folded away, not left out."""


def html(dossier: Dossier) -> str:
    """One page with its styles and plots inside: it needs no network, no script and no other file."""
    template = _environment().get_template("dossier.html.j2")
    return template.render(dossier=dossier, extents=_extents(dossier), plotted=_plotted(dossier)) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        keep_trailing_newline=False,
    )
    environment.filters.update(
        quantity=numbers.quantity,
        percent=numbers.percent,
        limit=numbers.limit,
        scale=numbers.scale,
        duration=numbers.duration,
    )
    environment.globals.update(
        _SHOWN,
        css=Markup(_style()),  # noqa: S704 - our own file, not data
        marks=words.VERDICT_MARKS,
        headline_marks=words.HEADLINE_MARKS,
        headlines=words.HEADLINES,
        verdict_words=words.VERDICT_WORDS,
        gate_words=words.GATE_WORDS,
        metric_words=words.metric_words,
        growth_words=words.GROWTH_WORDS,
        variant_styles=plots.VARIANT_STYLES,
        change_axis=plots.change_axis,
        change_bar=plots.change_bar,
        overview=plots.overview,
        scaling=plots.scaling,
        strip=strips.strip,
        counted=words.counted,
        concern=words.concern,
        speed=words.speed,
        study_rows=study_rows,
        interval=numbers.interval,
        control_verdict=controls.verdict,
        control_rates=controls.rates,
        control_noise=controls.noise,
    )
    return environment


def _style() -> str:
    return (_TEMPLATES / "dossier.css").read_text(encoding="utf-8").strip()


def _cleaned(value: Any) -> Any:
    """Every string that the template prints, without control characters; escaping follows."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _extents(dossier: Dossier) -> dict[str, float]:
    """One axis per metric, so that families can be held against each other."""
    by_metric: dict[str, list[Any]] = {metric: [] for metric in dossier.metrics}
    for family in dossier.families:
        for table in family.tables:
            by_metric[table.metric] += table.rows
    return {metric: plots.extent_of(rows) for metric, rows in by_metric.items()}


def _plotted(dossier: Dossier) -> tuple[RowVerdict, ...]:
    """The verdicts that the overview has dots for."""
    found = {
        row.verdict
        for family in dossier.families
        for table in family.tables
        if table.metric == dossier.primary_metric
        for row in table.rows
        if row.change is not None
    }
    return tuple(verdict for verdict in VERDICT_ORDER if verdict in found)


def study_rows(study: Study) -> Iterator[tuple[float | None, list[Point | None]]]:
    """(scale, the point of every variant there) in order of scale."""
    points = [{point.scale: point for point in line.points} for line in study.lines]
    for scale in study.scales:
        yield scale, [by_scale.get(scale) for by_scale in points]

"""The part of the Markdown dossier about problem sizes: scale bands, and how costs grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchgov.dossier import numbers, words
from benchgov.dossier.model import Dossier
from benchgov.gate.comparison import BandFinding
from benchgov.report import Growth
from benchgov.text import code
from benchgov.text import markdown as escaped

_SHOWN = 50


def scales(dossier: Dossier) -> Iterator[str]:
    """The section, where there is something to say."""
    if not (dossier.bands or dossier.growth):
        return
    yield "## Scale bands and growth"
    if dossier.bands:
        yield _bands(dossier.bands, dossier.metrics)
    if dossier.growth:
        yield _growth(dossier.growth)


def _bands(bands: Sequence[BandFinding], metrics: Sequence[str]) -> str:
    header = ["Band", "Verdict", "Findings", *(escaped(words.metric_words(name)) for name in metrics)]
    rows = [
        [
            code(one.band),
            words.HEADLINES[one.verdict],
            f"{sum(one.findings.values()):,}",
            *(numbers.percent(one.geometric_mean_percent.get(name)) for name in metrics),
        ]
        for one in bands
    ]
    return _table(header, rows, ["---", "---", *["---:"] * (len(header) - 2)])


def _growth(growth: Sequence[Growth]) -> str:
    header = ["Benchmark", "Metric", "Grows as", "95 % interval", "Limit", "Before", "Verdict"]
    rows = [
        [
            code(f"{one.benchmark}/{one.variant}"),
            escaped(words.metric_words(one.metric)),
            _power(one.exponent),
            f"{one.interval[0]:.2f} to {one.interval[1]:.2f}" if one.interval else numbers.NONE,
            _power(one.limit),
            _power(one.before),
            words.GROWTH_WORDS[one.verdict] + (", grew" if one.grew else ""),
        ]
        for one in growth[:_SHOWN]
    ]
    more = f"\n\n{len(growth) - _SHOWN:,} more are in the comparison." if len(growth) > _SHOWN else ""
    return _table(header, rows, ["---", "---", "---:", "---:", "---:", "---:", "---"]) + more


def _power(exponent: float | None) -> str:
    return numbers.NONE if exponent is None else f"n<sup>{exponent:.2f}</sup>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], rule: Sequence[str]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))

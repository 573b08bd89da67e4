"""The largest changes of a comparison as a Mermaid chart, which GitHub draws inside a comment."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchgov.gate.comparison import Comparison, Finding
from benchgov.github.blocks import Block
from benchgov.report import run_key

MAX_BARS = 12
_SHOWN = ("regression", "accepted", "improvement", "inconclusive")
_MAX_LABEL = 32
_PLAIN = re.compile(r"[^A-Za-z0-9@/._+ -]")


def change_chart(comparison: Comparison) -> Sequence[Block]:
    """A bar for each of the largest changes, in percent; nothing where there are fewer than two."""
    changed = [one for one in comparison.findings if one.verdict in _SHOWN and one.change_percent]
    changed.sort(key=lambda one: -abs(one.change_percent or 0))
    bars = changed[:MAX_BARS]
    if len(bars) < 2:
        return ()
    values = [one.change_percent or 0.0 for one in bars]
    low, high = min(0.0, *values), max(0.0, *values)
    labels = ", ".join(f'"{_label(number, one)}"' for number, one in enumerate(bars, 1))
    body = "\n".join(
        (
            "```mermaid",
            "xychart-beta horizontal",
            f"    x-axis [{labels}]",
            f'    y-axis "change in percent" {_number(low)} --> {_number(high)}',
            f"    bar [{', '.join(map(_number, values))}]",
            "```",
        )
    )
    more = "" if len(changed) == len(bars) else f" of {len(changed)}"
    head = f"<details><summary>The {len(bars)}{more} largest changes as a chart</summary>\n\n{body}"
    return (Block(head, tail="\n</details>\n"),)


def _label(number: int, finding: Finding) -> str:
    """A short name; numbered, as two that were cut may be alike, and Mermaid would merge them."""
    text = _PLAIN.sub("_", f"{run_key(finding.benchmark, finding.scale, finding.variant)} {finding.metric}")
    return f"{number} {text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 2] + '..'}"


def _number(value: float) -> str:
    return format(round(value, 2), ".10g")

"""One sentence per finding, and one reason for the whole, for the person who reviews the pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchgov.gate.decide import Decision
from benchgov.gate.pairing import Row
from benchgov.gate.policy import GatePolicy
from benchgov.report import Verdict
from benchgov.units import humanize, plain_percent, signed_percent

_MAX_CHARACTERS = 400


def decided(row: Row, decision: Decision, percent: float, policy: GatePolicy) -> str:
    """`serialize@1000/fast wall_time: 12.4 µs → 15.1 µs (+21.8 %), over the 10 % limit of family json.`"""
    override = policy.override(row.family, row.name)
    owner = f"of family {row.family}" if override is None else "given by --threshold"
    limit = f"{plain_percent(percent)} limit {owner}"
    seen = decision.minimum_detectable_percent
    smallest = "" if seen is None else f"; the smallest change it could have seen is {plain_percent(seen)}"
    end = {
        "regression": f"over the {limit}",
        "improvement": f"better by more than the {limit}",
        "unchanged": f"within the {limit}{smallest}",
        "inconclusive": f"too noisy to tell against the {limit}{smallest}",
    }[decision.verdict]
    before = humanize(row.before.value if row.before else 0.0, row.metric.unit)
    now = humanize(row.current or 0.0, row.metric.unit)
    change = signed_percent(decision.change_percent)
    return _clean(f"{row.run.key} {row.name}: {before} → {now} ({change}), {end}.")


def certain(row: Row) -> str:
    """`serialize/fast wall_time is missing (baseline 12.4 µs): only the baseline has it.`"""
    before = [f"baseline {humanize(row.before.value, row.before.unit)}"] if row.before else []
    now = [] if row.current is None else [f"now {humanize(row.current, row.metric.unit)}"]
    values = ", ".join(before + now)
    return _clean(f"{row.run.key} {row.name} is {row.verdict.replace('-', ' ')} ({values}): {row.reason}.")


def _clean(text: str) -> str:
    """Without control characters and bounded: parts of it come from files that anyone may have written."""
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 1] + "…"


def overall(verdict: Verdict, counts: Counter[str], blocked: int, policy: GatePolicy) -> str:
    """Why the verdict is what it is; `counts` are findings by verdict, `blocked` those that block."""
    compared = sum(counts[kind] for kind in ("regression", "improvement", "unchanged", "inconclusive"))
    parts = [
        (counts["regression"], "over the limit"),
        (blocked, "blocked: missing, or from a run that is not valid"),
        (counts["not-comparable"] + counts["missing"] - blocked, "not comparable"),
        (counts["inconclusive"], "inconclusive"),
        (counts["improvement"], "better by more than the limit"),
        (counts["new"], "new"),
    ]
    listed = [f"{count:,} {what}" for count, what in parts if count]
    if verdict == "pass":
        listed.insert(0, "none over its limit")
    if not compared:
        listed.insert(0, "nothing could be compared")
    return "; ".join([f"{compared:,} metrics compared", *listed, *policy.notes()]) + "."


def join(parts: Sequence[str]) -> str:
    """Sentences in a row, cleaned."""
    return _clean(" ".join(parts))

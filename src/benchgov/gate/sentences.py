"""One sentence per finding, and one reason for the whole, for the person who reviews the pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchgov.gate.decide import Decision
from benchgov.gate.families import COMPARED
from benchgov.gate.pairing import Row
from benchgov.gate.policy import GatePolicy
from benchgov.report import Verdict
from benchgov.units import humanize, plain_percent, signed_percent

_MAX_CHARACTERS = 400
_MAX_JOINED = 1000


def decided(row: Row, decision: Decision, percent: float, policy: GatePolicy) -> str:
    """`serialize@1000/fast wall_time: 12.4 µs → 15.1 µs (+21.8 %), over the 10 % limit of family json.`"""
    tested = decision.p_value is not None
    end = _by_test(row, decision) if tested else _by_limit(row, decision, percent, policy)
    before = humanize(row.before.value if row.before else 0.0, row.metric.unit)
    now = humanize(row.current or 0.0, row.metric.unit)
    change = signed_percent(decision.change_percent)
    seen, rest = decision.minimum_detectable_percent, ""
    if seen is not None and decision.verdict in {"unchanged", "inconclusive"}:
        rest = f"; the smallest change it could have seen is {plain_percent(seen)}"
    return _clean(f"{row.run.key} {row.name}: {before} → {now} ({change}), {end}{rest}.")


_AGAINST_LIMIT = {
    "regression": "over the",
    "improvement": "better by more than the",
    "unchanged": "within the",
    "inconclusive": "too noisy to tell against the",
}


def _by_limit(row: Row, decision: Decision, percent: float, policy: GatePolicy) -> str:
    override = policy.override(row.family, row.name)
    owner = f"of family {row.family}" if override is None else "given by --threshold"
    percent = percent if decision.floor_percent is None else decision.floor_percent
    return f"{_AGAINST_LIMIT[decision.verdict]} {plain_percent(percent)} limit {owner}"


def _by_test(row: Row, decision: Decision) -> str:
    """`slower beyond noise: 95 % interval +4.1 % to +6.0 %, p = 3e-7, 20 against 20 samples`"""
    evidence = [f"p = {decision.p_value:.2g}"]
    if decision.interval_percent:
        low, high = decision.interval_percent
        evidence.insert(0, f"95 % interval {signed_percent(low)} to {signed_percent(high)}")
    if decision.samples and row.pair:
        before, now = decision.samples
        evidence.append(f"{now} pairs" if row.pair.paired else f"{before} against {now} samples")
    return f"{_found(decision)} ({', '.join(evidence)})"


def _found(decision: Decision) -> str:
    if decision.verdict == "regression":
        return f"worse beyond noise and the floor of {plain_percent(decision.floor_percent or 0.0)}"
    if decision.verdict == "inconclusive":
        return f"inconclusive: {decision.remark or 'too noisy to tell'}"
    return "better beyond noise" if decision.verdict == "improvement" else "no change beyond noise"


def certain(row: Row) -> str:
    """`serialize/fast wall_time is missing (baseline 12.4 µs): only the baseline has it.`"""
    before = [f"baseline {humanize(row.before.value, row.before.unit)}"] if row.before else []
    now = [] if row.current is None else [f"now {humanize(row.current, row.metric.unit)}"]
    values = ", ".join(before + now)
    return _clean(f"{row.run.key} {row.name} is {row.verdict.replace('-', ' ')} ({values}): {row.reason}.")


def _clean(text: str, most: int = _MAX_CHARACTERS) -> str:
    """Without control characters and bounded: parts of it come from files that anyone may have written."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def overall(verdict: Verdict, counts: Counter[str], blocked: int, policy: GatePolicy) -> str:
    """Why the verdict is what it is; `counts` are findings by verdict, `blocked` those that block."""
    compared = sum(counts[kind] for kind in COMPARED)
    parts = [
        (counts["regression"], "regressed"),
        (blocked, "blocked: missing, or from a run that is not valid"),
        (counts["not-comparable"] + counts["missing"] - blocked, "not comparable"),
        (counts["inconclusive"], "inconclusive"),
        (counts["accepted"], "accepted though worse"),
        (counts["improvement"], "improved"),
        (counts["new"], "new"),
    ]
    listed = [f"{count:,} {what}" for count, what in parts if count]
    if verdict == "pass":
        listed.insert(0, "none regressed")
    if not compared:
        listed.insert(0, "nothing could be compared")
    return "; ".join([f"{compared:,} metrics compared", *listed, *policy.notes()]) + "."


def join(parts: Sequence[str]) -> str:
    """Sentences in a row, cleaned."""
    return _clean(" ".join(parts), _MAX_JOINED)

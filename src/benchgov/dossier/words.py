"""The dossier's sentences: verdict, notices, method, and what the numbers claim and do not claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchgov.dossier import numbers
from benchgov.dossier.model import Chain, Headline, Line, Notice, Row, RowVerdict
from benchgov.gate.comparison import Comparison
from benchgov.report import Report, Sampling

HEADLINES: dict[Headline, str] = {
    "pass": "No regression",
    "regression": "Regression",
    "inconclusive": "Inconclusive",
    "not-comparable": "Not comparable",
    "blocked": "Blocked",
    "failed": "Functional failure",
    "not-compared": "Not compared",
}

VERDICT_WORDS: dict[RowVerdict, str] = {
    "failed": "wrong result",
    "regression": "regression",
    "blocked": "blocked",
    "not-comparable": "not comparable",
    "missing": "missing",
    "accepted": "accepted",
    "inconclusive": "inconclusive",
    "new": "new",
    "improvement": "improvement",
    "unchanged": "unchanged",
    "not-compared": "not compared",
}

COUNT_WORDS: dict[RowVerdict, tuple[str, str]] = {
    "regression": ("regression", "regressions"),
    "improvement": ("improvement", "improvements"),
    "failed": ("wrong result", "wrong results"),
}
"""One and many of the verdicts that are nouns; the others do not change."""


def counted(verdict: RowVerdict, count: int) -> str:
    """The word for `count` findings with `verdict`."""
    one, many = COUNT_WORDS.get(verdict, (VERDICT_WORDS[verdict], VERDICT_WORDS[verdict]))
    return one if count == 1 else many


GROWTH_WORDS = {
    "over": "over its limit",
    "inconclusive": "inconclusive",
    "within": "within its limit",
    "not-limited": "no limit",
}


def concern(row: Row) -> str:
    """One finding in a line, for a list under the run's name."""
    if row.verdict == "accepted":
        return row.sentence
    if row.change is None or row.baseline is None:
        return row.sentence or f"{metric_words(row.metric)}: {VERDICT_WORDS[row.verdict]}"
    was, now = numbers.quantity(row.baseline, row.unit), numbers.quantity(row.value, row.unit)
    allowed = "" if row.limit is None else f", limit {numbers.limit(row.limit)}"
    return f"{metric_words(row.metric)} {was} → {now} ({numbers.percent(row.change)}{allowed})"


VERDICT_MARKS: dict[RowVerdict, str] = {
    "failed": "✗",
    "regression": "▲",
    "blocked": "■",
    "not-comparable": "≠",
    "missing": "∅",
    "accepted": "≈",
    "inconclusive": "?",
    "new": "+",
    "improvement": "▼",
    "unchanged": "=",
    "not-compared": "·",
}
"""A sign beside each word, so that a verdict is not told by colour alone."""

HEADLINE_MARKS: dict[Headline, str] = {
    "pass": "✓",
    "regression": "▲",
    "inconclusive": "?",
    "not-comparable": "≠",
    "blocked": "■",
    "failed": "✗",
    "not-compared": "·",
}

METRIC_WORDS = {
    "wall_time": "wall time",
    "cpu_time": "CPU time",
    "peak_memory": "peak memory",
    "instructions": "instructions",
}

GATE_WORDS = {
    "pass": "as pinned",
    "drift": "not as pinned",
    "unpinned": "not pinned",
}


def metric_words(name: str) -> str:
    """The name of a metric in prose; an unknown one as it is written."""
    return METRIC_WORDS.get(name, name)


def speed(line: Line) -> str:
    """How many times better than the reference, over the scales: `3.1×`, or `3.1× to 5.0×`."""
    ratios = sorted(point.ratio for point in line.points if point.ratio is not None)
    if not ratios:
        return numbers.NONE
    low, high = numbers.ratio(ratios[0]), numbers.ratio(ratios[-1])
    return low if low == high else f"{low} to {high}"


def headline(report: Report, comparison: Comparison | None, stale: bool) -> tuple[Headline, str]:
    """The verdict on top and the sentence under it. A wrong result outweighs any number."""
    if report.summary.failed:
        count = numbers.plural(report.summary.failed, "run")
        return "failed", f"{count} gave a wrong result, so what it cost does not matter."
    if comparison is not None and not stale:
        return comparison.verdict, comparison.reason or _PLAIN_REASONS.get(comparison.verdict, "")
    if report.summary.status == "blocked" and not report.summary.passed:
        return "blocked", "Nothing could be measured. This is trouble, not a regression."
    if report.scale_band_gate.status == "regression":
        return "regression", report.scale_band_gate.reason
    gate = report.performance_gate
    if gate.status != "not-evaluated":
        return gate.status, gate.reason
    return "not-compared", "There are measurements, but nothing to hold them against."


_PLAIN_REASONS = {
    "pass": "Every benchmark that could be compared stayed within its limit.",
    "regression": "At least one benchmark got worse by more than its limit.",
    "blocked": "There was nothing to judge. This is trouble, not a regression.",
}


def notices(report: Report, comparison: Comparison | None, stale: bool, chain: Chain) -> tuple[Notice, ...]:
    """What a reader must know before the numbers: alarms first, then warnings, then notes."""
    found = [
        *_evidence_notices(chain, stale),
        *_standing(report, comparison),
        *_report_notices(report),
        *_other_machine(comparison),
        *_missing(comparison, chain, stale),
    ]
    order = ("alarm", "warning", "note")
    return tuple(sorted(found, key=lambda notice: order.index(notice.level)))


def _evidence_notices(chain: Chain, stale: bool) -> Iterator[Notice]:
    if chain.tamper is not None:
        at = chain.tamper
        yield Notice(
            "alarm",
            "The audit log has been changed",
            f"Record {at.position} ({at.file}) is not what was published: expected {at.expected}, "
            f"found {at.found}. Nothing from there on can be relied on.",
        )
    elif chain.status == "tampered":
        yield Notice(
            "alarm", "The audit log has been changed", "It does not verify; see benchgov audit verify."
        )
    if stale:
        yield Notice(
            "alarm",
            "The comparison is of another report",
            "The comparison names another report's digest, so it is left out. Run benchgov compare again.",
        )


def _standing(report: Report, comparison: Comparison | None) -> Iterator[Notice]:
    """Whether the numbers, or the changes, may be published as authoritative."""
    gate = report.environment.gate
    title = "These numbers are not authoritative"
    if gate != "pass":
        yield Notice(
            "warning",
            title,
            f"The environment is {GATE_WORDS[gate]}. Don't publish them, and don't make a baseline of them.",
        )
    elif not report.summary.authoritative:
        yield Notice("warning", title, "Not all of them were measured in the pinned environment.")
    elif comparison is not None and comparison.baselines and not comparison.authoritative:
        yield Notice(
            "warning",
            "The changes are not authoritative",
            "The baseline was measured without a passed environment gate.",
        )


def _report_notices(report: Report) -> Iterator[Notice]:
    if report.config.dirty:
        yield Notice(
            "warning",
            "Measured with uncommitted changes",
            "Tracked files differed from the revision that is named here, so nobody else can check it out.",
        )
    if report.summary.blocked and report.summary.passed:
        yield Notice(
            "warning",
            f"{numbers.plural(report.summary.blocked, 'run')} could not be measured",
            "They have no verdict; the reasons are under Functional results.",
        )
    if report.config.selection:
        yield Notice(
            "note",
            "Only a part of the suite was measured",
            f"The selection was: {', '.join(report.config.selection)}.",
        )


def _other_machine(comparison: Comparison | None) -> Iterator[Notice]:
    if comparison and comparison.same and comparison.findings and comparison.environment_difference:
        names = ", ".join(one.name for one in comparison.environment_difference)
        yield Notice(
            "warning",
            "Compared with another machine",
            f"Only {', '.join(comparison.same)} had to agree. The machines differ in {names}, "
            "so that a change may be theirs.",
        )


def _missing(comparison: Comparison | None, chain: Chain, stale: bool) -> Iterator[Notice]:
    if comparison is None and not stale:
        yield Notice(
            "note",
            "Not compared with a baseline",
            "There is no comparison beside the report. benchgov compare makes one.",
        )
    if chain.status == "none":
        yield Notice(
            "note", "No audit log", "Nothing has recorded this evidence. benchgov audit append does."
        )
    elif not chain.vouched:
        yield Notice(
            "note",
            "This report is not in the audit log",
            "The log has records, but none names this report's digest. benchgov audit append adds one.",
        )


def method(report: Report, comparison: Comparison | None) -> tuple[str, ...]:
    """How the samples were taken, condensed and judged, a sentence or two each."""
    samplings = [run.sampling for run in report.runs if run.metrics]
    return (*_sampling_words(samplings), *_aggregation_words(report), *_decision_words(comparison))


def _sampling_words(samplings: Sequence[Sampling]) -> Iterator[str]:
    if not samplings:
        yield "No run gave a sample."
        return
    warmup = _span([sampling.warmup for sampling in samplings])
    runs = _span([sampling.runs for sampling in samplings])
    iterations = _span([sampling.iterations for sampling in samplings])
    several = f"the mean or median of {iterations} iterations inside one process"
    means = "one iteration" if iterations == "1" else several
    yield (
        f"Each benchmark ran {warmup} times to warm up and {runs} times measured; a sample is {means}, "
        "and counts once."
    )
    for isolation, sentence in _ISOLATION_WORDS.items():
        count = sum(sampling.isolation == isolation for sampling in samplings)
        if count:
            yield f"{numbers.plural(count, 'run')}: {sentence}"


_ISOLATION_WORDS = {
    "process": "every sample had a process of its own.",
    "shared": "one process gave all samples, so they are not independent of each other.",
    "functional": "it ran once, for its functional result; its time is no measurement, and is not compared.",
    "imported": "the samples were read from another tool's output; how it took them is that tool's matter.",
}


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _aggregation_words(report: Report) -> Iterator[str]:
    worst = sorted({m.name for run in report.runs for m in run.metrics if m.aggregate == "p95"})
    yield (
        "Samples are condensed to their median"
        + (f"; to the 95th percentile for {', '.join(map(metric_words, worst))}" if worst else "")
        + ". The spread is the range from the first to the third quartile: it describes the samples, and is "
        "not a confidence interval."
    )


def _decision_words(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    if comparison.mode == "threshold":
        yield (
            "A change is judged against a fixed limit in percent, per family and metric, that was set when "
            "the baseline was published: beyond it is a regression, within it is unchanged."
        )
    else:
        yield (
            "A change is called a regression when an exact one-sided rank test over independent samples "
            "finds it, with the chance of any false alarm in the whole comparison held down by Holm's "
            "procedure, and when the Hodges–Lehmann estimate is beyond the floor that policy and noise set. "
            "Improvements are controlled by Benjamini and Hochberg's procedure. What cannot be told is "
            "inconclusive."
        )
    if comparison.against:
        yield f"Both revisions were measured in turn on this machine; the other one is {comparison.against}."
    yield "A family's change is the geometric mean of its ratios, so that +100 % and −50 % cancel."


def claims(report: Report, comparison: Comparison | None, chain: Chain) -> tuple[str, ...]:
    """What this dossier does claim, in its present state."""
    said = [
        "On this machine and at this revision, the runs that are shown gave the samples that are shown.",
    ]
    if any("parity" in run.layers for run in report.runs):
        said.append("Variants of a benchmark that passed parity gave equal output on equal input.")
    if comparison is not None and comparison.baselines:
        said.append(
            "Each verdict follows from the report, the named baseline and the policy alone: the same files "
            "give the same verdict on any machine."
        )
    if report.config.against is not None:
        said.append(
            "Both revisions ran on this machine in turn, in random order: what the machine did meanwhile "
            "fell on both alike."
        )
    if chain.status == "verified" and chain.vouched:
        said.append("The audit log is unbroken up to its head, and holds this report's digest.")
    return tuple(said)


def caveats(report: Report, comparison: Comparison | None) -> tuple[str, ...]:
    """What a reader might take from the numbers, and should not."""
    said = [
        "Nothing about other machines, other inputs or other problem sizes.",
        "“Unchanged” does not mean equal: a change smaller than the one that is stated as detectable would "
        "not have been seen.",
        "A speed-up is a ratio of two medians of this one session, without an interval.",
        "The audit log shows later changes to what it holds; it cannot show that a number was honest when "
        "it was recorded.",
    ]
    if comparison is not None and comparison.mode == "threshold":
        said.append("A fixed limit does not weigh noise: a single crossing is a reason to look, not a proof.")
    if report.environment.gate != "pass":
        said.append("Nothing about the pinned environment: this was not it.")
    return tuple(said)

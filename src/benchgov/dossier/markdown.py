"""A dossier as Markdown that reads well on GitHub: every value is escaped where it is put in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchgov.dossier import control as controls
from benchgov.dossier import numbers, words
from benchgov.dossier.markdown_scales import scales
from benchgov.dossier.model import Chain, Concern, Dossier, Family, MetricTable, Notice, Row, Study, Trouble
from benchgov.report import Drift
from benchgov.text import code, fenced
from benchgov.text import markdown as escaped

_SHOWN_ROWS = 25
_SHOWN_TROUBLES = 20
_SHOWN_RECORDS = 12
_SHOWN_NOISE = 100
_ALERTS = {"alarm": "CAUTION", "warning": "WARNING", "note": "NOTE"}


def markdown(dossier: Dossier) -> str:
    """The dossier as GitHub-flavoured Markdown."""
    parts = [
        *_top(dossier),
        *_attention(dossier.attention),
        *_families(dossier),
        *_studies(dossier),
        *scales(dossier),
        *_functional(dossier),
        *_environment(dossier),
        *_control(dossier),
        *_method(dossier),
        *_evidence(dossier),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of cells that are Markdown already; the columns in `right` are aligned to the right."""
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def _folded(summary: str, *parts: str) -> str:
    return "\n\n".join([f"<details>\n<summary>{summary}</summary>", *parts, "</details>"])


def _bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def _top(dossier: Dossier) -> Iterator[str]:
    revision = ""
    if dossier.revision:
        revision = f" at {code(dossier.revision[:12])}" + (" with changes" if dossier.dirty else "")
    yield f"# {words.HEADLINE_MARKS[dossier.headline]} {dossier.title}: {escaped(dossier.suite)}"
    yield escaped(dossier.reason)
    yield f"Regime {code(dossier.regime)}{revision}, measured {dossier.started}."
    if dossier.against:
        yield f"Measured in turn with {code(dossier.against.ref)} ({code(dossier.against.revision[:12])})."
    counts = [
        (words.counted(verdict, count), f"{count:,}")
        for verdict, count in dossier.counts.items()
        if verdict != "not-compared"
    ]
    state = {"verified": "verified", "tampered": "**changed**", "none": "none"}[dossier.chain.status]
    cells = [
        ("runs", f"{dossier.runs:,}"),
        *counts,
        ("environment", words.GATE_WORDS[dossier.environment.gate]),
        ("audit log", state),
    ]
    yield table([name for name, _ in cells], [[value for _, value in cells]])
    yield from map(_notice, dossier.notices)


def _notice(notice: Notice) -> str:
    return f"> [!{_ALERTS[notice.level]}]\n> **{escaped(notice.title)}.** {escaped(notice.text)}"


def _attention(concerns: Sequence[Concern]) -> Iterator[str]:
    if not concerns:
        return
    yield "## Needs a look"
    lines = [f"- **{_verdict(one.rows[0])}** {code(one.key)}: {_concern(one)}" for one in concerns]
    yield "\n".join(lines[:_SHOWN_ROWS])
    if len(lines) > _SHOWN_ROWS:
        yield _folded(f"{len(lines) - _SHOWN_ROWS:,} more", "\n".join(lines[_SHOWN_ROWS:]))


def _concern(concern: Concern) -> str:
    return escaped("; ".join(words.concern(row) for row in concern.rows))


def _verdict(row: Row) -> str:
    return f"{words.VERDICT_MARKS[row.verdict]} {words.VERDICT_WORDS[row.verdict]}"


def _families(dossier: Dossier) -> Iterator[str]:
    yield "## Families"
    if dossier.compared:
        yield _family_deltas(dossier)
    for family in dossier.families:
        yield f"### {escaped(family.name)}"
        for listed in family.tables:
            rows = _rows(listed, dossier.compared)
            if listed.metric == dossier.primary_metric:
                yield from rows
            else:
                yield _folded(escaped(words.metric_words(listed.metric)), *rows)


def _family_deltas(dossier: Dossier) -> str:
    """The families' geometric mean change, a column per metric."""
    header = ["Family", "Verdict", *(escaped(words.metric_words(name)) for name in dossier.metrics)]
    rows = [
        [code(family.name), words.HEADLINES[family.verdict], *_means(family, dossier.metrics)]
        for family in dossier.families
    ]
    return table(header, rows, right=range(2, len(header)))


def _means(family: Family, metrics: Sequence[str]) -> list[str]:
    means = {listed.metric: listed.geometric_mean for listed in family.tables}
    return [numbers.percent(means.get(metric)) for metric in metrics]


def _rows(listed: MetricTable, compared: bool) -> Iterator[str]:
    yield _row_table(listed.rows[:_SHOWN_ROWS], compared)
    if len(listed.rows) > _SHOWN_ROWS:
        rest = listed.rows[_SHOWN_ROWS:]
        yield _folded(f"{len(rest):,} more", _row_table(rest, compared))


def _row_table(rows: Sequence[Row], compared: bool) -> str:
    if not compared:
        header = ["Benchmark", "Value", "Middle half", "Samples"]
        return table(header, (_measured(row) for row in rows), right=(1, 2, 3))
    header = ["Benchmark", "Baseline", "Now", "Change", "Limit", "Would have seen", "Verdict"]
    return table(header, (_compared(row) for row in rows), right=(1, 2, 3, 4, 5))


def _measured(row: Row) -> list[str]:
    spread = " to ".join(escaped(numbers.quantity(end, row.unit)) for end in row.quartiles or ())
    return [code(row.key), escaped(numbers.quantity(row.value, row.unit)), spread, f"{len(row.samples):,}"]


def _compared(row: Row) -> list[str]:
    return [
        code(row.key),
        escaped(numbers.quantity(row.baseline, row.unit)),
        escaped(numbers.quantity(row.value, row.unit)),
        numbers.percent(row.change) + numbers.interval(row.interval),
        numbers.limit(row.limit),
        numbers.limit(row.detectable),
        _verdict(row),
    ]


def _studies(dossier: Dossier) -> Iterator[str]:
    if not dossier.studies:
        return
    yield "## Variants and scales"
    header = ["Benchmark", "Variant", "Against", "Times better", "Growth"]
    rows = [cells for study in dossier.studies for cells in _study(study)]
    yield table(header, rows[:_SHOWN_ROWS], right=(3, 4))
    if len(rows) > _SHOWN_ROWS:
        yield _folded(f"{len(rows) - _SHOWN_ROWS:,} more", table(header, rows[_SHOWN_ROWS:], right=(3, 4)))


def _study(study: Study) -> Iterator[list[str]]:
    for line in study.lines:
        against = "–" if line.variant == study.reference else code(study.reference)
        growth = "–" if line.slope is None else f"n<sup>{line.slope:.2f}</sup>"
        yield [code(study.benchmark), code(line.variant), against, words.speed(line), growth]


def _functional(dossier: Dossier) -> Iterator[str]:
    yield "## Functional results"
    functional = dossier.functional
    sentence = f"{functional.passed:,} of {dossier.runs:,} runs pass"
    if functional.expectations_all:
        sentence += f"; {functional.expectations_met:,} of {functional.expectations_all:,} expectations hold"
    yield sentence + "."
    if functional.layers:
        verdicts = ("pass", "fail", "blocked", "skipped")
        rows = [
            [escaped(layer), *(f"{counts.get(verdict, 0):,}" for verdict in verdicts)]
            for layer, counts in functional.layers
        ]
        yield table(["Step", *verdicts], rows, right=(1, 2, 3, 4))
    troubles = [_trouble(trouble) for trouble in dossier.troubles]
    yield from troubles[:_SHOWN_TROUBLES]
    if len(troubles) > _SHOWN_TROUBLES:
        yield _folded(f"{len(troubles) - _SHOWN_TROUBLES:,} more", *troubles[_SHOWN_TROUBLES:])


def _trouble(trouble: Trouble) -> str:
    word = "wrong result" if trouble.overall == "fail" else "blocked"
    reason = escaped(trouble.reason) or "No reason was given."
    parts = [f"{code(trouble.key)} **{word}**: {reason} ({code(trouble.source)})"]
    if trouble.expectations:
        items = ((name, detail or "did not hold") for name, detail in trouble.expectations)
        parts.append("\n".join(f"- expected {code(name)}: {escaped(detail)}" for name, detail in items))
    if trouble.stderr_tail.strip():
        parts.append(_folded("The end of its standard error", fenced(trouble.stderr_tail)))
    return "\n\n".join(parts)


def _environment(dossier: Dossier) -> Iterator[str]:
    facts = dossier.environment.facts
    yield "## Environment"
    yield f"The machine is {words.GATE_WORDS[dossier.environment.gate]}."
    if dossier.environment.drift:
        yield _drift(dossier.environment.drift, "Pinned", "Found")
    if dossier.comparison_drift:
        yield _drift(dossier.comparison_drift, "Baseline", "This report")
    listed = [
        ("system", f"{facts.os}, {facts.arch}"),
        ("kernel", facts.kernel),
        ("image", facts.image),
        ("processor", f"{facts.cpu_model}, {facts.cpu_count} usable"),
        ("memory", f"{facts.memory_mb:,} MB"),
        ("python", facts.python),
        *facts.tools.items(),
    ]
    yield table(["Property", "Value"], [[escaped(name), escaped(value)] for name, value in listed])


def _drift(drift: Sequence[Drift], wanted: str, found: str) -> str:
    rows = [[escaped(item.name), code(item.wanted), code(item.found)] for item in drift]
    return table(["Property", wanted, found], rows)


def _control(dossier: Dossier) -> Iterator[str]:
    if dossier.control is None:
        return
    yield "## Control"
    yield escaped(controls.verdict(dossier.control))
    yield table(
        ["Rate", "Seen", "Percent", "95 % interval"], controls.rates(dossier.control), right=(1, 2, 3)
    )
    noise = [[code(run), code(name), *rest] for run, name, *rest in controls.noise(dossier.control)]
    header = ["Run", "Metric", "CV", "Would have seen"]
    yield _folded("How noisy each metric is", table(header, noise[:_SHOWN_NOISE], right=(2, 3)))
    if dossier.control_caveats:
        yield _bullets(dossier.control_caveats)


def _method(dossier: Dossier) -> Iterator[str]:
    yield "## Method"
    yield _bullets(dossier.method)
    yield "**What this claims**"
    yield _bullets(dossier.claims)
    yield "**What it does not claim**"
    yield _bullets(dossier.limits)


def _evidence(dossier: Dossier) -> Iterator[str]:
    yield "## Evidence"
    if dossier.baselines:
        yield f"Held against {', '.join(map(code, dossier.baselines))}."
    rows = [[name, code(digest), covers] for name, digest, covers in dossier.digests]
    if dossier.revision:
        rows.append(["revision", code(dossier.revision), "the commit that was checked out"])
    yield table(["Of", "Digest", "Covers"], rows)
    yield from _chain(dossier.chain)


def _chain(chain: Chain) -> Iterator[str]:
    if chain.status == "none":
        yield "There is no audit log."
        return
    if chain.status == "verified":
        yield "✓ The audit log verifies: every record follows from the one before, up to the head."
    else:
        yield "**✗ The audit log has been changed after it was written.**"
    yield "\n".join(f"- head of {code(host)}: {code(head)}" for host, head in chain.heads)
    if not chain.entries:
        return
    header = ["No.", "Recorded", "Kind", "Chain head", "Names"]
    rows = [
        [
            f"{e.sequence}",
            e.recorded_at,
            e.kind,
            code(e.chain_head[:16] + "…"),
            " and ".join(e.vouches_for) or "–",
        ]
        for e in chain.entries
    ]
    yield table(header, rows[:_SHOWN_RECORDS], right=(0,))
    if len(rows) > _SHOWN_RECORDS:
        earlier = table(header, rows[_SHOWN_RECORDS:], right=(0,))
        yield _folded(f"{len(rows) - _SHOWN_RECORDS:,} earlier", earlier)

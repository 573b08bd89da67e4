"""A comparison → what a reviewer sees: a title, annotations on source lines, and one page of Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from benchgov.gate.comparison import Comparison, Finding, FindingVerdict
from benchgov.github.blocks import Block, page
from benchgov.github.chart import change_chart
from benchgov.report import Drift, Environment, Growth, Report, Run, Source, Verdict, run_key
from benchgov.text import code, fenced, markdown, one_line
from benchgov.units import plain_percent, signed_percent

Conclusion = Literal["success", "failure", "neutral", "action_required"]
Level = Literal["failure", "warning", "notice"]
Kind = Literal["comparison", "eval"]

MAX_ANNOTATIONS = 500
MAX_TITLE = 200
MAX_TEXT = 500
MAX_DRIFT_BYTES = 65_000

CONCLUSIONS: dict[Verdict, Conclusion] = {
    "pass": "success",
    "regression": "failure",
    "inconclusive": "neutral",
    "not-comparable": "neutral",
    "blocked": "neutral",
}
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:/_?&=%#~+-]{1,2000}")
SIGNS: dict[Conclusion, str] = {"success": "✅", "failure": "🔴", "neutral": "⚪", "action_required": "🟠"}
_FOLDED: tuple[tuple[FindingVerdict, str], ...] = (
    ("improvement", "improved"),
    ("inconclusive", "inconclusive"),
    ("not-comparable", "not comparable"),
    ("missing", "missing from this run"),
    ("new", "new, without a baseline"),
    ("unchanged", "unchanged"),
)


@dataclass(frozen=True)
class Annotation:
    """A message at a line of a file of the repository; all text is one plain line."""

    path: str
    line: int
    level: Level
    title: str
    message: str


@dataclass(frozen=True)
class Presentation:
    """What is published of one comparison, or of one eval run: then `suite` is the task class.

    `blocks` become a page with `page(blocks, limit)`.
    """

    suite: str
    conclusion: Conclusion
    title: str
    blocks: tuple[Block, ...]
    annotations: tuple[Annotation, ...]
    kind: Kind = "comparison"


@dataclass(frozen=True)
class Links:
    """Where a reviewer finds more: addresses, and the audit record (`sequence:hash`) of the comparison."""

    run: str | None = None
    artifact: str | None = None
    dossier: str | None = None
    record: str | None = None


def present(
    comparison: Comparison, report: Report | None, links: Links, *, needed: bool = False
) -> Presentation:
    """Everything that a reviewer sees of `comparison`; `report` adds what could not be measured, and why.

    `needed` says that nothing may be merged without a verdict.
    """
    title = headline(comparison, report)
    conclusion = conclude(comparison, report, needed=needed)
    blocks = (
        Block(f"### {SIGNS[conclusion]} benchgov {code(comparison.suite)} — {markdown(title)}\n"),
        *_findings(comparison),
        *change_chart(comparison),
        *_environment(comparison, report),
        *_trouble(report),
        Block(_footer(comparison, links)),
    )
    return Presentation(
        comparison.suite,
        conclusion,
        title,
        blocks,
        annotate(comparison, report),
    )


def conclude(comparison: Comparison, report: Report | None, *, needed: bool = False) -> Conclusion:
    """The verdict as a check run knows it; a wrong result is a failure, though nothing was compared.

    `action_required` is for what no change of the code mends: the acceptance of all that is over its limit
    has expired, or there is no verdict, for want of a baseline or of the pinned machine, where one is needed.
    """
    if report is not None and report.summary.status == "fail":
        return "failure"
    if comparison.verdict == "regression" and _only_expired(comparison):
        return "action_required"
    if needed and comparison.verdict in ("blocked", "not-comparable"):
        return "action_required"
    return CONCLUSIONS[comparison.verdict]


def _only_expired(comparison: Comparison) -> bool:
    """Whether everything that is over its limit was accepted until a day that is over."""
    over = _with(comparison, "regression")
    return (
        bool(over)
        and not _over(comparison)
        and all(one.accepted is not None and one.accepted.expired for one in over)
    )


def obstacle(
    suite: str, title: str, details: Sequence[str] = (), remedy: str = "", *, needed: bool
) -> Presentation:
    """What is shown where nothing could be compared; `needed` makes it something that a person must mend."""
    conclusion: Conclusion = "action_required" if needed else "neutral"
    title = one_line(title, MAX_TITLE)
    blocks = [
        Block(f"### {SIGNS[conclusion]} benchgov {code(suite)} — {markdown(title)}\n"),
        Block("", _bullets(details)),
    ]
    if remedy:
        blocks.append(Block(f"Next: {markdown(remedy, MAX_TEXT)}\n"))
    return Presentation(suite, conclusion, title, tuple(blocks), ())


def headline(comparison: Comparison, report: Report | None) -> str:
    """The verdict in words, in one plain line."""
    regressions = _with(comparison, "regression")
    if comparison.verdict == "regression" and regressions:
        count = len(regressions)
        text = f"regression: {count} {'finding is' if count == 1 else 'findings are'} over the limit"
    elif report is not None and conclude(comparison, report) == "failure":
        text = f"failed: {report.summary.failed} of {len(report.runs)} runs gave a wrong result"
    else:
        text = f"{comparison.verdict.replace('-', ' ')}: {comparison.reason or 'no reason was given'}"
    return one_line(text, MAX_TITLE)


def annotate(comparison: Comparison, report: Report | None) -> tuple[Annotation, ...]:
    """Regressions and runs that failed or were blocked, each at its line in the manifest."""
    found = [
        _annotation(finding.source, "failure", f"{finding.benchmark}: regression", finding.sentence)
        for finding in _with(comparison, "regression")
    ]
    found += [
        _annotation(one.source, "failure", f"{one.benchmark}: growth over its limit", one.sentence)
        for one in _over(comparison)
    ]
    runs = report.runs if report else ()
    found += [
        _annotation(
            run.source,
            "failure" if run.overall == "fail" else "warning",
            f"{run.key}: {run.overall}",
            why(run),
        )
        for run in runs
        if not run.ok
    ]
    return tuple(item for item in found if item is not None)[:MAX_ANNOTATIONS]


def why(run: Run) -> str:
    """Why a run is not ok: its reason, or the expectations that did not hold."""
    broken = [f"{item.name}: {item.detail or 'not as expected'}" for item in run.expectations if not item.ok]
    return run.reason or "; ".join(broken) or "no reason was given"


def _annotation(source: Source | None, level: Level, title: str, message: str) -> Annotation | None:
    if source is None or not _is_relative(source.path):
        return None
    return Annotation(
        one_line(source.path), source.line, level, one_line(title, MAX_TITLE), one_line(message, 2000)
    )


def _is_relative(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and path.isprintable()


def _with(comparison: Comparison, verdict: FindingVerdict) -> list[Finding]:
    return [finding for finding in comparison.findings if finding.verdict == verdict]


def _findings(comparison: Comparison) -> Sequence[Block]:
    blocks = []
    regressions = [one.sentence for one in _with(comparison, "regression")]
    if told := [*regressions, *(one.sentence for one in _over(comparison))]:
        blocks.append(Block("", _bullets(told)))
    if accepted := [one.sentence for one in _with(comparison, "accepted")]:
        head = f"<details><summary>{len(accepted)} accepted, though worse</summary>\n"
        blocks.append(Block(head, _bullets(accepted), "\n</details>\n"))
    for verdict, words in _FOLDED:
        if found := _with(comparison, verdict):
            head = (
                f"<details><summary>{len(found)} {words}</summary>\n\n"
                "| benchmark | metric | change | limit | smallest visible change |\n|---|---|---:|---:|---:|"
            )
            blocks.append(Block(head, tuple(_row(finding) for finding in found), "\n</details>\n"))
    return blocks


def _bullets(sentences: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"- {markdown(sentence, MAX_TEXT)}" for sentence in sentences)


def _over(comparison: Comparison) -> list[Growth]:
    return [one for one in comparison.growth if one.verdict == "over"]


def _row(finding: Finding) -> str:
    cells = (
        code(run_key(finding.benchmark, finding.scale, finding.variant)),
        code(finding.metric),
        _shown(signed_percent, finding.change_percent),
        _shown(plain_percent, finding.limit_percent),
        _shown(plain_percent, finding.minimum_detectable_percent),
    )
    return f"| {' | '.join(cells)} |"


def _shown(text: Callable[[float], str], value: float | None) -> str:
    return "–" if value is None else text(value)


def _environment(comparison: Comparison, report: Report | None) -> Sequence[Block]:
    blocks = []
    if report and report.environment.drift:
        blocks.append(_drift("This machine is not the pinned one:", "pinned", report.environment.drift))
    if comparison.environment_difference:
        difference = comparison.environment_difference
        head = "The baseline was measured elsewhere:"
        if comparison.same and comparison.baselines and comparison.findings:
            head = f"The baseline was measured elsewhere; only {', '.join(comparison.same)} had to agree:"
        blocks.append(_drift(markdown(head), "baseline", difference))
    return blocks


def drift_page(environment: Environment) -> str:
    """What is not as pinned on this machine, as Markdown."""
    head = Block("### ⚪ benchgov — this machine is not the pinned one\n")
    return page((head, _drift("", "pinned", environment.drift)), MAX_DRIFT_BYTES)


def _drift(head: str, wanted: str, drift: Sequence[Drift]) -> Block:
    rows = tuple(f"| {code(item.name)} | {code(item.wanted)} | {code(item.found)} |" for item in drift)
    return Block(f"{head}\n\n| property | {wanted} | here |\n|---|---|---|", rows, "")


def _trouble(report: Report | None) -> Sequence[Block]:
    bad = [run for run in report.runs if not run.ok] if report else []
    if not bad:
        return ()
    rows = tuple(f"- {code(run.key)} {run.overall}: {markdown(why(run), MAX_TEXT)}" for run in bad)
    tails = [Block("\n" + fenced(run.stderr_tail[-1000:])) for run in bad[:1] if run.stderr_tail.strip()]
    head = (
        f"<details><summary>{len(bad)} of {len(report.runs) if report else 0} runs gave no result</summary>\n"
    )
    return (Block(head, rows), *tails, Block("\n</details>\n"))


def _footer(comparison: Comparison, links: Links) -> str:
    baselines = ", ".join(code(name) for name in comparison.baselines) or "none"
    parts = [
        f"regime {code(comparison.regime)}",
        f"baseline {baselines}",
        f"environment {code(comparison.fingerprint.removeprefix('blake3:')[:12])}"
        + ("" if comparison.authoritative else " (not pinned, so not authoritative)"),
        *link_parts(links),
    ]
    return f"\n<sub>{' · '.join(parts)}</sub>\n"


def link_parts(links: Links) -> list[str]:
    """Each link in Markdown; an address that is none is left out."""
    named = {"run": links.run, "artifact": links.artifact, "dossier": links.dossier}
    parts = [f"[{name}]({url})" for name, url in named.items() if url and _ADDRESS.fullmatch(url)]
    if links.record:
        parts.append(f"audit record {code(links.record, 100)}")
    return parts

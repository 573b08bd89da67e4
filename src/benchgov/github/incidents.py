"""Incidents: what went wrong on the default branch, as issues that open once, are told more, and close.

Pure: what is found is held against the issues that are open, and out comes what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchgov.canonical import digest_of
from benchgov.gate.comparison import Comparison
from benchgov.github.blocks import Block, page
from benchgov.github.render import Links, why
from benchgov.report import Report, run_key
from benchgov.text import code, fenced, markdown, one_line

Kind = Literal["functional failure", "regression"]

LABEL = "benchgov-incident"
MANY = 10
"""More benchmarks of a suite than this that go wrong alike have one cause, and get one issue together."""

MAX_BODY_BYTES = 60_000
_TAIL = 3_000
_MARKER = re.compile(r"<!-- benchgov:incident suite=(\S+) id=([0-9a-f]{16}) -->")


@dataclass(frozen=True)
class Incident:
    """One thing that is wrong: the same `fingerprint` for as long as it is, whatever the numbers are."""

    suite: str
    kind: Kind
    benchmarks: tuple[str, ...]
    fingerprint: str
    sentences: tuple[str, ...]
    log_tail: str = ""

    @property
    def title(self) -> str:
        """The issue's title."""
        what = self.benchmarks[0] if len(self.benchmarks) == 1 else f"{len(self.benchmarks)} benchmarks"
        return one_line(f"{self.kind}: {self.suite} / {what}", 200)

    @property
    def marker(self) -> str:
        """What hides at the start of the issue, to find it again."""
        return f"<!-- benchgov:incident suite={self.suite} id={self.fingerprint} -->"


@dataclass(frozen=True)
class OpenIssue:
    """An open issue of this program: its number, and what its marker says."""

    number: int
    suite: str
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What to write: incidents to open, issues to tell more of theirs, and numbers of issues to close."""

    opened: tuple[Incident, ...] = ()
    continued: tuple[tuple[int, Incident], ...] = ()
    closed: tuple[int, ...] = ()


def incidents_of(report: Report, comparison: Comparison | None) -> tuple[Incident, ...]:
    """The functional failures of a report, and the confirmed regressions of its comparison.

    A regression is confirmed when the environment was the pinned one: from another machine it is a doubt.
    """
    found: dict[tuple[Kind, str], tuple[list[str], str]] = {}
    for run in report.runs:
        if run.overall == "fail":
            told = found.setdefault(("functional failure", run.benchmark), ([], run.stderr_tail))
            told[0].append(f"{run.key}: {why(run)}")
    if comparison is not None and comparison.authoritative:
        for finding in comparison.findings:
            if finding.verdict == "regression":
                found.setdefault(("regression", finding.benchmark), ([], ""))[0].append(finding.sentence)
    suite = report.config.suite
    kinds: tuple[Kind, ...] = ("functional failure", "regression")
    return tuple(one for kind in kinds for one in _of_kind(suite, kind, found))


def _of_kind(
    suite: str, kind: Kind, found: dict[tuple[Kind, str], tuple[list[str], str]]
) -> Iterable[Incident]:
    mine = {benchmark: told for (of, benchmark), told in sorted(found.items()) if of == kind}
    if len(mine) <= MANY:
        return [
            Incident(suite, kind, (benchmark,), fingerprint(suite, kind, benchmark), tuple(told), tail)
            for benchmark, (told, tail) in mine.items()
        ]
    sentences = tuple(sentence for told, _ in mine.values() for sentence in told)
    tail = next((tail for _, tail in mine.values() if tail), "")
    return [Incident(suite, kind, tuple(mine), fingerprint(suite, kind, "*"), sentences, tail)]


def fingerprint(suite: str, kind: Kind, benchmark: str) -> str:
    """What two runs that show the same trouble have in common, as 16 hexadecimal digits."""
    return digest_of([suite, kind, benchmark]).removeprefix("blake3:")[:16]


def parse_marker(body: str) -> tuple[str, str] | None:
    """(suite, fingerprint) that an issue's text begins with, or None."""
    found = _MARKER.match(body)
    return (found[1], found[2]) if found else None


def plan(report: Report, comparison: Comparison | None, issues: Sequence[OpenIssue]) -> Plan:
    """What to do about the issues that are open.

    An issue closes only when this run shows that its trouble is over: what could not be measured or judged
    recovers nothing. Of two open issues with one fingerprint the older one goes on.
    """
    wrong = {one.fingerprint: one for one in incidents_of(report, comparison)}
    mine = sorted((one for one in issues if one.suite == report.config.suite), key=lambda one: one.number)
    first: dict[str, int] = {}
    for issue in mine:
        first.setdefault(issue.fingerprint, issue.number)
    over = _recovered(report, comparison)
    return Plan(
        opened=tuple(one for key, one in wrong.items() if key not in first),
        continued=tuple((first[key], one) for key, one in wrong.items() if key in first),
        closed=tuple(number for key, number in first.items() if key not in wrong and key in over),
    )


def _recovered(report: Report, comparison: Comparison | None) -> set[str]:
    """The fingerprints of the trouble that this run shows not to be there."""
    suite = report.config.suite
    good = {run.benchmark for run in report.runs} - {run.benchmark for run in report.runs if not run.ok}
    over = {fingerprint(suite, "functional failure", benchmark) for benchmark in good}
    if report.runs and all(run.ok for run in report.runs):
        over.add(fingerprint(suite, "functional failure", "*"))
    if comparison is None or not comparison.authoritative:
        return over
    fine = {"unchanged", "improvement", "accepted"}
    judged = {finding.benchmark for finding in comparison.findings}
    doubtful = {finding.benchmark for finding in comparison.findings if finding.verdict not in fine}
    over |= {fingerprint(suite, "regression", benchmark) for benchmark in judged - doubtful}
    if comparison.verdict == "pass":
        over.add(fingerprint(suite, "regression", "*"))
    return over


@dataclass(frozen=True)
class Circumstances:
    """Where it happened: commit, the last commit that was good, and links."""

    repository: str
    server: str
    commit: str | None
    last_good: str | None
    links: Links


def body(incident: Incident, at: Circumstances, comparison: Comparison | None) -> str:
    """The text of an issue, or of a comment on it: what, since when, and where to look."""
    rows = tuple(f"- {markdown(sentence, 500)}" for sentence in incident.sentences)
    blocks = [
        Block(f"{incident.marker}\n**{incident.kind}** in suite {code(incident.suite)}\n"),
        Block("", rows),
        Block(_since(at)),
        *_numbers(incident, comparison),
    ]
    if incident.log_tail.strip():
        blocks.append(Block(f"\nThe end of the log:\n\n{fenced(incident.log_tail[-_TAIL:])}\n"))
    blocks.append(Block(f"\n<sub>{' · '.join(_links(at.links))}</sub>"))
    return page(blocks, MAX_BODY_BYTES)


def _since(at: Circumstances) -> str:
    commit = code((at.commit or "unknown")[:12])
    if not at.last_good or not at.commit:
        return f"\nAt {commit}; no earlier good run is known."
    if at.last_good == at.commit:
        return f"\nAt {commit}, which was good in an earlier run: it may come and go."
    good = code(at.last_good[:12])
    url = f"{at.server}/{at.repository}/compare/{at.last_good}...{at.commit}"
    return f"\nAt {commit}; the last good run was of {good}: [what changed since]({url})."


def _numbers(incident: Incident, comparison: Comparison | None) -> Sequence[Block]:
    if comparison is None or incident.kind != "regression":
        return ()
    rows = tuple(
        f"| {code(run_key(one.benchmark, one.scale, one.variant))} | {code(one.metric)} "
        f"| {'–' if one.change_percent is None else f'{one.change_percent:+.1f} %'} | {one.verdict} |"
        for one in comparison.findings
        if one.benchmark in incident.benchmarks
    )
    return (Block("\n| benchmark | metric | change | verdict |\n|---|---|---:|---|", rows),)


def _links(links: Links) -> list[str]:
    named = {"run": links.run, "artifact": links.artifact, "dossier": links.dossier}
    return [f"[{name}]({url})" for name, url in named.items() if url] or ["no link is known"]

"""A proposal to people: a branch, a draft pull request with the evidence, whom to ask. It merges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchgov.audit.record import Record
from benchgov.canonical import sha256_hex
from benchgov.documents import parse_yaml
from benchgov.errors import RefusedError
from benchgov.eval.models import PromotionVerdict
from benchgov.promotion.guard import TIERS
from benchgov.text import code, fenced, markdown

ADR_FOLDER = "docs/adr"
_ADR_NUMBER = re.compile(r"(\d{4})-.*\.md", re.ASCII)


@dataclass(frozen=True)
class Proposal:
    """What a draft pull request holds. `files` maps paths to contents; `owners` are CODEOWNERS' names."""

    branch: str
    title: str
    body: str
    files: Mapping[str, bytes]
    owners: tuple[str, ...]


@dataclass(frozen=True)
class Exhibit:
    """A record of the log that vouches for the proposal, and its proof as JSON, for `check-proof`."""

    record: Record
    proof: str


def require_person(environ: Mapping[str, str], *, terminal: bool) -> str:
    """Who proposes: the actor of a workflow that a person started by hand, or whoever sits at the terminal.

    Raises:
        RefusedError: nobody does: a schedule, a push, a bot, or a program without a terminal.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        if not terminal:
            raise RefusedError(
                "a proposal is started by a person, and there is no terminal",
                remedy="Run it in a terminal, or by hand from the Actions tab (`workflow_dispatch`).",
            )
        return environ.get("USER") or "a person at a terminal"
    event, actor = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_TRIGGERING_ACTOR", "")
    actor = actor or environ.get("GITHUB_ACTOR", "")
    if event != "workflow_dispatch":
        raise RefusedError(
            f"a proposal is started by a person, and this run was started by {event or 'an unknown event'}",
            remedy="Start it by hand from the Actions tab (`workflow_dispatch`).",
        )
    if not actor or actor.endswith("[bot]"):
        raise RefusedError(f"a proposal is started by a person, and {actor or 'nobody'} is none")
    return actor


def edited_tiers(text: str, task_class: str, tier: str) -> str:
    """docs/trust-tiers.yaml with one class at another tier; every other byte is as it was.

    Raises:
        RefusedError: `current_tiers` is not written as a block that can be edited by lines.
        InputError: the text is not YAML.
    """
    before = parse_yaml(text, TIERS).value
    lines = text.splitlines(keepends=True)
    start = next((n for n, line in enumerate(lines) if re.match(r"current_tiers:\s*(#.*)?$", line)), None)
    if start is not None:
        row = re.compile(rf"(\s+)([\"']?){re.escape(task_class)}\2:(\s+)([^\s#]+)")
        at = next((n for n in _block(lines, start) if row.match(lines[n])), None)
        if at is None:
            lines.insert(start + 1, f"  {task_class}: {tier}\n")
        else:
            lines[at] = row.sub(rf"\g<1>\g<2>{task_class}\g<2>:\g<3>{tier}", lines[at], count=1)
    edited = "".join(lines)
    wanted = {**before, "current_tiers": {**(before.get("current_tiers") or {}), task_class: tier}}
    if parse_yaml(edited, TIERS).value != wanted:
        raise RefusedError(
            "`current_tiers` is not a plain block of `class: tier` lines",
            where=TIERS,
            remedy="Write it as a block, or edit the file by hand in a pull request.",
        )
    return edited


def _block(lines: Sequence[str], start: int) -> Iterable[int]:
    """The numbers of the indented lines after `start`."""
    for number in range(start + 1, len(lines)):
        if lines[number].strip() and not lines[number].startswith((" ", "#")):
            return
        yield number


def next_adr(names: Iterable[str]) -> int:
    """The number after the highest of the decision records that there are."""
    found = (_ADR_NUMBER.fullmatch(name) for name in names)
    return 1 + max((int(match[1]) for match in found if match), default=0)


def tier_proposal(
    verdict: PromotionVerdict,
    *,
    tiers: str,
    adr_names: Iterable[str],
    exhibits: Sequence[Exhibit],
    owners: tuple[str, ...],
    by: str,
    dossier: str | None,
) -> Proposal:
    """The proposal to move a task class to the tier that a verdict finds the evidence sufficient for.

    Raises:
        RefusedError: the verdict does not suffice, with every reason; or the file cannot be edited.
    """
    if not verdict.evidence_sufficient:
        raise RefusedError(
            f"the evidence does not suffice for {verdict.target_tier}", details=verdict.reasons
        )
    name, tier = verdict.task_class, verdict.target_tier
    number = next_adr(adr_names)
    adr = f"{ADR_FOLDER}/{number:04d}-{name}-{tier}.md"
    return Proposal(
        branch=f"benchgov/promote-{name}-{tier}",
        title=f"Promote {name} from {verdict.current_tier} to {tier}",
        body=_tier_body(verdict, exhibits, by, dossier, adr),
        files={
            TIERS: edited_tiers(tiers, name, tier).encode(),
            adr: _adr(number, verdict, exhibits).encode(),
        },
        owners=owners,
    )


def _tier_body(
    verdict: PromotionVerdict, exhibits: Sequence[Exhibit], by: str, dossier: str | None, adr: str
) -> str:
    rows = {
        "task class": verdict.task_class,
        "tier": f"{verdict.current_tier} → {verdict.target_tier}",
        "lower bound (95 %)": f"{verdict.lower_bound_95:.4f}, threshold {verdict.threshold_at_target:.4f}",
        "run": verdict.run_id,
        "host": verdict.host_fingerprint,
        "isolation": verdict.isolation_class,
        "rubric": verdict.rubric_digest,
        "proposed by": by,
    }
    return "\n".join(
        (
            "The evidence suffices for this tier. Whether to promote is a decision of people: complete",
            f"{code(adr)}, and merge when a code owner agrees. Nothing merges this by itself.\n",
            *_table(rows),
            "",
            *([f"[Dossier]({dossier})\n"] if dossier else []),
            *_exhibits(exhibits),
            fold("Verdict", fenced(verdict.to_bytes().decode())),
        )
    )


def baseline_proposal(
    suite: str,
    files: Mapping[str, bytes],
    *,
    exhibits: Sequence[Exhibit],
    owners: tuple[str, ...],
    by: str,
    dossier: str | None,
) -> Proposal:
    """The proposal to publish the baselines of a suite that lie in the work tree, and to make them active.

    Raises:
        RefusedError: there is nothing to propose.
    """
    if not files:
        raise RefusedError(
            f"the baselines of {suite} are those of the last commit",
            remedy="Make one first: `benchgov baseline generate`, or `benchgov baseline approve`.",
        )
    digest = sha256_hex(b"".join(path.encode() + b"\0" + data for path, data in sorted(files.items())))
    listed = [f"- {code(path)}, {len(data):,} bytes" for path, data in sorted(files.items())]
    body = "\n".join(
        (
            f"New baselines of {code(suite)}, proposed by {markdown(by)}. Nothing merges this by itself.\n",
            *([f"[Dossier]({dossier})\n"] if dossier else []),
            *_exhibits(exhibits),
            fold(f"{len(files)} files", "\n".join(listed[:200])),
        )
    )
    return Proposal(f"benchgov/baseline-{suite}-{digest[:8]}", f"Baselines of {suite}", body, files, owners)


def _table(rows: Mapping[str, str]) -> Iterable[str]:
    yield "| | |\n|---|---|"
    yield from (f"| {name} | {code(value, 200)} |" for name, value in rows.items())


def _exhibits(exhibits: Sequence[Exhibit]) -> Iterable[str]:
    for one in exhibits:
        record = one.record
        what = f"{record.kind} {record.sequence} of {record.host}"
        yield fold(
            f"Audit record {what}",
            f"Head {code(record.chain_head)}. Keep the proof in a file and run "
            f"`benchgov audit check-proof`:\n\n{fenced(one.proof)}",
        )


def fold(summary: str, text: str) -> str:
    """Text that a reader opens."""
    return f"<details><summary>{markdown(summary)}</summary>\n\n{text}\n\n</details>\n"


def _adr(number: int, verdict: PromotionVerdict, exhibits: Sequence[Exhibit]) -> str:
    records = ", ".join(f"{one.record.sequence}:{one.record.chain_head}" for one in exhibits) or "none"
    return f"""\
# {number:04d}. {verdict.task_class} moves from {verdict.current_tier} to {verdict.target_tier}

Status: proposed

## Evidence

- lower bound {verdict.lower_bound_95:.4f}, threshold {verdict.threshold_at_target:.4f}
- run {verdict.run_id} on host {verdict.host_fingerprint}, isolation {verdict.isolation_class}
- rubric {verdict.rubric_digest}
- audit records {records}

## Decision

To be written by whoever decides: why this evidence is enough, what the tier allows, what would take it back.

## Consequences

To be written.
"""

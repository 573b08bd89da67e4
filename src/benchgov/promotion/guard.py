"""The promotion guard: may this pull request change what evidence is judged by? Each missing point is a line.

Pure. Everything but the change itself is the base branch's: its policy, its CODEOWNERS, its log. So no pull
request can bring the rules that would let it pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchgov.audit.subjects import VerdictSubject
from benchgov.promotion.codeowners import LOCATIONS, CodeOwners
from benchgov.promotion.tiers import TierConfig

Status = Literal["added", "modified", "removed", "renamed", "copied", "changed", "unchanged"]

TIERS = "docs/trust-tiers.yaml"
_PUBLISHED = re.compile(r"(?P<store>.+/baselines)/(?P<regime>[^/]+)/(?P<id>[^/]+)/.+")


@dataclass(frozen=True)
class Change:
    """A file that the pull request changes; `before` is its path before a rename."""

    path: str
    status: Status
    before: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that it touches."""
        return (self.path,) if self.before is None else (self.before, self.path)


@dataclass(frozen=True)
class Review:
    """The last word of a reviewer on the head commit."""

    reviewer: str
    state: str
    commit: str


@dataclass(frozen=True)
class PullRequest:
    """What is to be merged, and who stands behind it."""

    author: str
    head_sha: str
    changes: tuple[Change, ...]
    reviews: tuple[Review, ...]
    truncated: bool = False


@dataclass(frozen=True)
class Rules:
    """What the base branch says. `teams` maps `@org/team` to its members, as far as they could be read."""

    bench_dir: str
    tiers: TierConfig | None
    codeowners: CodeOwners
    teams: Mapping[str, frozenset[str]] = field(default_factory=dict)
    maintainers: frozenset[str] = frozenset()
    baselines_on_base: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Proof:
    """A recorded, verified verdict: what it says, of which host's run, and where its record is."""

    subject: VerdictSubject
    sequence: int
    host: str


@dataclass(frozen=True)
class Evidence:
    """What the base's log holds. `rubrics` maps a task class to its rubric's digest at the base commit."""

    verified: bool
    divergence: str = ""
    verdicts: tuple[Proof, ...] = ()
    rubrics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """What the guard found: the protected paths that are touched, and what is missing, a line each."""

    protected: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the pull request may be merged as far as the guard is concerned."""
        return not self.missing


def protected(path: str, bench_dir: str) -> bool:
    """Whether a path decides about evidence: tiers, baselines, limits, policy, owners, workflows."""
    bench = re.escape(bench_dir.strip("/"))
    patterns = (
        re.escape(TIERS),
        r"benchgov\.ya?ml",
        r"\.github/(?:workflows|actions)/.*",
        *(re.escape(one) for one in LOCATIONS),
        rf"{bench}/[^/]+/baselines/.*",
        rf"{bench}/[^/]+/(?:suite|accepted|failure_modes)\.yaml",
        rf"{bench}/[^/]+/(?:registration|rubric|breakdown_keys)\.py",
        rf"{bench}/[^/]+/cases/.*",
    )
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def guard(
    pull: PullRequest,
    rules: Rules,
    evidence: Evidence,
    *,
    tiers_after: TierConfig | str | None,
    codeowners_after: CodeOwners | None,
) -> Judgement:
    """Judge a pull request.

    `tiers_after` is docs/trust-tiers.yaml as it would be (a text says why it is not valid, None that it is
    untouched); `codeowners_after` likewise.
    """
    touched = tuple(
        sorted({path for change in pull.changes for path in change.paths if protected(path, rules.bench_dir)})
    )
    if pull.truncated:
        return Judgement(
            touched,
            ("GitHub does not list all files of the pull request: it changes none, or more than 3,000",),
        )
    if not touched:
        return Judgement((), ())
    raised = _raised(rules.tiers, tiers_after)
    missing = [
        *_published(pull.changes, rules),
        *_tiers(rules.tiers, tiers_after, raised, evidence),
        *_owned(touched, rules.codeowners, codeowners_after),
        *_approved(pull, touched, rules),
        *_explained(pull.changes, raised),
    ]
    return Judgement(touched, tuple(missing))


def _published(changes: Sequence[Change], rules: Rules) -> Iterable[str]:
    """A published baseline is never changed, moved or removed; a new one may be added."""
    for change in changes:
        for path in change.paths:
            match = _PUBLISHED.fullmatch(path)
            folder = path[: match.end("id")] if match else ""
            if match and folder in rules.baselines_on_base:
                verb = "added to" if change.status == "added" else change.status
                yield f"{path}: {verb}, but baseline {match['id']} is published, and so immutable"


Raised = tuple[str, str, str]


def _raised(before: TierConfig | None, after: TierConfig | str | None) -> tuple[Raised, ...]:
    """(task class, tier before, tier after) of every class that would be trusted more, and of new ones."""
    if not isinstance(after, TierConfig):
        return ()
    found = []
    for task_class, tier in sorted(after.current_tiers.items()):
        old = before.tier_of(task_class) if before else "untiered"
        ladder = ("untiered", *(before or after).tiers)
        known = old in ladder and tier in ladder
        if tier != old and (not known or ladder.index(tier) > ladder.index(old)):
            found.append((task_class, old, tier))
    return tuple(found)


def _tiers(
    before: TierConfig | None, after: TierConfig | str | None, raised: Sequence[Raised], evidence: Evidence
) -> Iterable[str]:
    if isinstance(after, str):
        yield f"{TIERS} would not be valid: {after}"
        return
    if not raised:
        return
    if before is not None and isinstance(after, TierConfig) and _other_rules(before) != _other_rules(after):
        yield f"{TIERS}: raises a tier and changes what tiers ask for; make it two pull requests"
    if not evidence.verified:
        yield f"the audit log of the base does not verify: {evidence.divergence or 'there is none'}"
        return
    for task_class, old, tier in raised:
        yield from _sufficient(task_class, old, tier, before or after, evidence)


def _other_rules(config: TierConfig) -> TierConfig:
    return config.model_copy(update={"current_tiers": {}})


def _sufficient(
    task_class: str, old: str, tier: str, config: TierConfig | str | None, evidence: Evidence
) -> Iterable[str]:
    """The newest verdict on this step, from the promotion source, must suffice; or what is wrong with it."""
    what = f"{task_class}: {old} → {tier}"
    assert isinstance(config, TierConfig)
    if tier not in config.tiers:
        yield f"{what}: the base knows no tier {tier!r}"
        return
    source = config.demands(task_class, tier).promotion_source
    mine = [one for one in evidence.verdicts if one.subject.task_class == task_class]
    about = [one for one in mine if one.subject.target_tier == tier and one.subject.current_tier == old]
    if not about:
        yield f"{what}: the log has no verdict on this step; `benchgov eval promote-verdict` makes one"
        return
    of_source = [one for one in about if source in (None, one.subject.host_fingerprint or one.host)]
    if not of_source:
        yield f"{what}: no verdict of the promotion source {source}; there are some of {about[-1].host}"
        return
    newest = max(of_source, key=lambda one: one.sequence)
    where = f"record {newest.sequence} of {newest.host}"
    if newest.subject.verdict == "insufficient":
        reasons = "; ".join(newest.subject.reasons)
        yield f"{what}: the newest verdict ({where}) finds the evidence not sufficient: {reasons}"
    if newest.subject.rubric_digest != evidence.rubrics.get(task_class):
        yield f"{what}: the verdict ({where}) is by another rubric than the base commit's"


def _owned(touched: Sequence[str], before: CodeOwners, after: CodeOwners | None) -> Iterable[str]:
    """CODEOWNERS parses, and owns what decides: on the base, and as it would be."""
    for name, owners in (("CODEOWNERS of the base", before), ("CODEOWNERS after the merge", after)):
        if owners is None:
            continue
        yield from (f"{name}: {fault}" for fault in owners.faults)
        yield from (f"{name}: nobody owns {path}" for path in touched if not owners.owners_of(path))
        if owners is after:
            for path in (TIERS, *LOCATIONS[:1], ".github/workflows/x.yml", "benchgov.yaml"):
                if before.owners_of(path) and not owners.owners_of(path):
                    yield f"{name}: {path} would lose its owners"


def _approved(pull: PullRequest, touched: Sequence[str], rules: Rules) -> Iterable[str]:
    """Each touched path: an approval of the head by one of its owners, who is not the author."""
    approving = {
        review.reviewer
        for review in pull.reviews
        if review.state == "APPROVED" and review.commit == pull.head_sha and review.reviewer != pull.author
    }
    told: set[tuple[str, ...]] = set()
    for path in touched:
        owners = rules.codeowners.owners_of(path)
        if not owners or owners in told or _among(owners, approving, rules):
            continue
        told.add(owners)
        unknown = [one for one in owners if "/" in one and one not in rules.teams]
        hint = f" (who is in {', '.join(unknown)} could not be read)" if unknown else ""
        yield (
            f"{path}: no approving review of {pull.head_sha[:12]} by an owner ({', '.join(owners)}) "
            f"other than the author{hint}"
        )


def _among(owners: Sequence[str], approving: set[str], rules: Rules) -> bool:
    lower = {name.lower() for name in approving}
    for owner in owners:
        if "/" in owner:
            # Where GitHub does not say who is in a team, the base's `maintainers` stand for it.
            members = rules.teams.get(owner, rules.maintainers)
        else:
            members = frozenset({owner.removeprefix("@")})
        if lower & {member.lower() for member in members}:
            return True
    return False


def _explained(changes: Sequence[Change], raised: Sequence[Raised]) -> Iterable[str]:
    if raised and not any(
        re.fullmatch(r"docs/adr/.+\.md", change.path) and change.status in ("added", "modified")
        for change in changes
    ):
        yield "no decision record (docs/adr/*.md) is added or amended, though a tier is raised"

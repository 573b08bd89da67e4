"""What a run will be: which cases, under which digests, and so its id and the cache key of each case.

Nothing here needs more than the standard library and BLAKE3: a run that is in the cache as a whole is found
before anything large is imported.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from benchgov import __version__
from benchgov.canonical import digest_of
from benchgov.errors import UsageError
from benchgov.eval.loader import CaseFiles

_RUN_ID_DIGITS = 16


@dataclass(frozen=True)
class Digests:
    """What a score depends on besides its case."""

    sut: str
    rubric: str
    cassettes: str
    isolation: str
    sut_process: str = "fresh"
    harness_version: str = __version__
    interpreter: str = field(
        default_factory=lambda: interpreter()  # noqa: PLW0108 (defined below)
    )


@dataclass(frozen=True)
class Plan:
    """One run: all cases of the selection with their digests, and those of them that are to be scored here.

    `run_id` and `case_corpus_digest` are those of the whole selection, whichever shard this is.
    """

    task_class: str
    sut: str
    digests: Digests
    selected: tuple[CaseFiles, ...]
    cases: tuple[CaseFiles, ...]
    selection: tuple[str, ...]
    shard: tuple[int, int] | None
    run_id: str
    case_corpus_digest: str

    @property
    def seed(self) -> int:
        """The seed of the bootstrap: the run's id as a number, whatever mark the report's id gets."""
        return int(self.run_id, 16)

    @property
    def whole(self) -> bool:
        """Whether all cases of the task class are to be scored here."""
        return not self.selection and self.shard is None


def interpreter() -> str:
    """The Python that runs SUT and rubric: implementation, version and machine."""
    return f"{sys.implementation.name} {platform.python_version()} {platform.machine()}"


def make_plan(
    task_class: str,
    sut: str,
    digests: Digests,
    scanned: Sequence[CaseFiles],
    *,
    pattern: str | None = None,
    shard: tuple[int, int] | None = None,
) -> Plan:
    """The plan for the cases whose id matches the glob `pattern`, of which `shard` (i of n) gets every nth.

    Raises:
        UsageError: no case matches, or there are more shards than cases.
    """
    ordered = sorted(scanned, key=lambda one: one.case_id)
    selected = tuple(one for one in ordered if pattern is None or fnmatchcase(one.case_id, pattern))
    if not selected:
        raise UsageError(f"no case of {task_class} matches {pattern!r}")
    if shard and shard[1] > len(selected):
        raise UsageError(f"{shard[1]} shards for {len(selected)} cases: some would have none")
    selection = () if pattern is None or len(selected) == len(ordered) else (pattern,)
    corpus = digest_of([[one.case_id, one.digest, one.document_digest] for one in selected])
    how = [] if digests.sut_process == "fresh" else [f"SUT's process: {digests.sut_process}"]
    named = [task_class, digests.harness_version, digests.sut, digests.rubric, digests.cassettes, corpus]
    run_id = digest_of([*named, digests.isolation, list(selection), *how])
    return Plan(
        task_class=task_class,
        sut=sut,
        digests=digests,
        selected=selected,
        cases=selected[shard[0] - 1 :: shard[1]] if shard else selected,
        selection=selection,
        shard=shard,
        run_id=run_id.removeprefix("blake3:")[:_RUN_ID_DIGITS],
        case_corpus_digest=corpus,
    )


def key_parts(plan: Plan, case: CaseFiles) -> dict[str, str]:
    """Everything that the score of a case depends on; each part has a name, so that a miss can be explained.

    The case's canary is in its `case.toml`.
    """
    return {
        "case": case.digest,
        "case.toml": case.document_digest,
        "sut": plan.digests.sut,
        "rubric": plan.digests.rubric,
        "cassettes": plan.digests.cassettes,
        "interpreter": plan.digests.interpreter,
        "isolation": plan.digests.isolation,
        "harness": plan.digests.harness_version,
        "sut process": plan.digests.sut_process,
    }


def cache_key(parts: dict[str, str]) -> str:
    """The key of a score: 64 hex digits over all parts."""
    return digest_of(parts).removeprefix("blake3:")


def parse_shard(text: str) -> tuple[int, int]:
    """`i/n` as (i, n).

    Raises:
        UsageError: it is not, or i is not one of 1 to n.
    """
    first, slash, second = text.partition("/")
    if slash and all(part.isascii() and part.isdecimal() and len(part) < 7 for part in (first, second)):
        index, count = int(first), int(second)
        if 1 <= index <= count:
            return index, count
    raise UsageError(f"a shard is I/N, with I from 1 to N (found {text!r})")

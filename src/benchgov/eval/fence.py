"""The fence: seven structural assertions about benches, by syntax tree and files; no bench code runs.

directory-contract, case-count, held-out, literal-name, breakdown-keys, failure-modes, case-ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import BenchFolderMissingError, BenchgovError
from benchgov.eval.declared import (
    BREAKDOWN_KEYS,
    CASES,
    DIGESTS,
    FAILURE_MODES,
    REGISTRATION,
    RUBRIC,
    Declaration,
    breakdown_keys,
    declaration,
    parse_python,
    registered_names,
)
from benchgov.eval.fence_cases import Breach, FencedCase, check_digests, check_ids, is_file, read_cases
from benchgov.eval.models import BANNED_WORDS
from benchgov.eval.taxonomy import load_taxonomy

ASSERTIONS = (
    "directory-contract",
    "case-count",
    "held-out",
    "literal-name",
    "breakdown-keys",
    "failure-modes",
    "case-ids",
)
FILES = (
    REGISTRATION,
    RUBRIC,
    BREAKDOWN_KEYS,
    FAILURE_MODES,
    "README.md",
    f"{CASES}/{DIGESTS}",
    "tests/test_rubric_unit.py",
)
"""What a bench consists of, beside its cases."""
_SIGNS = (REGISTRATION, RUBRIC, BREAKDOWN_KEYS, FAILURE_MODES)


@dataclass(frozen=True)
class Floors:
    """How much a bench needs: fewest cases by task class, and fewest held-out ones by task class and tier.

    `tiers` are those that a registration may name; None when it may name any.
    """

    cases: Callable[[str], int] = lambda _: 1
    held_out: Callable[[str], Mapping[str, int]] = lambda _: {"silver": 5, "gold": 5}
    tiers: tuple[str, ...] | None = None


def benches(bench_root: Path) -> tuple[Path, ...]:
    """The folders of task classes: those with any of the Python files or the taxonomy of a bench.

    Raises:
        BenchFolderMissingError: `bench_root` is not there.
    """
    try:
        entries = sorted(os.scandir(bench_root), key=lambda entry: entry.name)
    except OSError as error:
        raise BenchFolderMissingError(
            f"no folder of benches: {error.strerror}", where=str(bench_root)
        ) from error
    folders = (Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    return tuple(folder for folder in folders if any(os.path.lexists(folder / sign) for sign in _SIGNS))


def check(bench_root: Path, floors: Floors) -> tuple[Breach, ...]:
    """Every breach of every bench below `bench_root`.

    Raises:
        BenchFolderMissingError: `bench_root` is not there, or is a file.
    """
    return tuple(breach for bench in benches(bench_root) for breach in check_bench(bench, floors))


def check_bench(bench: Path, floors: Floors) -> tuple[Breach, ...]:
    """Every breach of the bench in one folder, each on its own; nothing is raised for what it holds."""
    breaches: list[Breach] = []
    if bench.is_symlink():
        return (Breach("directory-contract", str(bench), "a symbolic link, which is no bench"),)
    breaches += [
        Breach("directory-contract", str(bench / name), "missing, or not a plain file")
        for name in FILES
        if not is_file(bench / name)
    ]
    declared = _declaration(bench, breaches)
    _check_python(bench / RUBRIC, breaches)
    _check_keys(bench, breaches)
    _check_failure_modes(bench, breaches)
    cases = read_cases(bench, breaches)
    check_ids(bench, cases, breaches)
    check_digests(bench, cases, breaches)
    if declared:
        breaches += _of_floors(bench, declared, cases, floors)
    return tuple(breaches)


def _declaration(bench: Path, breaches: list[Breach]) -> Declaration | None:
    path = bench / REGISTRATION
    if not is_file(path):
        return None
    for name in registered_names(path):
        if name != bench.name and not (bench.parent / name).is_dir():
            for file in FILES:
                message = f"missing, and {bench.name}/{REGISTRATION} registers task class {name!r}"
                breaches.append(Breach("directory-contract", str(bench.parent / name / file), message))
    try:
        return declaration(bench)
    except BenchgovError as error:
        breaches.append(Breach("literal-name", error.where or str(path), error.message))
        return None


def _check_python(path: Path, breaches: list[Breach]) -> None:
    """The rubric is Python, and answers when it is run: `if __name__ == "__main__"`."""
    if not is_file(path):
        return
    try:
        tree = parse_python(path)
    except BenchgovError as error:
        breaches.append(Breach("directory-contract", error.where or str(path), error.message))
        return
    import ast

    guards = (ast.unparse(node.test) for node in tree.body if isinstance(node, ast.If))
    if not any("__name__" in guard and "__main__" in guard for guard in guards):
        message = 'has no `if __name__ == "__main__":`, so that it cannot be run as a program'
        breaches.append(Breach("directory-contract", str(path), message))


def _check_keys(bench: Path, breaches: list[Breach]) -> None:
    path = bench / BREAKDOWN_KEYS
    if not is_file(path):
        return
    try:
        keys = sorted(breakdown_keys(bench))
    except BenchgovError as error:
        breaches.append(Breach("breakdown-keys", error.where or str(path), error.message))
        return
    for key in keys:
        for word in BANNED_WORDS:
            if word in key.lower():
                message = f"key {key!r} has {word!r}: no part of a score is what a model says of itself"
                breaches.append(Breach("breakdown-keys", str(path), message))


def _check_failure_modes(bench: Path, breaches: list[Breach]) -> None:
    path = bench / FAILURE_MODES
    if not is_file(path):
        return
    try:
        load_taxonomy(bench)
    except BenchgovError as error:
        for detail in error.details:
            line, _, fault = detail.removeprefix(f"{path}:").partition(": ")
            breaches.append(Breach("failure-modes", f"{path}:{line}", fault))
        if not error.details:
            breaches.append(Breach("failure-modes", error.where or str(path), error.message))


def _of_floors(
    bench: Path, declared: Declaration, cases: list[FencedCase], floors: Floors
) -> Iterator[Breach]:
    """Too few cases, too few held-out ones, a tier that there is not."""
    wanted = declared.min_cases_for_promotion
    where = f"{bench / REGISTRATION}:{declared.line}"
    if floors.tiers is not None:
        for tier in sorted(wanted.keys() - set(floors.tiers)):
            yield Breach("held-out", where, f"tier {tier!r} is none of {', '.join(floors.tiers)}")
    floor = max([floors.cases(declared.name), *sorted(wanted.values())[:1]])
    if len(cases) < floor:
        yield Breach("case-count", str(bench / CASES), f"{len(cases)} cases; {declared.name} needs {floor}")
    asked = floors.held_out(declared.name)
    demands = sorted((number, tier) for tier, number in asked.items() if tier in wanted)
    held_out = sum(case.curation_class == "held-out" for case in cases)
    if demands and held_out < demands[0][0]:
        number, tier = demands[0]
        message = (
            f"{declared.name} declares {tier} in min_cases_for_promotion but has {held_out} held-out cases "
            f"(need >= {number})"
        )
        yield Breach("held-out", str(bench / CASES), message)

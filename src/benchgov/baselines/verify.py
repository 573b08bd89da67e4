"""Every fault of a suite's published baselines, not only the first: what `baseline verify` reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.baselines.generate import condense
from benchgov.baselines.model import is_baseline_id
from benchgov.baselines.store import DERIVED_FOLDER, INDEX_FILE, BaselineStore
from benchgov.errors import BenchgovError, InputError, TamperError
from benchgov.names import is_name


@dataclass(frozen=True)
class Verified:
    """How many baselines were looked at, what was tampered with, what is not valid: one line per fault."""

    baselines: int
    tampered: tuple[str, ...]
    invalid: tuple[str, ...]


def verify(store: BaselineStore) -> Verified:
    """Check every baseline (files, id, aggregates against the raw reports), every index, every name."""
    found = [(regime, name) for regime in store.regimes() for name in store.ids(regime)]
    errors = [error for regime, name in found if (error := _baseline(store, regime, name))]
    errors += [error for regime in store.regimes() if (error := _index(store, regime))]
    tampered = [line for error in errors if isinstance(error, TamperError) for line in _lines(error)]
    invalid = [line for error in errors if not isinstance(error, TamperError) for line in _lines(error)]
    return Verified(len(found), tuple(dict.fromkeys(tampered)), (*invalid, *_strays(store.folder)))


def _baseline(store: BaselineStore, regime: str, baseline_id: str) -> BenchgovError | None:
    try:
        stored = store.read(regime, baseline_id)
        if condense(stored.read_raw()) == stored.baseline.entries:
            return None
    except (InputError, TamperError) as error:
        return error
    where = str(store.folder / regime / baseline_id)
    return TamperError("its aggregates do not follow from its raw reports", where=where)


def _index(store: BaselineStore, regime: str) -> BenchgovError | None:
    try:
        store.check_index(regime)
        store.derived(regime)
    except (InputError, TamperError) as error:
        return error
    return None


def _lines(error: BenchgovError) -> tuple[str, ...]:
    return error.details or (str(error),)


def _strays(folder: Path) -> Iterator[str]:
    """What lies between the baselines and is none; names that start with a dot are left to other tools."""
    for path in sorted(folder.glob("*")):
        if not path.name.startswith(".") and not (path.is_dir() and is_name(path.name)):
            yield f"{path}: neither a regime's folder nor part of one"
    for path in sorted(folder.glob("*/*")):
        plain = path.name.startswith(".") or path.name in {INDEX_FILE, DERIVED_FOLDER}
        if not plain and not (path.is_dir() and is_baseline_id(path.name)):
            yield f"{path}: neither a baseline, the index nor derived thresholds"

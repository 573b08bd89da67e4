"""The baselines of one suite on disk: publish once, read only what verifies, and say which one is active."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.baselines.checksums import CHECKSUMS_FILE, describe, faults
from benchgov.baselines.derived import Derivation
from benchgov.baselines.model import Active, Baseline, Index, is_baseline_id
from benchgov.baselines.raw import RawReport
from benchgov.canonical import blake3_hex, sha256_hex
from benchgov.documents import Model, load_json_model, published_model
from benchgov.environment.pinned import difference, may_be_compared
from benchgov.errors import InputError, OutputError, TamperError
from benchgov.files import new_folder, read_bytes, write_atomic
from benchgov.names import is_name
from benchgov.report import Environment, Facts, Report

BASELINE_FILE = "baseline.json"
INDEX_FILE = "index.json"
RAW_FOLDER = "raw"
DERIVATION_FILE = "derivation.json"
DERIVED_FOLDER = "derived"


def read_baseline(folder: Path) -> Stored:
    """The baseline published in `folder`, after every one of its files has been verified.

    Raises:
        InputError: there is no baseline, or its `baseline.json` is not one (although its checksum holds).
        TamperError: a file is not what was published; one detail per file.
    """
    if not folder.exists():
        raise InputError(
            "no such baseline", where=str(folder), remedy="`benchgov baseline list` shows what there is."
        )
    if found := faults(folder):
        raise TamperError("the baseline is not what was published", where=str(folder), details=found)
    baseline = load_json_model(folder / BASELINE_FILE, Baseline)
    raw, derivation = folder / RAW_FOLDER, folder / DERIVATION_FILE
    derived = blake3_hex(read_bytes(derivation)) if derivation.exists() else None
    same = (baseline.content_id(), baseline.derivation) == (baseline.baseline_id, derived)
    if not same or set(baseline.raw) != _names(raw):
        raise TamperError(
            f"its content does not give the id {baseline.baseline_id}: checksums.json and what it covers "
            "were changed together",
            where=str(folder),
        )
    read = partial(_read_raw, raw, baseline.raw)
    return Stored(baseline, partial(read, Report), partial(read, RawReport))


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _read_raw(folder: Path, digests: Mapping[str, str], model: type[Model]) -> list[Model]:
    reports = []
    for name, digest in sorted(digests.items()):
        path = folder / name
        data = read_bytes(path)
        if sha256_hex(data) != digest:
            raise TamperError("the raw report is not what was published", where=str(path))
        reports.append(published_model(data, model, str(path)))
    return reports


class BaselineStore:
    """`bench/<suite>/baselines`: `<regime>/<baseline id>/` folders, and one `index.json` per regime."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def regimes(self) -> tuple[str, ...]:
        """The regimes that have a folder, sorted."""
        return tuple(name for name in _folders(self.folder) if is_name(name))

    def ids(self, regime: str) -> tuple[str, ...]:
        """The ids of every baseline published in `regime`, oldest first."""
        return tuple(name for name in _folders(self._regime(regime)) if is_baseline_id(name))

    def read(self, regime: str, baseline_id: str) -> Stored:
        """One verified baseline; raises as `read_baseline`, and TamperError when it was moved here."""
        if not is_baseline_id(baseline_id):
            raise InputError(f"{baseline_id!r} is not a baseline id", where=str(self.folder))
        folder = self._regime(regime) / baseline_id
        stored = read_baseline(folder)
        found = (stored.baseline.regime, stored.baseline.baseline_id)
        if found != (regime, baseline_id):
            raise TamperError(f"the baseline was moved here from {'/'.join(found)}", where=str(folder))
        return stored

    def publish(self, baseline: Baseline, raw: Mapping[str, bytes], derivation: bytes | None = None) -> Path:
        """Write `baseline`, its raw reports (file name → content) and what its thresholds were derived from
        as a new folder, all or nothing.

        Raises:
            OutputError: it is there already, or cannot be written.
        """
        files = {BASELINE_FILE: baseline.to_bytes()}
        files |= {f"{RAW_FOLDER}/{name}": data for name, data in raw.items()}
        files |= {DERIVATION_FILE: derivation} if derivation else {}
        target = self._regime(baseline.regime) / baseline.baseline_id
        if target.exists():
            raise OutputError("exists already, and is never replaced", where=str(target))
        with new_folder(target) as folder:
            for name, data in files.items():
                write_atomic(folder / name, data)
            write_atomic(folder / CHECKSUMS_FILE, describe(files).to_bytes())
        return target

    def derived_file(self, regime: str, fingerprint: str) -> Path:
        """Where the thresholds are that `derive-thresholds` found in this environment."""
        name = fingerprint.removeprefix("blake3:")[:12]
        return self._regime(regime) / DERIVED_FOLDER / f"{name}.json"

    def derived(self, regime: str) -> tuple[Derivation, ...]:
        """What was derived in `regime`, environment by environment, for the next baselines.

        Raises:
            InputError: a file is not a derivation, or it is that of another regime or environment.
        """
        folder = self._regime(regime) / DERIVED_FOLDER
        found = []
        for path in sorted(folder.glob("*.json")):
            one = load_json_model(path, Derivation)
            if (one.regime, self.derived_file(regime, one.fingerprint).name) != (regime, path.name):
                raise InputError(
                    f"derived in regime {one.regime}, environment {one.fingerprint}", where=str(path)
                )
            found.append(one)
        return tuple(found)

    def index_path(self, regime: str) -> Path:
        """The file that says what is active in `regime`."""
        return self._regime(regime) / INDEX_FILE

    def index(self, regime: str) -> Index | None:
        """What is active in `regime`; None while nothing is.

        Raises:
            InputError: the index is not one, or belongs to another regime.
        """
        path = self._regime(regime) / INDEX_FILE
        if not path.exists():
            return None
        index = load_json_model(path, Index)
        if index.regime != regime:
            raise InputError(f"this is the index of regime {index.regime!r}", where=str(path))
        return index

    def activate(self, baseline: Baseline) -> Index:
        """Make `baseline` the active one in its regime and environment, and write the index.

        A baseline of the whole suite replaces everything there; one of a selection only its own runs.
        """
        now = self.index(baseline.regime) or Index(
            schema_version=1, suite=baseline.suite, regime=baseline.regime
        )
        index = now.model_copy(update={"active": {**now.active, baseline.fingerprint: _over(now, baseline)}})
        text = json.dumps(index.to_json(), indent=2, sort_keys=True) + "\n"  # a reviewer reads its diff
        write_atomic(self._regime(baseline.regime) / INDEX_FILE, text.encode("ascii"))
        return index

    def active(
        self, regime: str, environment: Environment, same: Sequence[str] | None = None
    ) -> ActiveBaselines:
        """What applies to a report of `regime` measured in `environment`; all of it verified.

        What was measured in this very environment comes first. Else, with `same` (`policy.same`), what is
        active on the machine that differs least among those that agree in all of these properties.

        Raises:
            InputError: the index is not valid, or names a run or environment that its baseline has not.
            TamperError: an active baseline is not what was published, or is gone.
        """
        index = self.index(regime)
        if index is None:
            return ActiveBaselines(regimes=tuple(name for name in self.regimes() if self.index(name)))
        active = index.active.get(environment.fingerprint)
        if active is not None:
            return self._resolve(regime, environment.fingerprint, active)
        near = self._nearest(index, environment.facts, same)
        if near is None:
            return ActiveBaselines()
        fingerprint, nearest = near
        if same is not None and may_be_compared(nearest.facts, environment.facts, same):
            return self._resolve(regime, fingerprint, index.active[fingerprint])
        return ActiveBaselines(nearest=nearest)

    def check_index(self, regime: str) -> None:
        """Raise as `active` does if any environment's active baselines cannot be had."""
        index = self.index(regime)
        for fingerprint, active in index.active.items() if index else ():
            self._resolve(regime, fingerprint, active)

    def _resolve(self, regime: str, fingerprint: str, active: Active) -> ActiveBaselines:
        stored = {name: self._indexed(regime, name) for name in active.ids}
        for name, one in stored.items():
            if one.baseline.fingerprint != fingerprint:
                raise self._bad_index(regime, f"{name} was measured in another environment")
        runs = dict(ActiveBaselines.of(*(stored[name] for name in (active.baseline,) if name)).runs)
        for key, name in active.runs.items():
            own = ActiveBaselines.of(stored[name]).runs
            if key not in own:
                raise self._bad_index(regime, f"{name} has no run {key!r}")
            runs[key] = own[key]
        return ActiveBaselines(runs, tuple(stored.values()))

    def _nearest(self, index: Index, facts: Facts, same: Sequence[str] | None) -> tuple[str, Baseline] | None:
        """(fingerprint, an active baseline) of the machine that differs least; of several the latest one.

        One that may be compared comes before one that may not, however little that differs.
        """
        listed = sorted(((name, at) for at, one in index.active.items() for name in one.ids), reverse=True)
        found = [(at, self._indexed(index.regime, name).baseline) for name, at in listed]

        def farness(entry: tuple[str, Baseline]) -> tuple[bool, int]:
            there = entry[1].facts
            return not may_be_compared(there, facts, same), len(difference(there, facts))

        return min(found, key=farness, default=None)

    def _indexed(self, regime: str, baseline_id: str) -> Stored:
        if not (self._regime(regime) / baseline_id).exists():
            raise TamperError(
                f"baseline {baseline_id} is active, but it is gone",
                where=str(self._regime(regime) / INDEX_FILE),
            )
        return self.read(regime, baseline_id)

    def _bad_index(self, regime: str, message: str) -> InputError:
        return InputError(message, where=str(self._regime(regime) / INDEX_FILE))

    def _regime(self, regime: str) -> Path:
        if not is_name(regime):
            raise InputError(f"{regime!r} is not a regime's name", where=str(self.folder))
        return self.folder / regime


def _over(index: Index, baseline: Baseline) -> Active:
    """What is active once `baseline` is put over what is active now."""
    if not baseline.selection:
        return Active(baseline=baseline.baseline_id)
    before = index.active.get(baseline.fingerprint, Active())
    own = {run.key: baseline.baseline_id for run in baseline.entries}
    return Active(baseline=before.baseline, runs={**before.runs, **own})


def _folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []

"""`benchgov compare --sanity`: every active baseline of the regime against itself, and the report on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchgov.cli.common import print_json

if TYPE_CHECKING:
    from benchgov.baselines.store import BaselineStore
    from benchgov.cli.common import Project
    from benchgov.gate.sanity import Checked


def sanity(project: Project, suite: str | None, out: Path | None, output_format: str) -> int:
    """Check, write the report, print it; 0 when every baseline is clean, 1 when one is not.

    Raises:
        BlockedError: the regime has no active baseline.
        TamperError: a baseline is not what was published; the report is not written.
    """
    from benchgov.cli.baseline_derive import DOCS
    from benchgov.cli.baseline_input import all_stores, store_for
    from benchgov.errors import BlockedError
    from benchgov.files import write_atomic
    from benchgov.gate.sanity import check, sanity_page

    regime, policy = project.settings.regime, project.settings.policy
    stores = all_stores(project) if suite is None else [store_for(project, suite)]
    checked = [check(store.read(regime, name), policy) for store in stores for name in _active(store, regime)]
    if not checked:
        raise BlockedError(
            f"no baseline is active in regime {regime}",
            remedy="Make one: `benchgov baseline generate SUITE --activate`, in a reviewed change.",
        )
    page = sanity_page(regime, checked)
    path = out or project.root / DOCS / f"ci_comparison_report_{regime}.txt"
    write_atomic(path, page.encode("utf-8"))
    if output_format == "json":
        print_json(project.rim, _as_json(regime, checked))
    else:
        project.rim.stdout.write(page)
    return 0 if all(one.clean for one in checked) else 1


def _active(store: BaselineStore, regime: str) -> list[str]:
    """The ids of what is active in any environment, after the index was checked."""
    store.check_index(regime)
    index = store.index(regime)
    return sorted({name for active in index.active.values() for name in active.ids} if index else ())


def _as_json(regime: str, checked: list[Checked]) -> dict[str, Any]:
    from benchgov.gate.sanity import is_clean

    return {
        "regime": regime,
        "clean": all(one.clean for one in checked),
        "baselines": [
            {
                "suite": one.baseline.suite,
                "baseline_id": one.baseline.baseline_id,
                "modes": {mode: is_clean(comparison) for mode, comparison in one.by_mode.items()},
                "comparisons": {mode: found.to_json() for mode, found in one.by_mode.items()},
            }
            for one in checked
        ],
    }


def refuse_others(report: Path | None, given: Mapping[str, Any]) -> None:
    """A sanity check takes everything from the store; raises UsageError for what says otherwise."""
    from benchgov.errors import UsageError

    names = {
        "baseline": "--baseline",
        "ref": "--baseline-ref",
        "thresholds": "--threshold",
        "missing": "--missing",
        "authoritative": "--authoritative",
    }
    others = [flag for key, flag in names.items() if given.get(key)]
    others += ["REPORT"] if report else []
    if others:
        raise UsageError(f"--sanity with {', '.join(others)}: it compares baselines with themselves")

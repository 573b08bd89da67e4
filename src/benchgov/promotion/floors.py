"""The fence's floors, as `docs/trust-tiers.yaml` has them."""

from __future__ import annotations

from pathlib import Path

from benchgov.eval.fence import Floors
from benchgov.promotion.tiers import FILE, load_tiers


def floors_of(root: Path) -> Floors:
    """The floors of the repository at `root`; the fence's own where it has no tiers.

    Raises:
        TierConfigError: the file is there, and not valid.
    """
    path = root / FILE
    if not path.exists():
        return Floors()
    config = load_tiers(path)
    return Floors(config.case_floor, config.held_out, config.tiers)

"""What a measurement tells while it goes on."""

from __future__ import annotations

from typing import Protocol

from benchgov.measure.plan import Planned
from benchgov.report import Run


class Progress(Protocol):
    """Told what goes on."""

    def begin(self, planned: Planned) -> None:
        """`planned` is about to run for the first time."""

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """Both revisions of `planned` are about to be measured, up to `pairs` pairs, for look 1 … `looks`."""

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """The command of a source is about to run, for the `number`-th of `total` times."""

    def found(self, count: int) -> None:
        """A source, planned as one, gave `count` runs; a `done` for each follows."""

    def done(self, run: Run) -> None:
        """A run is complete, whatever its outcome."""

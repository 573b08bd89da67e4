"""Imports `bench.<task-class>.…` from one bench's folder, without listing any.

The import system's own finder lists the folders that it looks into, and a confined process may not list the
folder that the cases of a bench lie in. Hyphens in a task class's name are no obstacle either.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PREFIX = "bench"


class BenchFinder:
    """Finds the modules of the bench at `bench_path`, whatever the folder above it is called."""

    def __init__(self, bench_path: Path) -> None:
        self._top = f"{PREFIX}.{bench_path.name}"
        self._bench_path = bench_path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module of the bench lies; None for every other module, and for one that is not there."""
        del path, target
        if fullname == PREFIX:
            return _namespace(fullname, self._bench_path.parent)
        if fullname != self._top and not fullname.startswith(self._top + "."):
            return None
        place = self._bench_path.joinpath(*fullname[len(self._top) :].split("."))
        for file, folder in (
            (place / "__init__.py", [str(place)]),
            (place.with_name(place.name + ".py"), None),
        ):
            if file.is_file():
                return spec_from_file_location(fullname, file, submodule_search_locations=folder)
        return _namespace(fullname, place) if place.is_dir() else None

    def install(self) -> None:
        """Ask this finder first, from now on."""
        # By what it does it is a `MetaPathFinder`; `importlib.abc` loads more than all that a rubric needs.
        sys.meta_path.insert(0, self)


def _namespace(name: str, folder: Path) -> ModuleSpec:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return spec

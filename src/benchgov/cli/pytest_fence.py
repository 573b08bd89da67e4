"""The fence as a pytest plugin: an item for each task class, when `--benchgov-fence` or the ini key asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from benchgov.eval.fence import Floors

FLAG = "benchgov_fence"
ROOT = "benchgov_bench_root"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag and the two ini keys."""
    parser.getgroup("benchgov").addoption(
        "--benchgov-fence",
        action="store_true",
        dest=FLAG,
        help="Check that the benches honour their contract.",
    )
    parser.addini(FLAG, "check that the benches honour their contract", type="bool", default=False)
    parser.addini(ROOT, "folder of the benches, below the root", default="bench")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add an item for each task class; without the flag this is all that the plugin does."""
    if not (config.getoption(FLAG) or config.getini(FLAG)):
        return
    from benchgov.eval.fence import benches
    from benchgov.promotion.floors import floors_of

    floors = floors_of(config.rootpath)
    for folder in benches(config.rootpath / config.getini(ROOT)):
        items.append(
            FenceItem.from_parent(session, name=f"fence[{folder.name}]", folder=folder, floors=floors)
        )


class BreachedError(Exception):
    """The breaches of one bench, a line each."""


class FenceItem(pytest.Item):
    """The fence around one task class."""

    def __init__(self, *, folder: Path, floors: Floors, **rest: Any) -> None:
        super().__init__(**rest)
        self.folder, self.floors = folder, floors

    def runtest(self) -> None:
        """Check it.

        Raises:
            BreachedError: it does not honour the contract.
        """
        from benchgov.eval.fence import check_bench

        breaches = check_bench(self.folder, self.floors)
        if breaches:
            raise BreachedError("\n".join(map(str, breaches)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The breaches alone; where they were found in the plugin's code helps nobody."""
        if excinfo.errisinstance(BreachedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says that it is."""
        return self.folder, None, self.name

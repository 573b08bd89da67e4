"""What the commands share: options, settings, and how a result is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchgov.rim import Rim, real_rim

if TYPE_CHECKING:
    from rich.console import Console

    from benchgov.audit.files import LogFiles
    from benchgov.config import Settings

F = TypeVar("F", bound=Callable[..., Any])
Item = TypeVar("Item")
Done = TypeVar("Done")

format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print the result.",
)
config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="Settings file.  [default: benchgov.yaml at the repository's root]",
)


@dataclass(frozen=True)
class Project:
    """The user's repository: its root, its settings, and the rim to reach everything else."""

    root: Path
    settings: Settings
    rim: Rim

    @property
    def output_dir(self) -> Path:
        """Folder for reports and other results."""
        return self.root / self.settings.output_dir

    def audit_log(self, given: str | None = None) -> LogFiles:
        """The audit log that --store names, or else that of the settings."""
        from benchgov.audit.opening import open_log

        spec, folder = (given, self.rim.cwd) if given else (self.settings.audit.store, self.root)
        return open_log(spec, folder, self.rim.run, self.rim.now)

    def suite_dir(self, suite: str) -> Path:
        """Folder of the suite named `suite`."""
        return self.root / self.settings.bench_dir / suite


def open_project(
    config_file: Path | None = None, flags: Mapping[tuple[int | str, ...], Any] | None = None
) -> Project:
    """Find the repository around the current folder and load its settings.

    Raises:
        ConfigError: the settings are not valid.
        BlockedError: Git refuses the repository.
    """
    from benchgov.config import load_settings
    from benchgov.git import in_workspace, repository_root

    rim = real_rim()
    rim = replace(rim, run=in_workspace(rim.run, rim.environ))
    root = repository_root(rim.run, rim.cwd)
    return Project(root, load_settings(root, rim.environ, flags, config_file), rim)


def print_json(rim: Rim, value: Any) -> None:
    """Print a JSON value, indented, to standard output."""
    rim.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def console(rim: Rim) -> Console:
    """A rich console on standard output: colours only on a terminal, wide enough for tables elsewhere."""
    from rich.console import Console

    return Console(
        file=rim.stdout,
        no_color=not rim.colour,
        highlight=False,
        width=None if rim.stdout.isatty() else 140,
        soft_wrap=False,
    )


def processors() -> int:
    """How many processors this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(work: Callable[[Item], Done], items: Sequence[Item]) -> Iterator[Done]:
    """`map(work, items)`, by processes of their own, one for each processor at most.

    `work` and `items` go to other processes, so they must be values that can be pickled.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Not forked: what the parent holds open, or has in threads, is not shared.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(len(items), processors()), mp_context=context)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)

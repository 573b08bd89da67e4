"""Where the eval harness reads and writes in a repository, and the options that say otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.eval.vocabulary import SUT_PROCESSES
from benchgov.rim import RunProcess, run_process

if TYPE_CHECKING:
    from benchgov.audit.files import LogFiles
    from benchgov.cli.common import Project
    from benchgov.promotion.verdicts import Places

folder_type = click.Path(path_type=Path)
task_class_option = click.option("--task-class", required=True, metavar="NAME", help="Which task class.")
sut_process_option = click.option(
    "--sut-process",
    type=click.Choice(SUT_PROCESSES),
    help="Of a callable: fresh for each case, or reused.  [default: as registered, or fresh]",
)
scores_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["jsonl", "human"]),
    default="jsonl",
    show_default=True,
    help="How to print the scores.",
)


@dataclass(frozen=True)
class EvalPlaces:
    """Folders of the eval harness: benches, run files, cache, recommendations; and the audit log."""

    root: Path
    bench_root: Path
    runs: Path
    cache: Path
    log_spec: str
    run: RunProcess

    @classmethod
    def of(
        cls,
        project: Project,
        bench_root: Path | None = None,
        runs: Path | None = None,
        cache: Path | None = None,
    ) -> EvalPlaces:
        """The places of a project; what was given on the command line is as seen from the current folder."""
        settings, cwd = project.settings, project.rim.cwd
        return cls(
            root=project.root,
            bench_root=cwd / bench_root if bench_root else project.root / settings.bench_dir,
            runs=cwd / runs if runs else project.root / settings.eval.default_out_dir,
            cache=cwd / cache if cache else project.root / settings.eval.cache_dir,
            log_spec=settings.audit.store,
            run=project.rim.run,
        )

    @classmethod
    def from_settings(cls, root: Path, settings: Mapping[str, Any], given: Mapping[str, Any]) -> EvalPlaces:
        """The same from kept settings, for who does not run Git."""
        cwd = Path.cwd()

        def place(option: str, setting: str) -> Path:
            return Path(cwd / given[option] if given[option] else root / settings[setting])

        return cls(
            root=root,
            bench_root=place("bench_root", "bench_dir"),
            runs=place("out", "default_out_dir"),
            cache=place("cache_dir", "cache_dir"),
            log_spec=settings["store"],
            run=run_process,
        )

    def is_new(self, task_class: str) -> bool:
        """Whether no score of a task class is in the cache."""
        from benchgov.eval.cache import Cache

        return not Cache(self.cache).knows(task_class)

    @property
    def log(self) -> LogFiles:
        """The audit log."""
        from benchgov.audit.opening import open_log

        return open_log(self.log_spec, self.root, self.run, lambda: datetime.now(UTC))

    @property
    def recommendations(self) -> Path:
        """Folder of the promotion verdicts."""
        return self.runs.parent / "recommendations"

    def for_verdict(self, project: Project) -> Places:
        """The places that a promotion verdict is made from."""
        from benchgov.promotion.verdicts import Places

        return Places(project.root, self.log, self.bench_root, self.runs, self.recommendations)

    def shown(self, path: Path | None) -> str:
        """A path as a person sees it: from the repository's root, if it is below that."""
        if path is None:
            return "none"
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def verify_log(self, **more: Any) -> Any:
        """Verify the audit log, if there is one, before anything is done.

        Raises:
            TamperError: it is not what was written.
        """
        log = self.log
        if not log.present():
            return None
        from benchgov.audit.verification import verify

        found = verify(log, **more)
        if found.divergence:
            raise found.divergence.error()
        return found

    def changed(self, digests: Path, folder: Path) -> Sequence[str]:
        """The files of a case that changed since its digests were last committed, as Git knows."""
        from benchgov.git import changed_since

        return changed_since(self.run, digests, folder)

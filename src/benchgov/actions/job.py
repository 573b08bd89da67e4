"""One step of a job: calls benchgov's commands, and turns how they end into the step's result."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.actions.workflow import Workflow
from benchgov.cli.common import Project, open_project
from benchgov.cli.main import run_cli
from benchgov.errors import BenchgovError, BlockedError, ExitCode

Sleep = Callable[[float], None]

_MOST_DETAILS = 5
"""How many details of a blocked command are told in an annotation; the log has them all."""

_KEPT_FROM_BENCHMARKS = (
    "INPUT_",
    "ACTIONS_",
    "GITHUB_TOKEN",
    "GITHUB_OUTPUT",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
)


class StepFailedError(Exception):
    """A command ended in trouble that is no verdict: the step fails with `code`; it has been said why.

    `error` is what the command raised, where it was foreseen, and `stdout` what it had printed, if captured.
    """

    def __init__(self, code: int, error: BenchgovError | None = None, stdout: str = "") -> None:
        super().__init__(f"exit code {code}")
        self.code = code
        self.error = error
        self.stdout = stdout


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code 0, 1 or 2, and why it was blocked when it says so without a result."""

    code: int
    stdout: str = ""
    blocked: str = ""


@dataclass(frozen=True)
class Job:
    """What an action works with: the runner, this process's variables, a way to wait, and the workspace."""

    workflow: Workflow
    environ: MutableMapping[str, str]
    sleep: Sleep
    workspace: Path

    def project(self, config: str) -> Project:
        """The user's repository and its settings; raises `ConfigError`."""
        return open_project(Path(config) if config else None)

    def command(
        self, arguments: Sequence[str], *, capture: bool = False, variables: Mapping[str, str] | None = None
    ) -> Ended:
        """Run `benchgov ARGUMENTS` in this process, with its output quoted, as benchmarks write into it.

        Before it, this process drops the variables that benchmarks and probes, which inherit them, have no
        business with. `variables` are there for this command only: it must be one that runs no benchmark.

        Raises:
            StepFailedError: it ended with a code that is no verdict, or its input was not usable.
        """
        errors: list[BenchgovError] = []
        captured = io.StringIO()
        self._hide_credentials()
        self.workflow.say(f"benchgov {' '.join(arguments)}")
        with self.workflow.quoted(), contextlib.ExitStack() as stack:
            if capture:
                stack.enter_context(contextlib.redirect_stdout(captured))
            stack.enter_context(self._with(variables or {}))
            code = run_cli(list(arguments), errors.append)
        return self._judge(arguments[0], int(code), errors, captured.getvalue())

    @contextlib.contextmanager
    def _with(self, variables: Mapping[str, str]) -> Iterator[None]:
        self.environ.update(variables)
        try:
            yield
        finally:
            for name in variables:
                del self.environ[name]

    def _judge(self, name: str, code: int, errors: list[BenchgovError], stdout: str) -> Ended:
        error = errors[0] if errors else None
        if isinstance(error, BlockedError):
            return Ended(ExitCode.BLOCKED, stdout, "; ".join([str(error), *error.details[:_MOST_DETAILS]]))
        if error is not None:
            self.tell(error)
            raise StepFailedError(code or ExitCode.BUG, error, stdout)
        if code not in (ExitCode.OK, ExitCode.FAILED, ExitCode.BLOCKED):
            self.workflow.annotate(
                "error", f"benchgov {name} ended with exit code {code}; the log says why", title="benchgov"
            )
            raise StepFailedError(code)
        return Ended(code, stdout)

    def tell(self, error: BenchgovError) -> None:
        """Annotate the step with a foreseen error: what failed, every detail, and what to do next."""
        lines = [str(error), *error.details, *([f"next: {error.remedy}"] if error.remedy else [])]
        self.workflow.annotate("error", "\n".join(lines), title="benchgov")

    def blocked(self, reason: str, *, fail: bool) -> int:
        """Say that there is no verdict, and why; the step's exit code, which is 0 unless `fail`."""
        self.workflow.annotate("error" if fail else "warning", reason, title="benchgov: blocked")
        return int(ExitCode.BLOCKED) if fail else 0

    def shown(self, path: Path) -> str:
        """`path` as outputs have it: relative to the workspace, as later steps need it, else absolute."""
        with contextlib.suppress(ValueError):
            return os.fspath(path.resolve().relative_to(self.workspace.resolve()))
        return os.fspath(path)

    def _hide_credentials(self) -> None:
        for name in [name for name in self.environ if name.startswith(_KEPT_FROM_BENCHMARKS)]:
            del self.environ[name]


def option(name: str, value: object) -> list[str]:
    """`["--name", "value"]`, or nothing for a value that was not given."""
    return [] if value in (None, "", ()) else [f"--{name}={value}"]

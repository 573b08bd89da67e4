"""`python -m benchgov.actions ACTION`: what an action's step runs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import TextIO

from benchgov.actions.job import Job, Sleep, StepFailedError
from benchgov.actions.registry import ACTIONS, module_of
from benchgov.actions.workflow import Workflow
from benchgov.errors import BenchgovError, ExitCode, InputError
from benchgov.files import inside


def run_action(name: str, environ: MutableMapping[str, str], stdout: TextIO, sleep: Sleep) -> int:
    """Run one action in the current folder, which is the workspace; returns its step's exit code.

    Every error is an annotation.
    """
    job = Job(Workflow(stdout, environ), environ, sleep, Path.cwd())
    try:
        module = module_of(name)
        inputs = module.Inputs.from_environ(environ)
        _enter(job.workspace, inputs.working_directory)
        return int(module.run(inputs, job))
    except StepFailedError as failure:
        return failure.code
    except BenchgovError as error:
        job.tell(error)
        return int(error.exit_code)
    except Exception as error:  # the last resort: a bug must not look like a verdict
        job.workflow.annotate("error", f"bug: {type(error).__name__}: {error}", title="benchgov")
        return int(ExitCode.BUG)


def _enter(workspace: Path, folder: str) -> None:
    target = inside(workspace, folder, where="working-directory")
    try:
        os.chdir(target)
    except OSError as error:
        raise InputError(f"cannot be entered: {error.strerror}", where="working-directory") from error


def main() -> int:
    """Run the action that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in ACTIONS:
        sys.stderr.write(f"usage: python -m benchgov.actions {{{','.join(ACTIONS)}}}\n")
        return int(ExitCode.USAGE)
    # One stream: the runner reads two in no order, and text must not leave the quotes put around it.
    sys.stdout.flush()
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    return run_action(sys.argv[1], os.environ, sys.stdout, time.sleep)


if __name__ == "__main__":
    sys.exit(main())

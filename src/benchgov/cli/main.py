"""The `benchgov` program: finds the command, and turns every error into one message and one exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from benchgov import __version__
from benchgov.cli.lazy import LazyGroup
from benchgov.errors import BenchgovError, ExitCode, exit_code_for

COMMANDS: dict[str, tuple[str, str]] = {
    "verify-env": (
        "benchgov.cli.verify_env:verify_env",
        "Check that this machine is the pinned environment.",
    ),
    "run": ("benchgov.cli.run:run", "Measure a suite and write its report."),
    "plan": ("benchgov.cli.plan:plan", "Spread a suite over the jobs of a matrix."),
    "merge": ("benchgov.cli.merge:merge", "Join the reports of a matrix into one."),
    "import": ("benchgov.cli.import_:import_", "Read the results of another benchmark tool into a report."),
    "tools": ("benchgov.cli.import_:tools", "List the tools whose results can be read."),
    "control": (
        "benchgov.cli.control:control",
        "Measure how often this machine raises a false alarm, and what it can see.",
    ),
    "report": ("benchgov.cli.report:report", "Print a report."),
    "compare": ("benchgov.cli.compare:compare", "Hold a report against its baseline and give a verdict."),
    "replay": ("benchgov.cli.replay:replay", "Run the plan of a report again; the results must be the same."),
    "history": ("benchgov.cli.history:history", "Find the changes in a history of many reports."),
    "baseline": ("benchgov.cli.baseline:baseline", "Generate, approve and verify immutable baselines."),
    "regime": ("benchgov.cli.regime:regime", "Start a new regime, and see which ones there were."),
    "eval": ("benchgov.cli.eval:eval_", "Run the cases of a task class, and verify what was run."),
    "fence": ("benchgov.cli.fence:fence", "Check that the benches of task classes honour their contract."),
    "bench": ("benchgov.cli.bench:bench", "Begin a bench, add cases to it, and keep their digests."),
    "promote": ("benchgov.cli.propose:promote", "Propose a tier to people, with its evidence."),
    "audit": ("benchgov.cli.audit:audit", "Append to the audit log, and verify it."),
    "dossier": ("benchgov.cli.dossier:dossier", "Render the release report."),
}
"""Command → (`module:attribute`, help line). The module is imported when the command is called."""


COMPLETION = "_BENCHGOV_COMPLETE"
"""Set by the shell, this variable asks click for completions instead of running a command."""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="benchgov %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Make benchmark claims trustworthy: pinned environments, immutable baselines, an audit log.

    The path: verify-env, run, compare, audit append, dossier render. Results go to standard output,
    diagnostics to standard error. Exit codes: 0 good, 1 regression or failure, 2 blocked or not
    comparable, 3 unreadable log, 4 refused, 5 tampered evidence, 64 wrong usage, 65 bad input,
    70 a bug in benchgov, 74 cannot write, 78 bad configuration.
    """
    ctx.obj = debug


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program with `arguments` (default: those of the process) and exit."""
    if COMPLETION in os.environ:
        cli.main(prog_name="benchgov", complete_var=COMPLETION)
    code = run_cli(sys.argv[1:] if arguments is None else arguments)
    # Python would look through all that was loaded, several times, for what only refers to itself: that takes
    # longer than many a command, and the memory is given back anyway.
    gc.freeze()
    sys.exit(code)


def run_cli(arguments: list[str], tell: Callable[[BenchgovError], None] | None = None) -> int:
    """Run the program and return its exit code; the only place where an error becomes one.

    `tell` is given a foreseen error after it was printed: an action annotates its step with it.
    """
    debug = "--debug" in arguments
    try:
        # Not `cli.main`: it ends a broken pipe with 1, which here means a regression.
        with cli.make_context("benchgov", list(arguments)) as context:
            result: Any = cli.invoke(context)
        return int(result) if isinstance(result, int) else ExitCode.OK
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("benchgov: interrupted\n")
        return 130
    except BrokenPipeError:
        return _reader_has_gone()
    except BenchgovError as error:
        _maybe_traceback(debug)
        print_error(error)
        if tell:
            tell(error)
        return exit_code_for(error, _command_of(arguments))
    except Exception as error:  # the last resort: a bug must not look like a verdict
        _maybe_traceback(debug)
        sys.stderr.write(
            f"benchgov: bug: {type(error).__name__}: {error}\n"
            "  next: run again with --debug and report the traceback.\n"
        )
        return ExitCode.BUG


def print_error(error: BenchgovError) -> None:
    """Write what failed, where, every detail, and what to do next, to standard error."""
    sys.stderr.write(f"benchgov: {error}\n")
    for detail in error.details:
        sys.stderr.write(f"  {detail}\n")
    if error.remedy:
        sys.stderr.write(f"  next: {error.remedy}\n")


def _command_of(arguments: list[str]) -> str:
    return next((word for word in arguments if not word.startswith("-")), "")


def _maybe_traceback(debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()


def _reader_has_gone() -> int:
    """`benchgov … | head`: stop quietly, as other programs do (128 + SIGPIPE)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141

"""`benchgov eval`: the commands of the eval harness, each imported when it is called."""

from __future__ import annotations

import click

from benchgov.cli.lazy import LazyGroup

COMMANDS = {
    "run": ("benchgov.cli.eval_run:run", "Score the cases of a task class."),
    "verify": ("benchgov.cli.eval_verify:verify", "Verify the recorded runs."),
    "promote-verdict": (
        "benchgov.cli.eval_verdict:promote_verdict",
        "Say whether the recorded runs suffice for a tier.",
    ),
    "merge": ("benchgov.cli.eval_merge:merge", "Join the shards of a run into its report."),
    "diff": ("benchgov.cli.eval_tools:diff", "Show what flipped between two runs."),
    "mutate": ("benchgov.cli.eval_mutate:mutate", "Count the wrong answers that a rubric lets pass."),
    "calibrate-tiers": ("benchgov.cli.eval_tools:calibrate_tiers", "Propose thresholds from recorded runs."),
    "explain-cache": ("benchgov.cli.eval_explain:explain_cache", "Say why a case is not in the cache."),
    "levels": ("benchgov.cli.eval_explain:levels", "List how far this machine can isolate a rubric."),
}


@click.group("eval", cls=LazyGroup, table=COMMANDS, no_args_is_help=True)
def eval_() -> None:
    """Score task classes: run their cases through a system under test, and let an isolated rubric judge.

    Results go to standard output as JSON lines, everything else to standard error.

    \b
    Exit codes: 0 done
                1 the harness could not do its work
                2 the run reached its cost cap; its report is partial
                3 no such task class
                4 there is no folder of benches
                5 the audit log, or a run file, was tampered with
                6 a case cannot be loaded, or is not what its digest says
    """

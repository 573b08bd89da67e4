"""Every error that benchgov raises on purpose, with its exit code and its remedy, in one table.

A class is a meaning; `exit_code` is what the process ends with. A command may give a malformed
input a code of its own (`INPUT_EXIT_CODES`), because callers of that command already branch on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a benchgov process ends with. 0 to 6 carry a verdict; 64 and up follow sysexits(3)."""

    OK = 0
    FAILED = 1  # regression, functional failure, stale or missing evidence
    BLOCKED = 2  # drift, unmet precondition, parity failure, not comparable
    MALFORMED = 3  # a log or a stored run that cannot be read
    REFUSED = 4  # validation or authorization failure: of a baseline, or of what would be recorded
    TAMPERED = 5  # the audit chain does not verify
    DIGEST = 6  # an eval case is not what its digest says
    USAGE = 64
    BAD_INPUT = 65
    BUG = 70
    CANNOT_WRITE = 74
    BAD_CONFIG = 78


class BenchgovError(Exception):
    """A failure that was foreseen: says what failed, where, and what to do next.

    `details` are further lines (one fault each), printed below the message.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    default_remedy: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = self.default_remedy if remedy is None else remedy
        self.details = tuple(details)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UsageError(BenchgovError):
    """The command line asks for something that the command does not do."""

    exit_code = ExitCode.USAGE
    default_remedy = "See `benchgov COMMAND --help`."


class ConfigError(BenchgovError):
    """`benchgov.yaml`, or a BENCHGOV_* variable, is not valid."""

    exit_code = ExitCode.BAD_CONFIG
    default_remedy = "Correct it; docs/reference/configuration.md lists every key."


class InputError(BenchgovError):
    """A manifest, report or other given file is missing, malformed, too large or not UTF-8."""

    exit_code = ExitCode.BAD_INPUT
    default_remedy = "Correct the file, or make it again with the command that wrote it."


class OutputError(BenchgovError):
    """A result could not be written; nothing half-written was left behind."""

    exit_code = ExitCode.CANNOT_WRITE
    default_remedy = "Check that the folder exists, is writable, and that the disk has room."


class LostRaceError(OutputError):
    """Somebody else moved the branch since it was read."""

    default_remedy = "Nothing was recorded; do it again."


class RemoteError(OutputError):
    """The remote does not take the commit."""

    default_remedy = "Nothing was recorded. Look at what may be pushed to the branch, and do it again."


class UnreachableError(OutputError):
    """The remote does not answer."""

    default_remedy = "Nothing was recorded. Do it again when the remote answers."


class BlockedError(BenchgovError):
    """A precondition is not met, so there is no verdict: this is trouble, not a regression."""

    exit_code = ExitCode.BLOCKED
    default_remedy = "Meet the precondition and run again."


class RefusedError(BenchgovError):
    """A rule about baselines, approvals, or what may be recorded is not kept."""

    exit_code = ExitCode.REFUSED
    default_remedy = "Satisfy the rule that is named; baselines are never forced."


class TamperError(BenchgovError):
    """Published evidence is not what was published."""

    exit_code = ExitCode.TAMPERED
    default_remedy = "Restore the named file from version control or an anchored copy; then verify again."


class ProofError(TamperError):
    """A proof, or a signature, does not show what it claims."""

    default_remedy = "Do not rely on it: ask for the proof again, and for the checkpoint from somebody else."


class EvalError(BenchgovError):
    """The eval harness could not do its work; no score says so."""

    exit_code = ExitCode.FAILED
    default_remedy = "Correct what is named and run again; scored cases are in the cache."


class CostCapError(EvalError):
    """The run reached `--max-cost-usd`; what it scored until then is in a partial report."""

    exit_code = ExitCode.BLOCKED
    default_remedy = "Raise --max-cost-usd, or run fewer cases; the scored ones are cached."


class TaskClassNotFoundError(EvalError):
    """No task class has that name."""

    exit_code = ExitCode.MALFORMED
    default_remedy = "Name one that is there, or begin it with `benchgov bench new`."


class TaskClassAlreadyRegisteredError(EvalError):
    """Two registrations claim one name."""

    default_remedy = "Rename one of them."


class TaskClassIncompleteError(EvalError):
    """A bench lacks a file, or a file of it says what it may not."""

    default_remedy = "`benchgov fence` lists every breach."


class BenchFolderMissingError(EvalError):
    """The folder of a task class, or of all of them, is not there."""

    exit_code = ExitCode.REFUSED
    default_remedy = "Check --bench-root, or begin the bench with `benchgov bench new`."


class BenchCaseError(EvalError):
    """A case cannot be loaded, collides with another, or is not what its digest says."""

    exit_code = ExitCode.DIGEST
    default_remedy = (
        "Restore the case; or, if the change is meant, review it and run `benchgov bench digest --write`."
    )


class IsolationUnavailableError(EvalError):
    """This machine cannot isolate a rubric as far as was asked for."""

    default_remedy = "Choose a level that `benchgov eval levels` lists, or lower --min-isolation in the open."


class PromotionMustBeHumanAuthorizedError(RefusedError):
    """Something tried to apply a promotion. Nothing but a reviewed pull request does."""

    default_remedy = (
        "Edit docs/trust-tiers.yaml in a pull request that a code owner approves, and amend an ADR."
    )


class IncompleteReportError(RefusedError):
    """A partial report is no evidence for a promotion."""

    default_remedy = (
        "Run all cases: `benchgov eval run --task-class=NAME` without --cases, under the cost cap."
    )


class TierConfigError(RefusedError):
    """`docs/trust-tiers.yaml` is not valid."""

    default_remedy = "Correct it; docs/schemas/trust-tiers.json describes it."


# What a malformed or missing input means for a command whose exit codes already say it.
INPUT_EXIT_CODES: dict[str, ExitCode] = {
    "run": ExitCode.BLOCKED,
    "compare": ExitCode.BLOCKED,
    "replay": ExitCode.BLOCKED,
    "plan": ExitCode.BLOCKED,
    "merge": ExitCode.BLOCKED,
    "history": ExitCode.MALFORMED,
    "import": ExitCode.MALFORMED,
    "report": ExitCode.MALFORMED,
    "baseline": ExitCode.REFUSED,
    "regime": ExitCode.REFUSED,
    "dossier": ExitCode.FAILED,
    "eval": ExitCode.FAILED,
    "fence": ExitCode.FAILED,
    "bench": ExitCode.FAILED,
    "promote": ExitCode.REFUSED,
}


def exit_code_for(error: BenchgovError, command: str) -> ExitCode:
    """The exit code of `error` when the top-level command named `command` ends with it."""
    if isinstance(error, InputError):
        return INPUT_EXIT_CODES.get(command, error.exit_code)
    return error.exit_code

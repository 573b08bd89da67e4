"""The table of errors: one meaning per code, and a remedy for each."""

from __future__ import annotations

import inspect

from benchgov import errors
from benchgov.errors import BenchgovError, EvalError, ExitCode, InputError, RefusedError, exit_code_for

CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, BenchgovError) and cls is not BenchgovError
]


def test_every_error_has_a_docstring_and_a_remedy() -> None:
    """A user is told what to do next, whatever goes wrong."""
    assert {cls.__name__ for cls in CLASSES if not issubclass(cls, EvalError)} == {
        "BlockedError",
        "ConfigError",
        "IncompleteReportError",
        "InputError",
        "LostRaceError",
        "OutputError",
        "PromotionMustBeHumanAuthorizedError",
        "ProofError",
        "RefusedError",
        "RemoteError",
        "TamperError",
        "TierConfigError",
        "UnreachableError",
        "UsageError",
    }
    for cls in CLASSES:
        assert cls.__doc__
        assert cls("x").remedy


def test_no_two_meanings_share_a_code() -> None:
    """Codes are shared only by kinds of one meaning: those that derive from each other.

    The commands of the eval harness have codes of their own meaning, 1 to 6.
    """
    assert {cls.exit_code for cls in CLASSES if issubclass(cls, EvalError)} == {1, 2, 3, 4, 6}
    general = [cls for cls in CLASSES if not issubclass(cls, EvalError)]
    for one in general:
        for other in general:
            if one.exit_code == other.exit_code:
                assert issubclass(one, other) or issubclass(other, one) or one.__base__ is other.__base__
    assert len({int(code) for code in ExitCode}) == len(list(ExitCode))


def test_an_error_is_never_a_pass_nor_a_bug() -> None:
    """A foreseen error ends neither with 0 nor with the code of a bug."""
    for cls in CLASSES:
        assert cls.exit_code not in {ExitCode.OK, ExitCode.BUG}


def test_a_malformed_input_takes_the_code_of_its_command() -> None:
    """The same fault is 3 for `report`, 4 for `baseline`, and 65 where a command has no code for it."""
    fault = InputError("empty", where="f")
    assert exit_code_for(fault, "report") == 3
    assert exit_code_for(fault, "baseline") == 4
    assert exit_code_for(fault, "run") == exit_code_for(fault, "compare") == 2
    assert exit_code_for(fault, "dossier") == 1
    assert exit_code_for(fault, "audit") == 65
    assert exit_code_for(RefusedError("no"), "run") == 4
    assert str(fault) == "f: empty"

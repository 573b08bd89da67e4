"""What a score of this task class is made of."""

from enum import StrEnum


class BreakdownKey(StrEnum):
    """The parts of a score, each in [0, 1]; README.md says what each asks and weighs."""

    STATUS = "status"
    INSTALLED = "installed"
    PARSES = "parses"
    SCOPE = "scope"
    FIXED = "fixed"
    AGREEMENT = "agreement"
    INTEGRITY = "integrity"
    MINIMAL = "minimal"
    FORMATTING = "formatting"

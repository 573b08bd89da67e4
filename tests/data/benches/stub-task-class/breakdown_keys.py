"""What a score of this task class is made of."""

from enum import StrEnum


class BreakdownKey(StrEnum):
    """The one part of the score."""

    RIGHT = "right"

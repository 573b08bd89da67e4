"""Words that reports and the harness share, for code that must not wait for the wire types."""

from __future__ import annotations

from typing import Literal

IsolationClass = Literal["in-process", "subprocess", "landlock", "bubblewrap", "container", "microvm"]

ISOLATION_LEVELS: tuple[IsolationClass, ...] = (
    "in-process",
    "subprocess",
    "landlock",
    "bubblewrap",
    "container",
    "microvm",
)
"""How far what scores is kept apart from what it scores, from the weakest to the strongest."""

SutProcess = Literal["fresh", "reused"]

SUT_PROCESSES: tuple[SutProcess, ...] = ("fresh", "reused")
"""Whether a system under test has a process of its own for each case, or one that answers case after case."""

HARNESS_PREFIXES = ("sut.", "rubric.", "harness.")
"""What the code of a failure of the harness begins with; no taxonomy may have such a code."""

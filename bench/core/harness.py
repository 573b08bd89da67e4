"""The harness's own cost: `n` samples through a session, beside `n` processes started the plain way."""

from __future__ import annotations

import os
import subprocess
import sys

from benchgov.measure.overhead import callable_overheads, command_overheads


def fork_samples(n: int) -> int:
    """`n` samples of a callable that does nothing, each in a fresh fork of one prepared process."""
    return len(callable_overheads(n, os.environ))


def interpreter_samples(n: int) -> int:
    """The plain way: a new interpreter for each sample."""
    for _ in range(n):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    return n


def command_samples(n: int) -> int:
    """`n` samples of a command that does nothing."""
    return len(command_overheads(n, os.environ))


def plain_commands(n: int) -> int:
    """The plain way: `subprocess.run`."""
    for _ in range(n):
        subprocess.run(["true"], check=True)
    return n


def start_click(n: int) -> int:
    """Start Python and import click, `n` times: the least that a program with such a command line costs."""
    for _ in range(n):
        subprocess.run([sys.executable, "-c", "import click"], check=True)
    return n


def start_help(n: int) -> int:
    """Start `benchgov --help`, `n` times."""
    for _ in range(n):
        subprocess.run([sys.executable, "-m", "benchgov", "--help"], check=True, stdout=subprocess.DEVNULL)
    return n

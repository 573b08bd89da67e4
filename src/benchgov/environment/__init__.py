"""Environment: what machine is this, and is it the pinned one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchgov.config import EnvironmentConfig
from benchgov.environment.pinned import judge
from benchgov.environment.probe import gather
from benchgov.report import Environment
from benchgov.rim import RunProcess


def check(
    config: EnvironmentConfig, *, run: RunProcess, environ: Mapping[str, str], folder: Path
) -> Environment:
    """Probe this machine and hold it against the pins of `config`.

    Raises:
        ConfigError: a pin names nothing known, or cannot be read.
        BlockedError: the machine does not say how much memory it has.
    """
    return judge(gather(config, run=run, environ=environ, folder=folder), config)

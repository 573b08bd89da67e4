"""Gather the facts of this machine: the system itself, and the versions of the tools that matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchgov.config import EnvironmentConfig
from benchgov.environment.machine import System, describe, image_of, this_system
from benchgov.environment.pins import probes_of
from benchgov.environment.tools import tool_version
from benchgov.report import Facts
from benchgov.rim import RunProcess


def gather(
    config: EnvironmentConfig,
    *,
    run: RunProcess,
    environ: Mapping[str, str],
    folder: Path,
    system: System | None = None,
) -> Facts:
    """The facts of `system` (default: this one). Tools are those that are pinned or have a probe.

    A tool that is missing has the version `not found`; one that does not answer, `unreadable: why`.

    Raises:
        ConfigError: a pin names nothing known, or cannot be read.
        BlockedError: the machine does not say how much memory it has.
    """
    probes = probes_of(config)
    system = system or this_system()
    os_id, cpu_model, memory_mb = describe(system, run)
    return Facts(
        os=os_id,
        kernel=system.kernel,
        image=image_of(environ),
        arch=system.arch,
        cpu_model=cpu_model,
        cpu_count=system.cpu_count,
        memory_mb=memory_mb,
        python=system.python,
        tools={name: tool_version(probe, run, folder) for name, probe in probes.items()},
    )

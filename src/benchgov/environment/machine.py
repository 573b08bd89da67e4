"""The facts of a machine itself: /proc and /etc/os-release on Linux, sysctl and sw_vers on macOS."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import BlockedError
from benchgov.rim import RunProcess

_TIMEOUT_SECONDS = 10.0
_MAX_SOURCE_BYTES = 1 << 20
UNKNOWN = "unknown"


@dataclass(frozen=True)
class System:
    """What the interpreter knows about the machine, and the folder below which /proc and /etc are found."""

    name: str
    kernel: str
    arch: str
    cpu_count: int
    python: str
    root: Path = Path("/")


def this_system() -> System:
    """The system that this process runs on. CPUs are those that the process may use."""
    return System(
        name=sys.platform,
        kernel=platform.release() or UNKNOWN,
        arch=platform.machine() or UNKNOWN,
        cpu_count=_usable_cpus(),
        python=_python(),
    )


def _usable_cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _python() -> str:
    name, version = platform.python_implementation(), platform.python_version()
    return version if name == "CPython" else f"{name} {version}"


def image_of(environ: Mapping[str, str]) -> str:
    """The runner image, as `ubuntu22-20250105.1.0`; `none` where no hosted runner names one."""
    name, version = environ.get("ImageOS", ""), environ.get("ImageVersion", "")
    return "-".join(_clean(part) for part in (name, version) if part.strip()) or "none"


def describe(system: System, run: RunProcess) -> tuple[str, str, int]:
    """(os such as `ubuntu-22.04`, CPU model, memory in MB of 1024² bytes).

    Raises:
        BlockedError: the memory size cannot be read.
    """
    if system.name == "darwin":
        return _describe_macos(run)
    return (_linux_os(system), _linux_cpu(system), _linux_memory(system))


def _describe_macos(run: RunProcess) -> tuple[str, str, int]:
    version = _ask(run, "sw_vers", "-productVersion")
    model = _ask(run, "sysctl", "-n", "machdep.cpu.brand_string")
    memory = _ask(run, "sysctl", "-n", "hw.memsize")
    if not memory.isdecimal():
        raise _no_memory("sysctl hw.memsize")
    return (f"macos-{version or UNKNOWN}", model or UNKNOWN, int(memory) // 1024**2)


def _ask(run: RunProcess, *command: str) -> str:
    try:
        done = run(command, Path("/"), _TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return _clean(done.stdout) if done.status == 0 else ""


def _linux_os(system: System) -> str:
    """`ID-VERSION_ID` of os-release(5); a rolling distribution has only its ID."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        fields = dict(re.findall(r"""(?m)^(ID|VERSION_ID)=["']?([^"'\n]*)["']?\s*$""", _read(system, name)))
        if fields.get("ID"):
            return "-".join(_clean(fields[key]) for key in ("ID", "VERSION_ID") if fields.get(key))
    return system.name


def _linux_cpu(system: System) -> str:
    """The model's name; on ARM, where the kernel gives none, implementer, part and revision."""
    text = _read(system, "proc/cpuinfo")
    fields = {key: _clean(value) for key, value in re.findall(r"(?m)^([^\t:\n]+?)\s*:[ \t]*(.*)$", text)}
    for key in ("model name", "cpu model", "cpu", "uarch"):
        if fields.get(key):
            return fields[key]
    parts = [fields[key] for key in ("CPU implementer", "CPU part", "CPU revision") if fields.get(key)]
    return f"arm {'/'.join(parts)}" if parts else UNKNOWN


def _linux_memory(system: System) -> int:
    found = re.search(r"(?m)^MemTotal:\s*(\d+) kB", _read(system, "proc/meminfo"))
    if found is None or int(found[1]) < 1024:
        raise _no_memory("/proc/meminfo")
    return int(found[1]) // 1024


def _no_memory(source: str) -> BlockedError:
    return BlockedError("the memory size cannot be read", where=source)


def _read(system: System, name: str) -> str:
    try:
        with (system.root / name).open("rb") as stream:
            return stream.read(_MAX_SOURCE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _clean(text: str) -> str:
    """Printable, on one line, at most 200 characters: what a machine says about itself is input too."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]

"""Pins: which property or tool each is on, and whether a found version satisfies it."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from benchgov.config import EnvironmentConfig, Probe
from benchgov.environment.tools import DEFAULT_PROBES, DOCKER_IMAGE, image_probe
from benchgov.errors import ConfigError
from benchgov.suggest import did_you_mean

PROPERTIES = ("os", "kernel", "image", "arch", "cpu_model", "cpu_count", "memory_mb", "python")
"""What a pin may be on besides a tool; `memory_mb` is in units of 1024² bytes."""

_NOT_VERSIONS = {"os", "image", "arch", "cpu_model"}
_OPERATORS = ("<", ">", "=", "!", "~")


def probes_of(config: EnvironmentConfig) -> dict[str, Probe]:
    """Tool → probe, for every pinned tool and every configured probe.

    Raises:
        ConfigError: every pin that names nothing known or cannot be read, and every probe that bears
            a property's name; one detail each.
    """
    faults = [fault for name, pin in config.pins.items() if (fault := _fault(name, pin, config))]
    faults += [
        f"environment.probes.{name}: {name} is a property of the machine, not a tool"
        for name in config.probes
        if name in PROPERTIES
    ]
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ConfigError(f"the pinned environment is not valid ({count})", details=faults)
    probes = {name: _probe_of(name, config) for name in {*config.pins, *config.probes} - {*PROPERTIES}}
    return {name: probe for name, probe in sorted(probes.items()) if probe is not None}


def _probe_of(name: str, config: EnvironmentConfig) -> Probe | None:
    return config.probes.get(name) or DEFAULT_PROBES.get(name) or image_probe(name)


def _fault(name: str, pin: str, config: EnvironmentConfig) -> str:
    where = f"environment.pins.{name}"
    if name not in PROPERTIES and _probe_of(name, config) is None:
        known = [*PROPERTIES, *DEFAULT_PROBES, *config.probes]
        reason = "not an image name" if name.startswith(DOCKER_IMAGE) else "neither a property nor a tool"
        return f"{where}: {reason}{did_you_mean(name, known)} (a tool needs environment.probes.{name})"
    if not pin.strip() or not pin.isprintable():
        return f"{where}: empty or not printable; write a version, a specifier or a prefix such as 1.92.*"
    return _specifier_fault(where, name, pin)


def _specifier_fault(where: str, name: str, pin: str) -> str:
    if not pin.startswith(_OPERATORS):
        return ""
    if name in _NOT_VERSIONS:
        return f"{where}: {name} is not a version, so {pin!r} cannot be compared; write it out, or as prefix*"
    try:
        SpecifierSet(pin)
    except InvalidSpecifier:
        return f"{where}: not a version specifier (found {pin!r}; for example >=3.11,<3.15)"
    return ""


def satisfies(name: str, pin: str, found: str) -> bool:
    """Whether `found` is what the pin asks for.

    A pin is a version specifier (PEP 440: `>=3.11,<3.15`), a prefix (`1.92.*`, `AMD EPYC*`), or the exact
    text. What cannot be read as a version satisfies no specifier. Of a kernel (`6.5.0-1018-azure`) only the
    leading numbers are compared.
    """
    if pin.startswith(_OPERATORS):
        version = _version(name, found)
        return version is not None and SpecifierSet(pin).contains(version, prereleases=True)
    if pin.endswith("*"):
        return found.startswith(pin[:-1]) or found == pin.removesuffix(".*")
    return found == pin


def _version(name: str, found: str) -> Version | None:
    leading = re.match(r"\d+(?:\.\d+)*", found) if name == "kernel" else None
    try:
        return Version(leading[0] if leading else found)
    except InvalidVersion:
        return None

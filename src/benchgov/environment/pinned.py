"""Is it the pinned environment: fingerprint, verdict, and the difference between two machines. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from benchgov.canonical import digest_of
from benchgov.config import EnvironmentConfig
from benchgov.environment.pins import PROPERTIES, probes_of, satisfies
from benchgov.report import Drift, Environment, EnvironmentGate, Facts

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Check:
    """One property or tool: what was wanted (None: not pinned), what was found, whether that will do."""

    name: str
    wanted: str | None
    found: str
    ok: bool


def fingerprint(facts: Facts) -> str:
    """`blake3:<hex>` over what makes times comparable.

    The digest is of the canonical JSON of os, kernel, image, arch, cpu_model, cpu_count, memory_gb (rounded:
    firmware reserves a little more or less each time), python and tools.
    """
    return digest_of(_identity(facts))


def _identity(facts: Facts) -> dict[str, object]:
    identity: dict[str, object] = facts.model_dump(mode="json", exclude={"memory_mb"})
    return {**identity, "memory_gb": round(facts.memory_mb / 1024)}


def checks(facts: Facts, config: EnvironmentConfig) -> tuple[Check, ...]:
    """Every property, then every tool, against its pin.

    Raises:
        ConfigError: a pin names nothing known, or cannot be read.
    """
    probes_of(config)
    found = {name: str(getattr(facts, name)) for name in PROPERTIES} | facts.tools
    names = [*found, *sorted(set(config.pins) - set(found))]
    return tuple(_check(name, config.pins.get(name), found.get(name, NOT_RECORDED)) for name in names)


def _check(name: str, pin: str | None, found: str) -> Check:
    return Check(name, pin, found, pin is None or satisfies(name, pin, found))


def judge(facts: Facts, config: EnvironmentConfig) -> Environment:
    """The environment with its gate: `pass`, `drift`, or `unpinned` when there is no pin at all.

    Raises:
        ConfigError: a pin names nothing known, or cannot be read.
    """
    drift = tuple(
        Drift(name=check.name, wanted=check.wanted or "", found=check.found)
        for check in checks(facts, config)
        if not check.ok
    )
    gate: EnvironmentGate = "drift" if drift else "pass" if config.pins else "unpinned"
    return Environment(facts=facts, fingerprint=fingerprint(facts), gate=gate, drift=drift)


def difference(wanted: Facts, found: Facts) -> tuple[Drift, ...]:
    """What makes the fingerprints of two machines differ; empty exactly when they are equal."""
    left, right = _flat(wanted), _flat(found)
    return tuple(
        Drift(name=name, wanted=left.get(name, NOT_RECORDED), found=right.get(name, NOT_RECORDED))
        for name in [*left, *sorted(set(right) - set(left))]
        if left.get(name) != right.get(name)
    )


def may_be_compared(wanted: Facts, found: Facts, same: Sequence[str] | None) -> bool:
    """Whether numbers of two machines may be held against each other.

    `same` are the properties and tools (`tools.<name>`) that must agree; None: all that the fingerprint
    covers. A tool that neither machine has recorded does not agree: nobody knows.
    """
    if same is None:
        return not difference(wanted, found)
    left, right = _named(wanted), _named(found)
    return all(name in left and left[name] == right.get(name) for name in same)


def _named(facts: Facts) -> dict[str, object]:
    """The facts by the names that `policy.same` uses; memory is rounded as in the fingerprint."""
    identity = _identity(facts)
    identity["memory_mb"] = identity.pop("memory_gb")
    del identity["tools"]
    return identity | {f"tools.{name}": version for name, version in facts.tools.items()}


def _flat(facts: Facts) -> dict[str, str]:
    identity = _identity(facts)
    identity.pop("tools")
    return {name: str(value) for name, value in identity.items()} | facts.tools


def unified_diff(results: Sequence[Check]) -> str:
    """The pinned properties as a unified diff of wanted against found; empty when all are as pinned."""
    pinned = [check for check in results if check.wanted is not None]
    wanted = [f"{check.name}: {check.found if check.ok else check.wanted}" for check in pinned]
    found = [f"{check.name}: {check.found}" for check in pinned]
    return "\n".join(difflib.unified_diff(wanted, found, "wanted", "found", n=len(pinned), lineterm=""))

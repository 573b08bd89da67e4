"""Does the log come from this machine: the tool's words about it beside what is found here. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchgov.environment.pinned import fingerprint
from benchgov.report import Drift, Environment, Facts

COMPARED = ("system", "kernel", "arch", "cpu_model", "python")
"""What is held against this machine. Counts of CPUs are not: tools count what the machine has, and
`report.Facts` what a process may use."""

_SYSTEMS = {"macos": "darwin"}
_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64", "armv8": "arm64"}


def contradictions(here: Facts, claimed: Iterable[Mapping[str, str]]) -> tuple[Drift, ...]:
    """Where logs say another machine: `wanted` is this one's value, `found` the log's. Each once."""
    drifts: dict[tuple[str, str], Drift] = {}
    for facts in claimed:
        for name in COMPARED:
            mine, theirs = _here(here, name), facts.get(name, "")
            if theirs and _plain(name, mine) != _plain(name, theirs):
                drifts.setdefault((name, theirs), Drift(name=_property(name), wanted=mine, found=theirs))
    return tuple(drifts.values())


def environment_of(here: Environment, claimed: Iterable[Mapping[str, str]]) -> Environment:
    """`here`, when no log contradicts it.

    Otherwise the gate is `drift`, and the logs' values are part of the facts and so of the fingerprint: no
    comparison can take the numbers of that machine for numbers of this one.
    """
    found = contradictions(here.facts, claimed)
    if not found:
        return here
    facts = here.facts.model_copy(update={drift.name: drift.found for drift in reversed(found)})
    return Environment(facts=facts, fingerprint=fingerprint(facts), gate="drift", drift=(*here.drift, *found))


def _property(name: str) -> str:
    return "os" if name == "system" else name


def _here(facts: Facts, name: str) -> str:
    """This machine's value; its `os` is `ubuntu-22.04` or `macos-15`, of which tools know only the system."""
    if name != "system":
        return str(getattr(facts, name))
    return _SYSTEMS.get(facts.os.split("-")[0], "linux")


def _plain(name: str, value: str) -> str:
    text = " ".join(value.casefold().split())
    return _ARCHITECTURES.get(text, text) if name == "arch" else text

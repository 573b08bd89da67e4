"""A number without its environment is no evidence: what drifted is named, and measures nothing."""

from __future__ import annotations

import json
from typing import Any

from layers import Layers, main
from samples import FACTS, PINS, benchgov, write

from benchgov.canonical import Json
from benchgov.config import EnvironmentConfig
from benchgov.environment import pinned
from benchgov.errors import ConfigError
from benchgov.report import Facts

LAYERS = ("pinned", "drifted", "fingerprint", "program")
SUITE = """\
version: 1
suite: s
kind: measured
families: {f: {}}
benchmarks:
  - {id: b, family: f, signature: "()", metrics: [wall_time], variants: {v: {command: ["true"]}}}
"""


def protocol(layers: Layers, *, judge: Any = pinned.judge, fingerprint: Any = pinned.fingerprint) -> Json:
    """One machine against several pins, and several machines against one fingerprint."""
    with layers.layer("pinned"):
        layers.equal("the pinned machine passes", judge(FACTS, PINS).gate, "pass")
        ranges = _pins(python=">=3.11,<3.15", kernel=">=6", os="linux*")
        layers.equal("so it does where ranges are pinned", judge(FACTS, ranges).gate, "pass")
        layers.equal("without a pin nothing passes", judge(FACTS, EnvironmentConfig()).gate, "unpinned")
    with layers.layer("drifted"):
        wanted = {"cpu_count": "4", "python": ">=3.12", "gcc": "14.2"}
        drifted = judge(FACTS, _pins(**wanted, arch="x86_64"))
        layers.equal("another machine has drifted", drifted.gate, "drift")
        found = {one.name: one.found for one in drifted.drift}
        told = {"cpu_count": "2", "python": "3.11.7", "gcc": "not recorded"}
        layers.equal("every difference is named, and nothing else", found, told)
        layers.refused(
            "a pin on nothing known is refused", lambda: judge(FACTS, _pins(pyton="3")), ConfigError, "python"
        )
        layers.refused("so is a range that is none", lambda: judge(FACTS, _pins(python=">=x")), ConfigError)
    with layers.layer("fingerprint"):
        mine = fingerprint(FACTS)
        layers.equal("the same facts give the same fingerprint", fingerprint(_facts()), mine)
        others = {
            name: fingerprint(_facts(**{name: value}))
            for name, value in (
                ("os", "linux 2"),
                ("kernel", "6.2"),
                ("image", "other"),
                ("arch", "arm64"),
                ("cpu_model", "quick"),
                ("cpu_count", 4),
                ("memory_mb", 8192),
                ("python", "3.12.1"),
                ("tools", {"gcc": "14.2"}),
            )
        }
        same = [name for name, other in others.items() if other == mine]
        layers.equal("every fact counts", same, [])
        layers.equal("and each gives another one", len({mine, *others.values()}), len(others) + 1)
        layers.equal("a little memory reserved does not", fingerprint(_facts(memory_mb=4090)), mine)
    with layers.layer("program"):
        write(layers.folder, {"bench/s/suite.yaml": SUITE, "benchgov.yaml": _settings("none of the kind")})
        layers.equal(
            "verify-env ends with 2 where it drifted", benchgov(layers.folder, "verify-env").status, 2
        )
        layers.equal("run does too", benchgov(layers.folder, "run", "s").status, 2)
        report = json.loads((layers.folder / ".benchgov/out/report.json").read_text())
        state = [
            report["summary"]["status"],
            report["summary"]["authoritative"],
            report["runs"][0]["metrics"],
        ]
        layers.equal("and measures nothing", state, ["blocked", False, []])
    return {"fingerprint": mine, "drift": found}


def _pins(**pins: str) -> EnvironmentConfig:
    return EnvironmentConfig(pins=pins)


def _facts(**changes: Any) -> Facts:
    return Facts.model_validate({**FACTS.model_dump(), **changes})


def _settings(arch: str) -> str:
    return json.dumps({"version": 1, "environment": {"pins": {"arch": arch}}})


if __name__ == "__main__":
    main(protocol, LAYERS)

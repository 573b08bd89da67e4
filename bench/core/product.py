"""benchgov's own functions, in the shapes in which this suite calls them."""

from __future__ import annotations

# What the product imports on first use is imported here: every sample is a fresh fork of the process that
# imported this module, and would otherwise be charged with it.
import json  # noqa: F401
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rfc8785  # noqa: F401
import yaml  # noqa: F401

from benchgov import canonical
from benchgov.adapters.go import KNOWN_UNITS
from benchgov.adapters.interface import Log
from benchgov.adapters.registry import adapters, detect
from benchgov.audit.chain import Draft, append, verify
from benchgov.audit.record import Evidence
from benchgov.audit.tree import Tree
from benchgov.collector import without_collector
from benchgov.documents import json_model, parse_yaml, yaml_model
from benchgov.report import Report
from benchgov.suites.manifest import Manifest

ADAPTERS = adapters()


def canonical_json(value: Any) -> bytes:
    return canonical.canonical_json(value)


def canonical_lines(values: list[Any]) -> bytes:
    return b"".join(canonical.canonical_json(value) + b"\n" for value in values)


def tree_digest(root: str) -> str:
    return canonical.tree_digest(Path(root))


def checksums(root: str) -> list[list[str]]:
    files = sorted(path for path in Path(root).rglob("*") if path.is_file())
    return [[path.relative_to(root).as_posix(), *canonical.file_digests(path)] for path in files]


def parse_report(text: str) -> str:
    report = json_model(text, Report, "report.json")
    return f"{report.config.suite} {len(report.runs)} {sum(len(run.metrics) for run in report.runs)}"


def load_manifest(text: str) -> list[str]:
    manifest = yaml_model(parse_yaml(text, "suite.yaml"), Manifest)
    return [benchmark.id for benchmark in manifest.benchmarks]


def read_log(text: str) -> list[list[Any]]:
    log = Log("log.json", text)
    with without_collector():
        reading = detect(log, ADAPTERS).read(log, False)
    return [
        [one.name, metric.name, len(metric.samples), max(metric.samples)]
        for one in reading.benchmarks
        for metric in one.metrics
    ]


def read_go(text: str) -> list[list[Any]]:
    units = {name: (unit, factor) for unit, (name, _, factor, _) in KNOWN_UNITS.items()}
    log = Log("log.txt", text)
    with without_collector():
        reading = detect(log, ADAPTERS).read(log, False)
    return [
        [
            f"Benchmark{one.name.removeprefix(one.group + '/')}-{one.parameters['gomaxprocs']}",
            units[metric.name][0],
            len(metric.samples),
            round(min(metric.samples) / units[metric.name][1], 2),
        ]
        for one in reading.benchmarks
        for metric in one.metrics
    ]


def append_chain(contents: list[dict[str, Any]]) -> str:
    with tempfile.TemporaryDirectory(prefix="benchgov-core-") as store:
        head = ""
        for content in contents:
            evidence = tuple(Evidence.model_validate(one) for one in content["evidence"])
            draft = Draft("run", content["idempotency_key"], True, evidence, subject=content["subject"])
            made = append(
                Path(store), draft, host="bench", now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
            )
            head = made.record.chain_head
        return head


def verify_chain(store: str) -> list[list[Any]]:
    return [[one.host, one.records, one.head] for one in verify(Path(store), strict=True).hosts]


class MemoryTiles:
    """Tiles in memory, so that hashing is measured, and not the disk."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, number: int) -> bytes | None:
        return self.kept.get((level, number))

    def write(self, level: int, number: int, data: bytes) -> None:
        self.kept[level, number] = data

    def where(self, level: int, number: int) -> str:
        return f"{level}/{number}"


def _tree(records: list[bytes]) -> Tree:
    return Tree(lambda start, stop: iter(records[start:stop]), MemoryTiles(), len(records))


def merkle_root(records: list[bytes]) -> str:
    return _tree(records).root().hex()


def merkle_proofs(records: list[bytes]) -> list[list[str]]:
    tree, size = _tree(records), len(records)
    some = [tree.inclusion(index, size) for index in range(0, size, size // 10)]
    return [[one.hex() for one in proof] for proof in [*some, tree.consistency(size // 3, size)]]

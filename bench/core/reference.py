"""The plain way to do what benchgov does: straightforward code or the obvious library call, nothing tuned."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import reference_chain
import rfc8785
import yaml
from blake3 import blake3
from pydantic import TypeAdapter

from benchgov.report import Report
from benchgov.suites.manifest import Manifest


def canonical_json(value: Any) -> bytes:
    """RFC 8785 by the package that is written for it."""
    return rfc8785.dumps(value)


def canonical_lines(values: list[Any]) -> bytes:
    """One canonical document a line."""
    return b"".join(rfc8785.dumps(value) + b"\n" for value in values)


def tree_digest(root: str) -> str:
    """Walk with pathlib, read each file whole, digest the canonical list of names and digests."""
    folder = Path(root)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    entries = [[path.relative_to(folder).as_posix(), blake3(path.read_bytes()).hexdigest()] for path in files]
    return "blake3:" + blake3(rfc8785.dumps(entries)).hexdigest()


def checksums(root: str) -> list[list[str]]:
    """BLAKE3 and SHA-256 of each file, which is read once for each."""
    files = sorted(path for path in Path(root).rglob("*") if path.is_file())
    return [
        [
            path.relative_to(root).as_posix(),
            "blake3:" + blake3(path.read_bytes()).hexdigest(),
            hashlib.sha256(path.read_bytes()).hexdigest(),
        ]
        for path in files
    ]


def parse_report(text: str) -> str:
    """Parse with json, refuse a repeated key one by one, validate through a TypeAdapter."""
    document = json.JSONDecoder(object_pairs_hook=_pairs).decode(text)
    report = TypeAdapter(Report).validate_python(document)
    return _name_of(report)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise ValueError(f"duplicate key {key}")
        document[key] = value
    return document


def _name_of(report: Report) -> str:
    return f"{report.config.suite} {len(report.runs)} {sum(len(run.metrics) for run in report.runs)}"


def load_manifest(text: str) -> list[str]:
    """PyYAML's own loader in Python, then the model."""
    manifest = Manifest.model_validate(yaml.load(text, Loader=yaml.SafeLoader))
    return [benchmark.id for benchmark in manifest.benchmarks]


def read_log(text: str) -> list[list[Any]]:
    """json.loads, and a loop over what it gives; nothing is checked."""
    rows = []
    for one in json.loads(text)["benchmarks"]:
        samples = [value * 1e9 for value in one["stats"]["data"]]
        rows.append([one["fullname"], "wall_time", len(samples), max(samples)])
    return rows


def read_go(text: str) -> list[list[Any]]:
    """Split every line, and collect the numbers by name and unit; nothing is checked."""
    found: dict[tuple[str, str], list[float]] = {}
    for line in text.split("\n"):
        fields = line.split()
        if fields and fields[0].startswith("Benchmark"):
            for value, unit in zip(fields[2::2], fields[3::2], strict=True):
                found.setdefault((fields[0], unit), []).append(float(value))
    return [[name, unit, len(samples), min(samples)] for (name, unit), samples in found.items()]


def append_chain(contents: list[dict[str, Any]]) -> str:
    """Read the whole log before each append; write to a temporary file, fsync, link."""
    with tempfile.TemporaryDirectory(prefix="benchgov-core-") as store:
        return str(reference_chain.append_all(Path(store), contents))


def verify_chain(store: str) -> list[list[Any]]:
    """Parse, canonicalise and hash every record."""
    return list(reference_chain.verify(Path(store)))

"""What the benchmarks of this suite are given: made from the scale alone, the same on every machine."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

ZERO_HASH = "0" * 64
METRICS = (("wall_time", "ns"), ("cpu_time", "ns"), ("peak_memory", "bytes"))


def report(scale: float) -> dict[str, Any]:
    """A report with `scale` runs of three metrics and ten samples each, as plain JSON types."""
    rng = random.Random(f"report {scale}")
    runs = [_run(rng, number) for number in range(int(scale))]
    return {
        "schema_version": 1,
        "started_at_utc": "2026-01-02T03:04:05.000000Z",
        "finished_at_utc": "2026-01-02T03:05:06.000000Z",
        "config": {
            "suite": "synthetic",
            "suite_sha256": ZERO_HASH,
            "regime": "default",
            "warmup": 2,
            "runs": 10,
            "timeout_seconds": 60.0,
        },
        "environment": {
            "facts": {
                "os": "linux 1",
                "kernel": "6.1",
                "image": "none",
                "arch": "x86_64",
                "cpu_model": "none",
                "cpu_count": 2,
                "memory_mb": 4096,
                "python": "3.11.7",
            },
            "fingerprint": f"blake3:{ZERO_HASH}",
            "gate": "unpinned",
        },
        "summary": {
            "status": "pass",
            "authoritative": False,
            "passed": len(runs),
            "failed": 0,
            "blocked": 0,
        },
        "performance_gate": {"status": "not-evaluated"},
        "scale_band_gate": {"status": "not-evaluated"},
        "replay": {
            "harness": "none",
            "plan_sha256": ZERO_HASH,
            "result_sha256": ZERO_HASH,
            "deterministic_fields": [],
            "nondeterministic_fields": [],
        },
        "runs": runs,
    }


def _run(rng: random.Random, number: int) -> dict[str, Any]:
    centre = 10 ** rng.uniform(3, 8)
    return {
        "benchmark": f"benchmark-{number}",
        "variant": "plain",
        "family": f"family-{number % 4}",
        "signature": "(value) -> int",
        "protocol": f"bench/synthetic/b{number}.py",
        "protocol_sha256": ZERO_HASH,
        "source": {"path": "bench/synthetic/suite.yaml", "line": number + 1},
        "overall": "pass",
        "ok": True,
        "run_is_valid": True,
        "sampling": {"isolation": "process", "warmup": 2, "runs": 10, "iterations": 1},
        "metrics": [
            {
                "name": name,
                "unit": unit,
                "direction": "lower",
                "samples": [round(centre * rng.gauss(1, 0.02), 1) for _ in range(10)],
            }
            for name, unit in METRICS
        ],
    }


def report_text(scale: float) -> str:
    """The same report as indented JSON text, as a person's tool might have written it."""
    import json

    return json.dumps(report(scale), indent=1)


def records(scale: float) -> list[dict[str, Any]]:
    """`scale` small documents with keys out of order, non-ASCII text, whole floats and nesting."""
    rng = random.Random(f"records {scale}")
    return [
        {
            "sequence": number,
            "kind": rng.choice(["run", "comparison", "größe"]),
            "complete": bool(number % 3),
            "subject": {"verdict": "pass", "change": rng.uniform(-5, 5), "limit": 10.0, "tags": ["a", None]},
            "at": "2026-01-02T03:04:05.000000Z",
        }
        for number in range(int(scale))
    ]


def manifest_text(scale: float) -> str:
    """A suite manifest with `scale` benchmarks of two variants, as YAML text."""
    head = (
        "version: 1\nsuite: synthetic\nkind: measured\n"
        "families:\n  f: {thresholds: {wall_time: 5}}\nbenchmarks:\n"
    )
    body = "".join(
        f"  - id: b{number}\n    family: f\n    signature: '(value) -> int'\n    scale: [1, 10, 100]\n"
        f"    variants:\n      plain: {{callable: 'm:plain{number}'}}\n"
        f"      quick: {{callable: 'm:quick{number}'}}\n"
        f"    metrics: [wall_time, {{name: peak_memory, aggregate: p95}}]\n    features: {{n: scale}}\n"
        for number in range(int(scale))
    )
    return head + body


def tree(scale: float) -> str:
    """The path of a folder with `scale` files of 4 KiB, in folders of 50, below the temporary folder."""
    root = Path(tempfile.gettempdir()) / f"benchgov-core-tree-{int(scale)}"
    rng = random.Random(f"tree {scale}")
    for number in range(int(scale)):
        path = root / f"d{number // 50:03d}" / f"f{number:05d}"
        data = rng.randbytes(4096)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return str(root)

"""What the benchmarks of this suite are given: made from the scale alone, the same on every machine."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from datetime import UTC, datetime
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


def history_reports(scale: float) -> list[tuple[Any, str]]:
    """`scale` reports of ten runs, two metrics and five samples each, and their digests; not in order."""
    from datetime import timedelta

    from benchgov.report import Report

    rng = random.Random(f"history {scale}")
    pattern = Report.model_validate(report(10))
    made = []
    for number in range(int(scale)):
        moment = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(hours=number)
        runs = tuple(
            run.model_copy(
                update={
                    "metrics": tuple(
                        metric.model_copy(update={"samples": tuple(rng.uniform(1e3, 2e3) for _ in range(5))})
                        for metric in run.metrics[:2]
                    )
                }
            )
            for run in pattern.runs
        )
        update = {"runs": runs, "started_at_utc": moment, "finished_at_utc": moment}
        made.append((pattern.model_copy(update=update), f"{number:064d}"))
    rng.shuffle(made)
    return made


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


def pytest_benchmark_log(scale: float) -> str:
    """The JSON of pytest-benchmark 5 for `scale` benchmarks of ten rounds."""
    import json

    rng = random.Random(f"pytest-benchmark {scale}")
    centre = {"min": 1e-6, "max": 2e-6, "mean": 1.5e-6, "stddev": 1e-7, "median": 1.5e-6, "iqr": 1e-7}
    benchmarks = [
        {
            "group": None,
            "name": f"test_sort[{number}]",
            "fullname": f"tests/test_sort.py::test_sort[{number}]",
            "params": {"size": number},
            "param": str(number),
            "extra_info": {},
            "options": {"disable_gc": False, "timer": "perf_counter", "min_rounds": 5, "warmup": False},
            "stats": {
                **centre,
                "rounds": 10,
                "outliers": "1;0",
                "data": [rng.uniform(1e-6, 2e-6) for _ in range(10)],
                "iterations": 1,
            },
        }
        for number in range(int(scale))
    ]
    head = {"machine_info": {"system": "Linux"}, "commit_info": {}, "version": "5.2.3"}
    return json.dumps({**head, "benchmarks": benchmarks}, indent=4)


def go_log(scale: float) -> str:
    """The text of `go test -bench . -benchmem -count 10` for `scale` benchmarks."""
    rng = random.Random(f"go {scale}")
    head = "goos: linux\ngoarch: amd64\npkg: example.org/sort\ncpu: none\n"
    names = [f"BenchmarkSort/size={number}-8" for number in range(int(scale))]
    lines = [
        f"{name:<32}\t{rng.randint(1, 10**6):9d}\t{rng.uniform(100, 9999):10.1f} ns/op"
        f"\t{rng.uniform(1, 999):8.2f} MB/s"
        f"\t{rng.randrange(4096):8d} B/op\t{rng.randrange(64):8d} allocs/op\n"
        for name in names
        for _ in range(10)
    ]
    return f"{head}{''.join(lines)}PASS\nok  \texample.org/sort\t12.345s\n"


def tree(scale: float) -> str:
    """The path of a folder with `scale` files of 4 KiB, in folders of 50."""
    root = _kept(f"tree-{int(scale)}")
    rng = random.Random(f"tree {scale}")
    for number in range(int(scale)):
        path = root / f"d{number // 50:03d}" / f"f{number:05d}"
        data = rng.randbytes(4096)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return str(root)


def contents(scale: float) -> list[dict[str, Any]]:
    """The contents of `scale` audit records: every field but sequence, prev_hash and chain_head."""
    return [
        {
            "complete": True,
            "evidence": [
                {
                    "name": "report.json",
                    "size": 1000 + number,
                    "blake3": f"blake3:{ZERO_HASH}",
                    "sha256": ZERO_HASH,
                }
            ],
            "host": "bench",
            "idempotency_key": f"run {number}",
            "isolation_class": None,
            "kind": "run",
            "recorded_at_utc": "2026-01-02T03:04:05.000000Z",
            "schema_version": 1,
            "subject": {"suite": "synthetic", "status": "pass", "plan_sha256": ZERO_HASH},
        }
        for number in range(int(scale))
    ]


def log(scale: float) -> str:
    """The path of an audit log with `scale` records."""
    from benchgov.audit.chain import Draft, append
    from benchgov.audit.folder import FolderFiles
    from benchgov.audit.record import Evidence
    from benchgov.audit.records import Records

    store = _kept(f"log-{int(scale)}")
    if store.exists() and Records(FolderFiles(store), "bench").count() == int(scale):
        return str(store)
    shutil.rmtree(store, ignore_errors=True)
    for content in contents(scale):
        evidence = tuple(Evidence.model_validate(one) for one in content["evidence"])
        draft = Draft("run", content["idempotency_key"], True, evidence, subject=content["subject"])
        append(store, draft, host="bench", now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    return str(store)


def scores(scale: float) -> list[float]:
    """`scale` scores in [0, 1], of which about a third are 1."""
    rng = random.Random(f"scores {scale}")
    return [round(min(1.0, rng.betavariate(8, 2) * 1.15), 3) for _ in range(int(scale))]


def count(scale: float) -> int:
    """The scale itself, as a number of repetitions."""
    return int(scale)


def _kept(name: str) -> Path:
    """A folder below the temporary one that later samples find again; its own for each user."""
    return Path(tempfile.gettempdir()) / f"benchgov-core-{os.getuid()}" / name


def record_files(scale: float) -> list[bytes]:
    """As many records of about 500 bytes as `scale` says, as a log keeps them."""
    rng = random.Random(f"record files {scale}")
    return [b'{"chain_head":"' + rng.randbytes(240).hex().encode() + b'"}\n' for _ in range(int(scale))]


CASE_TOML = """case_id = "{name}"
task_class = "{bench}"
disposition = "positive"
difficulty = "easy"
source = "curated"
curation_class = "held-out"
added_at = 2026-11-01T00:00:00Z
last_validated_at = 2026-11-01T00:00:00Z
cassette_canary_pin = "00000000000000000000000000000001"
"""
BENCH_FILES = {
    "registration.py": 'register_task_class("{bench}", min_cases_for_promotion={{"silver": 10}})(Rubric)\n',
    "rubric.py": 'if __name__ == "__main__":\n    pass\n',
    "breakdown_keys.py": 'class BreakdownKey(StrEnum):\n    RIGHT = "right"\n',
    "failure_modes.yaml": "wrong: {{severity: warn, description: Not right.}}\n",
    "README.md": "# {bench}\n",
    "tests/test_rubric_unit.py": "",
}


def bench(scale: float) -> str:
    """The path of a bench with `scale` cases, of which the first says that it is the second."""
    folder = _kept(f"fence-{int(scale)}") / "bench"
    names = [f"case-{number:06}" for number in range(int(scale))]
    digests = folder / "cases" / "digests.yaml"
    if digests.exists():
        return str(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in BENCH_FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.format(bench=folder.name))
    for name in names:
        for part in ("input", "expected"):
            (folder / "cases" / name / part).mkdir(parents=True)
        said = names[1] if name == names[0] else name
        (folder / "cases" / name / "case.toml").write_text(CASE_TOML.format(name=said, bench=folder.name))
    digests.write_text("".join(f"{name}: blake3:{'0' * 64}\n" for name in names))
    return str(folder)

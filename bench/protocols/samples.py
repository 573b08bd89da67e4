"""What the protocols work on: reports, drafts and folders, made from fixed values alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import benchgov as benchgov_package
from benchgov.audit.chain import Draft
from benchgov.audit.record import Evidence
from benchgov.baselines import generate
from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.canonical import blake3_hex, sha256_hex
from benchgov.config import EnvironmentConfig, Policy
from benchgov.environment.pinned import judge
from benchgov.replay import replay_section
from benchgov.report import Facts, Gate, Metric, Report, Run, RunConfig, Sampling, Source, summarize
from benchgov.rim import Completed

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOST = "protocols"
STEADY = (100.0, 101.0, 99.0, 100.5, 99.5, 100.2, 99.8, 100.1, 99.9, 100.0)
"""Ten samples of about 100 ns, within 1 %."""

FACTS = Facts(
    os="linux 1",
    kernel="6.1",
    image="none",
    arch="x86_64",
    cpu_model="plain",
    cpu_count=2,
    memory_mb=4096,
    python="3.11.7",
)
PINS = EnvironmentConfig(pins={"arch": "x86_64", "cpu_count": "2"})
ZERO = sha256_hex(b"protocol")


def clock() -> datetime:
    """A clock that stands still."""
    return NOW


def run(benchmark: str, samples: Sequence[float] = STEADY, **changes: Any) -> Run:
    """One valid run with a wall time in nanoseconds, or as `changes` say."""
    values: dict[str, Any] = {
        "benchmark": benchmark,
        "variant": "plain",
        "family": "sorting",
        "signature": "(value) -> int",
        "protocol": "bench/synthetic/plain.py",
        "protocol_sha256": ZERO,
        "source": Source(path="bench/synthetic/suite.yaml", line=7),
        "overall": "pass",
        "ok": True,
        "run_is_valid": True,
        "output_digest": blake3_hex(benchmark.encode()),
        "sampling": Sampling(isolation="process", warmup=2, runs=len(samples), iterations=1),
        "metrics": (Metric(name="wall_time", unit="ns", direction="lower", samples=tuple(samples)),),
    }
    return Run.model_validate(values | changes)


def report(*runs: Run, facts: Facts = FACTS, **config: Any) -> Report:
    """A report of `runs` (by default two steady ones) on a machine with `facts`; `config` as in RunConfig."""
    runs = runs or (run("sort"), run("merge"))
    values = {
        "suite": "synthetic",
        "suite_sha256": ZERO,
        "regime": "default",
        "warmup": 2,
        "runs": 10,
        "timeout_seconds": 60.0,
        "revision": "0" * 40,
        "dirty": False,
    }
    asked = RunConfig.model_validate(values | config)
    environment = judge(facts, PINS)
    return Report(
        schema_version=1,
        started_at_utc=NOW,
        finished_at_utc=NOW,
        config=asked,
        environment=environment,
        summary=summarize(runs, environment.gate),
        performance_gate=Gate(status="not-evaluated"),
        scale_band_gate=Gate(status="not-evaluated"),
        replay=replay_section(asked, runs),
        runs=runs,
    )


def steady(factor: float) -> tuple[float, ...]:
    """The steady samples, `factor` times as long."""
    return tuple(factor * sample for sample in STEADY)


def drafted(*reports: Report) -> generate.Draft:
    """The baseline that `reports` make."""
    origin = generate.Origin("benchgov baseline generate synthetic", "unknown", NOW)
    return generate.draft(reports, generate.Limits(Policy(), {}), origin)


def active(*reports: Report) -> ActiveBaselines:
    """Their baseline, as a gate is given it."""
    return ActiveBaselines.of(Stored(drafted(*reports).baseline, lambda: reports))


def evidence(name: str, data: bytes) -> Evidence:
    """What a record says of a file with these bytes."""
    return Evidence(name=name, size=len(data), blake3=blake3_hex(data), sha256=sha256_hex(data))


def entry(number: int) -> Draft:
    """The draft of the `number`-th record of a log."""
    data = f"report {number}".encode()
    subject = {"suite": "synthetic", "status": "pass"}
    return Draft("run", f"run {number}", True, (evidence("report.json", data),), "process", subject)


def flip(path: Path, at: int = -2, bit: int = 1) -> None:
    """Flip one bit of the byte at the offset `at` in a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(bytes(data))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Put texts below `folder`: relative path → text."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def environ() -> dict[str, str]:
    """This process's variables without those that could change a result; Git knows no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    who = {
        "NAME": "benchgov protocols",
        "EMAIL": "protocols@benchgov.invalid",
        "DATE": "2026-01-02T03:04:05Z",
    }
    named = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    source = str(Path(benchgov_package.__file__).parents[1])
    return {
        **kept,
        **named,
        "PYTHONPATH": os.pathsep.join([source, kept.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "GIT_CEILING_DIRECTORIES": str(Path(tempfile.gettempdir()).resolve()),  # no repository around it
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }


_FOREIGN = ("GIT_", "BENCHGOV_", "GITHUB_", "RUNNER_")


def process(command: Sequence[str], folder: Path, timeout: float) -> Completed:
    """Run a process as `rim.run_process` does, with `environ()`."""
    done = subprocess.run(
        list(command),
        cwd=folder,
        env=environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Completed(done.returncode, done.stdout.decode(), done.stderr.decode())


def git(folder: Path, *arguments: str) -> str:
    """What `git` prints; raises RuntimeError when it fails."""
    done = process(["git", *arguments], folder, 60)
    if done.status:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr}")
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, str], branch: str | None = None) -> str:
    """Write `files`, and commit everything; on a new branch, where one is named. The commit's id."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
    if branch:
        git(folder, "switch", "--quiet", "--create", branch)
    write(folder, files)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "change")
    return git(folder, "rev-parse", "HEAD")


def benchgov(folder: Path, *arguments: str) -> Completed:
    """The program itself, in `folder`."""
    return process([sys.executable, "-m", "benchgov", *arguments], folder, 120)

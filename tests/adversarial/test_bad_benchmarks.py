"""Benchmarks that crash, hang, flood or leave things behind: blocked with a reason, and nothing survives."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchgov.measure.plan import Planned, plan_suite
from benchgov.measure.runner import measure
from benchgov.report import Environment, Facts, Report, Run
from benchgov.suites.load import load_suite

FACTS = Facts(os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3")
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")

MANIFEST = """\
version: 1
suite: s
kind: measured
defaults: {{min_sample_ms: 0.05, timeout_seconds: {timeout}}}
families: {{f: {{}}}}
benchmarks:
{benchmarks}
"""
GOOD = "  - {id: good, family: f, signature: (), variants: {v: {callable: 'good:f'}}}"


class Silent:
    """A progress that nobody sees."""

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """Nothing."""

    def begin(self, planned: Planned) -> None:
        """Nothing."""

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """Nothing."""

    def found(self, count: int) -> None:
        """Nothing."""

    def done(self, run: Run) -> None:
        """Nothing."""


def report_of(root: Path, body: str, *, more: str = "", timeout: float = 30) -> Report:
    """The report of a suite with one benchmark whose callable has this body, and a good one after it."""
    bad = (
        "  - {id: bad, family: f, signature: (x), input: {value: [3, 1, 2]}, "
        f"variants: {{v: {{callable: 'work:f'}}}}{more}}}"
    )
    return report_of_benchmark(
        root, bad, "import os, signal, subprocess, sys, time\ndef f(x):\n    " + body, timeout
    )


def report_of_benchmark(root: Path, bad: str, work: str = "", timeout: float = 30) -> Report:
    """The report of a suite with the benchmark `bad` and a good one after it."""
    folder = root / "bench" / "s"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(MANIFEST.format(benchmarks=f"{bad}\n{GOOD}", timeout=timeout))
    (folder / "work.py").write_text(work + "\n")
    (folder / "good.py").write_text("def f(): return 1\n")
    report = measure(
        plan_suite(load_suite(folder, root)),
        environment=PINNED,
        regime="r",
        revision=(None, None),
        now=lambda: datetime.now(UTC),
        environ=os.environ,
        progress=Silent(),
    ).report
    assert report.runs[-1].overall == "pass", "the others still run"
    return report


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('no\\nway')", "raised ValueError: no way"),
        ("raise SystemExit(0)", "raised SystemExit: 0"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
        ("os._exit(0)", "ended by itself (exit code 0)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "killed by signal 11 (SIGSEGV)"),
        ("os.closerange(3, 100); return 1", "ended by itself"),
        ("return float('nan')", "no canonical JSON form"),
        ("return 2**60", "no canonical JSON form"),
        ("return {1: 2}", "a key of type int"),
        ("return object()", "a value of type object is neither JSON nor bytes"),
        ("return b'x' * (65 << 20)", "returned more than"),
        ("return '\\ud800'", "no canonical JSON form"),
    ],
)
def test_a_callable_that_fails_is_blocked_with_the_reason(tmp_path: Path, body: str, reason: str) -> None:
    """Whatever it does, one line says what."""
    run = report_of(tmp_path, body).runs[0]
    assert (run.overall, run.metrics) == ("blocked", ())
    assert reason in run.reason
    assert "\n" not in run.reason


def test_the_tail_of_stderr_is_kept_clean_and_short(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, escape sequences and this machine's paths do not reach the report."""
    body = "os.write(2, b'x' * 10000 + b'\\xff\\x1b[31mred\\n'); raise ValueError"
    run = report_of(tmp_path, body).runs[0]
    assert "\ufffd[31mred" in run.stderr_tail
    assert "Traceback" in run.stderr_tail
    assert len(run.stderr_tail.encode()) <= 4096 + 16
    assert str(tmp_path) not in run.stderr_tail


@pytest.mark.parametrize(
    "body",
    ["print('noise'); os.write(1, b'more'); return 1", "import warnings; warnings.warn('w'); return 1"],
)
def test_a_callable_may_print(tmp_path: Path, body: str) -> None:
    """Its output does not disturb the protocol."""
    assert report_of(tmp_path, body).summary.status == "pass"


def test_a_callable_that_changes_its_input_gets_a_fresh_one_for_each_call(tmp_path: Path) -> None:
    """One iteration a sample, said in a note; where more were asked for it is blocked."""
    run = report_of(tmp_path / "auto", "x.sort(); return x").runs[0]
    assert (run.overall, run.sampling.iterations) == ("pass", 1)
    assert run.notes == ("it changes its input: one iteration a sample",)
    for more in (", iterations: 5", ", isolation: shared"):
        run = report_of(tmp_path / more, "x.sort(); return x", more=more).runs[0]
        assert "changes its input" in run.reason


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(300)",
        "subprocess.Popen(['sleep', '{mark}'], start_new_session=True); time.sleep(300)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)",
        "\n    while True: pass",
    ],
)
@pytest.mark.parametrize("more", ["", ", isolation: shared"])
def test_a_callable_that_hangs_is_ended_with_everything_it_started(
    tmp_path: Path, body: str, more: str
) -> None:
    """The deadline kills and does not wait; grandchildren in sessions of their own end too."""
    mark = f"300.{time.monotonic_ns()}"
    run = report_of(tmp_path, body.format(mark=mark), more=more, timeout=1).runs[0]
    assert "timed out: its first run took longer than 1 s" in run.reason
    assert not running(mark)


def test_an_import_that_hangs_is_ended(tmp_path: Path) -> None:
    """The deadline holds while the module is imported."""
    bad = "  - {id: bad, family: f, signature: (), variants: {v: {callable: 'work:f'}}}"
    mark = f"300.{time.monotonic_ns()}"
    start = f"subprocess.Popen(['setsid', 'sleep', '{mark}'])"
    work = f"import subprocess, time\n{start}\ntime.sleep(300)\ndef f(): pass"
    run = report_of_benchmark(tmp_path, bad, work, timeout=1).runs[0]
    assert "getting ready (import and input) took longer than 1 s" in run.reason
    assert not running(mark)


def test_an_import_that_hangs_and_does_not_listen_is_killed(tmp_path: Path) -> None:
    """Where SIGTERM is ignored the whole tree is killed."""
    bad = "  - {id: bad, family: f, signature: (), variants: {v: {callable: 'work:f'}}}"
    mark = f"300.{time.monotonic_ns()}"
    start = f"subprocess.Popen(['setsid', 'sleep', '{mark}'])"
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    work = f"import signal, subprocess, time\n{deaf}\n{start}\ntime.sleep(300)\ndef f(): pass"
    run = report_of_benchmark(tmp_path, bad, work, timeout=1).runs[0]
    assert "timed out" in run.reason
    assert not running(mark)


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ("def g(): pass", "AttributeError"),
        ("import no_such_module_here\ndef f(): pass", "ModuleNotFoundError"),
        ("def f(:", "SyntaxError"),
        ("import os\nos._exit(7)\nf = 1", "the measuring process ended (exit code 7)"),
        ("f = 1", "work:f is not callable"),
    ],
)
def test_a_module_that_cannot_be_imported_blocks(tmp_path: Path, work: str, reason: str) -> None:
    """The reason names the exception."""
    bad = "  - {id: bad, family: f, signature: (), variants: {v: {callable: 'work:f'}}}"
    if work == "def g(): pass":
        work = "def __getattr__(name): raise AttributeError(name)"
    assert reason in report_of_benchmark(tmp_path, bad, work).runs[0].reason


def test_a_crash_in_a_shared_process_blocks(tmp_path: Path) -> None:
    """The process of all samples is gone, and so is the run."""
    counter = repr(str(tmp_path / "count"))
    body = f"\n    open({counter}, 'a').write('x')\n    if os.path.getsize({counter}) > 3: os.abort()"
    run = report_of(tmp_path, body, more=", isolation: shared, iterations: 1").runs[0]
    assert "the measuring process ended (signal 6)" in run.reason


def test_a_process_left_behind_is_ended_and_noted(tmp_path: Path) -> None:
    """A sample that ends leaves nothing running, and the report says that it tried."""
    mark = f"300.{time.monotonic_ns()}"
    run = report_of(tmp_path, f"subprocess.Popen(['setsid', 'sleep', '{mark}']); return 1").runs[0]
    assert run.overall == "pass"
    assert run.notes == ("it left processes running, which were ended",)
    assert not running(mark)


def command(argv: list[str]) -> str:
    """A benchmark that is a command."""
    return f"  - {{id: bad, family: f, signature: (), variants: {{v: {{command: {argv!r}}}}}}}"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["sh", "-c", "echo oops >&2; exit 3"], "exit code 3"),
        (["sh", "-c", "kill -9 $$"], "killed by signal 9 (SIGKILL)"),
        (["no-such-program-here"], "cannot be started: no-such-program-here"),
        (["sh", "-c", "yes >&2"], "printed more than"),
        (["yes"], "printed more than"),
    ],
)
def test_a_command_that_fails_is_blocked_with_the_reason(
    tmp_path: Path, argv: list[str], reason: str
) -> None:
    """Exit codes, signals, missing programs and floods."""
    run = report_of_benchmark(tmp_path, command(argv)).runs[0]
    assert run.overall == "blocked"
    assert reason in run.reason


def test_a_command_that_hangs_is_ended_with_its_grandchildren(tmp_path: Path) -> None:
    """Also those that hold its output open from a session of their own."""
    mark = f"300.{time.monotonic_ns()}"
    argv = ["sh", "-c", f"setsid sleep {mark} & (setsid sh -c 'sleep {mark}; true' &) ; sleep {mark}"]
    run = report_of_benchmark(tmp_path, command(argv), timeout=1).runs[0]
    assert "timed out" in run.reason
    assert not running(mark)


def test_parity_failures_block_every_scale_and_name_both_sides(tmp_path: Path) -> None:
    """A disagreement at one scale takes the numbers of the others away; exit status is blocked."""
    bad = (
        "  - {id: bad, family: f, signature: (n), scale: [1, 9], "
        "variants: {a: {callable: 'work:f'}, b: {callable: 'work:g'}}}"
    )
    report = report_of_benchmark(tmp_path, bad, "def f(n): return n\ndef g(n): return min(n, 5)")
    runs = [run for run in report.runs if run.benchmark == "bad"]
    assert [run.overall for run in runs] == ["blocked"] * 4
    for run in runs:
        assert run.layers["parity"] == "fail"
        assert run.reason.startswith("parity: bad@9: outputs differ: 'a' gives blake3:")
        assert str(runs[2].output_digest) in run.reason
        assert str(runs[3].output_digest) in run.reason
    assert report.summary.status == "blocked"


def test_a_real_signature_other_than_the_declared_one_is_a_parity_failure(tmp_path: Path) -> None:
    """Names, order and kinds are those of the function itself."""
    bad = (
        "  - {id: bad, family: f, signature: (n), scale: 1, "
        "variants: {a: {callable: 'work:f'}, b: {callable: 'work:g'}}}"
    )
    report = report_of_benchmark(tmp_path, bad, "def f(n): return n\ndef g(n, extra=1): return n")
    assert report.runs[0].reason == (
        "parity: bad@1: signatures differ: variant 'b' has (n, extra), the benchmark declares (n)"
    )


def test_an_input_that_is_random_is_named_as_such(tmp_path: Path) -> None:
    """Variants on different inputs cannot be compared, and the message says that it is the input."""
    bad = (
        "  - {id: bad, family: f, signature: (x), input: {callable: 'work:make'}, "
        "variants: {a: {callable: 'work:f'}, b: {callable: 'work:f'}}}"
    )
    work = "import random\ndef make(): return random.random()\ndef f(x): return x"
    assert "the input is not the same twice" in report_of_benchmark(tmp_path, bad, work).runs[0].reason


def test_a_variant_without_output_blocks_the_others_of_its_benchmark(tmp_path: Path) -> None:
    """Equality with what crashed is not established."""
    bad = (
        "  - {id: bad, family: f, signature: (), "
        "variants: {a: {callable: 'work:f'}, b: {callable: 'work:g'}}}"
    )
    runs = report_of_benchmark(tmp_path, bad, "def f(): return 1\ndef g(): raise OSError").runs
    assert "variant 'b' gave no output" in runs[0].reason
    assert runs[0].layers["parity"] == "blocked"


def test_a_run_that_fails_only_later_keeps_no_half_series(tmp_path: Path) -> None:
    """A sample that fails blocks the run; nothing of its series is reported."""
    counter = tmp_path / "count"
    path = repr(str(counter))
    body = f"\n    open({path}, 'a').write('x')\n    return 1 if os.path.getsize({path}) < 5 else 1 / 0"
    run = report_of(tmp_path, body, more=", iterations: 1").runs[0]
    assert "ZeroDivisionError" in run.reason
    assert run.layers == {"parity": "pass", "execution": "blocked", "expectations": "skipped"}
    assert run.metrics == ()


def running(mark: str) -> list[int]:
    """Processes, zombies excepted, with `mark` on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found

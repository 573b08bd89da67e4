"""The measuring process: a program of its own, standard library only, so that any Python ≥ 3.11 can run it.

    python -s -P -B host.py CONTROL_FD REPLY_FD        one JSON request a line, one JSON reply a line
    python -s -P -B host.py count SPEC_FILE CALLS      run a callable CALLS times and end (under valgrind)

The first request is the specification (see `Specification` in session.py); the reply says what was
found. Every further request asks for one sample. With isolation `process` each sample is a fork of
this process, made after the import and the input and before the benchmark ran; a command is started
from here because this process is small: Linux charges a new program with the peak memory of the
process that started it. The runner keeps the deadlines; on SIGTERM everything below is ended first.
"""

# ruff: noqa: PTH120, PTH123 (pathlib would add to the memory that commands are charged with)

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING or __name__ != "__main__":
    from benchgov.measure.host_values import (
        UnmeasurableError,
        arguments,
        build_input,
        digest,
        encoded,
        keep_apart,
        named_digest,
        resolve,
        signature_of,
        stray_module,
    )
else:  # run by path, perhaps by a Python that has no benchgov
    sys.path.insert(0, os.path.dirname(__file__))
    from host_values import (
        UnmeasurableError,
        arguments,
        build_input,
        digest,
        encoded,
        keep_apart,
        named_digest,
        resolve,
        signature_of,
        stray_module,
    )

    del sys.path[0]

LINUX = sys.platform.startswith("linux")
MAXRSS_UNIT = 1024 if LINUX else 1  # ru_maxrss: KiB on Linux, bytes on macOS
OUTPUT_LIMIT = 64 * 1024 * 1024
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_MESSAGE_LIMIT = 500

Spec = dict[str, Any]
Reply = dict[str, Any]


# --- processes -------------------------------------------------------------------------------------


def adopt_orphans() -> None:
    """Linux: what a sample leaves behind becomes a child of this process, however it detached itself.

    The runner's death arrives as SIGTERM, so nothing is left when the runner is killed either.
    """
    signal.signal(signal.SIGTERM, _end)
    if LINUX:
        import ctypes

        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _end(*_: object) -> NoReturn:
    sweep()
    os._exit(1)


def sweep() -> int:
    """End every child and reap it, until there is none; returns how many were still running."""
    ended = 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid:
            continue
        running = _children()
        for child in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in running:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
        ended += len(running)
        if not running:
            return ended


def _children() -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children") as stream:
                found += map(int, stream.read().split())
    return found


def _reap(pid: int) -> tuple[int, resource.struct_rusage, int]:
    """Wait for a session's first process, then end the rest of it: (status, usage, how many were left)."""
    _, status, usage = os.wait4(pid, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status), usage, sweep()


def forked(job: Callable[[], Reply]) -> Reply:
    """The result of `job`, run in a fork of this process, with the fork's peak memory."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _in_child(job, write)
    os.close(write)
    try:
        status, usage, left = _reap(pid)
        os.set_blocking(read, False)
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(read, 65536)
    finally:
        os.close(read)
    if status < 0:
        raise UnmeasurableError(f"killed by {signal_name(-status)}")
    if not data:
        raise UnmeasurableError(
            f"the process ended by itself (exit code {status}) before the sample was complete"
        )
    reply: Reply = json.loads(data)
    if "fault" in reply:
        raise UnmeasurableError(reply["fault"])
    return {**reply, "peak_memory": usage.ru_maxrss * MAXRSS_UNIT, "left": left}


def _in_child(job: Callable[[], Reply], write: int) -> NoReturn:
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        reply = job()
    except BaseException as error:  # whatever the benchmark raises, SystemExit included
        reply = {"fault": described(error)}
    with contextlib.suppress(BaseException):
        os.write(write, json.dumps(reply).encode())
    os._exit(0)


def signal_name(number: int) -> str:
    """`signal 11 (SIGSEGV)`."""
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def described(error: BaseException) -> str:
    """One line for an exception; its traceback goes to standard error."""
    if isinstance(error, UnmeasurableError):
        return str(error)
    with contextlib.suppress(BaseException):
        import traceback  # only now: this process is kept small for the commands that it starts

        traceback.print_exception(error, file=sys.__stderr__)
    text = " ".join(str(error).split())[:_MESSAGE_LIMIT]
    return f"raised {type(error).__name__}: {text}" if text else f"raised {type(error).__name__}"


# --- callables -------------------------------------------------------------------------------------


class Callables:
    """Samples of a Python callable."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.function = resolve(spec["target"])
        self.signature = signature_of(self.function)
        self.value = build_input(spec)
        self.arguments = arguments(spec, self.value)
        if stray := stray_module(spec):
            raise UnmeasurableError(stray)
        gc.collect()
        gc.freeze()  # a fork then collects only what the benchmark itself makes

    def prepared(self) -> Reply:
        """What was found, and the peak memory of a fork that does nothing."""
        floor = forked(dict)["peak_memory"]
        return {"signature": self.signature, "input_digest": digest(self.value), "memory_floor": floor}

    def output(self, path: str) -> Reply:
        """Run once, in a fork, and write what is returned to `path`."""

        def job() -> Reply:
            before = digest(self.value)
            kind, data = _output(self.function(*self.arguments))
            if len(data) > OUTPUT_LIMIT:
                raise UnmeasurableError(f"returned more than {OUTPUT_LIMIT:,} bytes")
            with open(path, "wb") as stream:
                stream.write(data)
            return {"kind": kind, "mutates": digest(self.value) != before}

        return forked(job)

    def sample(self, iterations: int) -> Reply:
        """Time `iterations` calls as one sample."""
        if self.spec["isolation"] == "process":
            return forked(lambda: self._timed(iterations))
        reset = _reset_peak()
        reply = self._timed(iterations)
        return {**reply, "peak_memory": _peak() if reset or not LINUX else None, "left": 0}

    def _timed(self, iterations: int) -> Reply:
        return timed(self.function, self.arguments, iterations, self.spec["delay_ns"] * iterations)


def _output(value: Any) -> tuple[str, bytes]:
    try:
        return encoded(value)
    except UnmeasurableError as error:
        raise UnmeasurableError(f"its output cannot be compared: {error}") from None
    except (ValueError, RecursionError) as error:
        raise UnmeasurableError(f"its output has no canonical JSON form: {error}") from None


def timed(function: Callable[..., Any], given: tuple[Any, ...], iterations: int, delay: int = 0) -> Reply:
    """Wall and CPU time, in ns, of `iterations` calls and a delay; garbage is collected before them."""
    rounds: Iterator[None] = repeat(None, iterations)
    gc.collect()
    gc.disable()
    try:
        children = _children_cpu()
        cpu, wall = time.process_time_ns(), time.perf_counter_ns()
        for _ in rounds:
            function(*given)
        busy_wait(delay)
        wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    finally:
        gc.enable()
    return {"wall_time": wall, "cpu_time": cpu + _children_cpu() - children}


def busy_wait(nanoseconds: int) -> None:
    """Spend so much time, as slower code would."""
    if nanoseconds:
        end = time.perf_counter_ns() + nanoseconds
        while time.perf_counter_ns() < end:
            pass


def _children_cpu() -> int:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def _reset_peak() -> bool:
    """Linux: let this process's high-water mark begin anew."""
    try:
        with open("/proc/self/clear_refs", "w") as stream:
            stream.write("5")
    except OSError:
        return False
    return True


def _peak() -> int:
    """This process's high-water mark in bytes. Linux: VmHWM, because ru_maxrss survives an exec."""
    if not LINUX:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/status") as stream:
        line = next(line for line in stream if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


# --- commands --------------------------------------------------------------------------------------


class Commands:
    """Samples of a command line: each is one launch."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.stdin = spec["input"].get("file", os.devnull)
        self.input_digest: str | None = None
        if "callable" in spec["input"]:
            self.stdin = spec["input_file"]
            self.input_digest = forked(self._write_input)["input_digest"]

    def _write_input(self) -> Reply:
        """In a fork, so that the input's size is not charged to the commands."""
        kind, data = encoded(build_input(self.spec))
        with open(self.stdin, "wb") as stream:
            stream.write(data)
        return {"input_digest": named_digest(kind, data)}

    def prepared(self) -> Reply:
        """The digest of the input, and the least peak memory that can be told: this process's own."""
        floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT if not LINUX else _peak()
        return {"signature": None, "input_digest": self.input_digest, "memory_floor": floor}

    def output(self, path: str) -> Reply:
        """Run once, with standard output going to `path`."""
        return {**self._launch(path), "kind": "stdout", "mutates": False}

    def sample(self, iterations: int) -> Reply:
        """Time one launch; what it prints is thrown away."""
        del iterations
        reply = self._launch(os.devnull)
        if reply["exit_code"] != self.spec["exit_code"]:
            raise UnmeasurableError(
                f"exit code {reply['exit_code']}, not {self.spec['exit_code']} as in its first run"
            )
        return reply

    def _launch(self, stdout: str) -> Reply:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, self.stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ]
        argv = self.spec["argv"]
        start = time.perf_counter_ns()
        try:
            pid = os.posix_spawnp(
                argv[0],
                argv,
                os.environ,
                file_actions=actions,
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            raise UnmeasurableError(f"cannot be started: {argv[0]}: {error.strerror}") from None
        _, status, usage = os.wait4(pid, 0)
        busy_wait(self.spec["delay_ns"])
        wall = time.perf_counter_ns() - start
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        left, code = sweep(), os.waitstatus_to_exitcode(status)
        if code < 0:
            raise UnmeasurableError(f"killed by {signal_name(-code)}")
        return {
            "wall_time": wall,
            "cpu_time": round((usage.ru_utime + usage.ru_stime) * 1e9),
            "peak_memory": usage.ru_maxrss * MAXRSS_UNIT,
            "left": left,
            "exit_code": code,
        }


# --- the program -----------------------------------------------------------------------------------


def answer(job: Callable[[], Reply]) -> Reply:
    """The job's reply, or its fault as one."""
    try:
        return job()
    except BaseException as error:
        return {"fault": described(error)}


def serve(control: int, replies: int) -> None:
    """Answer requests until the runner closes its end."""
    os.set_inheritable(control, False)
    os.set_inheritable(replies, False)
    subject: Callables | Commands

    def send(reply: Reply) -> None:
        os.write(replies, json.dumps(reply).encode() + b"\n")

    with os.fdopen(control, "rb") as requests:
        spec: Spec = json.loads(requests.readline())
        keep_apart(spec)
        sys.path[:0] = spec["path"]
        try:
            subject = Callables(spec) if "target" in spec else Commands(spec)
            send(subject.prepared())
        except BaseException as error:
            send({"fault": described(error)})
            return
        for line in requests:
            request = json.loads(line)
            os.ftruncate(2, 0)
            if "output" in request:
                send(answer(lambda path=request["output"]: subject.output(path)))  # type: ignore[misc]
            else:
                send(answer(lambda count=request["iterations"]: subject.sample(count)))  # type: ignore[misc]


def count(spec_file: str, calls: int) -> None:
    """Call the callable `calls` times and end: what valgrind counts."""
    with open(spec_file, encoding="utf-8") as stream:
        spec = json.load(stream)
    keep_apart(spec)
    sys.path[:0] = spec["path"]
    subject = Callables(spec)
    gc.disable()
    for _ in repeat(None, calls):
        subject.function(*subject.arguments)
    os._exit(0)


def main(argv: list[str]) -> None:
    """Serve on two descriptors, or count."""
    import warnings

    # A benchmark's own threads at import time are its author's business; the fork is ours.
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    if argv[0] == "count":
        count(argv[1], int(argv[2]))
    adopt_orphans()
    try:
        serve(int(argv[0]), int(argv[1]))
    except BrokenPipeError:
        pass
    finally:
        sweep()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])

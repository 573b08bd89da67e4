"""Talk to one measuring process (`host.py`): requests, replies, and a deadline for each."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchgov.measure.processes import end

HOST = Path(__file__).with_name("host.py")
# No user site, no script folder on the path, no byte code written. (-I would ignore the hash seed.)
HOST_FLAGS = ("-s", "-P", "-B")
OUTPUT_LIMIT = 64 * 1024 * 1024
"""Most that one run may print on standard output or error, in bytes."""

STDERR_TAIL = 4096
_TOO_MUCH = f"printed more than {OUTPUT_LIMIT:,} bytes"
_POLL_SECONDS = 0.05
_CLOSE_SECONDS = 5.0


class SampleError(Exception):
    """This run cannot be measured: the reason, and the end of what it wrote to standard error."""

    def __init__(self, reason: str, stderr_tail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.stderr_tail = stderr_tail


@dataclass(frozen=True)
class Specification:
    """What one session measures.

    `target` (`module:function`) or `argv`; `input` is `{}`, `{"callable": …}` or `{"file": …}`;
    `parameters` are the declared names; `path` goes before Python's own import path. `apart` are the roots of
    this work tree and of another one, from which nothing may be loaded. `delay_ns` is how much longer each
    iteration is made to take, by a busy wait, to see whether that is found.
    """

    folder: Path
    path: tuple[str, ...]
    target: str | None
    argv: tuple[str, ...]
    input: Mapping[str, str]
    scale: float | None
    parameters: tuple[str, ...]
    isolation: str
    exit_code: int
    apart: tuple[str, str] | None = None
    delay_ns: int = 0

    def to_json(self, scratch: Path) -> dict[str, Any]:
        """The first request to the host."""
        kind: dict[str, Any] = {"argv": self.argv} if self.target is None else {"target": self.target}
        return {
            **kind,
            "path": self.path,
            "input": dict(self.input),
            "input_file": str(input_file(scratch)),
            "scale": self.scale,
            "parameters": self.parameters,
            "isolation": self.isolation,
            "exit_code": self.exit_code,
            "apart": self.apart,
            "delay_ns": self.delay_ns,
        }


def input_file(scratch: Path) -> Path:
    """Where a command finds the input that a callable made."""
    return scratch / "input.json"


class Session:
    """One host, for one planned run. `scratch` is a private folder that the caller removes.

    Raises:
        SampleError: from every request: an exception, a crash, too much output, or the deadline.
    """

    def __init__(
        self, specification: Specification, *, python: str, environ: Mapping[str, str], scratch: Path
    ) -> None:
        self.scratch = scratch
        self._pending = b""
        host_in, self._control = os.pipe()
        self._replies, host_out = os.pipe()
        try:
            with (scratch / "stderr").open("ab") as stderr:
                self._process = subprocess.Popen(
                    [python, *HOST_FLAGS, str(HOST), str(host_in), str(host_out)],
                    cwd=specification.folder,
                    env=dict(environ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    pass_fds=(host_in, host_out),
                    start_new_session=True,
                )
        except OSError as error:
            os.close(self._control)
            os.close(self._replies)
            raise SampleError(f"Python cannot be started: {error}") from error
        finally:
            os.close(host_in)
            os.close(host_out)
        self._send(specification.to_json(scratch))

    def prepared(self, timeout: float) -> dict[str, Any]:
        """Wait until the callable is imported and the input built: signature, input digest, memory floor."""
        return self._reply(timeout, "getting ready (import and input)")

    def output(self, timeout: float, doing: str = "its first run") -> tuple[dict[str, Any], bytes]:
        """Run once; the reply and what came out. `doing` names it in the message about a deadline."""
        path = self.scratch / "output"
        self._send({"output": str(path)})
        reply = self._reply(timeout, doing)
        if self._too_much():
            raise self._failed(_TOO_MUCH)
        return reply, path.read_bytes()

    def sample(self, iterations: int, timeout: float) -> dict[str, Any]:
        """One sample: `wall_time` and `cpu_time` in ns for all iterations, `peak_memory` in bytes or None.

        `overhead` is what the harness added, in ns: from request to reply, without the sample itself.
        """
        start = time.perf_counter_ns()
        self._send({"iterations": iterations})
        reply = self._reply(timeout, "a sample")
        return {**reply, "overhead": time.perf_counter_ns() - start - reply["wall_time"]}

    def stderr_tail(self) -> str:
        """The last 4 KiB of standard error, without control characters."""
        with (self.scratch / "stderr").open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - STDERR_TAIL))
            return printable(stream.read(STDERR_TAIL).decode("utf-8", errors="replace"))

    def close(self) -> None:
        """End the host; at once when it waits for a request, otherwise with everything below it."""
        if self._process.poll() is None:
            os.close(self._control)
            try:
                self._process.wait(_CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                end(self._process)
        else:
            os.close(self._control)
        os.close(self._replies)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            end(self._process)
        self.close()

    def _send(self, request: dict[str, Any]) -> None:
        data = json.dumps(request).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._control, data) :]
        except BrokenPipeError:
            pass  # the reply, or its absence, says what happened

    def _reply(self, timeout: float, doing: str) -> dict[str, Any]:
        line = self._line(time.monotonic() + timeout, timeout, doing)
        try:
            reply: dict[str, Any] = json.loads(line)
        except ValueError:
            raise self._failed(self._ended(), stop=True) from None
        if "fault" in reply:
            raise self._failed(str(reply["fault"]))
        return reply

    def _line(self, deadline: float, timeout: float, doing: str) -> bytes:
        """The next line from the host; what there is of it when the host has ended."""
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._failed(f"timed out: {doing} took longer than {timeout:g} s", stop=True)
            ready, _, _ = select.select([self._replies], [], [], min(left, _POLL_SECONDS))
            if ready:
                data = os.read(self._replies, 65536)
                if not data:
                    return self._pending
                self._pending += data
            elif self._too_much():
                raise self._failed(_TOO_MUCH, stop=True)
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _too_much(self) -> bool:
        return any(
            path.exists() and path.stat().st_size > OUTPUT_LIMIT
            for path in (self.scratch / "stderr", self.scratch / "output")
        )

    def _ended(self) -> str:
        try:
            status = self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return "the measuring process gave an unreadable reply"
        return f"the measuring process ended ({_status(status)}) before it replied"

    def _failed(self, reason: str, stop: bool = False) -> SampleError:
        if stop and self._process.poll() is None:
            end(self._process)
        return SampleError(reason, self.stderr_tail())


def _status(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"


def printable(text: str) -> str:
    """`text` without control characters other than line ends and tabs."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")


INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "JAVA_HOME", "GOROOT", "GOPATH", "CARGO_HOME", "RUSTUP_HOME"),
    *("NODE_PATH", "GOCACHE", "GOMODCACHE", "XDG_CACHE_HOME", "RUSTUP_TOOLCHAIN", "GRADLE_USER_HOME"),
    *("MAVEN_HOME", "DOTNET_ROOT", "NUGET_PACKAGES", "BENCHGOV_CONFIG"),
)
"""Variables that a benchmark sees: where its tools are, the suite's config, and nothing secret. Others come
from its `env`."""


def host_environ(environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a benchmark: a fixed hash seed, what is `INHERITED`, and the variant's `env`."""
    kept = {name: environ[name] for name in INHERITED if name in environ}
    return {**kept, "PYTHONHASHSEED": "0", **extra}

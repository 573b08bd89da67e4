"""Instruction counts under valgrind (cachegrind, no cache simulation), where it is installed.

A callable costs (Ir of a process with `CALLS` calls − Ir of one with none) ÷ `CALLS`; a command costs
all of its processes. With a fixed hash seed and environment the count repeats to within a few
parts per ten thousand, so it is taken once.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchgov.measure.processes import kill_tree
from benchgov.measure.session import HOST, HOST_FLAGS, Specification

CALLS = 5
"""Fixed, so that two reports count the same work."""

SLOWDOWN = 60.0
"""How much longer than a sample a counted run may take before it is given up."""


def count_instructions(
    specification: Specification,
    *,
    python: str,
    environ: Mapping[str, str],
    scratch: Path,
    timeout: float,
) -> float | str:
    """Instructions per iteration, or a note that says why there is no count."""
    valgrind = shutil.which("valgrind", path=environ.get("PATH"))
    if valgrind is None:
        return "instructions: not counted, valgrind is not installed"
    counter = _Counter(valgrind, specification, environ, scratch, timeout * SLOWDOWN)
    try:
        if specification.target is None:
            return float(counter.total(list(specification.argv), "command"))
        spec = scratch / "count.json"
        spec.write_text(json.dumps(specification.to_json(scratch)), encoding="utf-8")
        host = [python, *HOST_FLAGS, str(HOST), "count", str(spec)]
        none, some = counter.total([*host, "0"], "none"), counter.total([*host, str(CALLS)], "some")
        return max(0, some - none) / CALLS
    except _NotCountedError as error:
        return f"instructions: not counted, {error}"


class _NotCountedError(Exception):
    """Valgrind gave no count."""


class _Counter:
    def __init__(
        self,
        valgrind: str,
        specification: Specification,
        environ: Mapping[str, str],
        scratch: Path,
        timeout: float,
    ) -> None:
        self._valgrind, self._specification, self._environ = valgrind, specification, environ
        self._scratch, self._timeout = scratch, timeout

    def total(self, argv: list[str], name: str) -> int:
        """Instructions of `argv` and of every process that it starts."""
        options = ["--tool=cachegrind", "--cache-sim=no", "--trace-children=yes", "--log-file=/dev/null"]
        out = f"--cachegrind-out-file={self._scratch}/{name}.%p.count"
        status = self._run([self._valgrind, *options, out, *argv])
        wanted = self._specification.exit_code if self._specification.target is None else 0
        if status != wanted:
            raise _NotCountedError(f"exit code {status} under valgrind")
        counts = [_summary(path) for path in self._scratch.glob(f"{name}.*.count")]
        if not counts:
            raise _NotCountedError("valgrind wrote no count")
        return sum(counts)

    def _run(self, argv: list[str]) -> int:
        given = self._specification.input.get("file")
        made = self._scratch / "input.json"
        source = Path(given) if given else made if made.exists() else Path("/dev/null")
        with source.open("rb") as stdin:
            process = subprocess.Popen(
                argv,
                cwd=self._specification.folder,
                env=dict(self._environ),
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            return process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            raise _NotCountedError(f"it took longer than {self._timeout:g} s under valgrind") from None
        finally:
            if process.poll() is None:
                kill_tree(process)


def _summary(path: Path) -> int:
    with path.open("rb") as stream:
        stream.seek(0, 2)
        stream.seek(max(0, stream.tell() - 4096))
        found = re.search(rb"^summary: (\d+)", stream.read(), re.MULTILINE)
    if found is None:
        raise _NotCountedError("valgrind's file has no summary")
    return int(found[1])

"""A Docker engine of one test run, with one local image: Debian with Python, venv and Git.

The engine is started by hand, in a process and a mount namespace of its own. When its first process ends, the
kernel ends all others and takes the mounts away, however the tests ended. It has no bridge and no firewall
rules: containers use the machine's network or none.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.support import cache_folder

IMAGE = "benchgov-e2e:local"
_RELEASE = "bookworm"
_PACKAGES = "python3,python3-venv,git,ca-certificates"
_LEFT_OUT = ("./var/cache/apt/archives/*", "./var/lib/apt/lists/*", "./usr/share/doc/*", "./usr/share/man/*")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Engine:
    """A running engine that has `IMAGE`; `host` is what DOCKER_HOST takes."""

    host: str

    def run(
        self, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`docker run --rm --network host ARGUMENTS`; both streams are in `stdout`."""
        variables = [
            option for name, value in (environ or {}).items() for option in ("--env", f"{name}={value}")
        ]
        return self.docker("run", "--rm", "--network", "host", *variables, *arguments)

    def docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The engine's client."""
        return subprocess.run(
            ["docker", "--host", self.host, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )


def skip_without_engine() -> None:
    """Skip the test where an engine cannot be started, and say what is missing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a Docker engine is started here by root, on Linux")
    tools = ["dockerd", "docker", "unshare", "tar"]
    if not _base().exists():
        tools.append("debootstrap")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: docker.io, debootstrap, util-linux)")


@contextlib.contextmanager
def docker_engine() -> Iterator[Engine]:
    """Start an engine that has `IMAGE`; when the block ends nothing of it is left."""
    base = debian_base()
    # A socket's path may have 107 bytes: a folder of pytest's is too deep.
    folder = Path(tempfile.mkdtemp(prefix="benchgov-engine-"))
    group = folder.name
    try:
        with _daemon(folder, group) as host:
            engine = Engine(host)
            made = engine.docker("import", str(base), IMAGE)
            assert made.returncode == 0, made.stdout
            yield engine
    finally:
        shutil.rmtree(folder)
        for control in _CGROUPS.glob(f"**/{group}"):
            _remove_groups(control)
        assert folder.name not in Path("/proc/self/mountinfo").read_text()


@contextlib.contextmanager
def _daemon(folder: Path, group: str) -> Iterator[str]:
    host, log = f"unix://{folder / 'docker.sock'}", folder / "dockerd.log"
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command = ["dockerd", "--host", host, "--iptables=false", "--ip6tables=false", "--bridge=none"]
    command += [f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}"]
    command += [f"--pidfile={folder / 'pid'}", f"--cgroup-parent=/{group}"]
    with log.open("w") as stream:
        process = subprocess.Popen([*namespaces, *command], stdout=stream, stderr=stream)
        try:
            _wait_for(host, process, log)
            yield host
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End dockerd; it is the first process of its namespace, so all that runs in there ends with it."""
    everything = _processes_below(process.pid)
    for folder in everything[:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(folder.name), signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()  # which `--kill-child` passes on
        process.wait()
    _wait_until_gone(everything)


def _wait_for(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if Engine(host).docker("version").returncode == 0:
            return
        time.sleep(0.2)
    pytest.fail(f"dockerd did not start: {log.read_text()[-2000:]}")


def _processes_below(pid: int) -> list[Path]:
    """The folders in /proc of all descendants of a process."""
    found: list[Path] = []
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text().split() if children.exists() else []:
        found += [Path("/proc") / child, *_processes_below(int(child))]
    return found


def _wait_until_gone(processes: list[Path]) -> None:
    deadline = time.monotonic() + 30
    while any(process.exists() for process in processes):
        assert time.monotonic() < deadline, f"still running: {processes}"
        time.sleep(0.05)


def _remove_groups(folder: Path) -> None:
    for below in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        below.rmdir()
    folder.rmdir()


def _base() -> Path:
    key = hashlib.sha256(repr((_RELEASE, _PACKAGES, _LEFT_OUT)).encode()).hexdigest()[:16]
    return cache_folder() / f"debian-{key}.tar"


def debian_base() -> Path:
    """A root filesystem as a tar file, made once by debootstrap from the mirror it knows."""
    base = _base()
    with (cache_folder() / "debian.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not base.exists():
            with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="debian-") as folder:
                _make_base(Path(folder), base)
    return base


def _make_base(folder: Path, base: Path) -> None:
    # A mount namespace: debootstrap mounts /proc in there, and leaves it when it is interrupted.
    strap = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _RELEASE]
    made = subprocess.run([*strap, str(folder / "root")], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    pack = ["tar", "-C", str(folder / "root"), *(f"--exclude={path}" for path in _LEFT_OUT)]
    subprocess.run([*pack, "-cf", str(folder / "base.tar"), "."], check=True)
    (folder / "base.tar").rename(base)

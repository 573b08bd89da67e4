"""Run one action in a private environment that is built once per lock, Python and version of benchgov.

Started by launch.sh with `-I -S`, so only the standard library is here. The caller's Python, its
packages and its variables are left alone: nothing is written to GITHUB_ENV or GITHUB_PATH.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src" / "benchgov"
LOCK = HERE.parent / "requirements" / "runtime.txt"

EXTRAS = {"track-history": LOCK.with_name("history.txt")}
"""Actions that need more than the others, and the lock of it."""

BUILD_FAILED = 70
_COMPLETE = "complete"
_INSTALL = ("install", "--quiet", "--no-compile")
"""Most of SciPy is never imported: what is, Python compiles on the way, and keeps. This halves the build."""
_PIP_PLACES = {
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_REQUIREMENT",
}


def main(arguments: list[str]) -> NoReturn:
    """Become `python -m benchgov.actions ACTION` of the private environment."""
    environ = os.environ
    python = ready_python(cache_folder(environ), environ)
    if extra := EXTRAS.get(arguments[0] if arguments else ""):
        add_extra(python, extra, environ)
    workspace = environ.get("GITHUB_WORKSPACE")
    if workspace:
        os.chdir(workspace)
    # -I: neither the current folder, which a pull request wrote, nor PYTHON* decides what is imported.
    command = [str(python), "-I", "-X", "utf8", "-m", "benchgov.actions", *arguments]
    # Benchmarks run with the job's own Python and packages, not with this environment's.
    os.execve(python, command, {"BENCHGOV_PYTHON": sys.executable, **environ})  # noqa: S606


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where environments are kept: the runner's tool cache, its temporary folder, or the user's cache.

    Each user has a folder: what root of a container job left in a shared tool cache, the runner's
    user could neither lock nor build again.

    Raises:
        OSError: none of them can be written.
    """
    named = [environ.get(name) for name in ("RUNNER_TOOL_CACHE", "RUNNER_TEMP", "XDG_CACHE_HOME")]
    # Not Path.home(): a container's user may have neither HOME nor an entry in the user database.
    for base in (*named, os.path.expanduser("~/.cache")):  # noqa: PTH111
        if base and Path(base).is_absolute() and _usable(Path(base)):
            return Path(base) / f"benchgov-{os.getuid()}"
    raise OSError("no folder to keep it in: none of RUNNER_TOOL_CACHE, RUNNER_TEMP and HOME can be written")


def _usable(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK | os.X_OK)


def ready_python(cache: Path, environ: Mapping[str, str]) -> Path:
    """The Python of the environment for this lock, source and interpreter; built when it is not there.

    A virtual environment cannot be moved, so it is built in place under a lock, and counts only
    once its marker file is there: one that was interrupted is built again.
    """
    folder = cache / environment_key()
    python = folder / "bin" / "python"
    if _complete(folder, python):
        return python
    with _locked(cache / f"{folder.name}.lock"):
        if not _complete(folder, python):
            _build(folder, python, environ)
    return python


def add_extra(python: Path, lock: Path, environ: Mapping[str, str]) -> None:
    """Install the packages of `lock` into the environment of `python`, once; they bring nothing else."""
    folder = python.parent.parent
    marker = folder / f"{_COMPLETE}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:32]}"
    with _locked(folder.parent / f"{folder.name}.lock"):
        if marker.is_file():
            return
        clean = _for_pip(environ)
        arguments = [*_INSTALL, "--no-deps", "--require-hashes", "-r", str(lock)]
        _call([*_pip(python, clean, folder), *arguments], clean, folder)
        marker.touch()


def _complete(folder: Path, python: Path) -> bool:
    return (folder / _COMPLETE).is_file() and os.access(python, os.X_OK)


def environment_key() -> str:
    """Names the environment: digest of the lock, the source, and the interpreter with its platform."""
    digest = hashlib.sha256()
    multiarch = getattr(sys.implementation, "_multiarch", "")
    machine = (sys.version, sys.platform, multiarch, os.uname().machine, os.path.realpath(_base_python()))
    digest.update(repr(machine).encode())
    for path in (LOCK, *sorted(SOURCE.rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            name = path.relative_to(HERE.parent).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def _base_python() -> str:
    return str(getattr(sys, "_base_executable", None) or sys.executable)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _build(folder: Path, python: Path, environ: Mapping[str, str]) -> None:
    import shutil

    sys.stdout.write(f"benchgov: preparing its environment in {folder}\n")
    sys.stdout.flush()
    shutil.rmtree(folder, ignore_errors=True)
    clean = _for_pip(environ)
    _call([_base_python(), "-I", "-m", "venv", "--without-pip", str(folder)], clean, folder.parent)
    pip = _pip(python, clean, folder)
    _call(
        [*pip, *_INSTALL, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)],
        clean,
        folder,
    )
    site = next((folder / "lib").glob("python3.*/site-packages"))
    shutil.copytree(SOURCE, site / "benchgov", ignore=shutil.ignore_patterns("__pycache__"))
    own = str(site / "benchgov")
    _call([str(python), "-I", "-m", "compileall", "-q", "-j", "0", own], clean, folder, must=False)
    (folder / _COMPLETE).touch()


def _for_pip(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for pip: where it installs to is not the caller's to say."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    kept = {name: value for name, value in kept.items() if name not in _PIP_PLACES}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def _pip(python: Path, environ: Mapping[str, str], folder: Path) -> list[str]:
    """A pip for the new environment: the caller's, which is there at once, or the one that Python carries.

    Debian splits both off; what is then missing, the caller's says.
    """
    callers = [_base_python(), "-I", "-m", "pip", "--python", str(python)]
    if _call([*callers, "--version"], environ, folder, must=False) == 0:
        return callers
    if _call([str(python), "-I", "-m", "ensurepip", "--default-pip"], environ, folder, must=False) == 0:
        return [str(python), "-I", "-m", "pip"]
    return callers


def _call(command: list[str], environ: Mapping[str, str], folder: Path, *, must: bool = True) -> int:
    import subprocess

    done = subprocess.run(
        command, env=dict(environ), cwd=folder, check=False, capture_output=True, text=True, errors="replace"
    )
    if must and done.returncode != 0:
        why = (done.stderr or done.stdout).strip()
        hint = "; on Debian and Ubuntu, the package python3-venv has it" if "No module named" in why else ""
        _fail(" ".join(command[1:5]), why + hint)
    return done.returncode


def _fail(what: str, why: str) -> NoReturn:
    last = (why.splitlines() or ["no message"])[-1].replace("%", "%25")
    sys.stdout.write(f"{why}\n::error title=benchgov::no private environment (python {what}): {last}\n")
    sys.stdout.flush()
    sys.exit(BUILD_FAILED)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Exception as problem:  # a traceback's exit code 1 would read as a verdict
        _fail("launch", f"{type(problem).__name__}: {problem}")

"""The versions of tools: a command and a pattern for each, run without a shell and read with bounds."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from benchgov.config import Probe
from benchgov.rim import RunProcess

TIMEOUT_SECONDS = 10.0
"""How long a probe may take, in seconds."""

NOT_FOUND = "not found"
UNREADABLE = "unreadable"
DOCKER_IMAGE = "docker:"
"""A pin `docker:<image>` is on the digest of that image."""

_MAX_OUTPUT_CHARACTERS = 16_384
_MAX_VERSION_CHARACTERS = 200
_VERSION = r"(\d+(?:\.\d+)+[\w.+~-]*)"
_IMAGE_NAME = re.compile(r"[a-zA-Z0-9][\w.:/@-]{0,254}")
# RepoDigests is the content as the registry knows it; an image built here has only its own id.
_DIGEST_FORMAT = "{{if .RepoDigests}}{{index .RepoDigests 0}}{{else}}{{.Id}}{{end}}"


def _probe(*command: str, pattern: str = _VERSION) -> Probe:
    return Probe(command=command, pattern=pattern)


DEFAULT_PROBES: dict[str, Probe] = {
    "cargo": _probe("cargo", "--version", pattern=rf"cargo {_VERSION}"),
    "clang": _probe("clang", "--version", pattern=rf"version {_VERSION}"),
    "cmake": _probe("cmake", "--version", pattern=rf"version {_VERSION}"),
    "cvc5": _probe("cvc5", "--version", pattern=rf"version {_VERSION}"),
    "docker": _probe("docker", "--version", pattern=rf"version {_VERSION}"),
    "dotnet": _probe("dotnet", "--version"),
    "g++": _probe("g++", "-dumpfullversion", "-dumpversion"),
    "gcc": _probe("gcc", "-dumpfullversion", "-dumpversion"),
    "git": _probe("git", "--version", pattern=rf"version {_VERSION}"),
    "go": _probe("go", "version", pattern=r"go(\d+(?:\.\d+)+[\w.+-]*)"),
    "java": _probe("java", "-version", pattern=r'version "([^"]+)"'),
    "node": _probe("node", "--version", pattern=rf"v{_VERSION}"),
    "npm": _probe("npm", "--version"),
    "ruby": _probe("ruby", "--version", pattern=r"ruby (\d+(?:\.\d+)+)"),
    "rustc": _probe("rustc", "--version", pattern=rf"rustc {_VERSION}"),
    "valgrind": _probe("valgrind", "--version", pattern=rf"valgrind-{_VERSION}"),
    "z3": _probe("z3", "--version", pattern=rf"version {_VERSION}"),
}
"""How common tools say their version; `environment.probes` adds to these and replaces them."""


def image_probe(pin: str) -> Probe | None:
    """The probe of a pin `docker:<image>`: that image's digest. None when it names no image."""
    image = pin.removeprefix(DOCKER_IMAGE)
    if image == pin or not _IMAGE_NAME.fullmatch(image):
        return None
    command = ("docker", "image", "inspect", "--format", _DIGEST_FORMAT, image)
    return Probe(command=command, pattern=r"(sha256:[0-9a-f]{64})")


def tool_version(probe: Probe, run: RunProcess, folder: Path) -> str:
    """The version that the probe finds; `not found`, or `unreadable: why`, never an exception."""
    try:
        done = run(probe.command, folder, TIMEOUT_SECONDS)
    except FileNotFoundError:
        return NOT_FOUND
    except subprocess.TimeoutExpired:
        return f"{UNREADABLE}: no answer within {TIMEOUT_SECONDS:g} s"
    except (OSError, ValueError) as error:
        return f"{UNREADABLE}: {getattr(error, 'strerror', None) or error}"
    if done.status != 0:
        return f"{UNREADABLE}: exit status {done.status}"
    # Some tools, java among them, answer on standard error.
    for output in (done.stdout, done.stderr):
        found = re.search(probe.pattern, output[:_MAX_OUTPUT_CHARACTERS])
        if found and found[1]:
            return _checked(found[1].strip())
    return f"{UNREADABLE}: no version in its output"


def _checked(version: str) -> str:
    if version and version.isprintable() and len(version) <= _MAX_VERSION_CHARACTERS:
        return version
    return f"{UNREADABLE}: no version in its output"

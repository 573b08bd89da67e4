"""Versions of tools, from recorded and from hostile output."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchgov.config import Probe
from benchgov.environment.tools import DEFAULT_PROBES, TIMEOUT_SECONDS, image_probe, tool_version
from benchgov.rim import Completed, RunProcess

PROBE = Probe(command=("tool", "--version"))


def answering(stdout: str = "", stderr: str = "", status: int = 0) -> RunProcess:
    """A program that prints this and ends with that status."""

    def run(command: Sequence[str], folder: Path, timeout: float) -> Completed:
        assert timeout == TIMEOUT_SECONDS
        return Completed(status, stdout, stderr)

    return run


def failing(error: Exception) -> RunProcess:
    """A program that cannot be run."""

    def run(command: Sequence[str], folder: Path, timeout: float) -> Completed:
        raise error

    return run


RECORDED = {
    "cargo": ("cargo 1.92.0 (f2c1a1d2e 2025-10-10)\n", "1.92.0"),
    "clang": ("Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n", "14.0.6"),
    "cmake": ("cmake version 3.25.1\n\nCMake suite maintained by Kitware\n", "3.25.1"),
    "cvc5": ("This is cvc5 version 1.1.2 [git tag 1.1.2 branch HEAD]\n", "1.1.2"),
    "docker": ("Docker version 24.0.5, build ced0996\n", "24.0.5"),
    "dotnet": ("8.0.100\n", "8.0.100"),
    "g++": ("12.2.0\n", "12.2.0"),
    "gcc": ("12.2.0\n", "12.2.0"),
    "git": ("git version 2.39.3 (Apple Git-146)\n", "2.39.3"),
    "go": ("go version go1.22.1 linux/amd64\n", "1.22.1"),
    "node": ("v20.11.1\n", "20.11.1"),
    "npm": ("10.2.4\n", "10.2.4"),
    "ruby": ("ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]\n", "3.1.2"),
    "rustc": ("rustc 1.94.0-nightly (abcdef012 2025-12-01)\n", "1.94.0-nightly"),
    "valgrind": ("valgrind-3.19.0\n", "3.19.0"),
    "z3": ("Z3 version 4.12.5 - 64 bit\n", "4.12.5"),
}


@pytest.mark.parametrize("name", sorted(set(DEFAULT_PROBES) - {"java"}))
def test_every_default_probe_reads_what_its_tool_prints(name: str, tmp_path: Path) -> None:
    """Recorded answers; a default probe without a recorded answer fails here."""
    output, version = RECORDED[name]
    assert tool_version(DEFAULT_PROBES[name], answering(output), tmp_path) == version


def test_java_answers_on_standard_error(tmp_path: Path) -> None:
    """Both streams are searched, standard output first."""
    run = answering(stderr='openjdk version "17.0.9" 2023-10-17\nOpenJDK Runtime Environment\n')
    assert tool_version(DEFAULT_PROBES["java"], run, tmp_path) == "17.0.9"


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (failing(FileNotFoundError()), "not found"),
        (failing(PermissionError(13, "Permission denied")), "unreadable: Permission denied"),
        (failing(subprocess.TimeoutExpired("tool", 10)), "unreadable: no answer within 10 s"),
        (failing(ValueError("embedded null byte")), "unreadable: embedded null byte"),
        (answering("1.2.3", status=1), "unreadable: exit status 1"),
        (answering("no numbers here"), "unreadable: no version in its output"),
        (answering(""), "unreadable: no version in its output"),
        (answering("1.2" + "9" * 5000), "unreadable: no version in its output"),
        (answering("x" * 100_000 + " 1.2.3"), "unreadable: no version in its output"),
    ],
)
def test_a_probe_that_fails_says_why(run: RunProcess, found: str, tmp_path: Path) -> None:
    """Nothing that a tool does is an exception, and nothing that it prints is taken unbounded."""
    assert tool_version(PROBE, run, tmp_path) == found


def test_control_characters_in_a_version_are_refused(tmp_path: Path) -> None:
    """An escape sequence must not reach a terminal through a version."""
    probe = Probe(command=("tool",), pattern="v(.*)$")
    assert tool_version(probe, answering("v1.2\x1b[31m"), tmp_path).startswith("unreadable")


def test_a_group_that_took_no_part_is_no_version(tmp_path: Path) -> None:
    """An optional group may match nothing."""
    probe = Probe(command=("tool",), pattern="version(?: (x))?")
    assert tool_version(probe, answering("version"), tmp_path).startswith("unreadable")


def test_a_docker_image_is_pinned_by_digest(tmp_path: Path) -> None:
    """The probe inspects that image and takes its digest."""
    probe = image_probe("docker:ghcr.io/org/image:1.2")
    assert probe is not None
    assert probe.command[-1] == "ghcr.io/org/image:1.2"
    digest = "sha256:" + "ab" * 32
    assert tool_version(probe, answering(f"ghcr.io/org/image@{digest}\n"), tmp_path) == digest


@pytest.mark.parametrize("pin", ["docker:", "docker:--help", "docker:a b", "docker:$(id)", "podman:x"])
def test_what_is_no_image_name_has_no_probe(pin: str) -> None:
    """An image name cannot become an option or a second argument."""
    assert image_probe(pin) is None

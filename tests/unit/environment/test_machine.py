"""The facts of a machine, from recorded sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchgov.environment.machine import System, describe, image_of, this_system
from benchgov.errors import BlockedError
from benchgov.rim import Completed

X86 = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC  7763\tCore\nstepping\t: 1\n"
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\nCPU revision\t: 1\n"
UBUNTU = 'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n'


def linux(root: Path, *, cpu: str = X86, os_release: str = UBUNTU, memory: str | None = None) -> System:
    """A Linux whose /proc and /etc are recorded below `root`."""
    (root / "proc").mkdir()
    (root / "etc").mkdir()
    (root / "proc/cpuinfo").write_text(cpu)
    (root / "proc/meminfo").write_text("MemTotal:       16374236 kB\n" if memory is None else memory)
    (root / "etc/os-release").write_text(os_release)
    return System("linux", "6.5.0-1018-azure", "x86_64", 4, "3.11.7", root)


def no_process(command: Sequence[str], folder: Path, timeout: float) -> Completed:
    """A machine without programs."""
    raise FileNotFoundError(command[0])


def test_linux_facts_come_from_proc_and_os_release(tmp_path: Path) -> None:
    """The os is a stable id, the model is on one line, memory is in MB of 1024² bytes."""
    assert describe(linux(tmp_path), no_process) == ("ubuntu-22.04", "AMD EPYC 7763 Core", 15990)


def test_arm_has_no_model_name_so_the_part_numbers_are_taken(tmp_path: Path) -> None:
    """Two ARM cores of different parts differ in their model."""
    assert describe(linux(tmp_path, cpu=ARM), no_process)[1] == "arm 0x41/0xd0c/1"


@pytest.mark.parametrize(
    ("os_release", "expected"),
    [
        ("ID=arch\n", "arch"),
        ("ID='debian'\nVERSION_ID='12'\n", "debian-12"),
        ("", "linux"),
        ("garbage \x00\xff", "linux"),
    ],
)
def test_an_os_is_named_as_well_as_it_names_itself(tmp_path: Path, os_release: str, expected: str) -> None:
    """A rolling distribution has no version; no os-release at all gives the kernel's name."""
    assert describe(linux(tmp_path, os_release=os_release), no_process)[0] == expected


def test_missing_sources_give_unknown_and_not_an_error(tmp_path: Path) -> None:
    """Without /proc/cpuinfo the model is unknown."""
    system = linux(tmp_path)
    (tmp_path / "proc/cpuinfo").unlink()
    assert describe(system, no_process)[1] == "unknown"


@pytest.mark.parametrize("memory", ["", "MemTotal: lots\n", "MemTotal: 12 kB\n"])
def test_without_a_memory_size_there_is_no_environment(tmp_path: Path, memory: str) -> None:
    """A made-up memory size would make fingerprints lie, so the facts are refused."""
    with pytest.raises(BlockedError, match="memory size"):
        describe(linux(tmp_path, memory=memory), no_process)


def recorded_macos() -> dict[str, Completed]:
    """What the programs of a hosted macOS runner answer."""
    return {
        "sw_vers -productVersion": Completed(0, "14.5\n", ""),
        "sysctl -n machdep.cpu.brand_string": Completed(0, "Apple M1\n", ""),
        "sysctl -n hw.memsize": Completed(0, "17179869184\n", ""),
    }


def test_macos_facts_come_from_sysctl_and_sw_vers() -> None:
    """The recorded answers of a hosted macOS runner."""
    answers = recorded_macos()
    system = System("darwin", "23.5.0", "arm64", 3, "3.12.4")

    def run(command: Sequence[str], folder: Path, timeout: float) -> Completed:
        return answers[" ".join(command)]

    assert describe(system, run) == ("macos-14.5", "Apple M1", 16384)


def test_macos_without_its_programs_is_refused() -> None:
    """No sysctl, no memory size."""
    with pytest.raises(BlockedError, match="memory size"):
        describe(System("darwin", "23.5.0", "arm64", 3, "3.12.4"), no_process)


@pytest.mark.parametrize(
    ("environ", "image"),
    [
        ({"ImageOS": "ubuntu22", "ImageVersion": "20250105.1.0"}, "ubuntu22-20250105.1.0"),
        ({"ImageOS": "ubuntu22"}, "ubuntu22"),
        ({"ImageOS": " ", "HOSTNAME": "secret"}, "none"),
        ({"ImageOS": "a\nb" + "x" * 500}, "a b" + "x" * 197),
    ],
)
def test_the_image_is_that_of_a_hosted_runner(environ: dict[str, str], image: str) -> None:
    """Anything else has none; what the variable holds is bounded and on one line."""
    assert image_of(environ) == image


def test_this_system_is_the_one_that_runs() -> None:
    """The real machine has a kernel, an architecture and at least one usable CPU."""
    system = this_system()
    assert system.cpu_count >= 1
    assert all((system.kernel, system.arch, system.python))

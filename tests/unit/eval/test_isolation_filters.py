"""Filters of system calls, run by an interpreter of the kernel's programs, for both architectures."""

from __future__ import annotations

import errno
import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchgov.eval.isolation import bpf, seccomp
from benchgov.eval.isolation.bpf import Rule, When
from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.syscalls import AARCH64, EVERYWHERE, X86_64

THREAD = 0x10000
ALLOWED = "allowed"
KILLED = "killed"


def _run(
    code: list[bpf.Instruction], architecture: int, number: int, arguments: tuple[int, ...] = ()
) -> object:
    """What the kernel does with a call: classic BPF as seccomp(2) defines it, on 32-bit words."""
    data = {0: number, 4: architecture}
    data |= {16 + 8 * place: value & 0xFFFFFFFF for place, value in enumerate(arguments)}
    accumulator = at = 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == 0x20:
            accumulator = data.get(operand, 0)
        elif operation == 0x06:
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED}.get(operand) or operand & 0xFFFF
        else:
            holds = {
                0x15: accumulator == operand,
                0x35: accumulator >= operand,
                0x45: bool(accumulator & operand),
            }
            at += if_true if holds[operation] else if_false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each architecture that filters are written for, wherever the tests run."""
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    seccomp._numbers.cache_clear()
    yield str(request.param)
    seccomp._numbers.cache_clear()


def _judge(confinement: Confinement, machine: str, name: str, *arguments: int) -> object:
    architecture, numbers, beyond = seccomp._MACHINES[machine]
    number = {**numbers, **EVERYWHERE}[name]
    code = bpf.program(architecture, confinement._calls(), beyond=beyond)
    return _run(code, architecture, number, arguments)


def test_a_confined_process_may_not_reach_out(machine: str) -> None:
    """No sockets, signals, other processes, programs, or changes that Landlock does not see."""
    refused = "socket socketpair kill tgkill ptrace process_vm_readv execve bpf mount io_uring_setup fchmodat"
    for name in refused.split():
        assert _judge(Confinement(), machine, name) == errno.EPERM, name
    assert _judge(Confinement(network=True), machine, "socket") == ALLOWED
    assert _judge(Confinement(), machine, "truncate") == ALLOWED  # Landlock's to judge


def test_threads_are_no_processes(machine: str) -> None:
    """`clone` is judged by its flags, and `clone3`, whose flags cannot be seen, is not there."""
    for confinement, forking in ((Confinement(), errno.EPERM), (Confinement(forks=True), ALLOWED)):
        assert _judge(confinement, machine, "clone", THREAD | 0xF00) == ALLOWED
        assert _judge(confinement, machine, "clone", 17) == forking
        assert _judge(confinement, machine, "clone3") == errno.ENOSYS
        assert _judge(confinement, machine, "setsid") == errno.EPERM  # a killed group is the whole tree
    assert _judge(Confinement(forks=True), machine, "clone", 0x10000000 | 17) == errno.EPERM  # a namespace


def test_programs_may_signal_each_other_but_not_the_guarded(machine: str) -> None:
    """Nor a guarded process's group, nor everybody."""
    confinement = Confinement(programs=True, guarded=(4321,))
    for target in (4321, -4321, -1):
        assert _judge(confinement, machine, "kill", target, 9) == errno.EPERM
    assert _judge(confinement, machine, "kill", 77, 9) == ALLOWED
    assert _judge(confinement, machine, "tgkill", 4321, 4321, 9) == errno.EPERM
    assert _judge(confinement, machine, "tkill", 77, 9) == errno.EPERM
    assert _judge(confinement, machine, "execve") == _judge(confinement, machine, "setsid") == ALLOWED


def test_limits_are_set_for_oneself(machine: str) -> None:
    """`prlimit64` with another process's number is refused, whatever else is allowed."""
    for confinement in (Confinement(), Confinement(programs=True)):
        assert _judge(confinement, machine, "prlimit64", 0, 7) == ALLOWED
        assert _judge(confinement, machine, "prlimit64", 4321, 7) == errno.EPERM


def test_calls_of_another_architecture_end_the_process() -> None:
    """A 32-bit call, or an x32 one, has other numbers: it gets past no rule."""
    code = bpf.program(0xC000003E, [Rule(41, errno.EPERM)], beyond=0x40000000)
    assert _run(code, 0x40000003, 41) == KILLED
    assert _run(code, 0xC000003E, 0x40000000 + 41) == errno.ENOSYS
    assert _run(code, 0xC000003E, 42) == ALLOWED


@pytest.mark.parametrize(
    ("test", "given", "refused"),
    [
        ("is", 5, True),
        ("is", 6, True),
        ("is", 7, False),
        ("is-not", 5, False),
        ("is-not", 7, True),
        ("any-bit", 4, True),
        ("any-bit", 8, False),
        ("no-bit", 8, True),
        ("no-bit", 2, False),
    ],
)
def test_conditions(test: str, given: int, refused: bool) -> None:
    """A rule with a condition on the third argument refuses just when it holds."""
    rule = Rule(9, errno.EPERM, When(2, test, (5, 6)))  # type: ignore[arg-type]
    result = _run(bpf.program(1, [rule]), 1, 9, (0, 0, given))
    assert result == (errno.EPERM if refused else ALLOWED)


def test_a_condition_reaches_no_further_than_a_jump() -> None:
    """Too many values are refused, rather than some of them being forgotten."""
    with pytest.raises(ValueError, match="500 values"):
        bpf.program(1, [Rule(9, errno.EPERM, When(0, "is", tuple(range(500))))])


def test_an_instruction_is_eight_bytes() -> None:
    """Operation, two jumps and the operand, as the kernel lays them out."""
    assert bpf.assemble([(0x15, 1, 2, 3)]) == b"\x15\0\x01\x02\x03\0\0\0"


def test_every_name_has_a_number() -> None:
    """No refused call is missing from both tables by a slip of the pen."""
    names = {
        *seccomp.KERNEL, *seccomp.OTHERS, *seccomp.NETWORK, *seccomp.SIGNALS, *seccomp.SHARED,
        *seccomp.METADATA, *seccomp.PROGRAMS,
    }  # fmt: skip
    assert names <= {*X86_64, *EVERYWHERE}
    assert {*AARCH64} <= {*X86_64}


@pytest.mark.parametrize(
    ("header", "table"),
    [
        ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", X86_64),
        ("/usr/include/asm-generic/unistd.h", AARCH64),
    ],
)
def test_the_numbers_are_the_kernel_s(header: str, table: dict[str, int]) -> None:
    """Where the kernel's headers are installed, they say the same."""
    if not Path(header).is_file():
        pytest.skip("no kernel headers here")
    text = Path(header).read_text()
    theirs = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    ours = {**table, **EVERYWHERE}
    assert {name: number for name, number in ours.items() if theirs.get(name, number) != number} == {}


def test_a_machine_without_a_table_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before anything is installed."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not seccomp.supported()
    with pytest.raises(OSError, match="riscv64"):
        seccomp.Filter([])

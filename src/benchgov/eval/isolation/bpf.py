"""Classic BPF programs that judge system calls: a small assembler for the shapes that `seccomp` needs."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

# struct seccomp_data: the number of the call, the architecture, and six arguments of eight bytes.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

MAX_VALUES = 200

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false (both relative), operand."""


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the low 32 bits of an argument: what a pid, a flag word of clone, or an open mode is."""

    argument: int
    test: Literal["any-bit", "no-bit", "is", "is-not"]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuse call `number` with `error`; only `when` that holds, if there is a condition."""

    number: int
    error: int
    when: When | None = None


def program(architecture: int, rules: Sequence[Rule], *, beyond: int | None = None) -> list[Instruction]:
    """Refuse what the first rule for a call says; allow all else.

    A call of another architecture ends the process; one numbered `beyond` or higher (the x32 calls of x86-64)
    is as if it were not there.
    """
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if beyond is not None:
        code += [(_JUMP_AT_LEAST, 0, 1, beyond), (_RETURN, 0, 0, _ERRNO | 38)]  # ENOSYS
    for rule in rules:
        body = _verdict(rule)
        code += [(_JUMP_EQUAL, 0, len(body), rule.number), *body]
    return [*code, (_RETURN, 0, 0, ALLOW)]


def _verdict(rule: Rule) -> list[Instruction]:
    """Instructions that end with a verdict on a call of the rule's number.

    Raises:
        ValueError: more values than a jump reaches over.
    """
    refuse = (_RETURN, 0, 0, _ERRNO | rule.error)
    if rule.when is None:
        return [refuse]
    allow = (_RETURN, 0, 0, ALLOW)
    first, last = (refuse, allow) if rule.when.test in {"is", "any-bit"} else (allow, refuse)
    operation = _JUMP_ANY_BIT if rule.when.test.endswith("bit") else _JUMP_EQUAL
    values = rule.when.values
    if len(values) > MAX_VALUES:
        raise ValueError(f"a condition on {len(values)} values; {MAX_VALUES} is the limit")
    # One jump for each value, over those that follow and over `last`, to `first`.
    tests = [(operation, len(values) - at, 0, value & 0xFFFFFFFF) for at, value in enumerate(values)]
    return [(_LOAD, 0, 0, _ARGUMENTS + 8 * rule.when.argument), *tests, last, first]


def assemble(code: Sequence[Instruction]) -> bytes:
    """The program as the kernel reads it: eight bytes an instruction."""
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)

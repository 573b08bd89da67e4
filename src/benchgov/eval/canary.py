"""A case's canary: the token that a system under test weaves into its prompts, pinned for replays.

A canary shows when a model's answer leaks its prompt, and is random in production. A random token would make
each request another one than the cassette has, so a bench pins it: the same case gives the same token.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from benchgov.eval.models import BenchCase

CANARY_VARIABLE = "BENCHGOV_CANARY"
"""The environment variable of a SUT's process that holds its case's canary, as 64 hex digits."""

_PURPOSE = "benchgov 2026 eval canary seed v1"
_SEED_BYTES = 32

_canary: ContextVar[str | None] = ContextVar("canary", default=None)


def seed_of(pin: str) -> bytes:
    """The 32 bytes that a pin of 32 hex digits stands for: BLAKE3's key derivation of its 16 bytes."""
    return blake3(bytes.fromhex(pin), derive_key_context=_PURPOSE).digest(_SEED_BYTES)


def canary_of(pin: str) -> str:
    """The canary of a pin: its seed, as 64 hex digits."""
    return mint(seed_of(pin))


def mint(seed: bytes | None = None) -> str:
    """A canary token of 64 hex digits: that of `seed`; without one the pinned one, or a random one."""
    return seed.hex() if seed is not None else current() or secrets.token_hex(_SEED_BYTES)


@contextmanager
def pinned(canary: str) -> Iterator[None]:
    """Let `mint` and `current` give `canary` inside the block, in this context and in no other."""
    token = _canary.set(canary)
    try:
        yield
    finally:
        _canary.reset(token)


@contextmanager
def with_pinned_canary(case: BenchCase) -> Iterator[bytes]:
    """Pin the canary of `case` inside the block; its 32-byte seed is given."""
    seed = seed_of(case.cassette_canary_pin)
    with pinned(mint(seed)):
        yield seed


def current(environ: Mapping[str, str] | None = None) -> str | None:
    """The canary that is pinned: of this context, else of this process; None where none is."""
    return _canary.get() or (os.environ if environ is None else environ).get(CANARY_VARIABLE) or None

"""The canary of a case: pinned, so that a replay makes the same requests."""

from __future__ import annotations

import re
from pathlib import Path

from tests.sut_builders import PIN, case_of

from benchgov.eval.canary import (
    CANARY_VARIABLE,
    canary_of,
    current,
    mint,
    pinned,
    seed_of,
    with_pinned_canary,
)

CASE = case_of(Path())


def test_a_pin_always_gives_the_same_32_bytes() -> None:
    """The derivation is fixed: recordings that were made with it stay good."""
    assert len(seed_of(PIN)) == 32
    assert seed_of(PIN).hex() == "5331da9bfad800effcebe00c743c32f4c1b1ded936f048f7eb405a5a833671c6"
    assert seed_of("f" * 32) != seed_of(PIN)


def test_mint_is_deterministic_with_a_seed() -> None:
    """The same seed gives the same token, and the token of a pin is that of its seed."""
    assert mint(bytes.fromhex(PIN)) == mint(bytes.fromhex(PIN)) == PIN
    assert canary_of(PIN) == mint(seed_of(PIN))


def test_a_pinned_case_pins_what_is_minted() -> None:
    """Inside the block `mint` gives the case's token, and afterwards it does not."""
    with with_pinned_canary(CASE) as seed:
        assert seed == seed_of(PIN)
        assert mint() == current({}) == canary_of(PIN)
    assert current({}) is None


def test_without_a_pin_a_canary_is_random() -> None:
    """Two tokens of production differ."""
    tokens = {mint() for _ in range(3)}
    assert len(tokens) == 3
    assert all(re.fullmatch(r"[0-9a-f]{64}", token) for token in tokens)


def test_a_process_of_the_sut_reads_it_from_its_environment() -> None:
    """The context counts first, then the variable."""
    environ = {CANARY_VARIABLE: "abc"}
    assert current(environ) == "abc"
    with pinned("inner"):
        assert current(environ) == "inner"

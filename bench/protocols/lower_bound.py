"""The lower bound of a score claims no more than its cases carry: ten of ten bound to 0.74, not to 1."""

from __future__ import annotations

import math
from typing import Any

from layers import Layers, main

from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.eval import lower_bound

LAYERS = ("certain", "honest", "repeatable", "refused")
MIXED = [0.9, 0.8, 1.0, 0.7, 0.95, 0.85, 0.6, 1.0, 0.75, 0.9, 0.65, 0.8]
DECIMALS = 6  # the last bits of special functions differ between C libraries


def protocol(layers: Layers, *, bound: Any = lower_bound.lower_bound_95) -> Json:
    """Bounds of known scores."""
    found: dict[str, list[Json]] = {}

    def value(name: str, scores: list[float], seed: int = 7) -> float:
        one = bound(scores, seed)
        found[name] = [round(one.value, DECIMALS), one.method]
        return float(one.value)

    with layers.layer("certain"):
        exact = 0.05 ** (1 / 10)  # Clopper and Pearson's bound when all of ten pass
        ten = value("10 of 10", [1.0] * 10)
        layers.expect("ten of ten bound to 0.74", math.isclose(ten, exact, rel_tol=1e-9), ten)
        layers.equal("none of ten bounds to 0", value("0 of 10", [0.0] * 10), 0.0)
        single = value("1 of 1", [1.0])
        layers.expect("one of one proves next to nothing", math.isclose(single, 0.05, rel_tol=1e-9), single)
        nine = value("9 of 10", [1.0] * 9 + [0.0])
        layers.expect("a failure costs", nine < ten, (nine, ten))
    with layers.layer("honest"):
        many = value("100 of 100", [1.0] * 100)
        layers.expect("more cases prove more", ten < many < 1.0, (ten, many))
        mixed = value("mixed", MIXED)
        layers.expect("it is below the mean", mixed < math.fsum(MIXED) / len(MIXED), mixed)
        worse = value("mixed, one worse", [*MIXED[:-1], 0.0])
        layers.expect("a worse case does not raise it", worse < mixed, (worse, mixed))
        equal = value("all the same", [0.8] * 12)
        layers.expect("equal scores are not taken for certainty", equal < 0.8, equal)
    with layers.layer("repeatable"):
        layers.expect("the same seed gives the same bound", bound(MIXED, 7) == bound(MIXED, 7))
        others = [bound(MIXED, seed).value for seed in range(5)]
        layers.expect("no seed makes it a better score", max(others) - min(others) < 0.05, others)
    with layers.layer("refused"):
        for name, scores, seed in (
            ("no score", [], 7),
            ("a score above 1", [0.5, 1.1], 7),
            ("a score below 0", [-0.1], 7),
            ("a score that is no number", [math.nan], 7),
            ("a negative seed", [1.0], -1),
        ):
            layers.refused(f"{name} is refused", lambda s=scores, n=seed: bound(s, n), InputError)
    return found


if __name__ == "__main__":
    main(protocol, LAYERS)

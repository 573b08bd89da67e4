"""`docs/trust-tiers.yaml`: the tiers, what each asks of the evidence, and which task class has which tier.

The file is contract data: people edit it in a reviewed pull request, and nothing here writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchgov.documents import load_yaml, yaml_model
from benchgov.errors import InputError, TierConfigError
from benchgov.eval.models import ISOLATION_LEVELS, IsolationClass, Unit
from benchgov.suggest import did_you_mean
from benchgov.wire import Name, Wire

FILE = Path("docs/trust-tiers.yaml")
UNTIERED = "untiered"
"""The tier of a task class that has none yet; it has no threshold."""

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Thresholds = dict[Name, Unit]
Counts = dict[Name, Count]


class Override(Wire):
    """What one task class has of its own; what it leaves out is as for all."""

    thresholds: Thresholds = Field(default={}, description="tier → lower bound that this class must reach")
    min_cases: Count | None = Field(default=None, description="cases that its bench has at least")
    min_passed: Counts = Field(default={}, description="tier → cases that must have passed")
    min_held_out: Counts = Field(default={}, description="tier → held-out cases")
    min_isolation: IsolationClass | None = Field(default=None, description="weakest isolation that counts")
    promotion_source: Name | None = Field(default=None, description="host whose records count")


class TierConfig(Wire):
    """The tiers, from the lowest to the highest, and what the evidence must show for each."""

    schema_version: Literal[1] = 1
    thresholds: Annotated[Thresholds, Field(min_length=1)] = Field(
        description="tier → lower bound (lower_bound_95) that the evidence must reach; the lowest tier first"
    )
    current_tiers: dict[Name, Name] = Field(
        default={}, description=f"task class → its tier; a class that is not listed is `{UNTIERED}`"
    )
    min_cases: Count = Field(default=10, description="cases that a bench has at least")
    min_passed: Counts = Field(
        default={}, description="tier → cases that must have passed; a registration may ask for more"
    )
    min_held_out: Counts = Field(default={}, description="tier → held-out cases that the evidence must have")
    min_isolation: IsolationClass = Field(
        default="subprocess", description="weakest isolation of rubrics that counts as evidence"
    )
    promotion_source: Name | None = Field(
        default=None,
        description="fingerprint of the one host whose records count; without it, all must be of one host",
    )
    window_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        default=30, description="days before a report whose other reports must be of the same isolation"
    )
    overrides: dict[Name, Override] = Field(default={}, description="task class → what it has of its own")

    @model_validator(mode="after")
    def _consistent(self) -> TierConfig:
        if UNTIERED in self.thresholds:
            raise ValueError(f"{UNTIERED!r} is what a class is called that has no tier; it has no threshold")
        self._known(self.min_passed, "min_passed")
        self._known(self.min_held_out, "min_held_out")
        for task_class, tier in self.current_tiers.items():
            if tier != UNTIERED:
                self._known([tier], f"current_tiers.{task_class}")
        for task_class, own in self.overrides.items():
            for part in ("thresholds", "min_passed", "min_held_out"):
                self._known(getattr(own, part), f"overrides.{task_class}.{part}")
            _rising(self.thresholds | own.thresholds, f"overrides.{task_class}.thresholds")
        _rising(self.thresholds, "thresholds")
        return self

    def _known(self, tiers: Mapping[str, object] | list[str], where: str) -> None:
        for tier in tiers:
            if tier not in self.thresholds:
                hint = did_you_mean(tier, self.thresholds)
                known = ", ".join(self.thresholds)
                raise ValueError(f"{where}: no tier {tier!r}{hint}; thresholds has {known}")

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers, from the lowest to the highest."""
        return tuple(self.thresholds)

    def tier_of(self, task_class: str) -> str:
        """The tier that the class has now."""
        return self.current_tiers.get(task_class, UNTIERED)

    def after(self, tier: str) -> str | None:
        """The tier after `tier`; None after the highest.

        Raises:
            TierConfigError: there is no such tier.
        """
        ladder = (UNTIERED, *self.tiers)
        if tier not in ladder:
            raise TierConfigError(
                f"no tier {tier!r}{did_you_mean(tier, ladder)}; there are {', '.join(ladder)}"
            )
        at = ladder.index(tier) + 1
        return ladder[at] if at < len(ladder) else None

    def demands(self, task_class: str, tier: str) -> Demands:
        """What the evidence for `tier` must show of `task_class`.

        Raises:
            TierConfigError: there is no such tier.
        """
        if tier not in self.thresholds:
            hint = did_you_mean(tier, self.thresholds)
            raise TierConfigError(f"no tier {tier!r}{hint}; there are {', '.join(self.thresholds)}")
        own = self.overrides.get(task_class, Override())
        return Demands(
            threshold=own.thresholds.get(tier, self.thresholds[tier]),
            min_cases=self.case_floor(task_class),
            min_passed=own.min_passed.get(tier, self.min_passed.get(tier, 0)),
            min_held_out=self.held_out(task_class).get(tier, 0),
            min_isolation=own.min_isolation or self.min_isolation,
            promotion_source=own.promotion_source or self.promotion_source,
        )

    def held_out(self, task_class: str) -> dict[str, int]:
        """Tier → held-out cases that the evidence for it must have."""
        return self.min_held_out | self.overrides.get(task_class, Override()).min_held_out

    def case_floor(self, task_class: str) -> int:
        """How many cases the bench of `task_class` has at least."""
        return self.overrides.get(task_class, Override()).min_cases or self.min_cases


class Demands(Wire):
    """What the evidence for one tier of one task class must show."""

    threshold: Unit
    min_cases: int
    min_passed: int
    min_held_out: int
    min_isolation: IsolationClass
    promotion_source: str | None

    def allows(self, isolation: IsolationClass) -> bool:
        """Whether scores that were isolated so far count."""
        return ISOLATION_LEVELS.index(isolation) >= ISOLATION_LEVELS.index(self.min_isolation)


def load_tiers(path: Path) -> TierConfig:
    """Read `docs/trust-tiers.yaml`.

    Raises:
        TierConfigError: it is not there, not YAML, or not valid; one detail for each fault, by line.
    """
    try:
        return yaml_model(load_yaml(path), TierConfig, TierConfigError)
    except InputError as error:
        raise TierConfigError(error.message, where=error.where) from error


def _rising(thresholds: Mapping[str, float], where: str) -> None:
    values = list(thresholds.values())
    if any(one >= other for one, other in pairwise(values)):
        raise ValueError(f"{where}: a higher tier has a higher threshold, and the lowest tier comes first")

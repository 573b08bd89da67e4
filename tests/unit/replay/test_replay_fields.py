"""The field lists of a replay: complete, disjoint, and what the hashes cover."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import ZEROS, report_of, run_of

from benchgov.replay.section import (
    BUILD_OUTSIDE_PLAN_FIELDS,
    BUILD_PLAN_FIELDS,
    DETERMINISTIC_FIELDS,
    NONDETERMINISTIC_FIELDS,
    OUTSIDE_PLAN_FIELDS,
    PLAN_FIELDS,
    deterministic_projection,
    plan_config,
    replay_section,
)
from benchgov.report import Build, Metric, Run, RunConfig

METRIC = Metric(name="wall_time", unit="ns", direction="lower", samples=(1.0, 2.0))
RUN = run_of(metrics=(METRIC,))
CONFIG = report_of([RUN]).config


@pytest.mark.parametrize(
    ("model", "inside", "outside"),
    [
        (Run, DETERMINISTIC_FIELDS, NONDETERMINISTIC_FIELDS),
        (RunConfig, PLAN_FIELDS, OUTSIDE_PLAN_FIELDS),
        (Build, BUILD_PLAN_FIELDS, BUILD_OUTSIDE_PLAN_FIELDS),
    ],
)
def test_every_field_is_in_exactly_one_list(
    model: type[Run | RunConfig | Build], inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    """A new field must be put into one of the lists, and only one."""
    assert sorted((*inside, *outside)) == sorted(model.model_fields)


@pytest.mark.parametrize(
    "change",
    [
        {"suite": "other"},
        {"suite_sha256": "1" * 64},
        {"regime": "other"},
        {"warmup": 3},
        {"runs": 6},
        {"timeout_seconds": 1.0},
        {"selection": ("parse",)},
        {"options": {"runs": 6}},
        {"values": {"depth": 3}},
        {"build": Build(command=("make",))},
    ],
)
def test_the_plan_hash_covers_what_drives_a_replay(change: dict[str, Any]) -> None:
    """Another config is another plan, and the same result."""
    before = replay_section(CONFIG, [RUN])
    after = replay_section(CONFIG.model_copy(update=change), [RUN])
    assert after.plan_sha256 != before.plan_sha256
    assert after.result_sha256 == before.result_sha256
    assert set(change) <= set(PLAN_FIELDS)


@pytest.mark.parametrize("change", [{"revision": "beef"}, {"dirty": True}])
def test_the_plan_hash_leaves_the_revision_out(change: dict[str, Any]) -> None:
    """The same sources at another revision are the same plan."""
    assert replay_section(CONFIG.model_copy(update=change), [RUN]) == replay_section(CONFIG, [RUN])


def test_the_plan_hash_covers_what_a_build_makes_and_not_what_it_prints() -> None:
    """`make` has nothing to do the second time; its outputs are the same all the same."""

    def plan(**changes: Any) -> str:
        build = Build(command=("make",), **changes)
        return replay_section(CONFIG.model_copy(update={"build": build}), [RUN]).plan_sha256

    digest = f"blake3:{ZEROS}"
    assert plan(printed_digest=digest) == plan(skipped=True) == plan()
    assert len({plan(), plan(output_digest=digest), plan(outputs=("a",))}) == 3


def test_a_plan_without_config_values_and_build_hashes_as_before_they_were_known() -> None:
    """Reports that were written before these fields existed are not taken for forged."""
    assert not {"values", "build"} & plan_config(CONFIG).keys()
    assert set(plan_config(CONFIG)) == set(PLAN_FIELDS) - {"values", "build"}


def test_the_plan_covers_the_protocols_in_order() -> None:
    """Other order, other file, other hash: other plan."""
    other = run_of("print", metrics=(METRIC,))
    plans = {
        replay_section(CONFIG, runs).plan_sha256
        for runs in (
            [RUN, other],
            [other, RUN],
            [RUN, run_of("print", metrics=(METRIC,), protocol_sha256="1" * 64)],
            [RUN, run_of("print", metrics=(METRIC,), protocol="elsewhere.py")],
        )
    }
    assert len(plans) == 4


def test_the_projection_has_no_times() -> None:
    """What depends on the machine and the moment does not change the result."""
    slower = METRIC.model_copy(update={"samples": (9.0, 9.0)})
    again = run_of(metrics=(slower,), notes=("hot",), stderr_tail="x", reason="")
    assert deterministic_projection([again]) == deterministic_projection([RUN])
    assert set(deterministic_projection([RUN])[0]) == set(DETERMINISTIC_FIELDS)

"""False-positive control: what the rule says where nothing changed, on simulated and recorded measurements.

Everything is drawn from fixed seeds. The bounds are those that a rule which keeps its promise breaks less
than once in a thousand draws, so a new seed would do as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom
from tools import decision_rules as rules
from tools.decision_data import RECORDED, Noise, dealt, recorded, resplit, simulated

from benchgov.config import Statistics
from benchgov.gate.decide import Decision
from benchgov.statistics.looks import needs_more
from benchgov.statistics.ranks import Array

Measure = Callable[[np.random.Generator], tuple[Array, Array]]
PAIRS = 40
ALPHA = Statistics().alpha
LUCK = 0.001

SIMULATED: dict[str, Measure] = {
    "usual noise": lambda chance: simulated(Noise(), 60, PAIRS, chance),
    "much noise": lambda chance: simulated(Noise(cv=0.1), 60, PAIRS, chance),
    "heavy outliers": lambda chance: simulated(Noise(outliers=0.1, heavy=3.0), 60, PAIRS, chance),
    "a machine that gets slower and slower": lambda chance: simulated(Noise(trend=0.01), 60, PAIRS, chance),
}
RECORDINGS: dict[str, Measure] = {"recorded samples": lambda chance: resplit(recorded(), PAIRS, chance)}
EVERYTHING = {**SIMULATED, **RECORDINGS}


def outcomes(measure: Measure, prs: int) -> list[rules.Outcome]:
    """What the product says of so many pull requests without any change."""
    rule = rules.ours()
    return [
        rule(*measure(np.random.default_rng([7, number])), np.random.default_rng(0)) for number in range(prs)
    ]


@pytest.mark.parametrize("name", EVERYTHING)
def test_unchanged_code_alarms_no_more_often_than_the_policy_says(name: str) -> None:
    """At most as many pull requests with a regression as chance gives at `alpha`."""
    prs = 60
    alarmed = sum(bool(one.slower.any()) for one in outcomes(EVERYTHING[name], prs))
    assert alarmed <= binom.isf(LUCK, prs, ALPHA)


@pytest.mark.parametrize("name", EVERYTHING)
def test_p_values_of_unchanged_code_are_p_values(name: str) -> None:
    """However the looks ended: at most the share x of them is at most x."""
    found: list[Decision] = [
        one
        for outcome in outcomes(EVERYTHING[name], 20)
        for one in outcome.decisions
        if one.verdict != "improvement"
    ]
    for level in (0.2, 0.05, 0.01):
        small = sum(one.p_value is not None and one.p_value <= level for one in found)
        assert small <= binom.isf(LUCK, len(found), level)


@pytest.mark.parametrize("name", [name for name in EVERYTHING if "slower" not in name])
def test_the_control_would_notice_a_rule_that_does_not_hold(name: str) -> None:
    """On the same measurements a plain rank test at 5 % raises far too many alarms.

    Not on a steady trend: blocks share that out evenly, and a test without blocks takes it for noise.
    """
    rule = rules.mann_whitney(10)
    alarms = sum(
        bool(rule(*EVERYTHING[name](chance), chance).slower.any())
        for chance in (np.random.default_rng([7, number]) for number in range(20))
    )
    assert alarms > binom.isf(LUCK, 20, ALPHA)


def test_slowdowns_are_found_within_the_pairs_that_they_may_cost() -> None:
    """+5 % at a variation of 2 %: 95 of 100 are found, for 13 pairs on average and 40 at most."""
    rule, found, pairs, slow = rules.ours(), 0, [], 10
    for number in range(30):
        before, after = simulated(Noise(), 500, PAIRS, np.random.default_rng([8, number]))
        after[:slow] *= 1.05
        outcome = rule(before, after, np.random.default_rng(0))
        found += int(outcome.slower[:slow].sum())
        pairs.append(outcome.pairs)
    assert found >= binom.ppf(LUCK, 30 * slow, 0.95)
    assert np.mean(pairs) <= 13
    assert np.max(pairs) <= PAIRS


def test_no_more_alarms_than_a_rank_test_with_a_floor() -> None:
    """Mann–Whitney and at least 3 %, on the same measurements."""
    other = rules.mann_whitney(10, 3)
    for measure in EVERYTHING.values():
        ours = sum(int(one.slower.sum()) for one in outcomes(measure, 20))
        theirs = sum(
            int(other(*measure(np.random.default_rng([7, number])), np.random.default_rng(0)).slower.sum())
            for number in range(20)
        )
        assert ours <= theirs


def test_too_much_noise_is_told() -> None:
    """The recorded machine was busy: most of its benchmarks are inconclusive, none is a regression."""
    found = [one for outcome in outcomes(RECORDINGS["recorded samples"], 5) for one in outcome.decisions]
    assert sum(one.verdict == "inconclusive" for one in found) > len(found) / 2


def test_measuring_stops_where_the_product_stops() -> None:
    """The simulation's looks are those of a real paired measurement, benchmark by benchmark."""
    before, after = simulated(Noise(), 200, PAIRS, np.random.default_rng(9))
    after[:20] *= 1.03
    looks = Statistics().looks
    for row, taken in enumerate(rules.pairs_taken(before, after, looks)):
        pairs = looks[0]
        for following in looks[1:]:
            if not needs_more([before[row, :pairs].tolist()], [after[row, :pairs].tolist()], looks):
                break
            pairs = following
        assert pairs == taken


def test_every_run_of_a_block_is_dealt_to_one_side() -> None:
    """Five runs of every block each, none twice, none lost."""
    blocks = np.arange(60.0).reshape(3, 2, 10)
    before, after = dealt(blocks, np.random.default_rng(1))
    for row in range(3):
        for block in range(2):
            columns = slice(5 * block, 5 * block + 5)
            runs = np.concatenate((before[row, columns], after[row, columns]))
            assert sorted(runs) == blocks[row, block].tolist()


def test_the_recording_is_what_its_readme_says() -> None:
    """Thirty benchmarks, sixteen sessions, ten runs each."""
    samples = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert len(samples) == 30
    assert {len(sessions) for sessions in samples.values()} == {16}
    assert {len(runs) for sessions in samples.values() for runs in sessions} == {10}


OTHERS: dict[str, rules.Rule] = {
    "ratio": rules.ratio_of_means(10, 2.0),
    "median": rules.median_over(10, 10),
    "mann-whitney": rules.mann_whitney(10),
    "welch": rules.welch(10),
    "t": rules.t_above(10, 7, 2),
    "interval": rules.bootstrap_interval(10),
    "fdr": rules.bootstrap_fdr(10, 3),
    "prediction": rules.prediction_interval(10),
    "quartiles": rules.quartiles(10),
}


@pytest.mark.parametrize("name", OTHERS)
def test_rules_of_others_find_what_is_plain(name: str) -> None:
    """Three times as slow is slower, as fast is not, and faster is not slower."""
    chance = np.random.default_rng(3)
    before, after = simulated(Noise(outliers=0.0), 3, PAIRS, chance)
    after = np.roll(before, 1, axis=1)
    after[0] *= 3
    after[2] /= 3
    assert OTHERS[name](before, after, chance).slower.tolist() == [True, False, False]

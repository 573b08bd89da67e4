"""What holds for every order of a paired measurement, and for every set of samples that is split again."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import report_of, run_of

from benchgov.gate.resplits import relabelled
from benchgov.measure.order import Lot, blocks_between
from benchgov.report import Metric, Report, RunConfig

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
SAMPLES = st.integers(1, 23).flatmap(
    lambda n: st.lists(st.tuples(st.floats(0, 1e12), st.floats(0, 1e12)), min_size=n, max_size=n)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    DIGESTS, st.none() | st.text(max_size=40), st.text(max_size=60), st.integers(0, 10**6), st.integers(1, 9)
)
def test_every_block_is_balanced_and_comes_out_again(
    digest: str, revision: str | None, key: str, block: int, pairs: int
) -> None:
    """Each side runs as often as the other, and the order is a function of its lot."""
    lot = Lot(digest, digest, revision, "f00d")
    order = lot.order(key, block, pairs)
    assert Counter(order) == {"here": pairs, "there": pairs}
    assert order == Lot(digest, digest, revision, "f00d").order(key, block, pairs)


@given(st.integers(0, 60), st.integers(0, 60))
def test_blocks_cover_every_pair_once(looked: int, more: int) -> None:
    """From the end of a look, which ends a block, to the next."""
    done = looked * 5
    assert sum(size for _, size in blocks_between(done, done + more)) == more


def paired_report(samples: list[tuple[float, float]]) -> Report:
    """One run, two metrics with the same samples."""
    here, there = zip(*samples, strict=True)
    metrics = tuple(
        Metric(name=name, unit="ns", direction="lower", samples=here, reference=there)
        for name in ("wall_time", "cpu_time")
    )
    against = {"ref": "HEAD", "revision": "c0ffee", "looks": (len(samples) + 1,), "runs": ()}
    return report_of([run_of(metrics=metrics)], config={"against": against})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SAMPLES, st.integers(0, 1000))
def test_a_re_split_keeps_every_value_in_its_block(samples: list[tuple[float, float]], number: int) -> None:
    """Only sides change, within blocks, and alike for all metrics of a run; the same number does the same."""
    report = paired_report(samples)
    again = relabelled(report, number)
    first, second = again.runs[0].metrics
    assert (first.samples, first.reference) == (second.samples, second.reference)
    for start in range(0, len(samples), 5):
        before = Counter(value for pair in samples[start : start + 5] for value in pair)
        after = Counter((*first.samples[start : start + 5], *first.reference[start : start + 5]))
        assert before == after
    assert relabelled(report, number) == again
    assert isinstance(again.config, RunConfig)

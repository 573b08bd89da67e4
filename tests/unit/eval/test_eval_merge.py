"""Shards become the report of one machine, or are refused with every reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.eval_builders import STUB, Hosts, Observed, copy_bench, score

from benchgov.errors import EvalError
from benchgov.eval.merge import Part, merge
from benchgov.eval.models import BenchRunReport
from benchgov.eval.prepare import Request, prepare
from benchgov.eval.runner import Options, World, run_eval

pytestmark = pytest.mark.effects


@pytest.fixture
def reports(tmp_path: Path, now: Callable[[], datetime]) -> dict[str, BenchRunReport]:
    bench = copy_bench(tmp_path)
    hosts = Hosts(judge=lambda case, output: score(0.1 * int(case.case_id[:3]), cost_usd=0.1), cost_usd=0.1)
    found: dict[str, BenchRunReport] = {}
    for name, shard in {"whole": None, "1": (1, 2), "2": (2, 2), "1 of 3": (1, 3)}.items():
        moment = now() + timedelta(seconds=len(found))
        world = World({}, lambda moment=moment: moment, "host", Observed(), hosts=lambda *_: hosts)  # type: ignore[misc]
        request = Request(STUB, tmp_path, bench.parent, isolation="subprocess", shard=shard)
        found[name] = run_eval(request, prepare(request, {}), Options(None, None, 1), world).report
    return found


def parts(reports: dict[str, BenchRunReport], *names: str) -> list[Part]:
    return [Part(name, reports[name]) for name in names]


def test_the_merged_report_is_that_of_one_machine(reports: dict[str, BenchRunReport]) -> None:
    """Byte for byte but for the times, in whatever order the shards are given."""
    whole = reports["whole"]
    times = {"started_at": whole.started_at, "ended_at": whole.ended_at}
    for names in (("1", "2"), ("2", "1")):
        merged = merge(parts(reports, *names), "host")
        assert merged.started_at == reports["1"].started_at
        assert merged.ended_at == reports["2"].ended_at
        assert merged.model_copy(update=times).to_bytes() == whole.to_bytes()
        assert merged.result_digest == whole.result_digest


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("1",), "shard 2/2 is there 0 times"),
        (("1", "1", "2"), "shard 1/2 is there 2 times"),
        (("whole", "1", "2"), "whole: not the report of a shard"),
        (("1", "2", "1 of 3"), "shards of 2, 3"),
        ((), "there is no report"),
    ],
)
def test_what_are_not_all_shards_of_one_run_is_refused(
    reports: dict[str, BenchRunReport], names: tuple[str, ...], fault: str
) -> None:
    """A missing shard, one that is there twice, a whole report, shards of two divisions, nothing."""
    with pytest.raises(EvalError) as caught:
        merge(parts(reports, *names), "host")
    assert fault in caught.value.details


@pytest.mark.parametrize(
    "field", ["sut_digest", "rubric_digest", "case_corpus_digest", "run_id", "isolation_class", "task_class"]
)
def test_shards_of_two_runs_are_not_mixed(reports: dict[str, BenchRunReport], field: str) -> None:
    """Whatever digest differs is named."""
    values = {"run_id": "0" * 16, "isolation_class": "microvm", "task_class": "other"}
    other = reports["2"].model_copy(update={field: values.get(field, "blake3:" + "0" * 64)})
    with pytest.raises(EvalError) as caught:
        merge([Part("1", reports["1"]), Part("2", other)], "host")
    assert caught.value.details[0].startswith(f"{field}: ")


def test_a_partial_shard_is_refused(reports: dict[str, BenchRunReport]) -> None:
    """It reached its cost cap: cases are missing that nobody would miss."""
    other = reports["2"].model_copy(update={"run_id": "partial:" + reports["2"].run_id})
    with pytest.raises(EvalError) as caught:
        merge([Part("1", reports["1"]), Part("2", other)], "host")
    assert any("partial" in detail for detail in caught.value.details)

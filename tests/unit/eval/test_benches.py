"""The two benches of this repository: whole, scored as their READMEs say, and closed to those who cheat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from benchgov.eval import BenchCase, BenchScore, TaskClass
from benchgov.eval.loader import load_cases, load_task_class
from benchgov.eval.lower_bound import lower_bound_95

ROOT = Path(__file__).resolve().parents[3]
BENCHES = ("vuln-remediation", "migration-chainguard-distroless")
NOT_FULL: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "vuln-remediation": {
            "011-cve-2022-25857-snakeyaml": 0.0,
            "014-cve-2021-3803-nth-check": 0.0,
            "018-cve-2020-14343-pyyaml": 0.8,
        },
        "migration-chainguard-distroless": {
            "010-static-site-nginx": 0.0,
            "013-libpq-at-run-time": 0.0,
            "016-go-health-check": 0.9,
        },
    }
)
"""What the SUT of a bench does not solve, or solves in part; it solves all else."""


class Bench:
    """A bench with its code imported, as its author's own tests do."""

    def __init__(self, name: str) -> None:
        self.task_class: TaskClass = load_task_class(name, ROOT / "bench")
        self.cases: tuple[BenchCase, ...] = load_cases(self.task_class, ROOT)
        module, _, function = str(self.task_class.sut).partition(":")
        self.sut = getattr(import_module(module), function)
        rubric = import_module(f"bench.{name}.rubric")
        self.rubric = next(
            value for key, value in vars(rubric).items() if key.endswith("Rubric") and isinstance(value, type)
        )()
        self.cheats = import_module(f"bench.{name}.tests.cheats").CHEATS

    def score(self, case: BenchCase, answer: Mapping[str, Any]) -> BenchScore:
        found: BenchScore = self.rubric.score(case, answer)
        return found


@pytest.fixture(scope="module", params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


def test_a_bench_has_enough_cases_of_each_kind(bench: Bench) -> None:
    """At least ten cases, five of them held out; every digest is that of its case."""
    held_out = [case for case in bench.cases if case.curation_class == "held-out"]
    assert len(bench.cases) >= max(bench.task_class.min_cases_for_promotion.values()) >= 10
    assert len(held_out) >= 5
    if bench.task_class.name == "vuln-remediation":
        assert len(bench.cases) - len(held_out) == 5


def test_the_sut_scores_what_it_is_known_to_solve(bench: Bench) -> None:
    """The scores by case are those of the table above, and no answer is a false claim."""
    not_full = {}
    for case in bench.cases:
        score = bench.score(case, bench.sut(case))
        assert score.blocking == (), case.case_id
        assert score.passed or case.case_id in NOT_FULL[bench.task_class.name]
        if score.score < 1:
            not_full[case.case_id] = score.score
    assert not_full == NOT_FULL[bench.task_class.name]


def test_a_cheat_gets_nothing(bench: Bench) -> None:
    """Of no case does a system that does not do the work get any part."""
    assert len(bench.cheats) >= 8
    for cheat in bench.cheats:
        for case in bench.cases:
            score = bench.score(case, cheat(case))
            assert (score.passed, score.score) == (False, 0.0), (cheat.__name__, case.case_id)


def test_what_a_rubric_says_is_declared(bench: Bench) -> None:
    """Its keys and codes, and how severe they are, are those of the files beside it."""
    answers = [(case, bench.sut(case)) for case in bench.cases]
    answers += [(case, cheat(case)) for case in bench.cases for cheat in bench.cheats]
    codes = set()
    for case, answer in answers:
        score = bench.score(case, answer)
        assert set(score.breakdown) == bench.task_class.breakdown_keys
        for mode in score.failure_modes:
            assert mode.severity == bench.task_class.failure_mode_taxonomy[mode.code], mode.code
            codes.add(mode.code)
    assert len(codes) >= 5


def test_a_score_depends_on_nothing_but_the_answer(bench: Bench) -> None:
    """The same case and answer give the same bytes."""
    for case in bench.cases:
        answer = bench.sut(case)
        assert answer == bench.sut(case)
        assert bench.score(case, answer).to_bytes() == bench.score(case, answer).to_bytes()


def test_the_readme_quotes_the_scores(bench: Bench) -> None:
    """The mean, its bound and the cases that fall short, as the README states them, are the measured ones."""
    readme = (bench.task_class.bench_path / "README.md").read_text(encoding="utf-8")
    not_full = NOT_FULL[bench.task_class.name]
    scores = [not_full.get(case.case_id, 1.0) for case in bench.cases]
    assert f"mean score {sum(scores) / len(scores):.3f}" in readme
    assert f"lower bound {lower_bound_95(scores, 0).value:.3f}" in " ".join(readme.split())
    rows = dict(re.findall(r"^\| `(\d{3}-[^`]+)` \| (\d\.\d) \|", readme, re.MULTILINE))
    assert {name: float(score) for name, score in rows.items()} == not_full

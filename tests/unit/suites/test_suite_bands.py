"""Scale bands and growth limits of a manifest: which rule holds for a size, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchgov.errors import InputError
from benchgov.suites.bands import OUTSIDE, rules_of
from benchgov.suites.load import load_suite, scale_rules

HEAD = """\
version: 1
suite: demo
kind: measured
families: {sort: {}}
"""
BENCHMARK = """\
benchmarks:
  - id: a
    family: sort
    signature: (n) -> int
    variants: {only: {callable: 'work:double'}}
"""


def write(root: Path, text: str) -> Path:
    """A suite with one module, `work`."""
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.yaml").write_text(text)
    (folder / "work.py").write_text("def double(n): return 2 * n\n")
    return folder


def faults(root: Path, head: str = "", tail: str = "") -> tuple[str, ...]:
    """What is wrong with a manifest that has these lines more."""
    with pytest.raises(InputError) as caught:
        load_suite(write(root, f"{HEAD}{head}{BENCHMARK}{tail}"), root)
    return caught.value.details


def test_without_bands_every_decade_is_one() -> None:
    """Named by its start, also below 1."""
    rules = rules_of({})
    sizes = {
        0.05: "1e-2",
        1: "1e0",
        9.99: "1e0",
        9.99999999999: "1e0",
        10: "1e1",
        999: "1e2",
        1000: "1e3",
        1e6: "1e6",
    }
    assert {size: rules.band("a", size) for size in sizes} == sizes
    assert rules.thresholds("a", 1000) == {}


def test_a_band_holds_its_smallest_size_and_not_its_largest() -> None:
    """`max` of one is `min` of the next."""
    rules = rules_of({"bands": {"small": {"max": 1000}, "large": {"min": 1000, "max": 5000}}})
    assert [rules.band("a", size) for size in (1, 999.5, 1000, 4999, 5000)] == [
        "small",
        "small",
        "large",
        "large",
        OUTSIDE,
    ]


def test_a_benchmarks_own_bands_and_limits_win() -> None:
    """The suite's hold for the others, and for metrics that the benchmark does not name."""
    rules = rules_of(
        {
            "bands": {"all": {"min": 1, "thresholds": {"wall_time": 5}}},
            "growth": {"wall_time": 1.1, "cpu_time": {"max_exponent": 2, "variants": ["fast"]}},
            "benchmarks": [
                {
                    "id": "a",
                    "bands": {"own": {"min": 1, "thresholds": {"cpu_time": 7}}},
                    "growth": {"wall_time": 3},
                },
                {"id": "b"},
            ],
        }
    )
    assert rules.thresholds("a", 10) == {"cpu_time": 7}
    assert rules.thresholds("b", 10) == {"wall_time": 5}
    assert rules.thresholds("b", None) == {}
    assert rules.max_exponent("a", "fast", "wall_time") == 3
    assert rules.max_exponent("b", "fast", "wall_time") == 1.1
    assert rules.max_exponent("a", "fast", "cpu_time") == 2
    assert rules.max_exponent("a", "slow", "cpu_time") is None
    assert rules.max_exponent("a", "fast", "peak_memory") is None


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("bands: {a: {min: 10, max: 10}}\n", "min must be below max"),
        ("bands: {a: {max: 100}, b: {min: 99}}\n", "'a' and 'b' overlap"),
        ("bands: {a: {}, b: {}}\n", "overlap"),
        ("bands: {a: {min: 0}}\n", "greater than 0"),
        ("bands: {a: {min: -1}}\n", "greater than 0"),
        ("bands: {a: {min: .nan}}\n", "finite number"),
        ("bands: {a: {max: .inf}}\n", "finite number"),
        ("bands: {'../a': {min: 1}}\n", "should match pattern"),
        ("bands: {a: {thresholds: {wall_time: 0}}}\n", "greater than 0"),
        ("growth: {wall_tim: 1}\n", "should be 'wall_time'"),
        ("growth: {wall_time: -1}\n", "greater than or equal to 0"),
        ("growth: {wall_time: .nan}\n", "finite number"),
        ("growth: {wall_time: true}\n", "valid dictionary"),
        ("growth: {wall_time: {max_exponent: 1, variant: x}}\n", "unknown key; did you mean 'variants'"),
        ("growth: {wall_time: {}}\n", "required, but not there"),
    ],
)
def test_a_bad_rule_of_the_suite_is_named_with_its_line(tmp_path: Path, head: str, message: str) -> None:
    """The line is that of the rule."""
    (found,) = [one for one in faults(tmp_path, head) if message in one]
    assert found.startswith("bench/demo/suite.yaml:5: ")


@pytest.mark.parametrize(
    ("tail", "line", "message"),
    [
        ("    bands: {a: {min: 1}}\n", 10, "the benchmark has no scale"),
        ("    scale: [1, 2]\n    growth: {wall_time: 1}\n", 11, "at least 3 sizes"),
        ("    scale: [1, 2, 3]\n    growth: {instructions: 1}\n", 11, "not among `metrics`"),
        (
            "    scale: [1, 2, 3]\n    growth: {wall_time: {max_exponent: 1, variants: [onyl]}}\n",
            11,
            "no variant 'onyl'; did you mean 'only'",
        ),
        ("    scale: [1, 20]\n    bands: {low: {max: 10}}\n", 10, "size 20 is in none of the bands low"),
    ],
)
def test_a_rule_that_fits_no_benchmark_is_a_fault(tmp_path: Path, tail: str, line: int, message: str) -> None:
    """It would look like a promise, and hold nothing."""
    (found,) = faults(tmp_path, tail=tail)
    assert found.startswith(f"bench/demo/suite.yaml:{line}: ")
    assert message in found


def test_a_size_outside_of_the_suites_bands_is_a_fault(tmp_path: Path) -> None:
    """Also when the bands are the suite's."""
    (found,) = faults(tmp_path, "bands: {low: {max: 10}}\n", "    scale: [1, 20]\n")
    assert "size 20 is in none of the bands low" in found


def test_the_rules_are_read_without_the_rest_of_the_manifest(tmp_path: Path) -> None:
    """A revision's manifest is read alone, without the files that it names."""
    folder = write(tmp_path, f"{HEAD}growth: {{wall_time: 1}}\n{BENCHMARK}")
    (folder / "work.py").unlink()
    assert scale_rules(folder).max_exponent("a", "only", "wall_time") == 1
    assert scale_rules(tmp_path / "nowhere").max_exponent("a", "only", "wall_time") is None
    for odd in ("[1, 2]\n", "benchmarks: 3\n", "benchmarks: [1, {id: [2], bands: {}}]\n"):
        (folder / "suite.yaml").write_text(odd)
        assert scale_rules(folder).thresholds("a", 1.0) == {}
    (folder / "suite.yaml").write_text("growth: {wall_time: fast}\n")
    with pytest.raises(InputError, match=r"growth\.wall_time"):
        scale_rules(folder)


def test_a_valid_suite_knows_its_rules(tmp_path: Path) -> None:
    """They are those that its text gives."""
    tail = "    scale: [1, 20, 400]\n    growth: {wall_time: 2}\n"
    suite = load_suite(write(tmp_path, f"{HEAD}bands: {{low: {{max: 500}}}}\n{BENCHMARK}{tail}"), tmp_path)
    found: Any = suite.manifest.scales()
    assert (found.band("a", 20), found.max_exponent("a", "only", "wall_time")) == ("low", 2)

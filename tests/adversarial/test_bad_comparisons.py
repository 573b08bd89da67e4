"""Bad input to `benchgov compare`, in both modes, through the program with real files and real Git.

Samples that say nothing, metrics that changed their meaning, published files that changed by one bit, and
pull requests that edit what they are judged by.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.gate_builders import FACTS, blocked, metric, report, run

from benchgov.cli.main import run_cli
from benchgov.report import Facts, Reference, Report, Run

OUT = Path(".benchgov/out")
SUITE = Path("bench/demo")
MODES = ("threshold", "statistical")
TWENTY = [100.0] * 20


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """The rule that judges."""
    return str(request.param)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> Path:
    """A repository whose policy has this mode, and the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    _git("init", "-q", "-b", "main")
    Path("benchgov.yaml").write_text(f"version: 1\npolicy: {{mode: {mode}}}\n")
    _commit()
    return tmp_path


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def _commit() -> None:
    _git("add", "-A", "--", "benchgov.yaml", *(["bench"] if Path("bench").exists() else []))
    _git("-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "change")


def _write(one: Report, name: str = "report.json") -> str:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_bytes(one.to_bytes())
    return str(OUT / name)


def _publish(one: Report) -> Path:
    assert run_cli(["baseline", "generate", "demo", "--report", _write(one, "base.json"), "--activate"]) == 0
    return max((SUITE / "baselines/default").glob("2*"))


def _compare(now: Report, *flags: str) -> tuple[int, dict[str, Any]]:
    """Exit code and comparison."""
    _write(now)
    code = run_cli(["compare", *flags])
    return code, json.loads((OUT / "comparison.json").read_bytes())


def _one(samples: Sequence[float], **changes: Any) -> Report:
    return report(run("parse", metric(samples, **changes)))


def _verdicts(before: Report, now: Report) -> tuple[int, str, list[str]]:
    _publish(before)
    code, found = _compare(now)
    return code, found["verdict"], [one["verdict"] for one in found["findings"]]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (TWENTY, (0, "pass", ["unchanged"])),
        ([200.0] * 20, (1, "regression", ["regression"])),
        ([50.0] * 20, (0, "pass", ["improvement"])),
    ],
    ids=["same", "slower", "faster"],
)
def test_constant_samples(repository: Path, now: list[float], expected: tuple[int, str, list[str]]) -> None:
    """A coarse clock, without any noise at all."""
    assert _verdicts(_one(TWENTY), _one(now)) == expected


def test_one_sample(repository: Path, mode: str) -> None:
    """A limit can judge it; a test can not, and says so instead of passing."""
    found = _verdicts(_one(TWENTY), _one([200.0]))
    assert (
        found
        == {
            "threshold": (1, "regression", ["regression"]),
            "statistical": (0, "inconclusive", ["inconclusive"]),
        }[mode]
    )


@pytest.mark.parametrize(
    ("before", "now", "code", "finding"),
    [
        ([0.0] * 20, [0.0] * 20, 0, "unchanged"),
        ([0.0] * 20, TWENTY, 2, "not-comparable"),
        (TWENTY, [0.0] * 20, 0, "improvement"),
        ([5e-324] * 20, [1e300] * 20, 2, "not-comparable"),
    ],
    ids=["both", "before", "now", "smallest"],
)
def test_times_of_zero(
    repository: Path, before: list[float], now: list[float], code: int, finding: str
) -> None:
    """No division by zero, no infinity in the result, and never a regression made of one."""
    assert _verdicts(_one(before), _one(now))[::2] == (code, [finding])
    assert "Infinity" not in (OUT / "comparison.json").read_text()


def test_some_zeros_among_samples(repository: Path, mode: str) -> None:
    """A clock that sometimes does not tick."""
    before, now = [0.0, *[100.0] * 19], [0.0, *[200.0] * 19]
    assert _verdicts(_one(before), _one(now)) == (1, "regression", ["regression"])


@pytest.mark.parametrize(
    "value", ["-1.0", "-1e-300", "NaN", "Infinity", "-Infinity", "1e999", '"-1"', '"nan"', "null"]
)
@pytest.mark.parametrize("place", ["samples", "reference"])
def test_impossible_samples(
    repository: Path, capsys: pytest.CaptureFixture[str], value: str, place: str
) -> None:
    """Negative, not a number, infinite: exit 2 in one line, no comparison, on either side of a pair."""
    _publish(_one(TWENTY))
    both = metric(TWENTY, reference=TWENTY)
    text = report(run("parse", both)).to_bytes().decode().replace(f'"{place}":[100,', f'"{place}":[{value},')
    assert f'"{place}":[{value},' in text
    Path("bad.json").write_text(text)
    capsys.readouterr()
    assert run_cli(["compare", "bad.json"]) == 2
    assert capsys.readouterr().err.startswith("benchgov: bad.json")
    assert not (OUT / "comparison.json").exists()


def test_benchmarks_on_one_side_only(repository: Path) -> None:
    """What is gone blocks, what is new passes, and a regression is not hidden by either."""
    a, b, c = (run(name, metric(TWENTY)) for name in "abc")
    assert _verdicts(report(a, b), report(a)) == (2, "blocked", ["unchanged", "missing"])
    code, found = _compare(report(a, b, c))
    assert (code, [one["verdict"] for one in found["findings"]]) == (0, ["unchanged", "unchanged", "new"])
    assert _compare(report(a, blocked("b")))[0] == 2
    assert _compare(report(run("a", metric([300.0] * 20))))[0] == 1
    assert _compare(report(c))[1]["verdict"] == "blocked"


@pytest.mark.parametrize(
    "changes",
    [{"unit": "ms"}, {"direction": "higher"}, {"aggregate": "p95"}, {"unit": "count", "direction": "higher"}],
    ids=str,
)
def test_a_metric_that_changed_its_meaning(repository: Path, changes: dict[str, Any]) -> None:
    """A hundred times as much of something else is not comparable, in words that name the change."""
    code, verdict, findings = _verdicts(_one(TWENTY), _one([10_000.0] * 20, **changes))
    assert (code, verdict, findings) == (2, "not-comparable", ["not-comparable"])
    found = json.loads((OUT / "comparison.json").read_bytes())
    assert f"its {next(iter(changes))} changed from" in found["findings"][0]["sentence"]


@pytest.mark.parametrize(
    ("now", "code"),
    [([100.0] * 10_000, 0), ([*[100.0] * 9_999, 1e6], 0), ([200.0] * 10_000, 1)],
    ids=["all", "all but one", "slower"],
)
def test_ten_thousand_ties(repository: Path, now: list[float], code: int) -> None:
    """All equal, all but one, and all equal but slower."""
    assert _verdicts(_one([100.0] * 10_000), _one(now))[0] == code


def test_any_bit_of_a_published_baseline_counts(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One bit of any file: exit 5 with the file's name, whatever the report says."""
    folder = _publish(_one(TWENTY))
    _write(_one([300.0] * 20))
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) == 3  # checksums.json names the file that it was made of, so that is named for it
    for path in files:
        data = path.read_bytes()
        for at in (len(data) // 3, len(data) // 2, len(data) - 2):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            capsys.readouterr()
            assert run_cli(["compare"]) == 5, (path, at)
            assert path.name == "checksums.json" or path.name in capsys.readouterr().err
        path.write_bytes(data)
    assert run_cli(["compare"]) == 1


MANIFEST = """\
version: 1
suite: demo
kind: measured
families: {parsing: {thresholds: {wall_time: 10}}}
bands: {small: {max: 100}, large: {min: 100, thresholds: {wall_time: 12}}}
growth: {wall_time: 1.2}
benchmarks:
  - id: parse
    family: parsing
    signature: (n) -> int
    scale: [10, 100, 1000]
    variants: {fast: {callable: "work:total"}}
"""
ACCEPTED = """\
version: 1
accepted:
  - {benchmark: parse, metric: wall_time, scale: 10, up_to_percent: 60, reason: known, until: 2026-12-31}
"""
SIZES = (10, 100, 1000)


def _sized(*levels: float, against: bool = False) -> Report:
    """`parse` at three sizes with these times; paired with 100 ns, 1 µs and 10 µs when `against`."""
    runs: list[Run] = []
    for size, level in zip(SIZES, levels, strict=True):
        before = [size * 10.0] * 20 if against else ()
        there = Reference(overall="pass", family="parsing") if against else None
        both = metric([level] * 20, reference=before)
        runs.append(run("parse", both, scale=size, reference=there))
    config: dict[str, Any] = {}
    if against:
        looks = {"ref": "main", "revision": "c0ffee", "looks": (20,)}
        config["against"] = {**looks, "runs": tuple(one.key for one in runs)}
    return report(*runs, **config)


def _base() -> Path:
    """What the base branch has: manifest, accepted slowdowns, policy and a baseline."""
    SUITE.mkdir(parents=True)
    (SUITE / "suite.yaml").write_text(MANIFEST)
    (SUITE / "work.py").write_text("def total(n):\n    return n\n")
    (SUITE / "accepted.yaml").write_text(ACCEPTED)
    folder = _publish(_sized(100.0, 1000.0, 10_000.0))
    _commit()
    return folder


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _loosen_families() -> None:
    _edit(
        SUITE / "suite.yaml",
        "parsing: {thresholds: {wall_time: 10}}",
        "parsing: {thresholds: {wall_time: 999}}",
    )


def _loosen_bands() -> None:
    _edit(SUITE / "suite.yaml", "{wall_time: 12}", "{wall_time: 999}")


def _loosen_growth() -> None:
    _edit(SUITE / "suite.yaml", "growth: {wall_time: 1.2}", "growth: {wall_time: 9}")


def _loosen_policy() -> None:
    loose = (
        "thresholds: {wall_time: 999}, missing: allow, families: {parsing: {wall_time: 999}}, same: [arch], "
        "statistics: {alpha: 1.0e-9, min_effect: {wall_time: 999}}"
    )
    Path("benchgov.yaml").write_text(f"version: 1\npolicy: {{mode: threshold, {loose}}}\n")


def _accept_everything() -> None:
    wide = "  - {benchmark: parse, metric: wall_time, up_to_percent: 9999, reason: mine, until: 2999-12-31}\n"
    (SUITE / "accepted.yaml").write_text("version: 1\naccepted:\n" + wide)


def _break_accepted() -> None:
    (SUITE / "accepted.yaml").write_text("accepted: nonsense\n")


def _replace_baseline() -> None:
    for path in (SUITE / "baselines").rglob("*.json"):
        path.unlink()
    _publish(_sized(900.0, 9000.0, 90_000.0))


def _spoil_baseline() -> None:
    for path in (SUITE / "baselines").rglob("baseline.json"):
        _edit(path, '"wall_time":10', '"wall_time":99')


def _remove_suite() -> None:
    (SUITE / "suite.yaml").unlink()
    (SUITE / "accepted.yaml").unlink()


def _move_suites() -> None:
    Path("benchgov.yaml").write_text("version: 1\nbench_dir: elsewhere\nregime: other\n")


EDITS = [
    _loosen_families,
    _loosen_bands,
    _loosen_growth,
    _loosen_policy,
    _accept_everything,
    _break_accepted,
    _replace_baseline,
    _spoil_baseline,
    _remove_suite,
    _move_suites,
]
GOVERNED = ("--baseline-ref", "main", "--as-of", "2026-06-15")


@pytest.mark.parametrize("against", [False, True], ids=["baseline", "paired"])
@pytest.mark.parametrize("edit", EDITS, ids=lambda one: one.__name__.strip("_"))
def test_a_pull_request_gains_nothing_by_editing_what_it_is_judged_by(
    repository: Path, edit: Any, against: bool
) -> None:
    """Read from the base: not one byte of the comparison changes."""
    _base()
    now = _sized(150.0, 1500.0, 400_000.0, against=against)
    code, found = _compare(now, *GOVERNED)
    assert (code, found["verdict"]) == (1, "regression")
    assert [one["verdict"] for one in found["findings"]] == ["accepted", "regression", "regression"]
    assert [one["verdict"] for one in found["growth"]] == ["over"]
    before = (OUT / "comparison.json").read_bytes()
    edit()
    _git("checkout", "-q", "-b", "pull-request")
    _commit()
    assert _compare(now, *GOVERNED)[0] == 1
    assert (OUT / "comparison.json").read_bytes() == before


def test_accepted_until_a_day(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The day decides, the comparison records it, and an entry that has expired fails with its name."""
    _base()
    now = _sized(150.0, 1000.0, 10_000.0)
    code, found = _compare(now, "--as-of", "2026-12-31")
    assert (code, found["accepted_on"]) == (0, "2026-12-31")
    code, found = _compare(now, "--as-of", "2027-01-01")
    assert (code, found["accepted_on"]) == (1, "2027-01-01")
    assert (
        "The acceptance expired of parse@10 wall_time on 2026-12-31 (bench/demo/accepted.yaml:3)"
        in found["reason"]
    )
    assert _compare(_sized(170.0, 1000.0, 10_000.0), "--as-of", "2026-06-15")[0] == 1
    capsys.readouterr()
    assert run_cli(["compare", "--as-of", "yesterday"]) == 64


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "benchmark: parse",
            "benchmark: prase",
            "accepted.yaml:3: no benchmark 'prase'; did you mean 'parse'",
        ),
        ("metric: wall_time", "metric: wall", "accepted.yaml:3: nothing is called parse@10 wall"),
        ("scale: 10", "scale: 11", "accepted.yaml:3: nothing is called parse@11 wall_time"),
        ("until: 2026-12-31", "until: never", "accepted.yaml:3: accepted.0.until: a day"),
        ("version: 1", "version: 7", "accepted.yaml:1: version"),
        ("reason: known, ", "", "accepted.yaml:3: accepted.0.reason: required"),
    ],
)
def test_an_accepted_file_that_is_wrong(
    repository: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    """Exit 2, with file and line; nothing is compared by half of it."""
    _base()
    _edit(SUITE / "accepted.yaml", old, new)
    _write(_sized(100.0, 1000.0, 10_000.0))
    capsys.readouterr()
    assert run_cli(["compare"]) == 2
    assert message in capsys.readouterr().err
    assert not (OUT / "comparison.json").exists()


def _on(**changes: Any) -> Facts:
    return FACTS.model_copy(update=changes)


def test_a_wider_policy_is_the_base_revisions(repository: Path, mode: str) -> None:
    """`policy.same` of the work tree counts for nothing under --baseline-ref; that of the base does."""
    _publish(_one(TWENTY))
    _commit()
    now = report(run("parse", metric([300.0] * 20)), facts=_on(cpu_model="Other"))
    wide = f"version: 1\npolicy: {{mode: {mode}, same: [arch, os]}}\n"
    Path("benchgov.yaml").write_text(wide)
    assert _compare(now, "--baseline-ref", "main")[0] == 2
    assert _compare(now)[0] == 1
    _commit()
    code, found = _compare(now, "--baseline-ref", "main")
    assert (code, found["same"]) == (1, ["arch", "os"])
    assert "they differ in cpu_model" in found["reason"]
    assert _compare(report(facts=_on(arch="arm64")), "--baseline-ref", "main")[0] == 2


def test_everything_at_once_gives_the_same_bytes_twice(repository: Path) -> None:
    """Bands, growth, acceptances: a pure function of its input."""
    _base()
    now = _sized(150.0, 1500.0, 400_000.0)
    _compare(now, *GOVERNED)
    first = (OUT / "comparison.json").read_bytes()
    _compare(now, *GOVERNED)
    assert (OUT / "comparison.json").read_bytes() == first

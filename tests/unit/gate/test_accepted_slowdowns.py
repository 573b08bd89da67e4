"""Accepted slowdowns: what is accepted, what is larger, what has expired, and files that are not valid."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.gate_builders import active, blocked, metric, report, run

from benchgov.errors import InputError
from benchgov.gate.accepted import (
    Acceptance,
    Accepted,
    Subject,
    check_accepted,
    described,
    load_accepted,
    subjects_of,
)
from benchgov.gate.compare import compare
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy
from benchgov.report import Reference, Run

TODAY = date(2026, 6, 15)
PATH = "bench/demo/accepted.yaml"


def entry(**changes: Any) -> Acceptance:
    """Twenty-five percent of wall time until the end of the year."""
    given = {
        "benchmark": "parse",
        "metric": "wall_time",
        "up_to_percent": 25,
        "reason": "checks every input now",
        "until": "2026-12-31",
    }
    return Acceptance.model_validate({**given, **changes})


def accepted(*entries: Acceptance) -> Accepted:
    """These entries, on lines 3, 4 and so on."""
    return Accepted(PATH, tuple((one, line) for line, one in enumerate(entries, 3)), TODAY)


def judged(now: float, *entries: Acceptance, mode: str = "auto", **changes: Any) -> Comparison:
    """100 ns became `now`."""
    before, after = (
        run("parse", metric([value] * 20, **changes.get("metric", {})), **changes.get("run", {}))
        for value in (100.0, now)
    )
    return compare(report(after), active(report(before)), GatePolicy(mode, accepted=accepted(*entries)))


@pytest.mark.parametrize("mode", ["threshold", "statistical"])
def test_an_accepted_slowdown_passes_and_keeps_its_numbers(mode: str) -> None:
    """The finding says by what it is accepted, and the reason counts it."""
    result = judged(120.0, entry(), mode=mode)
    (finding,) = result.findings
    assert (result.verdict, finding.verdict) == ("pass", "accepted")
    assert finding.change_percent == pytest.approx(20)
    assert finding.accepted is not None
    assert (finding.accepted.source.line, finding.accepted.expired) == (3, False)
    assert finding.sentence.endswith(
        f"Accepted up to 25 % until 2026-12-31 ({PATH}:3: checks every input now)."
    )
    assert "1 accepted though worse" in result.reason
    assert result.accepted_on == TODAY
    assert result.families[0].geometric_mean_percent["wall_time"] == pytest.approx(20)


@pytest.mark.parametrize("mode", ["threshold", "statistical"])
def test_a_larger_slowdown_is_a_regression(mode: str) -> None:
    """And the sentence says how much was accepted."""
    result = judged(130.0, entry(), mode=mode)
    assert (result.verdict, result.findings[0].verdict) == ("regression", "regression")
    assert "More than is accepted, which is up to 25 %" in result.findings[0].sentence


def test_exactly_what_is_accepted_is_accepted() -> None:
    """Whatever binary fractions make of it."""
    assert judged(125.0, entry()).verdict == "pass"
    assert judged(125.001, entry()).verdict == "regression"
    assert judged(110.1, entry(up_to_percent=10.1)).verdict == "pass"


@pytest.mark.parametrize("mode", ["threshold", "statistical"])
def test_an_expired_entry_fails_with_its_name(mode: str) -> None:
    """The regression stays, and both its sentence and the reason name the entry."""
    result = judged(120.0, entry(until="2026-06-14"), mode=mode)
    assert result.verdict == "regression"
    assert "Its acceptance has expired: up to 25 % until 2026-06-14" in result.findings[0].sentence
    assert f"The acceptance expired of parse wall_time on 2026-06-14 ({PATH}:3)." in result.reason


def test_the_last_day_still_counts() -> None:
    """`until` is included."""
    assert judged(120.0, entry(until="2026-06-15")).verdict == "pass"


def test_an_expired_entry_that_nothing_needs_is_only_told() -> None:
    """Time alone turns nothing red."""
    result = judged(100.0, entry(until="2026-01-01"))
    assert result.verdict == "pass"
    assert f"Expired, and can be removed: parse wall_time ({PATH}:3)." in result.reason


def test_many_expired_entries_are_named_shortly() -> None:
    """Three, and how many more."""
    result = judged(100.0, *(entry(until="2026-01-01", scale=size) for size in range(1, 6)))
    assert "parse@3 wall_time (bench/demo/accepted.yaml:5) and 2 more." in result.reason


def test_the_narrowest_entry_that_has_not_expired_counts() -> None:
    """Of two that fit: the one that names more, unless it is over; of equals the first."""
    narrow = entry(variant="fast", up_to_percent=15)
    assert judged(120.0, entry(), narrow).verdict == "regression"
    assert judged(120.0, narrow, entry()).verdict == "regression"
    over = entry(variant="fast", up_to_percent=15, until="2026-01-01")
    assert judged(120.0, over, entry()).verdict == "pass"
    first, second = entry(variant="fast"), entry(family="parsing", up_to_percent=15)
    assert judged(120.0, first, second).verdict == "pass"


@pytest.mark.parametrize(
    "changes",
    [
        {"variant": "slow"},
        {"family": "other"},
        {"scale": 10},
        {"metric": "cpu_time"},
        {"benchmark": "parse2"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_an_entry_for_something_else_accepts_nothing(changes: dict[str, Any]) -> None:
    """Every key that it names must fit."""
    result = judged(120.0, entry(**changes))
    assert result.verdict == "regression"
    assert result.findings[0].accepted is None


def test_higher_is_better_is_accepted_by_how_much_it_fell() -> None:
    """Throughput down by 20 % is within 25 %, and up by 20 % needs nobody."""
    how: Any = {"metric": {"unit": "op/s", "direction": "higher"}}
    assert judged(80.0, entry(), **how).findings[0].verdict == "accepted"
    assert judged(70.0, entry(), **how).findings[0].verdict == "regression"
    assert judged(120.0, entry(), **how).findings[0].verdict == "improvement"


def test_nothing_else_is_hidden_by_an_acceptance() -> None:
    """A missing or blocked benchmark still blocks."""
    before = report(run("parse"), run("b"))
    policy = GatePolicy(accepted=accepted(entry(), entry(benchmark="b")))
    assert compare(report(run("parse")), active(before), policy).verdict == "blocked"
    assert compare(report(run("parse"), blocked("b")), active(before), policy).verdict == "blocked"


def test_without_a_file_no_day_is_in_the_comparison() -> None:
    """The same report gives the same bytes tomorrow."""
    policy = GatePolicy(accepted=Accepted())
    assert compare(report(), active(report()), policy).accepted_on is None


def write(folder: Path, text: str | bytes) -> Path:
    """A suite's folder with this file in it."""
    (folder / "accepted.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


GOOD = """\
version: 1
accepted:
  - benchmark: parse
    metric: wall_time
    up_to_percent: 25
    reason: checks every input now
    until: 2026-12-31
"""


def test_a_file_is_read_with_its_lines(tmp_path: Path) -> None:
    """No file accepts nothing, and neither does an empty list."""
    assert load_accepted(tmp_path, PATH, TODAY) == Accepted()
    found = load_accepted(write(tmp_path, GOOD), PATH, TODAY)
    ((first, line),) = found.entries
    assert (first, line, found.today) == (entry(), 3, TODAY)
    assert load_accepted(write(tmp_path, "version: 1\naccepted: []\n"), PATH, TODAY).entries == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("until: 2026-12-31", "until: soon", 7, "a day, as 2026-12-31"),
        ("until: 2026-12-31", "until: 86400", 7, "a day, as 2026-12-31"),
        ("until: 2026-12-31", "until: '86400'", 7, "a day, as 2026-12-31"),
        ("until: 2026-12-31", "until: true", 7, "a day, as 2026-12-31"),
        ("until: 2026-12-31", "until: 2026-12-31 10:00:00", 7, "a day, as 2026-12-31"),
        ("until: 2026-12-31", "until: '2026-02-30'", 7, "date"),
        ("    until: 2026-12-31\n", "", 3, "required, but not there"),
        ("    reason: checks every input now\n", "", 3, "required, but not there"),
        ("reason: checks every input now", 'reason: "a\\nb"', 6, "one line of text"),
        ("reason: checks every input now", "reason: ' '", 6, "at least 3 characters"),
        ("up_to_percent: 25", "up_to_percent: 0", 5, "greater than 0"),
        ("up_to_percent: 25", "up_to_percent: -5", 5, "greater than 0"),
        ("up_to_percent: 25", "up_to_percent: .nan", 5, "finite number"),
        ("up_to_percent: 25", "up_to_percent: .inf", 5, "finite number"),
        ("up_to_percent: 25", "up_to_percnt: 25", 5, "unknown key; did you mean 'up_to_percent'"),
        ("metric: wall_time", "metric: '../x'", 4, "match pattern"),
        ("version: 1", "version: 2", 1, "should be 1"),
    ],
)
def test_a_file_that_is_not_valid_is_refused_by_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    """One detail per fault."""
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        load_accepted(write(tmp_path, GOOD.replace(old, new)), PATH, TODAY)
    assert any(one.startswith(f"{PATH}:{line}: ") and message in one for one in caught.value.details), (
        caught.value.details
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"\xff\xfe", b"a: &x 1\nb: *x\n", b"version: 1\nversion: 1\n", b"- 1\n", b"[" * 5000],
    ids=["empty", "cut-off", "encoding", "alias", "duplicate-key", "list", "deep"],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """One clear error, whatever it is."""
    with pytest.raises(InputError):
        load_accepted(write(tmp_path, content), PATH, TODAY)


def test_a_link_to_nowhere_is_an_error_not_an_empty_list(tmp_path: Path) -> None:
    """A file that cannot be read accepts nothing silently."""
    (tmp_path / "accepted.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError):
        load_accepted(tmp_path, PATH, TODAY)


def test_an_entry_twice_is_an_error_that_names_both_lines(tmp_path: Path) -> None:
    """Even with other percents."""
    again = GOOD[GOOD.index("  - ") :].replace("25", "90")
    with pytest.raises(InputError) as caught:
        load_accepted(write(tmp_path, GOOD + again), PATH, TODAY)
    assert caught.value.details == (f"{PATH}:8: parse wall_time is accepted on line 3 already",)


def refused(*entries: Acceptance, runs: tuple[Run, ...] = (), ids: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What is wrong with entries, against these runs and the ids of a manifest."""
    with pytest.raises(InputError) as caught:
        check_accepted(accepted(*entries), list(subjects_of(report(*(runs or (run("parse"),))))), ids)
    return caught.value.details


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"benchmark": "pars"}, "no benchmark 'pars'; did you mean 'parse'"),
        ({"metric": "wall_tme"}, "nothing is called parse wall_tme; did you mean 'wall_time'"),
        ({"variant": "fats"}, "nothing is called parse/fats wall_time"),
        ({"scale": 7}, "nothing is called parse@7 wall_time"),
        ({"family": "parse"}, "nothing is called parse of family parse wall_time"),
    ],
)
def test_an_entry_for_what_there_is_not_is_an_error(changes: dict[str, Any], message: str) -> None:
    """A typing error is found when it is made, not when it is needed."""
    (found,) = refused(entry(**changes))
    assert found.startswith(f"{PATH}:3: ")
    assert message in found


def test_what_a_pull_request_takes_away_does_not_make_the_base_wrong() -> None:
    """A benchmark of the baseline's, of the other revision or of the manifest is known."""
    here = report(run("other"))
    check_accepted(accepted(entry()), [Subject("parse", "wall_time", "parsing", "fast")], ())
    check_accepted(accepted(entry(), entry(benchmark="parse/x")), list(subjects_of(here)), ("parse",))
    against = {"ref": "main", "revision": "c0ffee", "looks": (10,), "runs": ("parse@10/fast", "b/c/fast")}
    there = report(run("other"), against=against)
    entries = (entry(scale=10, variant="fast"), entry(benchmark="b/c"))
    check_accepted(accepted(*entries), list(subjects_of(there)), ())


def test_a_blocked_run_and_a_moved_one_are_known() -> None:
    """By name, and by the family of either revision."""
    moved = run("parse", reference=Reference(overall="pass", family="old"))
    check_accepted(
        accepted(entry(family="old"), entry(family="parsing")), list(subjects_of(report(moved))), ()
    )
    check_accepted(accepted(entry()), list(subjects_of(report(blocked("parse")))), ())


def test_an_entry_is_described_by_what_it_names() -> None:
    """As runs are called elsewhere."""
    assert described(entry()) == "parse wall_time"
    assert described(entry(scale=10)) == "parse@10 wall_time"
    assert (
        described(entry(scale=10, variant="fast", family="parsing"))
        == "parse@10/fast of family parsing wall_time"
    )

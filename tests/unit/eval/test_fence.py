"""The fence: what a bench owes, found without running any of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchgov.errors import BenchFolderMissingError, TierConfigError
from benchgov.eval import fence as fence_module
from benchgov.eval.fence import ASSERTIONS, Floors, check
from benchgov.promotion.floors import floors_of

STUB = Path(__file__).parents[2] / "data" / "benches" / "stub-task-class"
NAME = "stub-task-class"


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A bench that honours the contract, in a folder of benches of its own."""
    folder = tmp_path / "bench" / NAME
    shutil.copytree(STUB, folder)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace what must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def found(bench: Path, floors: Floors | None = None) -> list[tuple[str, str]]:
    """(assertion, path below the bench) of every breach."""
    breaches = check(bench.parent, floors or Floors())
    return [(one.assertion, one.path.removeprefix(f"{bench}/")) for one in breaches]


def test_a_bench_that_honours_the_contract_has_no_breach(bench: Path) -> None:
    """And a folder that is no task class is passed over."""
    (bench.parent / "measured").mkdir()
    (bench.parent / "measured" / "suite.yaml").write_text("suite: measured\n")
    assert found(bench) == []


@pytest.mark.parametrize("name", fence_module.FILES)
def test_each_file_of_the_contract_is_missed(bench: Path, name: str) -> None:
    """Each by its path, and nothing else but what follows from it."""
    (bench / name).unlink()
    assert ("directory-contract", name) in [
        (kind, path.removeprefix(f"{bench}/")) for kind, path in found(bench)
    ]


def test_a_task_class_without_its_folder_names_every_missing_path(bench: Path) -> None:
    """A registration of a class that has no folder."""
    edit(bench / "registration.py", f'"{NAME}"', '"elsewhere"')
    missing = [path for kind, path in found(bench) if kind == "directory-contract"]
    assert missing == [str(bench.parent / "elsewhere" / name) for name in fence_module.FILES]


def no_case(bench: Path) -> None:
    shutil.rmtree(bench / "cases" / "001-two")
    edit(bench / "cases" / "digests.yaml", "001-two", "001-gone")


def silver(bench: Path) -> None:
    edit(bench / "registration.py", '{"bronze": 3}', '{"bronze": 3, "silver": 3}')


def aliased(bench: Path) -> None:
    edit(bench / "registration.py", "import register_task_class", "import register_task_class as register")
    edit(bench / "registration.py", "\nregister_task_class(", "\nregister(")


def two_ids(bench: Path) -> None:
    edit(bench / "cases" / "002-ten" / "case.toml", '"002-ten"', '"001-two"')


def linked_case(bench: Path) -> None:
    (bench / "cases" / "004-link").symlink_to(bench / "cases" / "001-two")


def pipe(bench: Path) -> None:
    (bench / "rubric.py").unlink()
    os.mkfifo(bench / "rubric.py")


def appended(path: str, text: str) -> Callable[[Path], None]:
    def change(bench: Path) -> None:
        with (bench / path).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return change


def written(path: str, data: bytes) -> Callable[[Path], None]:
    def change(bench: Path) -> None:
        (bench / path).write_bytes(data)

    return change


CASE = "cases/001-two/case.toml"
BREACHES: dict[str, tuple[Callable[[Path], None], tuple[str, str]]] = {
    "too few cases": (no_case, ("case-count", "cases")),
    "a digest without a case": (no_case, ("directory-contract", "cases/digests.yaml")),
    "silver without held-out cases": (silver, ("held-out", "cases")),
    "a name that is computed": (
        lambda bench: edit(bench / "registration.py", f'"{NAME}"', f'"{NAME}".lower()'),
        ("literal-name", "registration.py:9"),
    ),
    "an alias": (aliased, ("literal-name", "registration.py:1")),
    "two registrations": (
        appended("registration.py", '\nregister_task_class("x", bench_path=1)(StubRubric)\n'),
        ("literal-name", "registration.py:1"),
    ),
    "a syntax error": (appended("registration.py", "\ndef (:\n"), ("literal-name", "registration.py:16")),
    "a registration that is not UTF-8": (
        written("registration.py", b"# \xff\n"),
        ("literal-name", "registration.py"),
    ),
    "a huge registration": (
        written("registration.py", b"#" * (5 << 20)),
        ("literal-name", "registration.py"),
    ),
    "a smuggled key": (
        appended("breakdown_keys.py", '    HIDDEN = "LLM_Confidence"\n'),
        ("breakdown-keys", "breakdown_keys.py"),
    ),
    "a computed key": (
        appended("breakdown_keys.py", '    HIDDEN = "con" + "fidence"\n'),
        ("breakdown-keys", "breakdown_keys.py:10"),
    ),
    "an unknown severity": (
        appended("failure_modes.yaml", "odd:\n  severity: fatal\n  description: x\n"),
        ("failure-modes", "failure_modes.yaml:7"),
    ),
    "no description": (
        appended("failure_modes.yaml", "odd:\n  severity: block\n  description: ' '\n"),
        ("failure-modes", "failure_modes.yaml:7"),
    ),
    "a mode that is no mapping": (
        appended("failure_modes.yaml", "odd: block\n"),
        ("failure-modes", "failure_modes.yaml:7"),
    ),
    "a list of modes": (written("failure_modes.yaml", b"- a\n"), ("failure-modes", "failure_modes.yaml")),
    "no YAML": (written("failure_modes.yaml", b"a: [\n"), ("failure-modes", "failure_modes.yaml:2")),
    "one id twice": (two_ids, ("case-ids", "cases")),
    "an id that is not the folder's": (two_ids, ("case-ids", "cases/002-ten/case.toml")),
    "a case without an id": (
        lambda bench: edit(bench / CASE, "case_id", "id"),
        ("case-ids", CASE),
    ),
    "a case of another class": (
        lambda bench: edit(bench / CASE, f'"{NAME}"', '"other"'),
        ("directory-contract", CASE),
    ),
    "a case of no curation class": (
        lambda bench: edit(bench / CASE, '"held-out"', '"found"'),
        ("directory-contract", CASE),
    ),
    "a case.toml that is not TOML": (written(CASE, b"case_id\n"), ("directory-contract", CASE)),
    "a case.toml that is not UTF-8": (written(CASE, b'case_id = "\xff"\n'), ("directory-contract", CASE)),
    "a huge case.toml": (written(CASE, b"#" * 300_000), ("directory-contract", CASE)),
    "a case without expected/": (
        lambda bench: shutil.rmtree(bench / "cases" / "001-two" / "expected"),
        ("directory-contract", "cases/001-two/expected"),
    ),
    "a case that is a link": (linked_case, ("directory-contract", "cases/004-link")),
    "a file among the cases": (written("cases/notes.txt", b""), ("directory-contract", "cases/notes.txt")),
    "a rubric that is a pipe": (pipe, ("directory-contract", "rubric.py")),
    "a rubric that cannot be run": (
        lambda bench: edit(bench / "rubric.py", 'if __name__ == "__main__":', "if True:"),
        ("directory-contract", "rubric.py"),
    ),
    "no digests": (written("cases/digests.yaml", b"- a\n"), ("directory-contract", "cases/digests.yaml")),
}


@pytest.mark.parametrize("name", BREACHES)
def test_every_breach_is_named_with_its_place(bench: Path, name: str) -> None:
    """Whatever a bench's files hold, the fence says where, and raises nothing."""
    change, wanted = BREACHES[name]
    change(bench)
    assert wanted in found(bench)


def test_every_assertion_can_fail() -> None:
    """The table above breaks each of the seven."""
    assert {kind for _, (kind, _) in BREACHES.values()} == set(ASSERTIONS)


def test_the_floors_are_those_of_the_tiers(bench: Path, tmp_path: Path) -> None:
    """More cases than a registration asks for, and no tier that the file does not have."""
    (tmp_path / "docs").mkdir()
    tiers = tmp_path / "docs" / "trust-tiers.yaml"
    tiers.write_text("schema_version: 1\nthresholds: {iron: 0.5}\nmin_cases: 4\n")
    breaches = [str(one) for one in check(bench.parent, floors_of(tmp_path))]
    assert breaches == [
        f"{bench}/registration.py:9: tier 'bronze' is none of iron [held-out]",
        f"{bench}/cases: 3 cases; {NAME} needs 4 [case-count]",
    ]
    tiers.write_text("schema_version: 1\n")
    with pytest.raises(TierConfigError):
        floors_of(tmp_path)


def test_a_folder_that_is_not_there_is_no_pass(tmp_path: Path) -> None:
    """Nothing checked is not the same as nothing wrong."""
    with pytest.raises(BenchFolderMissingError):
        check(tmp_path / "bench", Floors())


def test_a_bench_that_is_a_link_is_a_breach(bench: Path, tmp_path: Path) -> None:
    """What it leads to is not part of the repository."""
    bench.rename(tmp_path / "away")
    bench.symlink_to(tmp_path / "away")
    assert found(bench) == [("directory-contract", str(bench))]

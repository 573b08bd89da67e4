"""Loading a bench: what it declares, its cases in order, and every case held against its digest."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.eval_builders import CASE_TOML, STUB, add_case, copy_bench, write_digests

from benchgov.errors import (
    BenchCaseError,
    BenchFolderMissingError,
    TaskClassIncompleteError,
    TaskClassNotFoundError,
)
from benchgov.eval import digests, loader
from benchgov.eval.declared import breakdown_keys, declaration
from benchgov.eval.loader import load_cases, load_task_class, scan_cases, stale
from benchgov.eval.models import BenchCase


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    return copy_bench(tmp_path)


def load(bench: Path) -> tuple[BenchCase, ...]:
    return load_cases(load_task_class(bench.name, bench.parent), bench.parent.parent)


def test_cases_come_by_id_with_verified_digests(bench: Path) -> None:
    """The order is that of the ids, whatever the file system's."""
    add_case(bench, "000-first")
    write_digests(bench)
    cases = load(bench)
    assert [case.case_id for case in cases] == ["000-first", "001-two", "002-ten", "003-thousand"]
    assert cases[1].case_digest == digests.read_digests(bench)["001-two"]
    assert cases[1].input_path == bench / "cases" / "001-two" / "input"


def test_a_task_class_is_read_from_its_files(bench: Path) -> None:
    """Name, minimum, SUT, keys and taxonomy come from the files; no code of the bench runs."""
    (bench / "rubric.py").write_text("raise SystemExit('this ran')\n")
    found = load_task_class(STUB, bench.parent)
    assert (found.sut, dict(found.min_cases_for_promotion)) == (
        "bench.stub-task-class.sut:double",
        {"bronze": 3},
    )
    assert found.breakdown_keys == {"right"}
    assert dict(found.failure_mode_taxonomy) == {"no-number": "warn", "wrong-number": "info"}
    assert found.rubric_class is None


def test_the_registration_is_imported_under_its_plain_name_when_asked(bench: Path) -> None:
    """`execute` gives the rubric's class, twice over, and leaves the path as it was."""
    import sys

    before = list(sys.path)
    found = load_task_class(STUB, bench.parent, execute=True)
    assert found.rubric_class is not None
    assert found.rubric_class.__module__ == f"bench.{STUB}.rubric"
    assert load_task_class(STUB, bench.parent, execute=True).rubric_class is not None
    assert sys.path == before
    for name in [name for name in sys.modules if name.split(".")[0] == "bench"]:
        del sys.modules[name]


def test_an_unknown_task_class_and_a_missing_folder_are_told_apart(bench: Path) -> None:
    """A name that nobody registers; a folder of benches that is not there; a registration elsewhere."""
    with pytest.raises(TaskClassNotFoundError, match=r"did you mean.*stub-task-class"):
        load_task_class("stub-task-clas", bench.parent)
    with pytest.raises(TaskClassNotFoundError):
        load_task_class("../stub-task-class", bench.parent)
    with pytest.raises(BenchFolderMissingError):
        load_task_class(STUB, bench.parent / "nowhere")
    bench.rename(bench.parent / "moved")
    with pytest.raises(BenchFolderMissingError, match="moved"):
        load_task_class(STUB, bench.parent)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n", "0 calls"),
        ("register_task_class('a')\nregister_task_class('a')\n", "2 calls"),
        ("register_task_class(NAME, min_cases_for_promotion={'bronze': 1})\n", "not a literal name"),
        ("register_task_class('other', min_cases_for_promotion={'bronze': 1})\n", "its folder is"),
        ("register_task_class('stub-task-class')\n", "min_cases_for_promotion"),
        ("register_task_class('stub-task-class', min_cases_for_promotion={'bronze': 0})\n", "min_cases"),
        ("register_task_class('stub-task-class', min_cases_for_promotion={'b': 1}, sut=SUT)\n", "sut is not"),
        (
            "register_task_class('stub-task-class', min_cases_for_promotion={'b': 1}, sut_process='lane')\n",
            "one of fresh, reused",
        ),
        ("def (\n", "not Python"),
        ("x = '\x00'\n", "not Python"),
    ],
)
def test_a_registration_that_cannot_be_read_is_refused(bench: Path, text: str, reason: str) -> None:
    """Only literals are read; the message has the file."""
    (bench / "registration.py").write_text(text)
    with pytest.raises(TaskClassIncompleteError, match=reason) as caught:
        declaration(bench)
    assert "registration.py" in str(caught.value)


def test_breakdown_keys_are_those_of_one_str_enum(bench: Path) -> None:
    """`auto()` is the lower-case name; what is computed, or there twice, is refused."""
    path = bench / "breakdown_keys.py"
    path.write_text(
        "import enum\nclass K(enum.StrEnum):\n    '''Keys.'''\n    ONE = enum.auto()\n    TWO = '2'\n"
    )
    assert breakdown_keys(bench) == {"one", "2"}
    for text in (
        "class K(StrEnum):\n    A = f()\n",
        "class K(StrEnum):\n    A = 'x'\n    B = 'x'\n",
        "x = 1\n",
    ):
        path.write_text(text)
        with pytest.raises(TaskClassIncompleteError):
            breakdown_keys(bench)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("case_id =", "not TOML"),
        ('case_id = "x"\nunknown = 1\n', "x"),
        (CASE_TOML.replace("positive", "perhaps"), "not a valid case"),
        (CASE_TOML + "more = 1\n", "not a valid case"),
        (CASE_TOML + 'input_path = "x"\n', "unknown key"),
        (CASE_TOML.replace("2026-11-01T00:00:00Z", "2026-11-01T00:00:00", 1), "not a valid case"),
        (CASE_TOML.replace("curated", "regression-converted"), "commit_sha"),
        (CASE_TOML + 'case_digest = "blake3:' + "0" * 64 + '"\n', "case_digest"),
        (CASE_TOML + 'cassette_path = "../../../etc/passwd"\n', "leaves the repository"),
        (CASE_TOML + 'cassette_path = "cassettes/none.yaml"\n', "no such file"),
        (CASE_TOML.replace('"{task_class}"', '"other"'), "task_class"),
    ],
)
def test_a_case_that_is_not_valid_is_refused(bench: Path, change: str, reason: str) -> None:
    """The error names the file, and for a fault of a field that field."""
    add_case(bench, "x", toml=change)
    write_digests(bench)
    with pytest.raises(BenchCaseError) as caught:
        load(bench)
    assert reason in "\n".join([str(caught.value), *caught.value.details])
    assert caught.value.exit_code == 6


def test_a_case_lies_in_the_folder_of_its_id(bench: Path) -> None:
    """Another id is refused; an id that is there twice is refused with both folders."""
    toml = (bench / "cases" / "001-two" / "case.toml").read_text()
    folder = add_case(bench, "zzz")
    (folder / "case.toml").write_text(toml.replace("001-two", "other"))
    write_digests(bench)
    with pytest.raises(BenchCaseError, match="'other'"):
        load(bench)
    (folder / "case.toml").write_text(toml)
    with pytest.raises(BenchCaseError, match="twice") as caught:
        load(bench)
    assert [Path(detail).name for detail in caught.value.details] == ["001-two", "zzz"]


def test_a_case_that_is_not_what_its_digest_says_is_named(bench: Path) -> None:
    """So is one without a digest, and a digest without a case; what changed is told when it is known."""
    (bench / "cases" / "002-ten" / "expected" / "answer.json").write_text('{"double": 21}\n')
    with pytest.raises(BenchCaseError, match="002-ten") as caught:
        scan_cases(bench, lambda _digests, _folder: ["expected/answer.json"])
    assert "changed since the digests were: expected/answer.json" in caught.value.details
    write_digests(bench)
    folder = add_case(bench, "004-new")
    with pytest.raises(BenchCaseError, match="has no digest"):
        scan_cases(bench)
    write_digests(bench)
    folder.rename(bench / "elsewhere")
    with pytest.raises(BenchCaseError, match="there is no case 004-new"):
        scan_cases(bench)


def test_the_parts_of_a_case_are_folders(bench: Path) -> None:
    """A case without `input/` or `expected/`, or with a link in their place, is refused."""
    folder = bench / "cases" / "001-two" / "expected"
    (folder / "answer.json").unlink()
    folder.rmdir()
    write_digests(bench)
    with pytest.raises(BenchCaseError, match="no such folder"):
        load(bench)
    folder.symlink_to("input")
    with pytest.raises(BenchCaseError, match="leaves"):
        write_digests(bench)


def test_what_is_no_plain_file_of_bounded_size_is_refused(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links that leave their part, pipes, too many files, too many bytes, too deep folders."""
    folder = bench / "cases" / "001-two"
    link = folder / "input" / "link"
    for target in ("../expected/answer.json", "/etc/hostname", "../../../../registration.py"):
        link.symlink_to(target)
        with pytest.raises(BenchCaseError, match="symbolic link"):
            digests.case_digest(folder)
        link.unlink()
    os.mkfifo(link)
    with pytest.raises(BenchCaseError, match="neither"):
        digests.case_digest(folder)
    link.unlink()
    with (folder / "input" / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(BenchCaseError, match="bytes in one case"):
        digests.case_digest(folder)
    (folder / "input" / "sparse").unlink()
    monkeypatch.setattr(digests, "MAX_CASE_FILES", 1)
    with pytest.raises(BenchCaseError, match="files in one case"):
        digests.case_digest(folder)
    monkeypatch.undo()
    (folder / "input" / "/".join(["d"] * 70)).mkdir(parents=True)
    with pytest.raises(BenchCaseError, match="too deeply"):
        digests.case_digest(folder)


def test_digests_are_read_as_yaml_whatever_their_form(bench: Path) -> None:
    """A comment, quotes and a flow mapping are read; a duplicate or another value is refused."""
    wanted = digests.read_digests(bench)
    path = bench / "cases" / "digests.yaml"
    items = ", ".join(f"{name}: '{digest}'" for name, digest in wanted.items())
    path.write_text(f"# by hand\n{{{items}}}\n")
    assert digests.read_digests(bench) == wanted
    name, digest = next(iter(wanted.items()))
    for text in (f"{name}: {digest}\n" * 2, f"{name}: sha256:00\n", "- x\n", "[", ""):
        path.write_text(text)
        with pytest.raises(BenchCaseError):
            digests.read_digests(bench)
    path.unlink()
    with pytest.raises(TaskClassIncompleteError):
        digests.read_digests(bench)


def test_a_bench_without_cases_is_incomplete(bench: Path) -> None:
    """Zero cases are never a pass."""
    import shutil

    shutil.rmtree(bench / "cases")
    with pytest.raises(TaskClassIncompleteError, match="no cases"):
        scan_cases(bench)


def test_a_case_that_nobody_looked_at_for_long_is_stale(bench: Path) -> None:
    """More than 90 days; a case from the future is not."""
    cases = load(bench)
    assert stale(cases, datetime(2027, 1, 30, tzinfo=UTC)) == ()
    assert stale(cases, datetime(2026, 1, 1, tzinfo=UTC)) == ()
    assert stale(cases, datetime(2027, 1, 31, tzinfo=UTC))[0] == ("001-two", loader.STALE_DAYS + 1)

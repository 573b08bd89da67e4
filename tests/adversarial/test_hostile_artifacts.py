"""Artifacts that somebody else made: what is no evidence is named, and what is good is taken all the same."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.collect_builders import MOMENT, write_artifact
from tests.promotion_builders import report as eval_report

from benchgov.archives import unpack
from benchgov.audit import artifacts
from benchgov.audit.artifacts import gather, is_evidence, run_environ
from benchgov.audit.attempts import Pace
from benchgov.audit.collect import Writer, collect
from benchgov.audit.folder import FolderFiles
from benchgov.errors import InputError, UsageError
from benchgov.github.sweep import BOUNDS


def faults_of(folder: Path) -> dict[str, str]:
    """File → reason of every fault, beside one good artifact that must be taken."""
    write_artifact(folder, "good")
    haul = gather([folder], run_environ("7"))
    assert [item.artifact for item in haul.items] == ["good"]
    return {f"{fault.artifact}/{fault.file}": fault.reason for fault in haul.faults}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "JSON"),
        (b"{", ""),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "neither a report"),
        (b'{"performance_gate": 1}', "schema_version"),
        (b'{"facts": {}, "facts": {}}', "duplicate key"),
        (b'{"report_sha256": NaN}', "NaN"),
        (b"[" * 5000, ""),
    ],
)
def test_evidence_that_is_none_is_a_fault_of_its_artifact(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """Empty, truncated, not UTF-8, of another kind, with a key twice, with NaN, nested too deep."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "report.json").write_bytes(content)

    found = faults_of(tmp_path)

    assert list(found) == ["bad/report.json"]
    assert reason in found["bad/report.json"]


def test_links_and_special_files_are_not_followed(tmp_path: Path) -> None:
    """A link to a good report, to a folder, a loop, a named pipe, a link in place of an artifact."""
    outside = write_artifact(tmp_path / "outside", "x")
    bad = tmp_path / "in" / "bad"
    bad.mkdir(parents=True)
    (bad / "report.json").symlink_to(outside / "report.json")
    (bad / "folder").symlink_to(outside)
    (bad / "loop").symlink_to(bad)
    os.mkfifo(bad / "comparison.json")
    (tmp_path / "in" / "linked").symlink_to(outside)

    found = faults_of(tmp_path / "in")

    assert sorted(found) == [
        "bad/comparison.json",
        "bad/folder",
        "bad/loop",
        "bad/report.json",
        "linked/",
    ]


def test_artifacts_beyond_the_limits_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large a file, too many of them, too deep, a name that would break a line."""
    monkeypatch.setattr(artifacts, "MAX_DOCUMENT_BYTES", 5000)
    monkeypatch.setattr(artifacts, "MAX_ENTRIES", 40)
    large, many, deep, odd = (tmp_path / name for name in ("large", "many", "deep", "odd\nname"))
    for folder in (large, many, deep / "/".join("abcdefghijklmnopqrst"), odd):
        folder.mkdir(parents=True)
    (large / "report.json").write_bytes(b"x" * 5001)
    for number in range(41):
        (many / f"{number}.txt").touch()

    found = faults_of(tmp_path)

    assert {name.partition("/")[0]: reason for name, reason in found.items()} == {
        "deep": "folders more than 16 deep",
        "large": "larger than 5,000 bytes, which is the limit",
        "many": "more than 40 files and folders",
        "odd\nname": "not the name of an artifact",
    }


def test_what_may_not_be_recorded_is_refused_and_the_rest_lands(tmp_path: Path) -> None:
    """An artifact whose name holds an e-mail address: its finding is named, and not shown."""
    write_artifact(tmp_path / "in", "good", "one")
    write_artifact(tmp_path / "in", "by-someone@example.org", "two")
    haul = gather([tmp_path / "in"], run_environ("7"))
    files = FolderFiles(tmp_path / "log")
    pace = Pace(lambda _: None, lambda: 0.5)

    done = collect(files, haul.items, Writer("host-a", lambda: MOMENT), pace)

    assert [item.artifact for item, _ in done.done] == ["good"]
    (refused,) = done.refused
    assert "/subject/workflow/artifact: an e-mail address" in refused.reason
    assert "someone" not in refused.reason
    allowed = Writer("host-a", lambda: MOMENT, ("by-someone@example[.]org",))
    assert collect(files, haul.items, allowed, pace).new == 1
    with pytest.raises(UsageError, match="not a regular expression"):
        collect(files, haul.items, Writer("host-a", lambda: MOMENT, ("(",)), pace)
    with pytest.raises(UsageError, match="at least one attempt"):
        collect(files, haul.items, allowed, Pace(lambda _: None, lambda: 0.5, attempts=0))


def test_no_evidence_at_all_is_an_error(tmp_path: Path) -> None:
    """No folder, an empty one, and artifacts of something else."""
    with pytest.raises(InputError, match="cannot be read"):
        gather([tmp_path / "none"], {})
    with pytest.raises(InputError, match="holds no artifact"):
        gather([tmp_path], {})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(InputError, match="no artifact holds evidence"):
        gather([tmp_path], {})


def test_a_dossier_is_one_record_of_both_its_files(tmp_path: Path) -> None:
    """Pages that are no dossier's are left alone; a folder with evidence is an artifact by itself."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for name in ("dossier.md", "index.html", "other.html"):
        (folder / name).write_text(name)

    haul = gather([folder], {})

    (item,) = haul.items
    assert (item.artifact, item.draft.kind) == ("pages", "dossier")
    assert [one.name for one in item.draft.evidence] == ["dossier.md", "index.html"]
    assert item.draft.subject["workflow"] == {"artifact": "pages"}


def test_eval_runs_are_evidence_by_the_form_of_their_names(tmp_path: Path) -> None:
    """A run file is recorded as `eval run` records it; what its cases left behind is no evidence."""
    runs = tmp_path / "in" / "benchgov-eval" / "runs"
    (runs / "0123" / "cases").mkdir(parents=True)
    (runs / "20260120T120000.000000Z-01234567.json").write_bytes(eval_report().to_bytes())
    (runs / "20260121T120000.000000Z.json").write_text("{}")
    (runs / "0123" / "cases" / "one.json").write_text("{}")

    haul = gather([tmp_path / "in"], run_environ("7"))

    (item,) = haul.items
    assert (item.draft.kind, item.draft.idempotency_key.partition("/")[0]) == ("eval", "eval")
    assert [fault.file for fault in haul.faults] == ["runs/20260121T120000.000000Z.json"]
    writer, pace = Writer("host-a", lambda: MOMENT), Pace(lambda _: None, lambda: 0.5)
    assert collect(FolderFiles(tmp_path / "log"), haul.items, writer, pace).new == 1


def pack(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """A zip with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return path


def link(name: str) -> zipfile.ZipInfo:
    """A member that claims to be a symbolic link."""
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def test_a_zip_gives_its_evidence_and_nothing_else(tmp_path: Path) -> None:
    """Reports and dossiers, in their folders; raw runs, links by other names and programs stay packed."""
    source = pack(
        tmp_path / "a.zip",
        ("report.json", b"1"),
        ("runs/one/report.json", b"2"),
        ("runs/one/raw/x.json", b"3"),
        ("../../outside.txt", b"4"),
        (link("etc"), b"/etc"),
    )

    unpack(source, tmp_path / "out", BOUNDS, is_evidence)

    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {"a.zip", "out/report.json", "out/runs/one/report.json"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../report.json", "leads out"),
        ("/etc/report.json", "leads out"),
        ("a\\..\\/report.json", "no plain name"),
        ("a\x1b[0m/report.json", "no plain name"),
        ("/".join("abcdefghijklmnopqrst") + "/report.json", "too deep"),
        (link("report.json"), "no ordinary file"),
    ],
)
def test_a_zip_writes_nowhere_else(tmp_path: Path, name: str | zipfile.ZipInfo, reason: str) -> None:
    """Names that climb out, absolute ones, control characters, links."""
    source = pack(tmp_path / "a.zip", (name, b"x"))

    with pytest.raises(InputError, match=reason):
        unpack(source, tmp_path / "in" / "out", BOUNDS, is_evidence)
    assert not list(tmp_path.rglob("report.json"))


def _truncated(path: Path) -> None:
    data = pack(path, ("report.json", b"x" * 100_000)).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _corrupt(path: Path) -> None:
    data = bytearray(pack(path, ("report.json", os.urandom(1000))).read_bytes())
    data[200] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil", [_truncated, _corrupt, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"PK")]
)
def test_a_zip_that_is_none_is_one_clear_line(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """Truncated, with a byte changed, empty."""
    spoil(tmp_path / "a.zip")

    with pytest.raises(InputError, match=r"a\.zip: not a readable zip archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out", BOUNDS, is_evidence)


def test_a_zip_bomb_ends_at_the_limits(tmp_path: Path) -> None:
    """One file that is larger than it may be, all together, and too many."""
    bounds = replace(BOUNDS, files=3, unpacked=15_000, each=10_000)
    one = pack(tmp_path / "one.zip", ("report.json", bytes(10_001)))
    both = pack(tmp_path / "both.zip", ("a/report.json", bytes(9_000)), ("b/report.json", bytes(9_000)))
    many = pack(tmp_path / "many.zip", *((f"{number}/report.json", b"x") for number in range(4)))

    for source, limit in (
        (one, "a file of more than 10,000"),
        (both, "unpacks to more than 15,000"),
        (many, "holds 4 files; 3 are allowed"),
    ):
        with pytest.raises(InputError, match=limit):
            unpack(source, tmp_path / source.stem, bounds, is_evidence)

"""Archives that a stranger uploaded: nothing is written outside of their folder, and no bomb goes off."""

from __future__ import annotations

import contextlib
import io
import stat
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from benchgov.archives import Bounds, unpack
from benchgov.errors import InputError

SMALL = Bounds(files=5, unpacked=100_000, packed=10_000)


def archive(folder: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """A zip archive with these members."""
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return path


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """A symbolic link as archives hold it."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def test_ordinary_files_are_unpacked(tmp_path: Path) -> None:
    """Folders are made as they are needed; the names come sorted."""
    packed = archive(tmp_path, ("runs/r/report.json", b"{}"), ("report.json", b"[]"), ("empty/", b""))

    found = unpack(packed, tmp_path / "out", SMALL)

    assert [str(path) for path in found] == ["report.json", "runs/r/report.json"]
    assert (tmp_path / "out" / "report.json").read_bytes() == b"[]"


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "/etc/x",
        "a/../../x",
        "..",
        "C:\\x",
        "a\\..\\x",
        "con:x",
        "a\nb",
        "\x1b[2J",
        "x" * 250,
        "\u202ea",
    ],
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """Zip slip in every form; and names that steer a terminal."""
    packed = archive(tmp_path, (name, b"x"))

    with pytest.raises(InputError, match="leads out"):
        unpack(packed, tmp_path / "deep" / "out", SMALL)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [packed]


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    """A link could lead anything that is written through it outside."""
    for number, kind in enumerate((stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK, stat.S_IFSOCK)):
        info, data = link("a", "/etc")
        info.external_attr = (kind | 0o777) << 16
        with pytest.raises(InputError, match="no ordinary file"):
            unpack(archive(tmp_path, (info, data)), tmp_path / str(number), SMALL)


def test_a_file_through_a_link_of_the_same_archive_is_not_written(tmp_path: Path) -> None:
    """The link comes first, the file behind it second: neither is there."""
    packed = archive(tmp_path, link("a", ".."), ("a/escaped", b"x"))

    with pytest.raises(InputError):
        unpack(packed, tmp_path / "out", SMALL)

    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("a/b", "a")])
def test_names_that_collide_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    """The second would replace, or hide, the first."""
    with pytest.warns(UserWarning, match="Duplicate") if names[0] == names[1] else _nothing():
        packed = archive(tmp_path, *((name, b"x") for name in names))

    with pytest.raises(InputError, match=r"twice|file and as a folder"):
        unpack(packed, tmp_path / "out", SMALL)


def _nothing() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def test_a_bomb_stops_at_the_bound(tmp_path: Path) -> None:
    """A hundred thousand bytes of zeros pack into a few hundred; they are counted as they are unpacked."""
    packed = archive(tmp_path, ("zeros", bytes(10_000_000)))
    lying = bytearray(packed.read_bytes())
    at = lying.rindex(b"PK\x01\x02") + 24
    lying[at : at + 4] = (5).to_bytes(4, "little")  # the directory claims five bytes

    for data in (packed.read_bytes(), bytes(lying)):
        packed.write_bytes(data)
        with pytest.raises(InputError):
            unpack(packed, tmp_path / f"out{len(list(tmp_path.iterdir()))}", Bounds(5, 100_000, 100_000))
    assert all(path.stat().st_size <= 200_000 for path in tmp_path.rglob("zeros"))


def test_too_many_files_and_too_many_bytes_are_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(InputError, match="holds 6 files"):
        unpack(archive(tmp_path, *((f"f{n}", b"") for n in range(6))), tmp_path / "out", SMALL)
    with pytest.raises(InputError, match="larger than"):
        unpack(archive(tmp_path, ("f", bytes(1))), tmp_path / "out", Bounds(packed=10))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", b"PK\x05\x06" + bytes(18), b"\x00" * 5000])
def test_what_is_no_archive_is_refused_or_empty(tmp_path: Path, data: bytes) -> None:
    """Truncated, empty and other files make one clear line."""
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    if data.startswith(b"PK\x05\x06"):
        assert unpack(path, tmp_path / "out", SMALL) == ()
        return
    with pytest.raises(InputError, match="zip"):
        unpack(path, tmp_path / "out", SMALL)


def test_every_truncation_and_many_flips_are_survived(tmp_path: Path) -> None:
    """Whatever the bytes are, the outcome is files inside the folder, or one typed error."""
    good = io.BytesIO()
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("report.json", b'{"a": 1}' * 50)
        made.writestr("raw/b.json", b"[]")
    data = good.getvalue()
    broken = [data[:cut] for cut in range(0, len(data), 7)]
    broken += [data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :] for at in range(len(data))]
    path = tmp_path / "in" / "a.zip"
    path.parent.mkdir()
    for number, content in enumerate(broken):
        path.write_bytes(content)
        try:
            unpack(path, tmp_path / "out" / str(number), SMALL)
        except InputError:
            continue
    assert {one.name for one in tmp_path.iterdir()} <= {"in", "out"}


def test_folders_lie_in_one_another_as_deep_as_is_allowed(tmp_path: Path) -> None:
    """Two folders and a file are two deep."""
    packed = archive(tmp_path, ("a/b/f", b"x"))
    assert unpack(packed, tmp_path / "out", Bounds(depth=2)) == (PurePosixPath("a/b/f"),)
    with pytest.raises(InputError, match="too deep"):
        unpack(packed, tmp_path / "less", Bounds(depth=1))

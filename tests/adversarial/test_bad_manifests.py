"""Manifests and output folders as they should not be: one clear line, exit 2 or 74, nothing half-written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.report import Environment, Facts

FACTS = Facts(os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3")
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")
GOOD = (
    "version: 1\nsuite: s\nkind: measured\nfamilies: {f: {}}\nbenchmarks:\n"
    "  - {id: a, family: f, signature: (), variants: {v: {command: 'true'}}}\n"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`benchgov run s` with this manifest."""
    folder = tmp_path / "bench" / "s"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED, raising=False)

    def call(manifest: bytes | None, *more: str) -> int:
        if manifest is not None:
            (folder / "suite.yaml").write_bytes(manifest)
        return run_cli(["run", "s", *more])

    return call


@pytest.mark.parametrize(
    ("manifest", "wanted"),
    [
        (None, "no such file"),
        (b"", "the file is empty"),
        (b"[1, 2]", "not a valid Manifest"),
        (GOOD.encode()[:-4], "not valid YAML"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (GOOD.replace("suite: s", "suite: s\nsuite: s").encode(), "duplicate key 'suite', first on line 2"),
        (GOOD.replace("version: 1", "version: 2").encode(), "version"),
        (GOOD.replace("version: 1", "version: '1'").encode(), "version"),
        (GOOD.replace("{f: {}}", "{f: {thresholds: {wall_time: .nan}}}").encode(), "wall_time"),
        (GOOD.replace("command", "comand").encode(), "unknown key; did you mean 'command'?"),
        (GOOD.replace("signature: ()", "signature: (), scale: -1").encode(), "greater than 0"),
        (GOOD.replace("{f: {}}", "&a {f: {}}\nx: *a").encode(), "aliases"),
        (b"a: " + b"[" * 5000, "nested too deeply"),
    ],
)
def test_a_bad_manifest_is_one_clear_message(
    run: Callable[..., int],
    manifest: bytes | None,
    wanted: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 2, the fault named, nothing written, no traceback."""
    assert run(manifest) == 2
    shown = capsys.readouterr().err
    assert wanted in shown
    assert "Traceback" not in shown
    assert not (tmp_path / ".benchgov").exists()


def test_a_huge_manifest_is_not_loaded(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """100 MB are refused by their size."""
    with (tmp_path / "bench" / "s" / "suite.yaml").open("wb") as stream:
        stream.truncate(100_000_000)
    assert run(None) == 2
    assert "larger than" in capsys.readouterr().err


def test_an_output_folder_that_is_a_file(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 74 before anything is measured."""
    (tmp_path / "out").write_text("")
    assert run(GOOD.encode(), "--output-dir", "out") == 74
    assert "[1/1]" not in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_folder(run: Callable[..., int], tmp_path: Path) -> None:
    """Exit 74, and nothing is left."""
    (tmp_path / "out").mkdir(mode=0o555)
    assert run(GOOD.encode(), "--output-dir", "out") == 74
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=16k,mode=777", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(options, check=False, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_nothing_half_written(run: Callable[..., int], tiny_disk: Path) -> None:
    """Exit 74; neither a report nor a temporary folder stays."""
    (tiny_disk / "filler").write_bytes(b"x" * 12_000)
    assert run(GOOD.encode(), "--output-dir", str(tiny_disk)) == 74
    assert [path.name for path in tiny_disk.rglob("*") if path.is_file()] == ["filler"]

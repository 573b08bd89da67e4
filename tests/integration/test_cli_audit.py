"""`benchgov audit` with real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.audit_builders import record_path

from benchgov.cli.main import run_cli

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command in a folder that has a verified environment; exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    for name in ("BENCHGOV_OUTPUT_DIR", "BENCHGOV_AUDIT_STORE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    assert run_cli(["verify-env"]) == 0
    capsys.readouterr()

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_cli(["audit", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


ENVIRONMENT = ".benchgov/out/environment.json"


def append_json(call: Call) -> dict[str, object]:
    """Append the environment; the record that was printed."""
    code, out, _ = call("append", ENVIRONMENT, "--format", "json")
    assert code == 0
    (record,) = json.loads(out)
    assert isinstance(record, dict)
    return record


def test_append_then_verify_then_show(call: Call) -> None:
    """The path of a user: the head that append prints is the one that verify finds and accepts."""
    code, out, _ = call("append", ENVIRONMENT)
    assert code == 0
    assert "recorded" in out
    head = out.rsplit("head: ", 1)[1].strip()
    code, out, err = call("verify", "--strict")
    assert (code, out.splitlines()[0]) == (0, "1 record verified (1 complete, 0 incomplete)")
    assert head in out
    assert "keep the head elsewhere" in err
    assert call("verify", "--head", head)[0] == 0
    assert call("verify", "--head", head.upper().split(":")[1]) == (0, call("verify")[1], "")
    code, out, _ = call("show", "HEAD", "--format", "json")
    assert (code, json.loads(out)["chain_head"]) == (0, head.split(":")[1])
    assert "verify-env" in call("show", "1")[1]
    assert "verify-env" in call("log")[1]
    assert len(json.loads(call("log", "--limit", "5", "--format", "json")[1])) == 1


def test_appending_twice_says_that_it_is_known(call: Call) -> None:
    """And adds nothing."""
    assert append_json(call)["new"] is True
    assert append_json(call)["new"] is False
    assert "known" in call("append", ENVIRONMENT)[1]
    assert json.loads(call("verify", "--format", "json")[1])["records"] == 1


def test_tampering_ends_with_5_and_names_the_place(call: Call, tmp_path: Path) -> None:
    """verify says where; append refuses before it writes; without the full walk the tail still counts."""
    record = append_json(call)
    path = record_path(tmp_path / ".benchgov/audit", str(record["host"]), 1)
    path.write_bytes(path.read_bytes().replace(b'"unpinned"', b'"pass"'))
    code, out, err = call("verify", "--format", "json")
    assert code == 5
    assert json.loads(out)["divergence"]["position"] == 1
    assert f"{path.name}: record 1: expected chain_head" in err
    for flags in ((), ("--no-verify",)):
        assert call("append", ENVIRONMENT, *flags)[0] == 5
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert call("verify")[1] == "0 records verified (0 complete, 0 incomplete)\n"


def test_a_head_that_the_log_does_not_hold_ends_with_5(call: Call) -> None:
    """A cut or rewritten log; a head that is none is wrong usage."""
    append_json(call)
    code, _, err = call("verify", "--head", "2:" + "0" * 64)
    assert code == 5
    assert "record 2" in err
    assert call("verify", "--head", "1:" + "0" * 64)[0] == 5
    assert call("verify", "--head", "zzz")[0] == 64


def test_a_log_that_is_not_there_is_not_verified(call: Call, tmp_path: Path) -> None:
    """65, and not a pass; an empty folder is an empty log."""
    for command in (("verify",), ("log",), ("show", "HEAD")):
        code, _, err = call(*command)
        assert code == 65
        assert "there is no audit log here" in err
    (tmp_path / "empty").mkdir()
    assert call("verify", "--store", "empty") == (0, "0 records verified (0 complete, 0 incomplete)\n", "")
    assert call("show", "HEAD", "--store", "empty")[0] == 65


def test_nothing_to_append_is_an_error(call: Call, tmp_path: Path) -> None:
    """No report yet; and one bad file keeps the good ones from being recorded."""
    assert call("append")[0] == 65
    (tmp_path / "bad.json").write_text("{}")
    assert call("append", ENVIRONMENT, "bad.json")[0] == 65
    assert call("append", "missing.json")[0] == 65
    assert not (tmp_path / ".benchgov/audit/hosts").exists()


def test_without_files_the_output_folder_is_recorded(call: Call, tmp_path: Path) -> None:
    """report.json and comparison.json, whichever are there; a malformed one is refused."""
    (tmp_path / ".benchgov/out/report.json").write_text('{"performance_gate": {}}')
    code, _, err = call("append")
    assert code == 65
    assert "report.json" in err


def test_a_store_that_cannot_be_written_ends_with_74(call: Call, tmp_path: Path) -> None:
    """A file lies where the store's parent would be."""
    (tmp_path / "file").write_text("")
    code, _, err = call("append", ENVIRONMENT, "--store", "file/store")
    assert code == 74
    assert "cannot be written" in err


def test_every_command_shows_an_example(call: Call) -> None:
    """Help is where people look first."""
    for command in ("append", "verify", "log", "show"):
        code, out, _ = call(command, "--help")
        assert code == 0
        assert f"benchgov audit {command}" in out

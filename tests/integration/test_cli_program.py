"""The program itself: help without heavy imports, one message per error, one exit code for each meaning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from benchgov import __version__
from benchgov.cli import main as program
from benchgov.cli.main import COMMANDS, cli, run_cli
from benchgov.errors import InputError, TamperError

HEAVY = ("scipy", "numpy", "github", "pydantic", "rich", "jinja2", "yaml")


def start(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "benchgov", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_and_version_import_nothing_heavy() -> None:
    """Neither SciPy nor PyGithub, nor any other library but click, is loaded to print the help."""
    code = (
        "import sys\nfrom benchgov.cli.main import run_cli\n"
        "assert run_cli(['--help']) == 0 and run_cli(['--version']) == 0\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\nassert not loaded, loaded\n"
    )
    done = start(code=code)
    assert done.returncode == 0, done.stderr
    assert f"benchgov {__version__}" in done.stdout
    for name, (_, line) in COMMANDS.items():
        assert name in done.stdout
        assert line.split(maxsplit=1)[0] in done.stdout


def test_the_bound_of_many_scores_needs_no_scipy() -> None:
    """It takes long to load; only the bound of few scores, or of such that are nearly all alike, needs it."""
    code = (
        "import sys\nfrom benchgov.eval.lower_bound import MANY_SCORES, lower_bound_95, preload\n"
        "many = [number / MANY_SCORES for number in range(MANY_SCORES)]\n"
        "preload(len(many))\nlower_bound_95(many, 1)\nassert 'scipy' not in sys.modules\n"
        "preload(len(many) - 1)\nassert 'scipy' in sys.modules\n"
    )
    assert start(code=code).stderr == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command's help has an example, itself or in every command of its group."""
    assert run_cli([name, "--help"]) == 0
    text = capsys.readouterr().out
    command = cli.get_command(click.Context(cli), name)
    if isinstance(command, click.Group):
        for inner in command.commands:
            assert inner in text
            assert run_cli([name, inner, "--help"]) == 0
            assert f"benchgov {name} {inner}" in capsys.readouterr().out
    else:
        assert f"benchgov {name}" in text.split("Usage:", 1)[1].split("\n", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rum"], "did you mean 'run'?"),
        (["run"], "Missing argument 'SUITE'"),
        (["run", "x", "--nonsense"], "No such option"),
        (["run", "../x"], "not the name of a suite"),
        (["compare", "--format", "xml"], "is not one of"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage_ends_with_64(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    git_repo: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mistyped command line is never 1 or 2, which mean something, and says how to go on."""
    monkeypatch.chdir(git_repo)
    assert run_cli(arguments) == 64
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException, name: str = "boom") -> None:
    @click.command()
    def boom() -> None:
        raise error

    monkeypatch.setattr(cli, "get_command", lambda ctx, given: boom)
    monkeypatch.setitem(program.COMMANDS, name, ("", ""))


def test_a_typed_error_prints_what_where_and_what_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Message with place, every detail, and the remedy; no traceback."""
    raising(
        monkeypatch, TamperError("changed", where="records/3.json", details=["byte 7"], remedy="restore it")
    )
    assert run_cli(["boom"]) == 5
    assert capsys.readouterr().err == "benchgov: records/3.json: changed\n  byte 7\n  next: restore it\n"


def test_the_code_of_a_bad_input_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler looks the command up in the table of errors."""
    raising(monkeypatch, InputError("empty"), "report")
    assert run_cli(["report"]) == 3
    assert run_cli(["--debug", "report"]) == 3


def test_a_bug_is_70_and_short_unless_debugging(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unforeseen exception is neither a verdict nor a wall of text; --debug shows the traceback."""
    raising(monkeypatch, ZeroDivisionError("by zero"))
    assert run_cli(["boom"]) == 70
    short = capsys.readouterr().err
    assert "bug: ZeroDivisionError: by zero" in short
    assert "Traceback" not in short
    assert run_cli(["--debug", "boom"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends quietly with the code that shells use."""
    raising(monkeypatch, KeyboardInterrupt())
    assert run_cli(["boom"]) == 130
    assert capsys.readouterr().err == "benchgov: interrupted\n"


TALKATIVE = """
import sys
import click
from benchgov.cli import main

@click.command()
def talk():
    for _ in range(1000):
        print("x" * 1000)

main.COMMANDS["talk"] = ("", "")
main.cli.get_command = lambda ctx, name: talk
sys.exit(main.run_cli(["talk"]))
"""


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`benchgov … | head -0` prints no traceback."""
    with subprocess.Popen(
        [sys.executable, "-c", TALKATIVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 141


def test_the_module_is_the_program() -> None:
    """`python -m benchgov` behaves as `benchgov`."""
    assert start("--version").stdout == f"benchgov {__version__}\n"
    assert start("nonsense").returncode == 64

"""The digest of a system under test changes with its code, and with nothing else."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchgov.errors import EvalError
from benchgov.eval.sut.digest import sut_digest
from benchgov.eval.sut.spec import SutSpec, callable_sut, command_sut

ENVIRON = {"PATH": str(Path(sys.executable).parent)}


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "bench/t-x/sut.py": "import json\nfrom helpers.text import clean\nfrom . import rules\n",
            "bench/t-x/rules.py": "",
            "bench/t-x/prompt.txt": "Solve it.",
            "bench/t-x/README.md": "",
            "bench/t-x/cases/001/input/a.py": "",
            "bench/t-x/tests/test_it.py": "",
            "bench/t-x/__pycache__/sut.pyc": "",
            "bench/t-y/sut.py": "",
            "helpers/__init__.py": "",
            "helpers/text.py": "import deeper\n",
            "helpers/more/other.py": "",
            "deeper.py": "",
            "unrelated.py": "",
            "solver/__init__.py": "import packaging.version\n",
            "tools/ask.py": "import beside\n",
            "tools/beside.py": "",
        },
    )
    return tmp_path


BENCH = callable_sut("bench.t-x.sut:run")


@pytest.mark.parametrize(
    ("spec", "path", "matters"),
    [
        (BENCH, "bench/t-x/sut.py", True),
        (BENCH, "bench/t-x/rules.py", True),
        (BENCH, "bench/t-x/prompt.txt", True),
        (BENCH, "helpers/text.py", True),
        (BENCH, "helpers/more/other.py", True),
        (BENCH, "deeper.py", True),
        (BENCH, "bench/t-x/README.md", False),
        (BENCH, "bench/t-x/cases/001/input/a.py", False),
        (BENCH, "bench/t-x/tests/test_it.py", False),
        (BENCH, "bench/t-x/__pycache__/sut.pyc", False),
        (BENCH, "bench/t-y/sut.py", False),
        (BENCH, "unrelated.py", False),
        (callable_sut("helpers.text:clean"), "helpers/more/other.py", True),
        (callable_sut("helpers.text:clean"), "deeper.py", True),
        (callable_sut("deeper:run"), "deeper.py", True),
        (callable_sut("deeper:run"), "unrelated.py", False),
        (command_sut("python tools/ask.py --fast"), "tools/ask.py", True),
        (command_sut("python tools/ask.py --fast"), "tools/beside.py", True),
        (command_sut("python tools/ask.py --fast"), "unrelated.py", False),
        (command_sut("python -m helpers.text"), "helpers/__init__.py", True),
        (command_sut("python bench/t-x/prompt.txt"), "bench/t-x/prompt.txt", True),
    ],
)
def test_the_digest_covers_what_the_sut_runs(root: Path, spec: SutSpec, path: str, matters: bool) -> None:
    """Its folder or package, what that imports of the repository, and the files that a command names."""
    before = sut_digest(spec, root, ENVIRON)
    assert sut_digest(spec, root, ENVIRON) == before
    with (root / path).open("a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert (sut_digest(spec, root, ENVIRON) != before) is matters


def test_a_command_is_its_words_and_its_program(root: Path) -> None:
    """Another option, or another program of the same name, is another SUT."""
    write(root, {"a/prog": "#!/bin/sh\n", "b/prog": "#!/bin/sh\n# other\n"})
    for folder in "ab":
        (root / folder / "prog").chmod(0o755)
    one = sut_digest(command_sut("prog --fast"), root, {"PATH": str(root / "a")})
    assert one != sut_digest(command_sut("prog --slow"), root, {"PATH": str(root / "a")})
    assert one != sut_digest(command_sut("prog --fast"), root, {"PATH": str(root / "b")})


def test_the_digest_does_not_say_where_the_repository_lies(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A copy elsewhere has the same digest, also for a command that names a file by its absolute path."""
    import shutil

    other = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(root, other)
    assert sut_digest(BENCH, root, ENVIRON) == sut_digest(BENCH, other, ENVIRON)
    for text in ("python {}/tools/ask.py", "python tools/ask.py"):
        assert sut_digest(command_sut(text.format(root)), root, ENVIRON) == sut_digest(
            command_sut(text.format(other)), other, ENVIRON
        )


def test_installed_packages_count_where_the_code_uses_some(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of anything installed is another SUT, for code that imports something installed."""
    plain, using = callable_sut("helpers.text:clean"), callable_sut("solver:run")
    before = sut_digest(plain, root, ENVIRON), sut_digest(using, root, ENVIRON)
    site = root.parent / "site-packages"
    (site / "newcomer-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(site))
    assert sut_digest(plain, root, ENVIRON) == before[0]
    assert sut_digest(using, root, ENVIRON) != before[1]


def test_nothing_is_imported(root: Path) -> None:
    """A module that would end the process is only read."""
    write(root, {"trap.py": "raise SystemExit(9)\n"})
    sut_digest(callable_sut("trap:run"), root, ENVIRON)
    assert "trap" not in sys.modules


@pytest.mark.parametrize("spec", [callable_sut("bench.t-x.nothing:run"), command_sut("no-such-program")])
def test_a_sut_that_is_not_there_is_an_error(root: Path, spec: SutSpec) -> None:
    """The message names it."""
    with pytest.raises(EvalError, match=r"bench\.t-x\.nothing|no-such-program"):
        sut_digest(spec, root, ENVIRON)

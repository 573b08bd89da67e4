"""A repository with a bench of three cases, and a module of systems under test: good, odd and hostile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import benchgov
from benchgov.eval.canary import canary_of
from benchgov.eval.models import BenchCase, IsolationClass
from benchgov.eval.sut.answer import SutAnswer, SutFailure
from benchgov.eval.sut.host import Sut, open_sut
from benchgov.eval.sut.spec import SutSpec, callable_sut

PIN = "00112233445566778899aabbccddeeff"
ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "TESTED_BY": str(os.getpid()),  # by which `running` knows the processes of these tests
    "HOME": os.environ.get("HOME", "/"),
    "PYTHONPATH": os.pathsep.join(
        [str(Path(benchgov.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    ),
}
"""Without what measures coverage: it would write into the repository, which a SUT may not."""

SOURCE = Path(__file__).parent / "data" / "sut" / "sut.py"
TAG = "bench:2026-01-02T03:04:05.000000Z:t-x:001"


def make_repository(root: Path) -> Path:
    """A repository whose bench `t-x` has three cases, each with a number and its double."""
    bench = root / "bench" / "t-x"
    for number in (1, 2, 3):
        for name, text in (("input/number.txt", f"{number}"), ("expected/double.txt", f"{2 * number}")):
            path = bench / "cases" / f"{number:03}" / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
    (bench / "sut.py").write_bytes(SOURCE.read_bytes())
    (bench / "rubric.py").write_text("# the rubric\n", encoding="utf-8")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[core]\n", encoding="utf-8")
    (root / ".benchgov" / "eval" / "cache").mkdir(parents=True)
    return root


def case_of(root: Path, case_id: str = "001", **overrides: Any) -> BenchCase:
    """A case of the bench."""
    folder = root / "bench" / "t-x" / "cases" / case_id
    return BenchCase.model_validate(
        {
            "case_id": case_id,
            "task_class": "t-x",
            "disposition": "positive",
            "difficulty": "easy",
            "source": "curated",
            "curation_class": "held-out",
            "added_at": "2026-01-01T00:00:00Z",
            "last_validated_at": "2026-01-01T00:00:00Z",
            "input_path": folder / "input",
            "expected_path": folder / "expected",
            "cassette_canary_pin": PIN,
            "case_digest": "blake3:" + "0" * 64,
            **overrides,
        }
    )


def acting(root: Path, name: str, **files: str) -> BenchCase:
    """A case that asks the SUT `act` to be the callable `name`; `files` are further files of its input."""
    folder = root / "bench" / "t-x" / "cases" / name / "input"
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in {"act": name, "number": "1", **files}.items():
        (folder / f"{file}.txt").write_text(text, encoding="utf-8")
    return case_of(root, name)


@contextmanager
def opened(
    root: Path, spec: SutSpec | str, *, level: IsolationClass = "landlock", **options: Any
) -> Iterator[Sut]:
    """A SUT of the repository; a text is the name of a callable of its bench."""
    if isinstance(spec, str):
        spec = callable_sut(f"bench.t-x.sut:{spec}")
    deny: Sequence[Path] = [root / "bench" / "t-x" / "cases"]
    with open_sut(spec, root, **{"level": level, "environ": ENVIRON, "deny": deny, **options}) as sut:
        yield sut


def ask(sut: Sut, case: BenchCase, *, timeout: float = 60, tag: str = TAG) -> SutAnswer:
    """What the SUT answers to the case."""
    return sut.invoke(case, timeout=timeout, tag=tag, canary=canary_of(case.cassette_canary_pin))


def failure_of(sut: Sut, case: BenchCase, *, timeout: float = 60) -> SutFailure:
    """How the SUT fails at the case."""
    try:
        answer = ask(sut, case, timeout=timeout)
    except SutFailure as failure:
        return failure
    raise AssertionError(f"the SUT answered {answer}")

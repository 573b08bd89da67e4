"""The house rules that a script can check: docstrings, sizes, no addresses or machine paths in the tree."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = re.compile(
    r"https?://[^\s\"']+/simple\b|\"resolved\": *\"http|https?://[^\s\"']+\.(?:whl|tar\.gz)\b"
)
HOMES = re.compile(r"(?<![\w.~$}])/(?:root|home/[a-z]\w*|Users/[A-Za-z]\w*)/")

pytestmark = pytest.mark.effects


def tracked() -> list[Path]:
    """Files that Git tracks, or, in an exported tree without Git, all files outside of dot folders."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in done.stdout.split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_every_test_states_a_behaviour() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not silent, silent


def test_every_module_starts_with_its_job_and_stays_small() -> None:
    """A module of the package has a docstring and at most 450 lines."""
    modules = sorted((ROOT / "src").rglob("*.py"))
    assert len(modules) > 40
    for path in modules:
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{path} says nothing about its job"
        assert text.count("\n") <= 450, f"{path} is too long"


def test_no_machine_path_and_no_registry_address_is_committed() -> None:
    """Nothing in the tree names one machine's folders, or where packages are downloaded."""
    files = tracked()
    if not files:
        pytest.skip("not a Git checkout")
    assert len(files) > 100
    for path in files:
        if not path.is_symlink():
            text = path.read_bytes().decode("utf-8", "replace")
            assert str(ROOT) + "/" not in text, path
            for pattern in (ADDRESSES, HOMES):
                found = pattern.search(text)
                assert not found, f"{path}: {found and found.group()}"

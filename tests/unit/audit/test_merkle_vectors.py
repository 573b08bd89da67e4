"""The Merkle vectors, and the tool that checks vectors in the published layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tools import make_merkle_vectors, merkle_vectors

DATA = Path(__file__).resolve().parents[2] / "data" / "merkle"


def test_every_vector_of_ours_ends_as_it_says() -> None:
    """Good proofs verify, and whatever was done to them is refused."""
    counts, wrong = merkle_vectors.check(DATA)
    assert wrong == []
    assert min(counts.values()) > 90
    kept = [json.loads(path.read_text()) for path in DATA.rglob("*.json")]
    assert sum(not vector["wantErr"] for vector in kept) == 12


def test_the_vectors_are_what_the_plain_recursion_makes() -> None:
    """Nobody edited them, and none was left out."""
    made = {
        name: make_merkle_vectors.content(name, one) for name, one in make_merkle_vectors.vectors().items()
    }
    kept = {path.relative_to(DATA).as_posix(): path.read_text() for path in DATA.rglob("*.json")}
    assert kept == made


def test_the_tool_passes_a_good_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """With the number of vectors of each kind."""
    assert merkle_vectors.main([str(DATA)]) == 0
    assert capsys.readouterr().out.endswith(": 0 wrong\n")


def test_the_tool_names_a_vector_that_ends_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tool that cannot fail would show nothing."""
    shutil.copytree(DATA, tmp_path / "v")
    path = tmp_path / "v" / "inclusion" / "2-of-3" / "good.json"
    path.write_text(path.read_text().replace('"wantErr": false', '"wantErr": true'))
    assert merkle_vectors.main([str(tmp_path / "v")]) == 1
    assert "  inclusion/2-of-3/good.json\n" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"leafIdx": 0, "treeSize": 1, "leafHash": "%"}'])
def test_a_file_that_is_no_vector_is_an_error(tmp_path: Path, text: str) -> None:
    """And never one that passed."""
    (tmp_path / "inclusion").mkdir()
    (tmp_path / "inclusion" / "x.json").write_text(text)
    assert merkle_vectors.main([str(tmp_path)]) == 2


def test_no_vectors_are_no_pass(tmp_path: Path) -> None:
    """Neither an empty folder, nor one kind alone, nor wrong usage."""
    assert merkle_vectors.main([str(tmp_path)]) == 2
    shutil.copytree(DATA / "inclusion", tmp_path / "inclusion")
    assert merkle_vectors.main([str(tmp_path)]) == 2
    assert merkle_vectors.main([]) == 2

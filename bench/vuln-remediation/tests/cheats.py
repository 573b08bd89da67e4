"""Systems under test that do not do the work; the rubric must give each of them nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
DATA_FILES = ("advisory.json", "versions.json")


def _files(case: Any) -> dict[str, str]:
    folder = Path(case.input_path)
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in DATA_FILES
    }


def _index(case: Any) -> dict[str, Any]:
    return dict(json.loads((Path(case.input_path) / "versions.json").read_text(encoding="utf-8")))


def _claim(files: dict[str, str]) -> Answer:
    return {"status": "remediated", "installed": [], "files": files}


def _everywhere(case: Any, new: str) -> Answer:
    """Each released version in the files, whatever it is of, replaced by `new`."""
    releases = _index(case)["releases"]
    longest = sorted(releases, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest))})(?![\w.]|-)")
    return _claim({name: pattern.sub(new, text) for name, text in _files(case).items()})


def echo(case: Any) -> Answer:
    """The input, as it came."""
    return _claim(_files(case))


def nothing_but_a_claim(_case: Any) -> Answer:
    """Success, without a file."""
    return _claim({})


def no_need(_case: Any) -> Answer:
    """That there was nothing to do."""
    return {"status": "not-affected", "files": {}}


def give_up(_case: Any) -> Answer:
    """That nothing can be done."""
    return {"status": "not-possible", "files": {}, "reason": "other-major"}


def downgrade(case: Any) -> Answer:
    """The oldest release everywhere."""
    return _everywhere(case, _index(case)["releases"][0])


def invented(case: Any) -> Answer:
    """A version that is higher than any, and was never released."""
    return _everywhere(case, "999.0.0")


def empty_files(case: Any) -> Answer:
    """Every file emptied: no affected version is left."""
    return _claim(dict.fromkeys(_files(case), ""))


def dropped(case: Any) -> Answer:
    """Each line that names the package removed."""
    name = _index(case)["package"].rpartition(":")[2].lower()
    return _claim(
        {
            path: "".join(line for line in text.splitlines(keepends=True) if name not in line.lower())
            for path, text in _files(case).items()
        }
    )


def touch_everything(case: Any) -> Answer:
    """Every number raised: the fix is in there somewhere."""
    raised = re.compile(r"(?<=[\d.])\d+(?=[\"'<\s,])")
    return _claim(
        {path: raised.sub(lambda found: str(int(found[0]) + 1), text) for path, text in _files(case).items()}
    )


def expected_copied(case: Any) -> Answer:
    """The expected answer, if it can be read, as if it were the work."""
    folder = Path(case.expected_path)
    return _claim({path.name: path.read_text(encoding="utf-8") for path in folder.glob("*")})


def not_an_answer(_case: Any) -> Answer:
    """Parts of the wrong shape."""
    return {"status": ["remediated"], "files": [["package.json", "{}"]]}


CHEATS: tuple[Callable[[Any], Answer], ...] = (
    echo,
    nothing_but_a_claim,
    no_need,
    give_up,
    downgrade,
    invented,
    empty_files,
    dropped,
    touch_everything,
    expected_copied,
    not_an_answer,
)

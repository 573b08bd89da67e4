"""The fence around a bench, plainly and as benchgov does it, and a bench with many cases to put it around."""

from __future__ import annotations

import ast
import shutil
import tomllib
from pathlib import Path
from typing import Any

import yaml
from inputs import _kept

from benchgov.eval.fence import Floors, check_bench

CASE = """case_id = "{name}"
task_class = "{bench}"
disposition = "positive"
difficulty = "easy"
source = "curated"
curation_class = "held-out"
added_at = 2026-11-01T00:00:00Z
last_validated_at = 2026-11-01T00:00:00Z
cassette_canary_pin = "00000000000000000000000000000001"
"""
FILES = {
    "registration.py": 'register_task_class("{bench}", min_cases_for_promotion={{"silver": 10}})(Rubric)\n',
    "rubric.py": 'if __name__ == "__main__":\n    pass\n',
    "breakdown_keys.py": 'class BreakdownKey(StrEnum):\n    RIGHT = "right"\n',
    "failure_modes.yaml": "wrong: {{severity: warn, description: Not right.}}\n",
    "README.md": "# {bench}\n",
    "tests/test_rubric_unit.py": "",
}


def bench(scale: float) -> str:
    """The path of a bench with `scale` cases, of which the first says that it is the second."""
    folder = _kept(f"fence-{int(scale)}") / "bench"
    names = [f"case-{number:06}" for number in range(int(scale))]
    digests = folder / "cases" / "digests.yaml"
    if digests.exists():
        return str(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.format(bench=folder.name))
    for name in names:
        for part in ("input", "expected"):
            (folder / "cases" / name / part).mkdir(parents=True)
        said = names[1] if name == names[0] else name
        (folder / "cases" / name / "case.toml").write_text(CASE.format(name=said, bench=folder.name))
    digests.write_text("".join(f"{name}: blake3:{'0' * 64}\n" for name in names))
    return str(folder)


def reference(path: str) -> list[Any]:
    """Every file parsed in turn by what the standard library and PyYAML have."""
    folder = Path(path)
    tree = ast.parse((folder / "registration.py").read_text())
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call)]
    (call,) = (one for one in calls if getattr(one.func, "id", "") == "register_task_class")
    assert ast.literal_eval(call.args[0]) == folder.name
    ast.parse((folder / "rubric.py").read_text())
    ast.parse((folder / "breakdown_keys.py").read_text())
    modes = yaml.safe_load((folder / "failure_modes.yaml").read_text())
    assert all(one["description"] for one in modes.values())
    digests = yaml.safe_load((folder / "cases" / "digests.yaml").read_text())
    cases = [one for one in sorted((folder / "cases").iterdir()) if one.is_dir()]
    assert sorted(digests) == [one.name for one in cases]
    found: list[Any] = []
    seen: dict[str, int] = {}
    for one in cases:
        assert (one / "input").is_dir()
        assert (one / "expected").is_dir()
        value = tomllib.loads((one / "case.toml").read_text())
        seen[value["case_id"]] = seen.get(value["case_id"], 0) + 1
        if value["case_id"] != one.name:
            found.append(["case-ids", one.name])
    return sorted(found + [["case-ids", "cases"] for count in seen.values() if count > 1])


def optimized(path: str) -> list[Any]:
    """The product's."""
    breaches = check_bench(Path(path), Floors())
    places = [[one.assertion, Path(one.path.removesuffix("/case.toml")).name] for one in breaches]
    return sorted(places)

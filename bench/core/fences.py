"""The fence around a bench, plainly and as benchgov does it."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import yaml

from benchgov.eval.fence import Floors, check_bench


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

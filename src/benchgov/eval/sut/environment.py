"""Which environment variables a system under test is given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_HELD_BACK = frozenset(
    {"GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE"}
)
_HELD_BACK_PREFIXES = ("BENCHGOV_", "ACTIONS_", "INPUT_")
_OF_FOLDER = frozenset({"PWD", "OLDPWD", "TMPDIR", "TMP", "TEMP"})
_ALWAYS = {
    "PYTHONHASHSEED": "0",  # the order of a set decides no score
    "PYTHONDONTWRITEBYTECODE": "1",
}


def held_back(name: str) -> bool:
    """Whether a SUT is not given this variable: it is the harness's, or lets a job act for the project."""
    return name in _HELD_BACK or name.startswith(_HELD_BACK_PREFIXES)


def sut_environment(environ: Mapping[str, str], keep: Iterable[str], folder: Path) -> dict[str, str]:
    """The caller's environment without what is held back, unless `keep` names it.

    A SUT needs the keys of the services that it calls, so the rest is passed on. It does not work in the
    caller's `folder`: what names that is left out, and relative places of modules are made absolute.
    """
    kept = set(keep)
    passed = {
        name: value
        for name, value in environ.items()
        if name in kept or not (held_back(name) or name in _OF_FOLDER)
    }
    if places := passed.get("PYTHONPATH"):
        passed["PYTHONPATH"] = os.pathsep.join(
            str(folder / place) for place in places.split(os.pathsep) if place
        )
    return {**_ALWAYS, **passed}

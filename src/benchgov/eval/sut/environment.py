"""Which environment variables a system under test is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_HELD_BACK = frozenset(
    {"GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE"}
)
_HELD_BACK_PREFIXES = ("BENCHGOV_", "ACTIONS_", "INPUT_")
_ALWAYS = {
    "PYTHONHASHSEED": "0",  # the order of a set decides no score
    "PYTHONDONTWRITEBYTECODE": "1",
}


def held_back(name: str) -> bool:
    """Whether a SUT is not given this variable: it is the harness's, or lets a job act for the project."""
    return name in _HELD_BACK or name.startswith(_HELD_BACK_PREFIXES)


def sut_environment(environ: Mapping[str, str], keep: Iterable[str]) -> dict[str, str]:
    """The caller's environment without what is held back, unless `keep` names it.

    A SUT needs the keys of the services that it calls, so the rest is passed on.
    """
    kept = set(keep)
    passed = {name: value for name, value in environ.items() if name in kept or not held_back(name)}
    return {**_ALWAYS, **passed}

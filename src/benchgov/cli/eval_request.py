"""The options of the eval commands as a request, whichever way the settings were read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchgov.cli.eval_places import EvalPlaces
    from benchgov.eval.prepare import Request
    from benchgov.eval.sut.spec import SutSpec

LEVELS = ["auto", "subprocess", "landlock", "bubblewrap", "container", "microvm"]


def make_request(
    root: Path, places: EvalPlaces, settings: Mapping[str, Any], given: Mapping[str, Any]
) -> Request:
    """What the options ask for; one that a command does not have is as if it were not given.

    `settings` are those of the section `eval`, at least.
    """
    from benchgov.eval.plan import parse_shard
    from benchgov.eval.prepare import Request

    cassettes = settings["cassettes"]
    return Request(
        task_class=given["task_class"],
        root=root,
        bench_root=places.bench_root,
        sut=sut_given(given),
        pattern=given.get("cases"),
        shard=parse_shard(given["shard"]) if given.get("shard") else None,
        isolation=given["isolation"],
        min_isolation=given.get("min_isolation") or settings["min_isolation"],
        cassettes=root / cassettes if cassettes else None,
        keep_environ=given["sut_env"],
        retries=given.get("retries", 0),
        sut_process=given.get("sut_process"),
    )


def sut_given(given: Mapping[str, Any]) -> SutSpec | None:
    """The SUT that the options name; None for the bench's own. Raises `UsageError`."""
    from benchgov.errors import UsageError
    from benchgov.eval.sut.spec import callable_sut, command_sut

    if given["sut"] and given["sut_command"]:
        raise UsageError("--sut and --sut-command exclude each other")
    more = {
        "keep": given["sut_env"],
        "retries": given.get("retries", 0),
        "process": given.get("sut_process") or "fresh",
    }
    if given["sut_command"]:
        return command_sut(given["sut_command"], **more)
    return callable_sut(given["sut"], **more) if given["sut"] else None

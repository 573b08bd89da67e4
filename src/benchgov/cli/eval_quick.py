"""`eval run`, asked for what was run and recorded before: found without loading what a new run needs.

Nothing is trusted that was not verified in the state that it has now; whatever is in doubt goes the long way.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchgov.canonical import digest_of

if TYPE_CHECKING:
    from benchgov.cli.common import Project

_KEPT = Path(".benchgov") / "eval" / "settings.json"
_LONG_WAY = ("no_cache", "shard", "with_verdict")
_GIT_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_CEILING_DIRECTORIES")


def keep_settings(project: Project, config_file: Path | None) -> None:
    """Keep what the settings say of evals, under the digest of all that they come from."""
    from benchgov.errors import OutputError
    from benchgov.eval.cache import put_file

    if config_file is not None:
        return
    settings = project.settings
    value = {"bench_dir": settings.bench_dir, "store": settings.audit.store, **settings.eval.model_dump()}
    said = {"from": _sources(project.root, project.rim.environ), "settings": value}
    try:
        put_file(project.root / _KEPT, json.dumps(said).encode() + b"\n")
    except OutputError:
        return  # a folder that cannot be written is the long way's to complain about


def lines_of(report: dict[str, Any], hits: int) -> list[str]:
    """A report as JSON lines: one a case, and one for the rest."""
    rest = dict(report)
    cases = [{"case_id": case_id, **score} for case_id, score in rest.pop("per_case")]
    lines = [*cases, {**rest, "cases": len(cases), "cache_hits": hits}]
    return [json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines]


def is_first(given: Mapping[str, Any]) -> bool:
    """Whether cases will probably have to be scored: no run was kept here, or none is to be looked for."""
    root = _root(Path.cwd(), os.environ)
    return given["no_cache"] or (root is not None and not (root / _KEPT).exists())


def answered(given: Mapping[str, Any], config_file: Path | None, output_format: str) -> bool:
    """Print the report of a run that was recorded before; False when it is not known, or in doubt."""
    if (
        config_file
        or output_format != "jsonl"
        or any(given[name] for name in ("no_cache", "shard", "with_verdict"))
    ):
        return False
    root = _root(Path.cwd(), os.environ)
    settings = _settings(root, os.environ) if root else None
    if root is None or settings is None or settings["store"].startswith("git:"):
        return False
    from benchgov.cli.eval_places import EvalPlaces
    from benchgov.cli.eval_request import make_request
    from benchgov.errors import BenchgovError
    from benchgov.eval.finished import recall
    from benchgov.eval.prepare import prepare

    places = EvalPlaces.from_settings(root, settings, given)
    try:
        plan = prepare(make_request(root, places, settings, given), os.environ).plan
        found = recall(places.cache, plan, places.runs, root / settings["store"], datetime.now(UTC))
    except (BenchgovError, OSError):
        return False  # the long way says it in full
    if found is None:
        return False
    report, sequence = found
    sys.stdout.write("".join(lines_of(report, len(report["per_case"]))))
    sys.stderr.write(f"benchgov: warning: this run is record {sequence} already; nothing was recorded\n")
    return True


def _root(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """The repository around `folder`, where Git's own variables do not say otherwise."""
    if any(environ.get(name) for name in _GIT_VARIABLES):
        return None
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def _settings(root: Path, environ: Mapping[str, str]) -> dict[str, Any] | None:
    try:
        said = json.loads((root / _KEPT).read_bytes())
        return dict(said["settings"]) if said["from"] == _sources(root, environ) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sources(root: Path, environ: Mapping[str, str]) -> str:
    from benchgov import __version__

    path = root / "benchgov.yaml"
    text = path.read_bytes().hex() if path.is_file() else None
    variables = {name: value for name, value in environ.items() if name.startswith("BENCHGOV_")}
    return digest_of([__version__, text, variables])

"""A pull request is judged by the policy and the baselines of its base, whatever it edits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from layers import Layers, main
from samples import benchgov, commit, drafted, process, report, run, steady, write

from benchgov.baselines import history
from benchgov.baselines.store import BaselineStore
from benchgov.canonical import Json
from benchgov.config import load_settings
from benchgov.errors import BlockedError
from benchgov.gate import question

LAYERS = ("base", "edited", "history", "program")
SETTINGS = "version: 1\npolicy: {thresholds: {wall_time: 10}}\n"
LAX = "version: 1\nbench_dir: elsewhere\npolicy: {thresholds: {wall_time: 9000}, missing: allow}\n"
STORE = "bench/synthetic/baselines"


def protocol(layers: Layers, *, answer: Any = question.answer, changes: Any = history.changes) -> Json:
    """A repository with a baseline; a branch that is half as slow again, and helps itself."""
    root = layers.folder / "repository"
    root.mkdir()
    found: dict[str, str] = {}

    def verdict(name: str, ref: str | None) -> str:
        asked = question.Question(root / "report.json", {}, ref=ref)
        settings = load_settings(root, {})
        found[name] = answer(asked, root=root, settings=settings, run=process, environ={}).verdict
        return found[name]

    with layers.layer("base"):
        baseline = _publish(root, report())
        commit(root, {"benchgov.yaml": SETTINGS})
        write(root, {"report.json": report().to_bytes().decode()})
        layers.equal("the base itself passes", verdict("base", "main"), "pass")
        slow = report(run("sort", steady(1.5)), run("merge"))
        commit(root, {"report.json": slow.to_bytes().decode()}, branch="change")
        layers.equal("half as slow again does not", verdict("slower", "main"), "regression")
    with layers.layer("edited"):
        commit(root, {"benchgov.yaml": LAX}, branch="lax")
        layers.equal("limits of its own have no effect", verdict("lax limits", "main"), "regression")
        commit(root, {"benchgov.yaml": SETTINGS}, branch="own-baseline")
        _publish(root, report(run("sort", steady(1.5)), run("merge"), revision="1" * 40))
        layers.equal("a baseline of its own has none", verdict("own baseline", "main"), "regression")
        layers.equal("although the work tree alone would let it pass", verdict("work tree", None), "pass")
        (root / STORE / "default" / "index.json").unlink()
        layers.equal("nor has an index that it removes", verdict("index removed", "main"), "regression")
        ask = lambda: verdict("no such revision", "no-such-revision")  # noqa: E731
        layers.refused("a base that is not there is no pass", ask, BlockedError, "not in the clone")
        ask = lambda: verdict("an option", "--output=/dev/null")  # noqa: E731
        layers.refused("a base that is an option is refused", ask, BlockedError, "not a revision")
    with layers.layer("history"):
        layers.equal("baselines that were added are no fault", changes(process, root, "main", STORE), [])
        place = f"{STORE}/default/{baseline}"
        path = root / place / "baseline.json"
        content = json.loads(path.read_bytes())
        content["default_threshold"] = 9000.0
        path.write_text(json.dumps(content))
        (root / place / "raw" / "report-001.json").unlink()
        faults = [line.replace(baseline, "<baseline>") for line in changes(process, root, "main", STORE)]
        told = [f"{STORE}/default/<baseline>/{what} since main" for what in _FAULTS]
        layers.equal("one that was edited, and one that vanished, are named", faults, told)
    with layers.layer("program"):
        asked = ("compare", "report.json", "--format", "json")
        given = benchgov(root, *asked, "--baseline-ref", "main")
        layers.equal("the program ends with 1 for it", given.status, 1)
        layers.equal("and says so", json.loads(given.stdout or "{}").get("verdict"), "regression")
        tampered = benchgov(root, *asked, "--baseline", baseline)
        layers.equal("the edited baseline itself ends it with 5", tampered.status, 5)
    return {"verdicts": found, "faults": faults}


_FAULTS = ("baseline.json: changed", "raw/report-001.json: vanished")


def _publish(root: Path, made: Any) -> str:
    """Publish and activate the baseline of a report, as its id."""
    draft = drafted(made)
    store = BaselineStore(root / STORE)
    store.publish(draft.baseline, draft.raw)
    store.activate(draft.baseline)
    name: str = draft.baseline.baseline_id
    return name


if __name__ == "__main__":
    main(protocol, LAYERS)

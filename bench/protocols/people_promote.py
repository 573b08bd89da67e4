"""A person promotes a baseline, by rules that are named; no schedule, stranger or single good run does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from layers import Layers, main
from samples import benchgov, report, run, steady, write

from benchgov.baselines import approval, approver
from benchgov.baselines.recorded import Recorded
from benchgov.baselines.standing import standing
from benchgov.canonical import Json
from benchgov.report import Gate, Report

LAYERS = ("person", "place", "row", "program")
SETTINGS = "version: 1\nmaintainers: ['@octocat', '@org/team']\n"
ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main", "GITHUB_ACTOR": "octocat"}
ASK = ("baseline", "approve", "--scenario", "synthetic", "--format", "json")


def protocol(
    layers: Layers,
    *,
    authority: Any = approver.authority,
    attended: Any = approver.attended,
    row: Any = approval.row,
) -> Json:
    """Who, where, on what evidence; then all of it with the program."""
    rules: dict[str, list[str]] = {}

    def broken(name: str, found: Sequence[str]) -> list[str]:
        rules[name] = sorted({line.split(":")[0] for line in found})
        return rules[name]

    with layers.layer("person"):
        for name, flag, environ, wanted in (
            ("a maintainer", "OctoCat", {}, []),
            ("a stranger", "hubot", {}, ["rule maintainer"]),
            ("nobody", None, {}, ["rule maintainer"]),
            ("another than the actor", "hubot", ACTIONS, ["rule actor"]),
            ("a bot", "octocat[bot]", {}, ["rule person"]),
            ("who starts a stranger's run again", None, _again("hubot"), ["rule maintainer"]),
        ):
            who = approver.identify(flag, environ, None)
            found = broken(name, [*authority(who, flag, ["@octocat", "@org/team"])])
            layers.equal(f"{name}: {', '.join(wanted) or 'may approve'}", found, wanted)
    with layers.layer("place"):
        for event, wanted in (
            ("workflow_dispatch", []),
            ("schedule", ["rule attended"]),
            ("push", ["rule reviewed"]),
        ):
            found = broken(event, [*attended({**ACTIONS, "GITHUB_EVENT_NAME": event}, "main")])
            layers.equal(f"in a {event}: {', '.join(wanted) or 'is attended'}", found, wanted)
    with layers.layer("row"):
        good, bad = _gated("pass"), _gated("regression")
        layers.equal("a regression is no pass", (standing(good), standing(bad)), ("pass", "regression"))
        for name, runs, wanted in (
            ("three passes", [good] * 3, []),
            ("two passes", [good] * 2, ["rule three-in-a-row"]),
            ("a regression between", [good, bad, good, good], ["rule three-in-a-row"]),
            ("a run that cannot be read", [good, None, good, good], ["rule three-in-a-row"]),
            ("other regimes", [good, *[_gated("pass", regime="other")] * 2], ["rule three-in-a-row"]),
        ):
            scenario = approval.Scenario("synthetic", "synthetic", None)
            found = broken(name, row(scenario, good, _history(runs)).breaches)
            layers.equal(f"{name}: {', '.join(wanted) or 'are enough'}", found, wanted)
    with layers.layer("program"):
        statuses = _program(layers)
    return {"rules": rules, "statuses": statuses}


def _program(layers: Layers) -> list[int]:
    """The exit codes of `baseline approve`, asked five times in one repository."""
    root = layers.folder
    write(root, {"benchgov.yaml": SETTINGS, "bench/synthetic/README": "no manifest\n"})
    names = [f"20260102T03040{number}.000000Z" for number in range(3)]
    made = [report(run("sort", steady(1 + number / 1000))).to_bytes().decode() for number in range(3)]
    write(
        root, {f".benchgov/out/runs/{name}/report.json": text for name, text in zip(names, made, strict=True)}
    )

    def ask(which: str, who: str) -> tuple[int, str]:
        done = benchgov(root, *ASK, "--run", which, "--approver", who)
        return done.status, done.stdout + done.stderr

    early, stranger = ask(names[1], "octocat"), ask(names[2], "hubot")
    layers.expect("the second run is too early", early[0] == 4 and "three-in-a-row" in early[1], early)
    layers.expect("a stranger is refused", stranger[0] == 4 and "rule maintainer" in stranger[1], stranger)
    layers.expect("nothing was written", not (root / "bench/synthetic/baselines").exists())
    done, again = ask(names[2], "octocat"), ask(names[2], "octocat")
    layers.equal("a maintainer approves the third", done[0], 0)
    approved = json.loads(done[1].partition("\n}\n")[0] + "}") if done[0] == 0 else {}
    layers.equal("and is named in it", approved.get("approval", {}).get("approver"), "octocat")
    layers.expect("once", again[0] == 4 and "not-again" in again[1], again)
    verified = benchgov(root, "audit", "verify", "--strict")
    layers.equal("the audit log has it, and verifies", verified.status, 0)
    return [early[0], stranger[0], done[0], again[0], verified.status]


def _again(first: str) -> Mapping[str, str]:
    return {**ACTIONS, "GITHUB_ACTOR": first, "GITHUB_TRIGGERING_ACTOR": "octocat"}


def _gated(status: str, **config: Any) -> Report:
    made: Report = report(**config)
    return made.model_copy(update={"performance_gate": Gate.model_validate({"status": status})})


def _history(runs: Sequence[Report | None]) -> list[Recorded]:
    return [Recorded(f"run-{len(runs) - at}", one) for at, one in enumerate(runs)]


if __name__ == "__main__":
    main(protocol, LAYERS)

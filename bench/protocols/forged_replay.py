"""A replay section says what a second run must give again; a result that was edited does not fit it."""

from __future__ import annotations

from typing import Any

from layers import Layers, main
from samples import FACTS, report, run, steady

from benchgov.canonical import Json, sha256_hex
from benchgov.errors import InputError
from benchgov.replay import claims, compare, section
from benchgov.replay.comparison import Policy, ReplayComparison
from benchgov.report import Expectation, Report, Run, RunConfig

LAYERS = ("fields", "plan", "result", "forged", "compared")


def protocol(
    layers: Layers,
    *,
    make: Any = section.replay_section,
    check: Any = claims.check_claims,
    hold: Any = compare.compare_replay,
) -> Json:
    """What changes the two hashes, what does not, and who notices."""
    made = report()

    def hashes(other: Report) -> tuple[str, str]:
        found = make(other.config, other.runs)
        return found.plan_sha256, found.result_sha256

    plan, result = hashes(made)
    with layers.layer("fields"):
        for name, fields, lists in (
            ("run", Run.model_fields, (section.DETERMINISTIC_FIELDS, section.NONDETERMINISTIC_FIELDS)),
            ("config", RunConfig.model_fields, (section.PLAN_FIELDS, section.OUTSIDE_PLAN_FIELDS)),
        ):
            listed = sorted(field for one in lists for field in one)
            layers.equal(f"every field of a {name} is in one list, and only once", listed, sorted(fields))
        kept = (made.replay.plan_sha256, made.replay.result_sha256)
        layers.equal("the report's own hashes follow from it", kept, (plan, result))
    with layers.layer("plan"):
        for name, other in (
            ("another number of runs", report(runs=11)),
            ("another order", report(run("merge"), run("sort"))),
            ("another source", report(run("sort", protocol_sha256="1" * 64), run("merge"))),
            ("another suite", report(suite_sha256="1" * 64)),
        ):
            layers.expect(f"{name} is another plan", hashes(other)[0] != plan)
        same = hashes(report(revision="1" * 40, dirty=True))
        layers.equal("another revision with the same sources is not", same, (plan, result))
    with layers.layer("result"):
        slower = report(run("sort", steady(9.0)), run("merge"))
        layers.equal("a slower run has the same result", hashes(slower), (plan, result))
        noted = report(run("sort", notes=("noisy",), stderr_tail="warning"), run("merge"))
        layers.equal("so has a noisy one", hashes(noted), (plan, result))
        failed = report(run("sort", overall="fail", ok=False), run("merge"))
        others = {"a failure": failed, **{name: _changed(**change) for name, change in _CHANGES.items()}}
        for name, other in others.items():
            layers.expect(f"{name} is another result", hashes(other)[1] != result)
    with layers.layer("forged"):
        layers.equal("an honest report is taken", check(made, layers.folder, "report"), None)
        outside = report(run("sort", protocol="../../elsewhere.py"))
        for name, forged, naming in (
            ("a result hash that was edited", _forged(made, result_sha256="1" * 64), "replay.result_sha256"),
            ("a plan hash that was edited", _forged(made, plan_sha256="1" * 64), "replay.plan_sha256"),
            (
                "a failure that became a pass",
                made.model_copy(update={"replay": failed.replay}),
                "result_sha256",
            ),
            (
                "a count that was edited",
                made.model_copy(update={"summary": failed.summary}),
                "summary.failed",
            ),
            ("a protocol outside of the repository", outside, "leaves the repository"),
        ):
            call = lambda one=forged: check(one, layers.folder, "report")  # noqa: E731
            layers.refused(f"{name} is found", call, InputError, naming)
    with layers.layer("compared"):
        found = {name: _held(hold, made, other) for name, other in (("slower", slower), *others.items())}
        layers.equal("a slower replay matches", found["slower"].verdict, "match")
        for name in others:
            layers.equal(f"a replay with {name} does not", found[name].verdict, "mismatch")
        pointers = {name: [one.path for one in held.mismatches] for name, held in found.items()}
        layers.equal("the place is named", pointers["another output"], ["/runs/0/output_digest"])
        failing = _held(hold, failed, failed, Policy(require_pass=True))
        layers.equal("the same failure matches, unless a pass is required", failing.verdict, "mismatch")
        strange = report(facts=FACTS.model_copy(update={"cpu_count": 4}))
        layers.expect("a drifted replay is not authoritative", not _held(hold, made, strange).authoritative)
    return {"mismatches": pointers}


_CHANGES: dict[str, dict[str, Any]] = {
    "another output": {"output_digest": "blake3:" + "1" * 64},
    "a missed expectation": {"expectations": (Expectation(name="value", ok=False),)},
    "a layer that was skipped": {"layers": {"parity": "skipped"}},
}


def _changed(**changes: Any) -> Report:
    made: Report = report(run("sort", **changes), run("merge"))
    return made


def _forged(made: Report, **update: str) -> Report:
    return made.model_copy(update={"replay": made.replay.model_copy(update=update)})


def _held(hold: Any, baseline: Report, again: Report, policy: Policy | None = None) -> ReplayComparison:
    digest = sha256_hex(baseline.to_bytes())
    found: ReplayComparison = hold(baseline, again, policy or Policy(), baseline_sha256=digest)
    return found


if __name__ == "__main__":
    main(protocol, LAYERS)

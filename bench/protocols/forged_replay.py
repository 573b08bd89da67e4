"""A replay section says what a second run must give again; a result that was edited does not fit it."""

from __future__ import annotations

from typing import Any

from layers import Layers, main
from samples import report, run, steady

from benchgov import replay
from benchgov.canonical import Json
from benchgov.errors import BlockedError
from benchgov.report import Expectation, Report, Run
from benchgov.sharding.merge import Part, merge

LAYERS = ("fields", "plan", "result", "forged")


def protocol(layers: Layers, *, section: Any = replay.replay_section, check: Any = merge) -> Json:
    """What changes the two hashes, what does not, and who notices."""
    made = report()

    def hashes(other: Report) -> tuple[str, str]:
        found = section(other.config, other.runs)
        return found.plan_sha256, found.result_sha256

    plan, result = hashes(made)
    with layers.layer("fields"):
        known = set(replay.DETERMINISTIC_FIELDS) | set(replay.NONDETERMINISTIC_FIELDS)
        layers.equal("every field of a run is in one of the lists", known, set(Run.model_fields))
        both = set(replay.DETERMINISTIC_FIELDS) & set(replay.NONDETERMINISTIC_FIELDS)
        layers.equal("and none is in both", both, set())
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
        layers.equal(
            "another revision with the same sources is not", hashes(report(revision="1" * 40))[0], plan
        )
    with layers.layer("result"):
        slower = report(run("sort", steady(9.0)), run("merge"))
        layers.equal("a slower run has the same result", hashes(slower), (plan, result))
        noted = report(run("sort", notes=("noisy",), stderr_tail="warning"), run("merge"))
        layers.equal("so has a noisy one", hashes(noted), (plan, result))
        missed = Expectation(name="value", ok=False)
        for name, changes in (
            ("a failure", {"overall": "fail", "ok": False}),
            ("another output", {"output_digest": "blake3:" + "1" * 64}),
            ("a missed expectation", {"expectations": (missed,)}),
            ("a layer that was skipped", {"layers": {"parity": "skipped"}}),
        ):
            other = report(run("sort", **changes), run("merge"))
            layers.expect(f"{name} is another result", hashes(other)[1] != result)
    with layers.layer("forged"):
        imported = report(options={"import": {}})
        layers.equal("an honest report is taken", len(check([Part("honest", imported)]).report.runs), 2)
        failed = report(run("sort", overall="fail", ok=False), run("merge"), options={"import": {}})
        for name, update in (
            ("a result hash that was edited", {"replay": _edited(imported, result_sha256="1" * 64)}),
            ("a plan hash that was edited", {"replay": _edited(imported, plan_sha256="1" * 64)}),
            ("a failure that became a pass", {"replay": failed.replay}),
        ):
            forged = imported.model_copy(update=update)
            layers.refused(
                f"{name} is found", lambda f=forged: check([Part("forged", f)]), BlockedError, "replay"
            )
    return {"deterministic": list(replay.DETERMINISTIC_FIELDS)}


def _edited(made: Report, **update: str) -> Any:
    return made.replay.model_copy(update=update)


if __name__ == "__main__":
    main(protocol, LAYERS)

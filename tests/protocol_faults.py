"""Parts of benchgov that do the wrong thing, and which expectation of bench/protocols notices each."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchgov.adapters import registry
from benchgov.audit import chain
from benchgov.baselines.approval import Row
from benchgov.baselines.store import BaselineStore
from benchgov.baselines.verify import Verified
from benchgov.canonical import canonical_json
from benchgov.config import EnvironmentConfig
from benchgov.environment import pinned
from benchgov.eval.lower_bound import LowerBound
from benchgov.gate import compare as gate
from benchgov.gate import question
from benchgov.gate.policy import GatePolicy
from benchgov.measure import runner
from benchgov.replay import replay_section
from benchgov.replay.compare import compare_replay
from benchgov.report import Report
from benchgov.sharding import merge as merging
from benchgov.sharding import plan as planning


@dataclass(frozen=True)
class Fault:
    """`part` of `protocol` is replaced by `broken`; the expectation called `noticed` goes false."""

    protocol: str
    part: str
    broken: Callable[..., Any]
    noticed: str


def _unsorted(value: Any) -> bytes:
    canonical_json(value)  # refuses what it should
    return json.dumps(value, separators=(",", ":")).encode()


def _lenient(value: Any) -> bytes:
    try:
        return canonical_json(value)
    except Exception:  # whatever is wrong with it
        return json.dumps(value, sort_keys=True).encode()


def _append_always(store: Path, draft: chain.Draft, **given: Any) -> chain.Appended:
    count = len(list(store.rglob("*.json")))
    return chain.append(store, replace(draft, idempotency_key=f"{draft.idempotency_key} {count}"), **given)


def _blind(store: Path, **_: Any) -> chain.Verification:
    return chain.Verification((), None)


def _without_anchor(store: Path, *, strict: bool = False, anchor: Any = None) -> chain.Verification:
    return chain.verify(store, strict=strict)


class _Overwriting(BaselineStore):
    def publish(self, baseline: Any, *given: Any) -> Path:
        shutil.rmtree(self.folder / baseline.regime / baseline.baseline_id, ignore_errors=True)
        return super().publish(baseline, *given)


class _Activating(BaselineStore):
    def publish(self, baseline: Any, *given: Any) -> Path:
        path = super().publish(baseline, *given)
        self.activate(baseline)
        return path


def _made_of_anything(*reports: Report) -> Any:
    from samples import drafted, report

    try:
        return drafted(*reports)
    except Exception:  # whatever rule is not kept
        return drafted(report())


def _always_pass(*given: Any) -> Any:
    found = gate.compare(*given)
    return found.model_copy(update={"verdict": "pass"})


class _Moody:
    """Says something else every time."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *given: Any) -> Any:
        self.count += 1
        found = gate.compare(*given)
        return found.model_copy(update={"reason": f"{found.reason} ({self.count})"})


def _everything_compares(report: Report, baselines: Any, policy: GatePolicy) -> Any:
    """Takes any machine and regime for the baseline's own."""
    if not baselines.baselines:
        return _always_pass(report, baselines, policy)
    known = baselines.baselines[0].baseline
    here = report.environment.model_copy(update={"facts": known.facts, "fingerprint": known.fingerprint})
    asked = report.config.model_copy(update={"regime": known.regime, "suite": known.suite})
    return gate.compare(report.model_copy(update={"environment": here, "config": asked}), baselines, policy)


def _any_larger_median(report: Report, baselines: Any, policy: GatePolicy) -> Any:
    """Calls every larger median a regression, as many a script does."""
    found = gate.compare(report, baselines, policy)
    worse = any(
        statistics.median(one.samples) > statistics.median(one.reference)
        for run in report.runs
        for one in run.metrics
        if one.reference
    )
    return found.model_copy(update={"verdict": "regression" if worse else found.verdict})


def _never_sure(report: Report, baselines: Any, policy: GatePolicy) -> Any:
    found = gate.compare(report, baselines, policy)
    calm = tuple(one.model_copy(update={"verdict": "unchanged"}) for one in found.findings)
    return found.model_copy(update={"findings": calm})


def _pinned_anyhow(facts: Any, config: EnvironmentConfig) -> Any:
    return pinned.judge(facts, config).model_copy(update={"gate": "pass", "drift": ()})


def _os_alone(facts: Any) -> str:
    return "blake3:" + "0" * 63 + str(len(facts.os) % 10)


def _results_unseen(config: Any, runs: Any) -> Any:
    return replay_section(config, tuple(run.model_copy(update={"layers": {}}) for run in runs))


def _times_seen(config: Any, runs: Any) -> Any:
    made = replay_section(config, runs)
    total = sum(sum(metric.samples) for run in runs for metric in run.metrics)
    return made.model_copy(update={"result_sha256": f"{int(total):064d}"})


def _always_matches(baseline: Report, replay: Report, policy: Any, **given: Any) -> Any:
    found = compare_replay(baseline, replay, policy, **given)
    return found.model_copy(update={"verdict": "match"})


def _believes(parts: Any) -> Any:
    return merging.Merged(parts[0].report, tuple(parts))


def _joins_names(root: Path, name: str, **_: Any) -> Path:
    return root / name


def _exports_links(run: Any, root: Path, ref: str, paths: list[str], target: Path) -> None:
    import tarfile

    from benchgov.errors import BlockedError
    from benchgov.git import commit_of

    archive = target.parent / "export.tar"
    done = run(["git", "archive", f"--output={archive}", commit_of(run, root, ref), *paths], root, 60)
    if done.status:
        raise BlockedError(done.stderr)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = lambda member, _: member  # Python before 3.12 has no argument for it
        tar.extractall(target)


class _Reckless:
    """An adapter that takes what there is."""

    def __init__(self, adapter: Any) -> None:
        self._adapter, self.name = adapter, adapter.name

    def read(self, log: Any, allow_partial: bool) -> Any:
        del allow_partial
        return self._adapter.read(log, True)


def _detects_reckless(log: Any, known: Any) -> Any:
    return _Reckless(registry.detect(log, known))


def _drops_a_sample(readings: Any, *given: Any, **named: Any) -> Report:
    from benchgov.adapters.assemble import build_report

    made = build_report(readings, *given, **named)
    first = made.runs[0]
    metric = first.metrics[0]
    cut = metric.model_copy(update={"samples": metric.samples[1:]})
    run = first.model_copy(update={"metrics": (cut, *first.metrics[1:])})
    return made.model_copy(update={"runs": (run, *made.runs[1:])})


def _mean(scores: list[float], seed: int) -> LowerBound:
    from benchgov.eval.lower_bound import lower_bound_95

    lower_bound_95(scores, seed)  # refuses what it should
    return LowerBound(sum(scores) / len(scores), "bca")


def _takes_any_score(scores: list[float], seed: int) -> LowerBound:
    from benchgov.eval.lower_bound import lower_bound_95

    return lower_bound_95([min(1.0, max(0.0, score)) for score in scores] or [0.0], abs(seed))


def _asks_the_work_tree(asked: question.Question, **given: Any) -> Any:
    return question.answer(replace(asked, ref=None), **given)


def _no_history(*_: Any) -> list[str]:
    return []


def _merges_what_is_there(parts: Any, planned: Any = ()) -> Any:
    try:
        return merging.merge(parts, planned)
    except Exception:  # whatever does not belong together
        return _believes(parts)


def _by_arrival(parts: Any, planned: Any = ()) -> Any:
    made = merging.merge(parts, planned)
    first = parts[0].report.runs[0]
    runs = (first, *(run for run in made.report.runs if run.key != first.key))
    return replace(made, report=made.report.model_copy(update={"runs": runs}))


def _forgets_one(suite: Any, selected: Any, seconds: Any, count: int) -> Any:
    made = planning.plan_shards(suite, selected, seconds, count)
    last = replace(made.shards[-1], items=made.shards[-1].items[:-1])
    return replace(made, shards=(*made.shards[:-1], last))


def _times_count_anyhow(*given: Any, **named: Any) -> Any:
    """As if outputs had never been held against each other."""
    made = runner.measure(*given, **named)
    good = next(run for run in made.report.runs if run.run_is_valid)
    update = {"overall": "pass", "ok": True, "run_is_valid": True, "metrics": good.metrics}
    runs = tuple(
        run.model_copy(update=update) if run.layers["parity"] == "fail" else run for run in made.report.runs
    )
    return replace(made, report=made.report.model_copy(update={"runs": runs}))


FAULTS = (
    Fault("evidence_chain", "canonical", _unsorted, "the order of keys does not matter"),
    Fault("evidence_chain", "canonical", _lenient, "NaN has no canonical form"),
    Fault("evidence_chain", "append", _append_always, "the same report is recorded once"),
    Fault("evidence_chain", "verify", _without_anchor, "a head that was never written does not"),
    Fault("tampered_record", "verify", _blind, "a flipped bit of record 1 is found there"),
    Fault("tampered_record", "verify", _without_anchor, "but an anchor finds it"),
    Fault(
        "baseline_custody",
        "verify",
        lambda _: Verified(1, (), ()),
        "one flipped bit of baseline.json is found",
    ),
    Fault("baseline_custody", "store", _Overwriting, "it is never overwritten"),
    Fault("baseline_custody", "store", _Activating, "publishing activates nothing"),
    Fault("baseline_rules", "make", _made_of_anything, "four runs are refused"),
    Fault("verdict", "compare", _always_pass, "half the throughput is worse"),
    Fault("verdict", "compare", _Moody(), "the same bytes in give the same bytes out"),
    Fault("comparability", "compare", _everything_compares, "another machine is not comparable"),
    Fault("comparability", "compare", _always_pass, "on the same machine it is a regression"),
    Fault("environment_drift", "judge", _pinned_anyhow, "without a pin nothing passes"),
    Fault("environment_drift", "fingerprint", _os_alone, "every fact counts"),
    Fault("forged_replay", "make", _results_unseen, "a layer that was skipped is another result"),
    Fault("forged_replay", "make", _times_seen, "the report's own hashes follow from it"),
    Fault("forged_replay", "check", lambda *_: None, "a result hash that was edited is found"),
    Fault("forged_replay", "hold", _always_matches, "a replay with another output does not"),
    Fault("hostile_paths", "inside", _joins_names, "in/link is refused"),
    Fault("hostile_paths", "verify", _blind, "one that is a link does not"),
    Fault("hostile_paths", "export", _exports_links, "files of another revision come without its links"),
    Fault("imported_log", "detect", _detects_reckless, "go: half of its log is refused"),
    Fault("imported_log", "build", _drops_a_sample, "the samples are those of the log, in nanoseconds"),
    Fault("lower_bound", "bound", _mean, "ten of ten bound to 0.74"),
    Fault("lower_bound", "bound", _takes_any_score, "a score above 1 is refused"),
    Fault("paired_verdict", "compare", _any_larger_median, "the same code passes, twenty times"),
    Fault("paired_verdict", "compare", _never_sure, "10 % slower is a regression"),
    Fault("people_promote", "authority", lambda *_: [], "a stranger: rule maintainer"),
    Fault("people_promote", "attended", lambda *_: [], "in a schedule: rule attended"),
    Fault("people_promote", "row", lambda *_: Row((), ()), "two passes: rule three-in-a-row"),
    Fault("policy_from_base", "answer", _asks_the_work_tree, "a baseline of its own has none"),
    Fault(
        "policy_from_base", "changes", _no_history, "one that was edited, and one that vanished, are named"
    ),
    Fault("sharded_run", "merge", _merges_what_is_there, "a shard that is missing is refused"),
    Fault("sharded_run", "merge", _by_arrival, "the order of the parts does not matter"),
    Fault("sharded_run", "plan", _forgets_one, "every benchmark is on one shard"),
    Fault("variant_parity", "measure", _times_count_anyhow, "wrong-output: no time counts"),
)

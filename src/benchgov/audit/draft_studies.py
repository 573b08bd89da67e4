"""Drafts of what is found out beside the verdict on one run: controls, histories, replays."""

from __future__ import annotations

from collections.abc import Mapping

from benchgov.audit.chain import Draft
from benchgov.audit.drafting import make_draft, read_model
from benchgov.canonical import Json
from benchgov.gate.control_result import Control
from benchgov.history.model import History
from benchgov.replay.comparison import ReplayComparison


def from_control(data: bytes, environ: Mapping[str, str], *, name: str = "control.json") -> Draft:
    """The draft of a control.

    Raises:
        InputError: it is not a valid one; so with the other functions.
    """
    control = read_model(data, Control, name)
    power = control.power
    subject: dict[str, Json] = {
        "suite": control.suite,
        "regime": control.regime,
        "verdict": control.verdict,
        "alpha": control.alpha,
        "false_alarms": control.alarms.events,
        "rounds": control.alarms.trials,
        "slowdown_percent": control.slowdown_percent,
        "slowdowns_found": power.events if power else None,
        "slowdowns": power.trials if power else None,
        "revision": control.revision,
        "dirty": control.dirty,
        "authoritative": control.authoritative,
        "fingerprint": control.environment.fingerprint,
    }
    return make_draft("control", {name: data}, subject, environ, complete=True)


def from_history(data: bytes, environ: Mapping[str, str], *, name: str = "history.json") -> Draft:
    """The draft of a history; complete when every series had enough points to look for a change."""
    history = read_model(data, History, name)
    effects = [{change.effect for change in series.changes} for series in history.series]
    subject: dict[str, Json] = {
        "suites": sorted({one.suite for one in history.environments}),
        "reports": history.reports,
        "series": len(history.series),
        "worse": sum("worse" in found for found in effects),
        "better": sum("better" in found for found in effects),
        "method": history.method,
    }
    complete = all(series.enough for series in history.series)
    return make_draft("history", {name: data}, subject, environ, complete=complete)


def from_replay(data: bytes, environ: Mapping[str, str], *, name: str = "replay-comparison.json") -> Draft:
    """The draft of a replay's comparison; complete when all runs of the report were replayed."""
    replay = read_model(data, ReplayComparison, name)
    facts = replay.to_json()
    names = ("suite", "regime", "verdict", "authoritative", "compared", "total", "mismatched")
    digests = ("baseline_report_sha256", "replay_report_sha256")
    subject: dict[str, Json] = {name: facts[name] for name in (*names, *digests)}
    complete = replay.compared == replay.total
    return make_draft("replay", {name: data}, subject, environ, complete=complete)

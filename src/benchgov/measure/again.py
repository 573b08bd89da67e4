"""Plan a report again: the same selection, sampling and config; what has changed since is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from benchgov.canonical import Json
from benchgov.errors import InputError, UsageError
from benchgov.measure.functional import PlannedProtocol, changed
from benchgov.measure.plan import Plan, Planned, PlannedRun, PlannedSource, SamplingFlags, plan_suite
from benchgov.replay.compare import MAX_PROTOCOLS, Part, entry_of
from benchgov.report import Run
from benchgov.suites.load import Suite

P = TypeVar("P", PlannedRun, PlannedSource, PlannedProtocol)

_WHO = "in the report it is"


def plan_again(part: Part, suite: Suite, *, skip_build: bool = False) -> Plan:
    """The plan of `part`, of a report of `suite`. A source file that has changed is refused, not run.

    Raises:
        InputError: the report's selection, options or config are not of this suite, or a protocol's file
            is not there.
    """
    config = part.config
    try:
        plan = plan_suite(
            suite,
            patterns=config.selection,
            sampling=_flags(config.options),
            given=_still_known(config.values, suite),
        )
    except UsageError as error:
        raise InputError(f"cannot be planned again: {error.message}", where=suite.path) from error
    plan = replace(plan, recorded=config.options, skip_build=skip_build)
    if MAX_PROTOCOLS in config.options:
        plan = _only(plan, part.entries)
    _check_files(part.runs, plan)
    return _with_refusals(plan, part.runs)


def _flags(options: Mapping[str, Json]) -> SamplingFlags:
    """The sampling flags that the report records."""
    kinds: Mapping[str, tuple[type, ...]] = {
        "warmup": (int,),
        "runs": (int,),
        "timeout_seconds": (int, float),
    }
    for name, kind in kinds.items():
        value = options.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
            raise InputError(f"config.options.{name} is {value!r}, not a number")
    return SamplingFlags(**{name: options.get(name) for name in kinds})


def _still_known(values: Mapping[str, Json], suite: Suite) -> dict[str, Json]:
    """The report's values that the suite still has; the others show as differences of the config."""
    return {name: value for name, value in values.items() if name in suite.manifest.config_schema}


def _only(plan: Plan, entries: Sequence[str]) -> Plan:
    wanted = set(entries)
    return replace(
        plan,
        runs=tuple(run for run in plan.runs if run.benchmark.id in wanted),
        sources=tuple(source for source in plan.sources if source.entry.id in wanted),
        protocols=tuple(protocol for protocol in plan.protocols if protocol.entry.id in wanted),
    )


def _check_files(runs: Sequence[Run], plan: Plan) -> None:
    """Raise InputError for a protocol of the report that nothing here has."""
    everything: Sequence[Planned] = (*plan.runs, *plan.sources, *plan.protocols)
    planned = {one.protocol for one in everything}
    paths = dict.fromkeys(run.protocol for run in runs)
    missing = [path for path in paths if path not in planned and not (plan.suite.root / path).is_file()]
    if missing:
        raise InputError(
            "protocols of the report are not there",
            where=plan.suite.path,
            details=[f"no such file: {path}" for path in missing],
            remedy="Check out the revision that the report names in `config.revision`.",
        )


def _with_refusals(plan: Plan, runs: Sequence[Run]) -> Plan:
    by_key = {run.key: run.protocol_sha256 for run in runs}
    by_entry = {entry_of(run): run.protocol_sha256 for run in runs}

    def checked(one: P, wanted: str | None) -> P:
        if one.refusal or wanted is None:
            return one
        return replace(one, refusal=changed(one.protocol, one.protocol_sha256, wanted, _WHO))

    return replace(
        plan,
        runs=tuple(checked(run, by_key.get(run.key)) for run in plan.runs),
        sources=tuple(checked(source, by_entry.get(source.entry.id)) for source in plan.sources),
        protocols=tuple(checked(one, by_key.get(one.key)) for one in plan.protocols),
    )

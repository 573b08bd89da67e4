"""What the control says of the machine, as rows and sentences."""

from __future__ import annotations

from collections.abc import Iterator

from benchgov.dossier import numbers
from benchgov.gate.control_result import Control, Noise, Rate
from benchgov.report import Report, run_key


def verdict(control: Control) -> str:
    """`inside the policy`, and why."""
    return f"{control.verdict.capitalize()} the policy. {control.reason}"


def rates(control: Control) -> Iterator[tuple[str, str, str, str]]:
    """(what, seen of all, percent, its exact 95 % interval)."""
    slower = f"{control.slowdown_percent or 0:g} %"
    for name, rate in (
        ("False alarms: rounds without a change", control.alarms),
        ("False alarms: the same samples, sides drawn anew", control.resplits),
        ("False alarms: halves of the baseline's samples", control.baseline_resplits),
        (f"Power: wall times really {slower} slower", control.power),
        (f"Power: samples scaled by {slower}", control.power_scaled),
    ):
        if rate is not None and rate.trials:
            yield name, f"{rate.events:,} of {rate.trials:,}", _percent(rate.rate), _interval(rate)


def noise(control: Control) -> list[tuple[str, str, str, str]]:
    """(run, metric, coefficient of variation, smallest worsening that had been seen), noisiest first."""
    listed = sorted(control.noise, key=lambda one: -one.cv_percent)
    return [(_name(one), one.metric, f"{one.cv_percent:.1f} %", _least(one)) for one in listed]


def caveats(control: Control, report: Report) -> Iterator[str]:
    """In what the control is not of the same conditions as the report."""
    if control.environment.fingerprint != report.environment.fingerprint:
        yield "It was measured in another environment than this report."
    if control.regime != report.config.regime:
        yield f"It was measured in regime {control.regime}."
    if control.revision != report.config.revision:
        yield "It was measured at another revision than this report."


def _name(one: Noise) -> str:
    return run_key(one.benchmark, one.scale, one.variant)


def _least(one: Noise) -> str:
    found = one.minimum_detectable_percent
    return numbers.NONE if found is None else f"{found:.1f} %"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _interval(rate: Rate) -> str:
    return f"{_percent(rate.interval[0])} to {_percent(rate.interval[1])}"

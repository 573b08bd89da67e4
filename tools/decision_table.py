"""Write the measured tables of docs/decision.md: how often rules raise false alarms, and what they find.

`make decision-table` runs all of it (about half an hour); `--quick` a small part, printed and not written.
Everything is drawn from fixed seeds: the same machine and library versions give the same tables.
"""

from __future__ import annotations

import argparse
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tools import decision_rules as rules
from tools.decision_data import Noise, recorded, resplit, simulated

from benchgov.environment.machine import describe, this_system
from benchgov.rim import run_process
from benchgov.statistics.ranks import Array

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "decision.md"
MOST_PAIRS = 40
SLOWDOWN = 0.05
OURS = "benchgov"

RULES: dict[str, rules.Rule] = {
    OURS: rules.ours(),
    "benchgov, always 10 pairs": rules.ours((10,)),
    "benchgov, always 20 pairs": rules.ours((20,)),
    "benchgov, always 40 pairs": rules.ours((40,)),
    "mean at 200 % (github-action-benchmark)": rules.ratio_of_means(10, 2.0),
    "median > 10 %": rules.median_over(10, 10),
    "Mann–Whitney p < .05 (benchstat)": rules.mann_whitney(10),
    "Mann–Whitney and ≥ 3 %": rules.mann_whitney(10, 3),
    "Mann–Whitney and ≥ 3 %, 20 pairs": rules.mann_whitney(20, 3),
    "Welch's t-test p < .05": rules.welch(10),
    "t > 7 and ≥ 2 % (Perfherder)": rules.t_above(10, 7, 2),
    "bootstrap 95 % interval": rules.bootstrap_interval(10),
    "bootstrap, BH 5 %, ≥ 3 %": rules.bootstrap_fdr(10, 3),
    "bootstrap, BH 5 %, ≥ 3 %, p may be 0": rules.bootstrap_fdr(10, 3, least=0),
    "bootstrap, BH 5 %, ≥ 3 %, 20 pairs": rules.bootstrap_fdr(20, 3),
    "prediction interval 99 %, one new value (Bencher)": rules.prediction_interval(10),
    "above Q3 + 3 IQR, one new value (rustc-perf)": rules.quartiles(10),
}
BESIDE = (
    OURS,
    "Mann–Whitney and ≥ 3 %",
    "bootstrap, BH 5 %, ≥ 3 %",
    "bootstrap, BH 5 %, ≥ 3 %, p may be 0",
)


@dataclass(frozen=True)
class Setting:
    """What is measured: without `noise`, recorded samples. `prs` have no change; in `changed` more, `slow`
    benchmarks are 5 % slower."""

    name: str
    benchmarks: int
    prs: int
    changed: int
    noise: Noise | None

    @property
    def slow(self) -> int:
        """One in fifty."""
        return max(1, self.benchmarks // 50)

    def measurement(self, number: int) -> tuple[Array, Array]:
        """The `number`-th pull request's samples, without its change."""
        chance = np.random.default_rng([zlib.crc32(self.name.encode()), number])
        if self.noise is None:
            return resplit(recorded(), MOST_PAIRS, chance)
        return simulated(self.noise, self.benchmarks, MOST_PAIRS, chance)


MAIN = Setting("CV 2 %", 10_000, 200, 20, Noise())
FURTHER = (
    Setting("CV 2 %, 1,000 benchmarks", 1_000, 400, 100, Noise()),
    Setting("CV 2 %, 100 benchmarks", 100, 1_000, 500, Noise()),
    Setting("CV 2 %, 10 benchmarks", 10, 1_000, 1_000, Noise()),
    *(
        Setting(name, 10_000, 50, 10, noise)
        for name, noise in {
            "CV 0.5 %": Noise(cv=0.005),
            "CV 1 %": Noise(cv=0.01),
            "CV 5 %": Noise(cv=0.05),
            "CV 2 %, outliers × 3": Noise(heavy=3.0),
            "CV 2 %, slower by 1 % every run": Noise(trend=0.01),
        }.items()
    ),
    Setting("recorded samples", 30, 1_000, 500, None),
)


@dataclass
class Tally:
    """What one rule did in one setting."""

    prs: int = 0
    alarmed: int = 0
    tests: int = 0
    false: int = 0
    slow: int = 0
    found: int = 0
    inconclusive: int = 0
    pairs: int = 0
    most: int = 0

    def unchanged(self, outcome: rules.Outcome) -> None:
        """Count a pull request without any change."""
        self.prs += 1
        self.alarmed += bool(outcome.slower.any())
        self.tests += len(outcome.slower)
        self.false += int(outcome.slower.sum())
        self.inconclusive += sum(one.verdict == "inconclusive" for one in outcome.decisions)
        self.pairs += int(outcome.pairs.sum())
        self.most = max(self.most, int(outcome.pairs.max()))

    def changed(self, outcome: rules.Outcome, slow: int) -> None:
        """Count one in which the first `slow` benchmarks are slower."""
        self.slow += slow
        self.found += int(outcome.slower[:slow].sum())
        self.most = max(self.most, int(outcome.pairs.max()))

    @property
    def power(self) -> float:
        """The share of slower benchmarks that are called so."""
        return self.found / max(self.slow, 1)

    @property
    def false_rate(self) -> float:
        """The share of unchanged benchmarks that are called slower."""
        return self.false / max(self.tests, 1)

    @property
    def mean_pairs(self) -> float:
        """Of a pull request without any change."""
        return self.pairs / max(self.tests, 1)


def tally(setting: Setting, names: Sequence[str]) -> dict[str, Tally]:
    """Try the rules on the same measurements."""
    tallies = {name: Tally() for name in names}
    for number in range(setting.prs + setting.changed):
        before, after = setting.measurement(number)
        changed = number >= setting.prs
        if changed:
            after[: setting.slow] *= 1 + SLOWDOWN
        for name, one in tallies.items():
            outcome = RULES[name](before, after, np.random.default_rng([number, zlib.crc32(name.encode())]))
            if changed:
                one.changed(outcome, setting.slow)
            else:
                one.unchanged(outcome)
    return tallies


def main_table(setting: Setting, tallies: dict[str, Tally]) -> Iterator[str]:
    """One row per rule."""
    yield (
        f"{setting.benchmarks:,} benchmarks; {setting.prs} pull requests without any change, and "
        f"{setting.changed} in which {setting.slow} benchmarks are {SLOWDOWN * 100:.0f} % slower.\n"
    )
    yield (
        "| rule | no-change PRs with an alarm | false alarms per benchmark "
        f"| found at +{SLOWDOWN * 100:.0f} % | pairs: mean, most |"
    )
    yield "|---|---|---|---|---|"
    for name, one in tallies.items():
        label = f"**{name}**" if name == OURS else name
        yield (
            f"| {label} | {percent(one.alarmed / one.prs)} | {percent(one.false_rate)} "
            f"| {percent(one.power)} | {one.mean_pairs:.1f}, {one.most} |"
        )


def settings_table(found: dict[Setting, dict[str, Tally]]) -> Iterator[str]:
    """One row per setting and rule, benchgov first."""
    yield (
        "| setting (PRs without, with a change) | rule | no-change PRs with an alarm "
        f"| false alarms per benchmark | found at +{SLOWDOWN * 100:.0f} % | inconclusive "
        "| pairs: mean, most |"
    )
    yield "|---|---|---|---|---|---|---|"
    for setting, tallies in found.items():
        title = f"**{setting.name}** ({setting.prs:,}, {setting.changed:,})"
        for name in BESIDE:
            one = tallies[name]
            undecided = percent(one.inconclusive / max(one.tests, 1)) if name == OURS else ""
            yield (
                f"| {title} | {name} | {percent(one.alarmed / one.prs)} | {percent(one.false_rate)} "
                f"| {percent(one.power)} | {undecided} | {one.mean_pairs:.1f}, {one.most} |"
            )
            title = ""


def percent(share: float) -> str:
    """`0 %`, `0.00005 %`, `2.1 %`, `97.5 %`: no small share looks like none."""
    if share < 0.01:
        return f"{np.format_float_positional(float(f'{share * 100:.2g}'), trim='-')} %"
    return f"{share * 100:.1f} %"


def report(main: Setting, further: Sequence[Setting], names: Sequence[str]) -> dict[str, list[str]]:
    """Marker → lines of the page."""
    first = tally(main, names)
    rest = {main: first}
    for setting in further:
        print(f"… {setting.name}", file=sys.stderr)
        rest[setting] = tally(setting, BESIDE)
    return {"rules": list(main_table(main, first)), "settings": list(settings_table(rest))}


def put(text: str, marker: str, lines: Sequence[str]) -> str:
    """`text` with `lines` between the marker's comments."""
    start, end = f"<!-- {marker}: measured -->", f"<!-- {marker}: end -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    assert len(pattern.findall(text)) == 1, f"{marker}: one place in the page"
    return pattern.sub(lambda _: "\n".join((start, "", *lines, "", end)), text)


def origin() -> str:
    """Where and when the figures were made."""
    head = run_process(["git", "rev-parse", "--short", "HEAD"], ROOT, 60)
    machine = describe(this_system(), run_process)[1]
    return (
        f"Made by `make decision-table` on {datetime.now(UTC):%Y-%m-%d}, {machine}, "
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}, at commit {head.stdout.strip()}."
    )


def main() -> int:
    """Measure; write the page, or print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="200 benchmarks, few pull requests; print only")
    if parser.parse_args().quick:
        small = [
            replace(one, benchmarks=min(one.benchmarks, 200), prs=10, changed=5) for one in (MAIN, *FURTHER)
        ]
        for lines in report(small[0], small[1:], tuple(RULES)).values():
            print("\n".join(lines), end="\n\n")
        return 0
    found = {"origin": [origin()], **report(MAIN, FURTHER, tuple(RULES))}
    text = PAGE.read_text(encoding="utf-8")
    for marker, lines in found.items():
        text = put(text, marker, lines)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

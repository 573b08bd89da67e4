"""How plans, reports and the progress of a measurement look on a terminal and in a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from benchgov.cli.common import console, print_json
from benchgov.units import humanize

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID
    from rich.table import Table

    from benchgov.measure.plan import Plan, Planned
    from benchgov.measure.progress import Progress
    from benchgov.report import Environment, Report, Run
    from benchgov.rim import Rim

MAX_ROWS = 200
_GROWTH_STYLES = {"over": "red", "inconclusive": "magenta"}
MAX_SENTENCES = 20
_STYLES = {"pass": "green", "fail": "red", "blocked": "yellow"}


def print_plan(rim: Rim, plan: Plan, output_format: str) -> None:
    """The plan, on standard output."""
    if output_format == "json":
        print_json(rim, plan.to_json())
        return
    table = _table("run", "family", "metrics", "warm-ups", "runs", "iterations", "isolation", "timeout")
    for run in plan.runs:
        sampling = run.sampling
        table.add_row(
            _plain(run.key),
            run.benchmark.family,
            ", ".join(metric.name for metric in run.benchmark.metrics),
            str(sampling.warmup),
            str(sampling.runs),
            str(sampling.iterations or "auto"),
            sampling.isolation,
            f"{sampling.timeout_seconds:g} s",
        )
    for source in plan.sources:
        table.add_row(
            f"{_plain(source.key)}/…",
            source.entry.family,
            f"those of {source.entry.source.tool}",
            str(source.warmup),
            str(source.runs),
            "the tool's",
            source.isolation,
            f"{source.timeout_seconds:g} s",
        )
    for protocol in plan.protocols:
        row = ("the result", "0", "1", "1", "functional", f"{protocol.timeout_seconds:g} s")
        table.add_row(_plain(protocol.key), protocol.entry.family, *row)
    console(rim).print(table)


def print_drift(rim: Rim, environment: Environment) -> None:
    """What is not as pinned, on standard error."""
    for item in environment.drift:
        rim.stderr.write(f"environment drift: {item.name}: wanted {item.wanted}, found {item.found}\n")


def print_report(rim: Rim, report: Report, output_format: str) -> None:
    """A report: one line per run, then what went wrong, then the verdicts."""
    if output_format == "json":
        print_json(rim, report.to_json())
        return
    out = console(rim)
    shown = _shown(report.runs)
    out.print(_runs_table(shown, _references(report.runs)))
    if hidden := len(report.runs) - len(shown):
        out.print(f"not listed: {hidden:,} runs (--format json has all)")
    for run in shown:
        if run.overall != "pass":
            out.print(f"[{_STYLES[run.overall]}]{run.overall}[/] {_plain(run.key)}: {_plain(run.reason)}")
            for line in run.stderr_tail.strip().splitlines()[-5:]:
                out.print(f"    {_plain(line)}")
    for line in _verdicts(report):
        out.print(line)


def _shown(runs: Sequence[Run]) -> Sequence[Run]:
    """All runs; of very many the first ones, and before those what went wrong."""
    if len(runs) <= MAX_ROWS:
        return runs
    return sorted(runs, key=lambda run: run.overall == "pass")[:MAX_ROWS]


def _verdicts(report: Report) -> Iterator[str]:
    summary = report.summary
    standing = {
        "pass": "pinned environment",
        "drift": "drifted environment: not authoritative",
        "unpinned": "environment not pinned: not authoritative",
    }[report.environment.gate]
    yield (
        f"[{_STYLES[summary.status]}]{summary.status}[/]: {summary.passed} passed, {summary.failed} failed, "
        f"{summary.blocked} blocked; {standing}"
    )
    gate = report.performance_gate
    yield f"performance gate: {gate.status}" + (f" ({_plain(gate.reason)})" if gate.reason else "")
    yield from (f"  {_plain(sentence)}" for sentence in gate.regressions[:MAX_SENTENCES])
    scales = report.scale_band_gate
    yield f"scale band gate: {scales.status}" + (f" ({_plain(scales.reason)})" if scales.reason else "")
    told = [one for one in scales.growth if one.verdict in _GROWTH_STYLES]
    for one in told[:MAX_SENTENCES]:
        yield f"  [{_GROWTH_STYLES[one.verdict]}]{one.verdict}[/] {_plain(one.sentence)}"


def _runs_table(runs: Sequence[Run], references: dict[tuple[str, float | None], tuple[str, float]]) -> Table:
    table = _table("run", "result", "median", "spread", "ratio", "memory", "samples", right=range(2, 7))
    for run in runs:
        times = _samples(run, "wall_time")
        memory = _samples(run, "peak_memory")
        table.add_row(
            _plain(run.key),
            f"[{_STYLES[run.overall]}]{run.overall}[/]",
            *_main_metric(run),
            _ratio(run, times, references),
            humanize(median(memory), "bytes") if memory else "",
            f"{run.sampling.runs} × {run.sampling.iterations}" if run.metrics else "",
        )
    return table


def _main_metric(run: Run) -> tuple[str, str]:
    """Median and spread of the wall time; of another metric, by its name, where no time was taken."""
    if not run.metrics:
        return "", ""
    metric = next((one for one in run.metrics if one.name == "wall_time"), run.metrics[0])
    name = "" if metric.name == "wall_time" else f" {metric.name}"
    return f"{humanize(median(metric.samples), metric.unit)}{name}", f"{_spread(metric.samples):.1f} %"


def _references(runs: Sequence[Run]) -> dict[tuple[str, float | None], tuple[str, float]]:
    """The variant that the others of its benchmark are compared with: `reference`, else the first."""
    found: dict[tuple[str, float | None], tuple[str, float]] = {}
    for run in runs:
        times = _samples(run, "wall_time")
        key = (run.benchmark, run.scale)
        if times and (key not in found or run.variant == "reference"):
            found[key] = (run.variant, median(times))
    return found


def _ratio(
    run: Run, times: Sequence[float], references: dict[tuple[str, float | None], tuple[str, float]]
) -> str:
    variant, reference = references.get((run.benchmark, run.scale), ("", 0.0))
    if not times or variant == run.variant or not reference:
        return ""
    return f"{median(times) / reference:.3g} × {variant}"


def _spread(values: Sequence[float]) -> float:
    """Median absolute deviation, in percent of the median."""
    middle = median(values)
    return 100 * median(abs(value - middle) for value in values) / middle if middle else 0.0


def _samples(run: Run, metric: str) -> tuple[float, ...]:
    return next((item.samples for item in run.metrics if item.name == metric), ())


def _table(*columns: str, right: Sequence[int] = ()) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", no_wrap=index == 0)
    return table


def _plain(text: str) -> str:
    """`text` without meaning to rich's markup."""
    from rich.markup import escape

    return escape(text)


@contextmanager
def progress(rim: Rim, total: int) -> Iterator[Progress]:
    """A bar on a terminal, otherwise a line per run; both on standard error."""
    if not rim.stderr.isatty():
        yield LogLines(rim, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    screen = Console(file=rim.stderr, no_color=bool(rim.environ.get("NO_COLOR")))
    with Progress(*columns, console=screen, transient=True, refresh_per_second=2) as bar:
        yield TerminalBar(bar, bar.add_task("starting", total=total), total)


class LogLines:
    """One line per finished run."""

    def __init__(self, rim: Rim, total: int) -> None:
        self._rim, self._total, self._done = rim, total, 0

    def begin(self, planned: Planned) -> None:
        """Nothing: the line comes when the run is done."""

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """`sort@1000/fast: look 2 of 3, up to 20 pairs`; nothing for the first one."""
        if look > 1:
            self._rim.stderr.write(f"{planned.key}: look {look} of {looks}, up to {pairs} pairs\n")
            self._rim.stderr.flush()

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """`py: execution 2 of 7`."""
        self._rim.stderr.write(f"{planned.key}: execution {number} of {total}\n")
        self._rim.stderr.flush()

    def found(self, count: int) -> None:
        """So many instead of the one that was planned."""
        self._total += count - 1

    def done(self, run: Run) -> None:
        """`[3/20] sort@1000/optimized: pass, 12.3 µs`."""
        self._done += 1
        times = _samples(run, "wall_time")
        result = humanize(median(times), "ns") if times else run.reason
        self._rim.stderr.write(f"[{self._done}/{self._total}] {run.key}: {run.overall}, {result}\n")
        self._rim.stderr.flush()


class TerminalBar:
    """A progress bar that names the run; it redraws seldom, because drawing costs time on a small machine."""

    def __init__(self, bar: Bar, task: TaskID, total: int) -> None:
        self._bar, self._task, self._total = bar, task, total

    def begin(self, planned: Planned) -> None:
        """Show the run's name."""
        self._bar.update(self._task, description=_plain(planned.key))

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """Show how many pairs there will be, and which look it is."""
        shown = f"{_plain(planned.key)} ({pairs} pairs, look {look} of {looks})"
        self._bar.update(self._task, description=shown)

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """Show how far the source is."""
        self._bar.update(self._task, description=f"{_plain(planned.key)} ({number} of {total})")

    def found(self, count: int) -> None:
        """So many instead of the one that was planned."""
        self._total += count - 1
        self._bar.update(self._task, total=self._total)

    def done(self, run: Run) -> None:
        """One step further."""
        del run
        self._bar.advance(self._task)

"""The log of another tool becomes a report with every sample of it; a log that is not whole becomes none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from layers import Layers, main
from samples import FACTS, NOW, PINS, benchgov

from benchgov.adapters.assemble import Rules, build_report
from benchgov.adapters.interface import Log, MalformedLogError
from benchgov.adapters.registry import adapters
from benchgov.adapters.registry import detect as detect_tool
from benchgov.canonical import Json, sha256_hex
from benchgov.environment.pinned import judge
from benchgov.report import Report

LAYERS = ("recorded", "read", "refused", "program")
LOGS = Path(__file__).resolve().parents[2] / "tests" / "data"
RECORDED = {
    "go": ("go/1.26-text.txt", "amd64"),
    "pytest-benchmark": ("pytest-benchmark/5.2.3.json", '"benchmarks"'),
    "hyperfine": ("hyperfine/1.20.0.json", '"results"'),
}


def protocol(layers: Layers, *, detect: Any = detect_tool, build: Any = build_report) -> Json:
    """Logs that the tools themselves wrote, whole and cut."""
    known = adapters()
    output: dict[str, Json] = {}

    def read(text: str) -> Report:
        log = Log("log", text)
        made: Report = build(
            [detect(log, known).read(log, False)],
            Rules("imported", "default"),
            environment=judge(FACTS, PINS),
            revision=(None, None),
            now=NOW,
        )
        return made

    with layers.layer("recorded"):
        texts = {tool: (LOGS / path).read_text("utf-8") for tool, (path, _) in RECORDED.items()}
        marks = [mark in texts[tool] for tool, (_, mark) in RECORDED.items()]
        layers.expect("the logs are those of the tools", all(marks), marks)
    with layers.layer("read"):
        for tool, text in texts.items():
            layers.equal(
                f"{tool}: its log is known by its content", detect(Log("log", text), known).name, tool
            )
            report = read(text)
            samples = sum(len(metric.samples) for run in report.runs for metric in run.metrics)
            output[tool] = {"sha256": sha256_hex(text.encode()), "runs": len(report.runs), "samples": samples}
            layers.expect(
                f"{tool}: the same log makes the same report", read(text).to_bytes() == report.to_bytes()
            )
            imported = {run.sampling.isolation for run in report.runs}
            layers.equal(f"{tool}: its runs say that they are imported", imported, {"imported"})
        durations = [1e9 * second for second in json.loads(texts["hyperfine"])["results"][0]["times"]]
        found = read(texts["hyperfine"]).runs[0].metrics[0]
        layers.equal("the samples are those of the log, in nanoseconds", list(found.samples), durations)
        foreign = read(texts["go"]).environment
        layers.equal("a log of another machine has drifted", foreign.gate, "drift")
    with layers.layer("refused"):
        for tool, text in texts.items():
            layers.refused(
                f"{tool}: half of its log is refused", lambda t=text: read(_half(t)), MalformedLogError
            )
        nan = texts["hyperfine"].replace('"mean": ', '"mean": NaN, "was": ', 1)
        for name, wrong in (
            ("an empty log", " \n"),
            ("a log of no tool", "hello\n"),
            ("a log with NaN", nan),
        ):
            layers.refused(f"{name} is refused", lambda t=wrong: read(t), MalformedLogError)
    with layers.layer("program"):
        go, cut = layers.folder / "go.txt", layers.folder / "cut.txt"
        go.write_text(texts["go"])
        cut.write_text(_half(texts["go"]))
        asked = ("import", "--allow-drift")  # the log may or may not be of a machine like this one
        layers.equal("the program reads it", benchgov(layers.folder, *asked, str(go)).status, 0)
        made = layers.folder / ".benchgov" / "out" / "report.json"
        layers.expect("and writes a report", made.is_file())
        made.unlink()
        layers.equal("it ends with 3 for half a log", benchgov(layers.folder, *asked, str(cut)).status, 3)
        layers.expect("and writes nothing", not made.exists())
    return output


def _half(text: str) -> str:
    """The first half, which ends inside a line."""
    half = text[: len(text) // 2].rstrip()
    return half[: half.rindex("\n") + 20] if "{" not in text[:2] else half


if __name__ == "__main__":
    main(protocol, LAYERS)

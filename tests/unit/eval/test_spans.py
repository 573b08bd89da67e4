"""Spans where OpenTelemetry listens, and nothing at all where it does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.eval_builders import STUB, Hosts, Observed, copy_bench

from benchgov.eval.prepare import Request, prepare
from benchgov.eval.runner import Options, World, run_eval
from benchgov.eval.spans import SILENT, open_tracer

pytestmark = pytest.mark.effects


def test_a_run_is_a_tree_of_spans(
    tmp_path: Path, now: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`eval-run` holds a `case` each, which holds `sut-invoke` and `rubric-subprocess`, with attributes."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    bench = copy_bench(tmp_path)
    request = Request(STUB, tmp_path, bench.parent, isolation="subprocess")
    hosts = Hosts()
    world = World({}, now, "host", Observed(), open_tracer({}), hosts=lambda *_: hosts)
    report = run_eval(request, prepare(request, {}), Options(None, None, 2), world).report
    spans = exporter.get_finished_spans()
    by_id = {span.context.span_id: span for span in spans if span.context}
    paths = sorted(
        (by_id[span.parent.span_id].name if span.parent else "") + "/" + span.name for span in spans
    )
    assert paths == sorted(["/eval-run", *["eval-run/case", "case/sut-invoke", "case/rubric-subprocess"] * 3])
    (root,) = [span for span in spans if span.parent is None]
    assert root.attributes
    assert root.attributes["benchgov.run_id"] == report.run_id
    assert {
        span.attributes["benchgov.case_id"] for span in spans if span.name == "case" and span.attributes
    } == {case_id for case_id, _ in report.per_case}
    provider.shutdown()


def test_nobody_listening_costs_no_import() -> None:
    """OpenTelemetry is loaded when an exporter is named, and not otherwise."""
    code = (
        "import sys; from benchgov.eval.spans import SILENT, open_tracer;"
        "assert open_tracer({}) is SILENT; assert open_tracer({'OTEL_TRACES_EXPORTER': 'none'}) is SILENT;"
        "assert 'opentelemetry' not in sys.modules;"
        "assert open_tracer({'OTEL_TRACES_EXPORTER': 'otlp'}) is not SILENT"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_silent_span_takes_attributes() -> None:
    """What is asked of a span can be asked of none."""
    with SILENT.span("eval-run", None, run_id="x") as span:
        span.set(score=1.0)

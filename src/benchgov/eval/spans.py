"""Spans of OpenTelemetry, where somebody listens: a context manager that costs nothing otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

_LISTENING = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span(Protocol):
    """An open span: what is found out later becomes an attribute of it."""

    def set(self, **attributes: str | int | float | bool) -> None:
        """Add attributes."""


class Tracer(Protocol):
    """Opens spans; a span opened with a parent is its child, whatever thread opens it."""

    def span(
        self, name: str, parent: Span | None = None, /, **attributes: Any
    ) -> AbstractContextManager[Span]:
        """A span until the block ends."""


class _Nothing:
    """Nobody listens."""

    def set(self, **_attributes: Any) -> None:
        pass

    def span(
        self, _name: str, _parent: Span | None = None, /, **_attributes: Any
    ) -> AbstractContextManager[Span]:
        return nullcontext(self)


SILENT = _Nothing()


def open_tracer(environ: Mapping[str, str]) -> Tracer:
    """OpenTelemetry's tracer, when the program around has loaded it or the environment names an exporter.

    Without the extra `tracing` there is nothing to load, and no span.
    """
    asked = any(environ.get(name, "none") not in ("", "none") for name in _LISTENING)
    if "opentelemetry.trace" not in sys.modules and not (asked and find_spec("opentelemetry")):
        return SILENT
    return _OpenTelemetry(import_module("opentelemetry.trace"))


class _OpenSpan:
    def __init__(self, span: Any) -> None:
        self.span = span

    def set(self, **attributes: str | int | float | bool) -> None:
        for name, value in attributes.items():
            self.span.set_attribute(f"benchgov.{name}", value)


class _OpenTelemetry:
    def __init__(self, trace: Any) -> None:
        self._trace = trace
        self._tracer = trace.get_tracer("benchgov.eval")

    @contextmanager
    def span(self, name: str, parent: Span | None = None, /, **attributes: Any) -> Iterator[Span]:
        context = None
        if isinstance(parent, _OpenSpan):
            context = self._trace.set_span_in_context(parent.span)
        with self._tracer.start_as_current_span(name, context=context) as span:
            opened = _OpenSpan(span)
            opened.set(**attributes)
            yield opened

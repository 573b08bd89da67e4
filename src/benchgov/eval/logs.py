"""What the harness says while it runs: structlog to standard error, JSON in CI, readable on a terminal.

No environment variable and no secret is ever said: values of variables that are named like secrets are taken
out wherever they appear, and so is all that looks like a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TextIO

from benchgov.eval.models import BenchScore
from benchgov.sensitive import is_secret, sensitive

if TYPE_CHECKING:
    from benchgov.eval.models import BenchRunReport

REDACTED = "[redacted]"
_MIN_SECRET = 6
_CI = ("CI", "GITHUB_ACTIONS")
_BRIEF = ("run_id", "mean_score", "lower_bound_95", "passed_count", "total_cost_usd", "complete")
_NOT_SECRET = ("an e-mail address", "a private path")

Event = MutableMapping[str, Any]


class EvalLog:
    """The log of one run; also its observer."""

    def __init__(self, environ: Mapping[str, str], stream: TextIO) -> None:
        self._environ, self._stream = environ, stream
        self._opened: Any = None
        self._whole = is_machine(environ)

    @property
    def _log(self) -> Any:
        if self._opened is None:
            self._opened = open_log(self._environ, self._stream)
        return self._opened

    def scored(self, case_id: str, score: BenchScore, *, hit: bool) -> None:
        """A case has its score; one that blocks is an error."""
        tell = self._log.error if score.blocking else self._log.info
        facts = score.to_json() if self._whole else _brief(score)
        tell("case", case_id=case_id, cache_hit=hit, **facts)

    def warned(self, event: str, **facts: str | float) -> None:
        """Something is not as it should be, and the run goes on."""
        self._log.warning(event, **facts)

    def said(self, event: str, **facts: Any) -> None:
        """A boundary was crossed."""
        self._log.info(event, **facts)

    def reported(self, report: BenchRunReport, hits: int) -> None:
        """The run has its report."""
        facts = report.model_dump(mode="json", exclude={"per_case"})
        if not self._whole:
            facts = {name: facts[name] for name in _BRIEF}
        self._log.info("report", cases=len(report.per_case), cache_hits=hits, **facts)


def _brief(score: BenchScore) -> dict[str, Any]:
    """What a person wants to see pass by; the report has the rest."""
    facts: dict[str, Any] = {"passed": score.passed, "score": round(score.score, 4)}
    modes = [mode.code + (f" ({mode.detail})" if mode.detail else "") for mode in score.failure_modes]
    return {**facts, "failure_modes": "; ".join(modes)} if modes else facts


def is_machine(environ: Mapping[str, str]) -> bool:
    """Whether a machine reads what is said: in CI."""
    return any(environ.get(name) not in (None, "", "false") for name in _CI)


def open_log(environ: Mapping[str, str], stream: TextIO) -> Any:
    """A structlog logger that writes to `stream`."""
    import structlog

    colours = stream.isatty() and not environ.get("NO_COLOR")
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if is_machine(environ)
        else structlog.dev.ConsoleRenderer(colors=colours)
    )
    return structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            redactor(environ),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=True,
    )


def redactor(environ: Mapping[str, str]) -> Callable[[Any, str, Event], Event]:
    """The processor that takes secrets out of every text of an event."""
    secrets = sorted(
        {value for name, value in environ.items() if _is_named_secret(name, value)}, key=len, reverse=True
    )

    def redact(_logger: Any, _method: str, event: Event) -> Event:
        return {key: _redacted(value, key, secrets) for key, value in event.items()}

    return redact


def _is_named_secret(name: str, value: str) -> bool:
    words = ("KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL", "AUTH")
    return len(value) >= _MIN_SECRET and (
        any(word in name.upper() for word in words) or is_secret(name, value)
    )


def _redacted(value: Any, name: str, secrets: list[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, REDACTED)
        for what, found in list(sensitive(value, name)):
            value = value if what in _NOT_SECRET else value.replace(found, REDACTED)
        return value
    if isinstance(value, Mapping):
        return {key: _redacted(item, str(key), secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(item, name, secrets) for item in value]
    return value

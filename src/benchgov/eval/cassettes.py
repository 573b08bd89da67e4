"""HTTP cassettes: a system under test is answered from a recording, byte for byte, and from nothing else.

Matching is strict: method, scheme, host, port, path, query and body. A case's canary is written to a cassette
as `PLACEHOLDER`, so that a case may be pinned anew without another recording. Needs vcrpy
(`benchgov[cassettes]`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from benchgov.canonical import digest_of, tree_digest
from benchgov.errors import EvalError, InputError
from benchgov.files import read_text

MATCH_ON = ("method", "scheme", "host", "port", "path", "query", "raw_body")
"""The body as it is: vcrpy's matcher `body` parses what calls itself a form, where all prose is equal."""

PLACEHOLDER = "__BENCHGOV_CANARY__"
SECRET_HEADERS = (
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-api-key",
    "x-goog-api-key",
)
"""Never on a cassette, which is committed."""

MAX_CASSETTE_BYTES = 64 * 1024 * 1024
_MAX_SHOWN = 3


class CassetteMissError(Exception):
    """A request that is not on the cassette, or was answered from it already."""


def preload() -> None:
    """Import what replays, so that a fork need not.

    Raises:
        EvalError: vcrpy is not installed.
    """
    _vcr()


@contextmanager
def replay(path: Path, canary: str) -> Iterator[None]:
    """Answer the HTTP requests of the block from the cassette at `path`; none goes out.

    Each recording is played once.

    Raises:
        CassetteMissError: a request is not on the cassette, whatever the block made of that.
        InputError: the cassette is missing, or is none.
        EvalError: vcrpy is not installed.
    """
    missed: list[str] = []
    with _recorder(path, canary, "none").use_cassette(str(path)) as cassette:
        _note_misses(cassette, missed)
        try:
            yield
        finally:
            if missed:
                more = f" (and {len(missed) - _MAX_SHOWN} more)" if len(missed) > _MAX_SHOWN else ""
                raise CassetteMissError(f"not on the cassette: {', '.join(missed[:_MAX_SHOWN])}{more}")


@contextmanager
def record(path: Path, canary: str) -> Iterator[None]:
    """Let the HTTP requests of the block go out, and write them with their answers to a cassette.

    For the author of a case, once; a cassette that is there is replaced. Headers with secrets are left out.

    Raises:
        EvalError: vcrpy is not installed.
    """
    path.unlink(missing_ok=True)
    with _recorder(path, canary, "all").use_cassette(str(path)):
        yield


def corpus_digest(folder: Path | None) -> str:
    """The digest of all cassettes below `folder`; that of nothing when there is no such folder.

    Raises:
        InputError: it holds a link or a special file.
    """
    return tree_digest(folder) if folder is not None and folder.is_dir() else digest_of([])


def _vcr() -> Any:
    try:
        return import_module("vcr")
    except ImportError as error:
        raise EvalError(
            "a case has a cassette, and vcrpy is not installed", remedy="pip install 'benchgov[cassettes]'"
        ) from error


def _recorder(path: Path, canary: str, mode: str) -> Any:
    vcr = _vcr()
    recorder = vcr.VCR(
        record_mode=vcr.mode(mode),
        match_on=MATCH_ON,
        serializer="json" if path.suffix == ".json" else "yaml",
        filter_headers=SECRET_HEADERS,
        before_record_request=lambda request: _with_placeholder(request, canary),
        before_record_response=_pinned(canary) if mode == "none" else _unpinned(canary),
    )
    if mode == "none":
        recorder.register_persister(_strict_reader())
    return recorder


def _with_placeholder(request: Any, canary: str) -> Any:
    """A copy of `request` as it is on the cassette; the original may be on its way."""
    masked = copy.copy(request)
    masked.uri = request.uri.replace(canary, PLACEHOLDER)
    masked.headers = _replaced(dict(request.headers), canary, PLACEHOLDER)
    if isinstance(request.body, bytes | bytearray):
        masked.body = _replaced(bytes(request.body), canary, PLACEHOLDER)
    return masked


def _pinned(canary: str) -> Callable[[Any], Any]:
    return lambda response: _replaced(response, PLACEHOLDER, canary)


def _unpinned(canary: str) -> Callable[[Any], Any]:
    def unpin(response: Any) -> Any:
        headers = {
            name: value for name, value in response["headers"].items() if name.lower() not in SECRET_HEADERS
        }
        return _replaced({**response, "headers": headers}, canary, PLACEHOLDER)

    return unpin


def _replaced(value: Any, old: str, new: str) -> Any:
    """`value` with `old` replaced in every text, however deep."""
    match value:
        case str():
            return value.replace(old, new)
        case bytes():
            return value.replace(old.encode(), new.encode())
        case dict():
            return {key: _replaced(member, old, new) for key, member in value.items()}
        case list() | tuple():
            return type(value)(_replaced(member, old, new) for member in value)
    return value


def _note_misses(cassette: Any, missed: list[str]) -> None:
    """Note each request that the cassette cannot answer, since a SUT may swallow the exception."""
    answers = cassette.can_play_response_for

    def noted(request: Any) -> bool:
        can = bool(answers(request))
        line = f"{request.method} {request.uri}"
        if not can and line not in missed[-1:]:  # it is asked twice for one request
            missed.append(line)
        return can

    cassette.can_play_response_for = noted


def _strict_reader() -> type[Any]:
    from yaml import YAMLError

    deserialize = import_module("vcr.serialize").deserialize

    class Reader:
        """Reads a cassette or says what is wrong with it, where vcrpy would go on with an empty one."""

        @staticmethod
        def load_cassette(cassette_path: Any, serializer: Any) -> Any:
            text = read_text(Path(cassette_path), MAX_CASSETTE_BYTES)
            try:
                return deserialize(text, serializer)
            except (YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(f"not a cassette: {error}", where=str(cassette_path)) from error

        @staticmethod
        def save_cassette(cassette_path: Any, _cassette: Any, _serializer: Any) -> NoReturn:
            raise AssertionError(f"{cassette_path} is replayed, and never written")

    return Reader

"""Cassettes: recorded once from a real server, and replayed when there is none any more."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.sut_builders import PIN, acting, ask, failure_of, make_repository, opened

from benchgov.errors import InputError
from benchgov.eval.canary import canary_of
from benchgov.eval.cassettes import PLACEHOLDER, CassetteMissError, corpus_digest, preload, record, replay
from benchgov.eval.isolation import landlock
from benchgov.eval.models import BenchCase
from benchgov.eval.sut.host import Sut

CANARY = canary_of(PIN)
OTHER_PIN = "f" * 32


class Model(BaseHTTPRequestHandler):
    """Answers with a number that counts the requests, and with the prompt."""

    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        prompt = self.rfile.read(int(self.headers["content-length"]))
        body = b"%d " % self.asked + prompt
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("set-cookie", "session=hush")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is printed."""


def post(address: str, body: bytes, path: str = "/v1/complete?n=1") -> bytes:
    request = urllib.request.Request(address + path, data=body, headers={"x-api-key": "hush"})
    with urllib.request.urlopen(request, timeout=10) as response:
        content: bytes = response.read()
    return content


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The address of a server that is down by now, and the cassette of two prompts that it answered."""
    cassette = tmp_path_factory.mktemp("cassettes") / "001.yaml"
    with HTTPServer(("127.0.0.1", 0), Model) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            with record(cassette, CANARY):
                post(address, b"fix " + CANARY.encode())
                post(address, b"check " + CANARY.encode())
        finally:
            server.shutdown()
            thread.join()
    return address, cassette


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("replayed") / "repository")


@pytest.fixture(scope="module")
def sut(root: Path) -> Iterator[Sut]:
    with opened(root, "act") as opened_sut:
        yield opened_sut


def case_with(
    root: Path, name: str, recorded: tuple[str, Path], prompt: str = "fix ", pin: str = PIN
) -> BenchCase:
    case = acting(root, name, address=recorded[0], prompt=prompt)
    return case.model_copy(update={"cassette_path": recorded[1], "cassette_canary_pin": pin})


def test_what_was_recorded_is_replayed_byte_for_byte(recorded: tuple[str, Path]) -> None:
    """Each prompt has its own answer, in whatever order they are asked; no server is there."""
    address, cassette = recorded
    before = cassette.read_bytes()
    for _ in range(2):
        with replay(cassette, CANARY):
            assert post(address, b"check " + CANARY.encode()) == b"2 check " + CANARY.encode()
            assert post(address, b"fix " + CANARY.encode()) == b"1 fix " + CANARY.encode()
    assert cassette.read_bytes() == before


def test_a_cassette_holds_no_secret_and_no_canary(recorded: tuple[str, Path]) -> None:
    """It is committed: keys and cookies are left out, and the canary is a placeholder."""
    text = recorded[1].read_text(encoding="utf-8")
    assert "hush" not in text
    assert CANARY not in text
    assert text.count(PLACEHOLDER) == 4


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"fix other ", "/v1/complete?n=1"),
        (b"fix ", "/v1/complete?n=2"),
        (b"fix ", "/v2/complete?n=1"),
    ],
)
def test_a_request_that_was_not_recorded_is_a_miss(
    recorded: tuple[str, Path], body: bytes, path: str
) -> None:
    """Another body, query or path to the same server is another request, and the message names it."""
    address, cassette = recorded
    with pytest.raises(CassetteMissError, match="not on the cassette: POST http"), replay(cassette, CANARY):
        post(address, body + CANARY.encode(), path)


def test_a_recording_is_played_once(recorded: tuple[str, Path]) -> None:
    """The same request again is a miss: the server might have answered something else."""
    address, cassette = recorded

    def twice() -> None:
        with replay(cassette, CANARY):
            for _ in range(2):
                post(address, b"fix " + CANARY.encode())

    with pytest.raises(CassetteMissError):
        twice()


@pytest.mark.parametrize("text", ["", "interactions: [", "a: 1", "\x00", "[]"])
def test_what_is_no_cassette_is_an_error(tmp_path: Path, text: str) -> None:
    """Not an empty one, of which every request is a miss."""
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="broken"), replay(path, CANARY):
        raise AssertionError("replayed")


def test_a_cassette_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """It names the file."""
    with pytest.raises(InputError, match="no such file"), replay(tmp_path / "gone.yaml", CANARY):
        raise AssertionError("replayed")


def test_a_sut_is_answered_from_its_cases_cassette(root: Path, sut: Sut, recorded: tuple[str, Path]) -> None:
    """With its pinned canary in the prompt; two invocations give the same bytes."""
    answers = [ask(sut, case_with(root, "asks_model", recorded)).output for _ in range(2)]
    assert answers == [{"answer": f"1 fix {CANARY}"}] * 2


def test_a_case_may_be_pinned_anew_without_another_recording(
    root: Path, sut: Sut, recorded: tuple[str, Path]
) -> None:
    """The new canary is in the request and in the answer."""
    answer = ask(sut, case_with(root, "asks_model", recorded, pin=OTHER_PIN)).output
    assert answer == {"answer": f"1 fix {canary_of(OTHER_PIN)}"}


@pytest.mark.parametrize("name", ["asks_model", "swallows_misses"])
def test_a_miss_fails_the_case_whatever_the_sut_makes_of_it(
    root: Path, sut: Sut, recorded: tuple[str, Path], name: str
) -> None:
    """It is an exception of the SUT, which names the request."""
    failure = failure_of(sut, case_with(root, name, recorded, prompt="guess "))
    assert failure.code == "sut.exception"
    assert f"CassetteMissError: not on the cassette: POST {recorded[0]}/v1/complete?n=1" in failure.detail


@pytest.mark.skipif(landlock.abi() < landlock.TCP_ABI, reason="Landlock does not know TCP here")
def test_a_program_cannot_go_around_the_cassette(root: Path, sut: Sut, recorded: tuple[str, Path]) -> None:
    """No connection is made for a case that has a cassette, by whatever the SUT starts."""
    answer = ask(sut, case_with(root, "goes_around", recorded)).output
    assert answer == {"refused": True, "status": 1}


def test_the_digest_of_a_corpus_changes_with_any_cassette(tmp_path: Path) -> None:
    """Also with its name; a bench without cassettes has the digest of nothing."""
    nothing = corpus_digest(None)
    assert corpus_digest(tmp_path / "missing") == corpus_digest(tmp_path) == nothing
    (tmp_path / "a.yaml").write_text("1", encoding="utf-8")
    first = corpus_digest(tmp_path)
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert len({nothing, first, corpus_digest(tmp_path)}) == 3


def test_without_vcrpy_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an optional dependency."""
    import sys

    from benchgov.errors import EvalError

    monkeypatch.setitem(sys.modules, "vcr", None)
    with pytest.raises(EvalError, match="vcrpy") as error:
        preload()
    assert "benchgov[cassettes]" in error.value.remedy

"""The harness's log: JSON in CI, readable elsewhere, and never a secret or an environment variable in it."""

from __future__ import annotations

import io
import json

import pytest
from tests.eval_builders import mode, score

from benchgov.eval.logs import REDACTED, EvalLog, is_machine

KEY = "corner-shop-9f2b"
TOKEN = "ghp_" + "a1B2" * 9


def said(environ: dict[str, str]) -> str:
    stream = io.StringIO()
    log = EvalLog(environ, stream)
    detail = f"the service at https://me:{KEY}@host said {TOKEN} to {environ.get('SOME_API_KEY')}"
    log.scored("001", score(0.5, failure_modes=(mode("bad", "block", detail),)), hit=True)
    log.warned("cost.near", spent_usd=1.5, note=detail)
    log.said("chain.verified", records=3, deep={"texts": [detail]})
    return stream.getvalue()


def test_a_machine_gets_one_json_object_a_line() -> None:
    """With everything that the score has; a case that blocks is an error."""
    lines = [json.loads(line) for line in said({"CI": "true"}).splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("case", "error"),
        ("cost.near", "warning"),
        ("chain.verified", "info"),
    ]
    assert (lines[0]["case_id"], lines[0]["score"], lines[0]["cache_hit"]) == ("001", 0.5, True)


@pytest.mark.parametrize("ci", ["true", ""])
def test_no_secret_is_ever_said(ci: str) -> None:
    """Neither the value of a variable that is named like one, nor what looks like one; nested as well."""
    text = said({"CI": ci, "SOME_API_KEY": KEY, "PATH": "/usr/bin"})
    assert KEY not in text
    assert TOKEN not in text
    assert "/usr/bin" not in text
    assert REDACTED in text


def test_a_person_gets_no_json_and_no_colours_in_a_file() -> None:
    """The score in short, and what failed."""
    text = said({})
    assert "score=0.5" in text
    assert "breakdown" not in text
    assert "\x1b" not in text


def test_ci_is_what_says_that_it_is() -> None:
    """`CI=false` says that it is not."""
    assert is_machine({"GITHUB_ACTIONS": "true"})
    assert not is_machine({"CI": "false"})
    assert not is_machine({})

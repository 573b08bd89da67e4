"""What must not be recorded is found and named, never shown; digests and ordinary names are left alone."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchgov.audit.redaction import inspect, refuse
from benchgov.errors import RefusedError, UsageError

# Put together here, so that no scanner takes this file for a leak.
LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3hJ6kL9n"
SECRETS = [
    ("a GitHub token", "ghp_" + LETTERS[:36]),
    ("a GitHub token", "ghs_" + LETTERS),
    ("a GitHub token", "github_pat_" + LETTERS + "_" + LETTERS),
    ("a GitLab token", "glpat-" + LETTERS[:20]),
    ("an AWS access key", "AKIA" + "ABCDEFGH234567QR"),
    ("an AWS access key", "ASIA" + "ABCDEFGH234567QR"),
    ("a Google API key", "AIza" + LETTERS[:35]),
    ("a Slack token", "xoxb-" + "123456789012-" + LETTERS[:24]),
    ("a package registry's token", "npm_" + LETTERS[:36]),
    ("a payment or model provider's key", "sk_live_" + LETTERS[:24]),
    ("a private key", "-----BEGIN OPENSSH PRIVATE" + " KEY-----"),
    ("a private key", "-----BEGIN PRIVATE" + " KEY-----"),
    ("a JSON web token", "eyJ" + LETTERS[:20] + ".eyJ" + LETTERS[:30] + "." + LETTERS),
    ("a password in an address", "https://" + "me:hunter2" + "@example.org/repo"),
    ("a secret that is assigned to a name", "API_KEY=" + LETTERS[:24]),
    ("a secret that is assigned to a name", 'client_secret: "' + LETTERS[:32] + '"'),
    ("a secret that is assigned to a name", "password = " + LETTERS[:14]),
    ("a secret that is assigned to a name", "Authorization: Bearer " + LETTERS),
    ("a secret that is assigned to a name", "api_key=" + hashlib.sha256(b"k").hexdigest()),
    ("an e-mail address", "jane.doe" + "@example.org"),
    ("an e-mail address", "see <x+y" + "@mail.example.co.uk>, please"),
    ("a private path", "/home" + "/jane/project"),
    ("a private path", "file:///Users" + "/jane/x.json"),
    ("a private path", "C:\\Users" + "\\jane\\x"),
    ("a private path", "c:/Users" + "/jane"),
    ("a private path", "cannot open '/root" + "/.ssh/id'"),
    ("a private path", "/tmp"),
    ("a private path", "/private/var/tmp" + "/x"),
]


@pytest.mark.parametrize(("what", "text"), SECRETS)
def test_what_must_not_be_recorded_is_found(what: str, text: str) -> None:
    """Alone, in a sentence, in a list, and in a key; the message has the place and never the text."""
    for value, pointer in (
        ({"subject": {"note": text}}, "/subject/note"),
        ({"subject": {"note": f"we ran {text} and it was fine"}}, "/subject/note"),
        ({"a/b~c": ["x", text]}, "/a~1b~0c/1"),
        (text, ""),
    ):
        findings = inspect(value)
        assert (pointer, what) in [(one.pointer, one.what) for one in findings]
        with pytest.raises(RefusedError) as caught:
            refuse(value, (), "draft")
        shown = "\n".join([str(caught.value), *caught.value.details, caught.value.remedy])
        assert text not in shown
        assert LETTERS[:14] not in shown


@pytest.mark.parametrize(("what", "text"), SECRETS)
def test_a_secret_in_a_key_is_not_shown_either(what: str, text: str) -> None:
    """The pointer counts the key instead, also above what lies below it."""
    findings = inspect({"x": {"first": 1, text: {"deeper": "jane" + "@example.org"}}})
    assert ("/x", f"{what}, in key 2") in [(one.pointer, one.what) for one in findings]
    assert ("/x/(key 2)/deeper", "an e-mail address") in [(one.pointer, one.what) for one in findings]
    assert not any(text in str(one) for one in findings)


def test_a_value_may_be_a_secret_by_its_name() -> None:
    """A key that says so, with a value as random as one; a word, a count or a digest is none."""
    for name in ("token", "access_token", "github-token", "apiKey", "db_password", "CLIENT_SECRET"):
        assert inspect({name: LETTERS[:24]}), name
    for name, value in (
        ("tokens", "4096"),
        ("tokens_per_second", LETTERS),
        ("token", "none of your business 1"),
        ("password", "aaaaaaaaaaaaaaa1"),
        ("password_sha256", hashlib.sha256(b"x").hexdigest()),
        ("secret_digest", LETTERS),
        ("author", LETTERS),
    ):
        assert not inspect({name: value}), name


@pytest.mark.parametrize(
    "text",
    [
        "actions/checkout@v4",
        "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        "git@github.com:org/repo.git",
        "https://github.com/org/repo/home/index.html",
        "https://example.org/tmp/x",
        "src/home/x",
        "./tmp/x",
        "bench/tmp",
        "/usr/bin/python3",
        "/github/workspace",
        "/tmpfs",
        "/rooted",
        "pkg:pypi/name@1.2.3",
        "Intel(R) Core(TM) i7 @ 2.60GHz",
        "refs/heads/main",
        "blake3:" + "0" * 64,
        "run/core/" + "a" * 64,
        "20260131T235959.123456Z-1a2b3c",
        "key=value; other=1",
        "token",
        "C:\\hostedtoolcache\\x",
        "",
    ],
)
def test_ordinary_texts_are_left_alone(text: str) -> None:
    """Versions, commits, remotes, addresses, the runner's own folders."""
    assert inspect({"x": text, "y": [text]}) == ()


DIGESTS = st.binary(min_size=32, max_size=32).flatmap(
    lambda raw: st.sampled_from(
        [
            raw.hex(),
            raw.hex().upper(),
            base64.b64encode(raw).decode(),
            "sha256-" + base64.b64encode(raw).decode(),
            "sha256:" + raw.hex(),
            "blake3:" + raw.hex(),
            f"report.json@sha256:{raw.hex()}",
            f"sha256={base64.b64encode(raw).decode()}",
            f"digest = {raw.hex()}, size = 12",
            f"integrity: sha256-{base64.b64encode(raw).decode()}",
        ]
    )
)


def raw_of(text: str) -> bytes:
    """The 32 bytes whose Base64 is `text`."""
    return base64.b64decode(text)


@given(digest=DIGESTS, name=st.sampled_from(["sha256", "blake3", "digest", "name", "token_sha256", "x"]))
@example(base64.b64encode(raw_of("/tmp/" + "a" * 38 + "=")).decode(), "sha256")
@example("/home/" + "jane/" + "a" * 31 + "A=", "sha256")
@example("AIza" + "a" * 35 + "+/aA=", "sha256")
@example("AKIA" + "ABCDEFGH234567QR" + "/" * 22 + "A=", "sha256")
def test_a_digest_is_never_taken_for_a_secret(digest: str, name: str) -> None:
    """In hexadecimal or Base64, even one that spells a path or a token's prefix."""
    assert inspect({name: digest, "list": [digest], "text": f"it has {digest} now", digest: 1}) == ()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_value_can_be_looked_through(value: Any) -> None:
    """No text makes it fail, and what it says is stable."""
    assert inspect(value) == inspect(value)


def test_what_is_allowed_is_no_finding() -> None:
    """When the pattern matches the whole of what was found; the rest still is."""
    value = {"a": "bot" + "@example.org", "b": "jane" + "@example.org"}
    assert [one.pointer for one in inspect(value, [r"bot@example\.org"])] == ["/b"]
    assert inspect(value, [r".*@example\.org"]) == ()
    assert len(inspect(value, ["bot", "jane@"])) == 2
    with pytest.raises(UsageError, match="not a regular expression"):
        inspect(value, ["("])


def test_a_long_text_is_looked_through_in_one_pass() -> None:
    """A megabyte of what almost matches: the work grows with the text, not with its square."""
    for piece in ("a", "a.", "eyJaaaaaaaa.", "/home", "x@", "password=", "https://a:", "+", "a:", "-"):
        inspect(piece * (200_000 // len(piece)))

"""Signed notes and checkpoints: the specification's own example, and what is no note."""

from __future__ import annotations

import base64
import hashlib

import pytest

from benchgov.audit.checkpoint import Checkpoint, parse_checkpoint, unsigned
from benchgov.audit.note import (
    COSIGNATURE,
    Note,
    Signature,
    Signer,
    Verifier,
    is_key_name,
    parse_note,
    parse_signer,
    parse_verifier,
    verify_note,
)
from benchgov.errors import InputError, ProofError

# Published with the specification of signed notes; it was made by another implementation.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n"
)
LOG, OTHER = Signer("example.com/log", bytes(32)), Signer("example.com/other", bytes([1]) * 32)
HEAD = Checkpoint("example.com/log", 12, bytes(range(32)))


def test_the_published_example_verifies() -> None:
    """And writes itself again, byte for byte."""
    note = parse_note(EXAMPLE, "x")
    assert verify_note(note, [parse_verifier(EXAMPLE_KEY)]) == ("example.com/foo",)
    assert str(note) == EXAMPLE
    assert str(parse_verifier(EXAMPLE_KEY)) == EXAMPLE_KEY


def test_a_key_is_written_and_read() -> None:
    """Both halves, with the id that the specification gives; the private half is in no repr."""
    assert parse_signer(LOG.private + "\n") == LOG
    assert parse_verifier(str(LOG.verifier)) == LOG.verifier
    material = b"example.com/log\n\x01" + LOG.verifier.public
    assert LOG.verifier.key_id == hashlib.sha256(material).digest()[:4]
    assert repr(LOG) == "Signer('example.com/log')"


def test_a_signature_is_of_one_text() -> None:
    """Signing twice adds nothing; another text or another bit does not verify."""
    note = LOG.sign(Note("text\n"))
    assert LOG.sign(note) == note
    assert parse_note(str(note), "x") == note
    assert verify_note(note, [LOG.verifier]) == ("example.com/log",)
    with pytest.raises(ProofError, match="does not fit"):
        verify_note(Note("texT\n", note.signatures), [LOG.verifier])
    (good,) = note.signatures
    for bit in range(0, 512, 37):
        data = bytearray(good.data)
        data[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(ProofError, match="does not fit"):
            verify_note(Note("text\n", (Signature(good.name, good.key_id, bytes(data)),)), [LOG.verifier])
    with pytest.raises(ProofError, match="does not fit"):
        verify_note(Note("text\n", (Signature(good.name, good.key_id, b"x"),)), [LOG.verifier])


def test_signatures_of_unknown_keys_are_passed_over_and_kept() -> None:
    """Even those that share a name or an id with a known key; alone they are not enough."""
    (good,) = LOG.sign(Note("text\n")).signatures
    strangers = (
        Signature("example.com/log", b"abcd", b"x"),
        Signature("example.com/else", good.key_id, b"y"),
        Signature("witness", b"wxyz", bytes(3000)),
    )
    note = parse_note(str(Note("text\n", (*strangers, good))), "x")
    assert note.signatures == (*strangers, good)
    assert verify_note(note, [OTHER.verifier, LOG.verifier]) == ("example.com/log",)
    with pytest.raises(ProofError, match=r"not signed by example\.com/log"):
        verify_note(Note("text\n", strangers), [LOG.verifier])
    with pytest.raises(ProofError, match="not signed by"):
        verify_note(Note("text\n"), [LOG.verifier])
    # A known key's wrong signature is not outweighed by another's good one.
    both = OTHER.sign(Note("text\n", (Signature(good.name, good.key_id, bytes(64)),)))
    with pytest.raises(ProofError, match="does not fit"):
        verify_note(both, [OTHER.verifier, LOG.verifier])


def test_a_witness_signs_the_time_with_the_text() -> None:
    """A co-signature of C2SP tlog-cosignature: another time, and it does not verify."""
    witness = Verifier("witness.example", COSIGNATURE, OTHER.verifier.public)
    message = f"cosignature/v1\ntime 1679315147\n{HEAD.text}"
    (made,) = Signer("-", OTHER.seed).sign(Note(message)).signatures
    stamp = (1679315147).to_bytes(8, "big")
    note = LOG.sign(Note(HEAD.text)).signed_by([Signature(witness.name, witness.key_id, stamp + made.data)])
    assert verify_note(note, [LOG.verifier, parse_verifier(str(witness))]) == (LOG.name, witness.name)
    later = Signature(witness.name, witness.key_id, bytes(8) + made.data)
    with pytest.raises(ProofError, match="does not fit"):
        verify_note(Note(HEAD.text, (later,)), [witness])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "no newline",
        "tab\there\n",
        "return\r\n",
        "text\n\n",
        "text\n\nnot a signature\n",
        "text\n\n— name\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAAAA-_\n",
        "text\n\n— two names AAAAAAA=\n",
        "text\n\n— name\u2028 AAAAAAA=\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n— name AAAAAAA=",
        "text\n\n" + "— name AAAAAAA=\n" * 101,
        "x" * (1 << 20) + "\n",
        "half a character: \ud800\n",
    ],
)
def test_what_is_no_note_is_refused(content: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(InputError):
        parse_note(content, "x")


def test_a_note_may_have_empty_lines_and_many_signatures() -> None:
    """The last empty line is where its signatures begin."""
    lines = "".join(f"— name{number} AAAAAAA=\n" for number in range(16))
    note = parse_note(f"a\n\nb\n\n{lines}", "x")
    assert (note.text, len(note.signatures)) == ("a\n\nb\n", 16)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "name",
        "name+00000000+",
        "name+0000000+AAAA",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("foo", "bar"),
        EXAMPLE_KEY[:-4],
        "name+00000000+" + base64.b64encode(bytes([2]) + bytes(32)).decode(),
    ],
)
def test_what_is_no_public_key_is_refused(line: str) -> None:
    """With its id changed, of another type, or cut."""
    with pytest.raises(InputError):
        parse_verifier(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        str(LOG.verifier),
        LOG.private[:-4],
        LOG.private.replace("+log", "+lag").replace("/log", "/lag"),
        "PRIVATE+KEY+name+00000000+" + base64.b64encode(bytes([4]) + bytes(32)).decode(),
    ],
)
def test_what_is_no_private_key_is_refused_without_showing_it(line: str) -> None:
    """A message ends up in a log that others read."""
    with pytest.raises(InputError) as caught:
        parse_signer(line)
    assert "AAAAAAAA" not in str(caught.value)


def test_names_of_keys() -> None:
    """Neither spaces of any kind nor plus signs."""
    assert is_key_name("example.com/log")
    assert not any(map(is_key_name, ("", "a b", "a+b", "a\u2003b", "a\nb", "a\x01b")))


def test_a_checkpoint_is_three_lines() -> None:
    """As C2SP tlog-checkpoint writes them; extension lines are kept."""
    text = "example.com/log\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert HEAD.text == text
    assert parse_checkpoint(text, "x") == unsigned(HEAD)
    assert str(unsigned(HEAD)) == text
    signed = parse_checkpoint(str(LOG.sign(Note(text))), "x")
    assert signed.head == HEAD
    assert verify_note(signed.note, [LOG.verifier]) == (LOG.name,)
    longer = parse_checkpoint(text + "more\n", "x")
    assert longer.head.extension == ("more",)
    assert longer.head.text == text + "more\n"


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n1.0\n{ROOT}\n",
        f"origin\n١\n{ROOT}\n",
        f"origin\n{'9' * 30}\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        f"origin\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"origin\n1\n{ROOT[:-2]}B=\n",
        f"origin\n1\n {ROOT}\n",
        "origin\n1\n" + "é" * 44 + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """A wrong size, a root of another length, or base64 that is not exactly that."""
    with pytest.raises(InputError):
        parse_checkpoint(text, "x")

"""What in a text is nobody else's: secrets, e-mail addresses, private paths."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_NOT_BEFORE = r"(?<![A-Za-z0-9_])"
_NOT_AFTER = r"(?![A-Za-z0-9_])"


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_NOT_BEFORE}(?:{pattern}){_NOT_AFTER}", re.ASCII)


# The prefixes are those that the issuers give their tokens so that they can be found.
_SECRETS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a GitHub token", _word(r"gh[opusr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}")),
    ("a GitLab token", _word(r"glpat-[A-Za-z0-9_-]{20,64}")),
    ("an AWS access key", _word(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}")),
    ("a Google API key", _word(r"AIza[A-Za-z0-9_-]{35}")),
    ("a Slack token", _word(r"xox[abeoprs]-[A-Za-z0-9-]{10,250}")),
    ("a package registry's token", _word(r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,250}")),
    (
        "a payment or model provider's key",
        _word(r"(?:sk|rk)_live_[A-Za-z0-9]{16,99}|sk-[A-Za-z0-9_-]{32,200}"),
    ),
    ("a private key", re.compile(r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY")),
    ("a JSON web token", _word(r"eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{0,8192}")),
    ("a password in an address", re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,128}:[^\s/@]{1,256}@")),
)
# What one of the above begins with, or holds: most texts hold none of it.
_SUSPECT = re.compile(
    r"gh[opusr]_|github_pat_|glpat-|A[KSBC][IC]A|AIza|xox|npm_|pypi-|[sr]k_live_|sk-|-----BEGIN|eyJ|://"
)
_ODD = re.compile(rf"{_SUSPECT.pattern}|[@/\\]")
_EMAIL = re.compile(
    r"(?<![\w.%+-])(?!git@)[A-Za-z0-9_%+][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])",
    re.ASCII,
)
_PATH = re.compile(
    r"(?<![\w.~-])(?:/(?:home|Users)/[^\s/\"']+|/(?:private/)?(?:root|tmp|var/folders|var/tmp)(?![\w.-])"
    r"|[A-Za-z]:[\\/]{1,2}(?:Users|Documents and Settings)[\\/]{1,2}[^\s\\/\"']+)",
    re.ASCII,
)
# A digest may hold anything, a path or a token's prefix included: it is taken out before the search.
_DIGEST = re.compile(
    r"(?<![A-Za-z0-9+/=_])(?:[0-9a-fA-F]{32,128}|(?:[A-Za-z0-9+/]{27}|[A-Za-z0-9+/]{43})="
    r"|[A-Za-z0-9+/]{86}==|(?<=sha384-)[A-Za-z0-9+/]{64})(?![A-Za-z0-9+/=_])",
    re.ASCII,
)
_SECRET_NAME = re.compile(
    r"passw(?:or)?d|passwd|secret|credential|(?:^|[_\W])auth(?:orization)?$|"
    r"(?:^|[_\W]|access|auth|bearer|refresh|session|id)tokens?$|(?:api|access|private|signing|encryption)[_-]?key",
    re.IGNORECASE | re.ASCII,
)
_DIGEST_NAME = re.compile(r"sha|blake|md5|digest|hash|checksum|fingerprint", re.IGNORECASE | re.ASCII)
_ASSIGNMENT = re.compile(
    r"(?<![A-Za-z0-9_.-])(?P<name>[A-Za-z][A-Za-z0-9_.-]{1,63})[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
    r"(?:Bearer |Basic )?(?P<value>[^\s\"',;&]{10,512})",
    re.ASCII,
)
_MIN_BITS = 3.0


def sensitive(text: str, name: str = "") -> Iterator[tuple[str, str]]:
    """(what, the text itself) for everything of that kind in `text`, the value of the key `name`."""
    rest = _DIGEST.sub(" ", text) if _ODD.search(text) else ""
    for what, pattern in _SECRETS if _SUSPECT.search(rest) else ():
        yield from ((what, found[0]) for found in pattern.finditer(rest))
    if "@" in rest:
        yield from (("an e-mail address", found[0]) for found in _EMAIL.finditer(rest))
    if "/" in rest or "\\" in rest:
        yield from (("a private path", found[0]) for found in _PATH.finditer(rest))
    if is_secret(name, text):
        yield "what its name calls a secret", text
    for found in _ASSIGNMENT.finditer(text) if "=" in text or ":" in text else ():
        if is_secret(found["name"], found["value"]):
            yield "a secret that is assigned to a name", found["value"]


def is_secret(name: str, value: str) -> bool:
    """Whether the name of a value says that it is one, and the value is as random as one."""
    if not _SECRET_NAME.search(name) or _DIGEST_NAME.search(name):
        return False
    mixed = re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)
    return bool(len(value) >= 10 and mixed and " " not in value and _entropy(value) >= _MIN_BITS)


def _entropy(text: str) -> float:
    """Shannon's entropy of the characters of `text`, in bits per character."""
    shares = (text.count(letter) / len(text) for letter in set(text))
    return -sum(share * math.log2(share) for share in shares)

"""Text that others wrote, made safe to show: no escape sequences, no markup, no mentions."""

from __future__ import annotations

import html
import re

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
# C0 but tab and newline, DEL, C1, line separators, and what reorders or hides text.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_MARKUP = re.compile(r"([\\`*_\[\]~|!$])")
_JOINER = "\u2060"
_LINKS = re.compile(r"(@|#|(?<=:)/(?=/)|\bwww(?=\.)|\bGH(?=-\d))", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` without terminal escapes, control and bidirectional characters; newlines and tabs stay."""
    return _UNSEEN.sub("", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def one_line(text: str, limit: int = 500) -> str:
    """`plain(text)` with white space collapsed, cut to `limit` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def prose(text: str, limit: int = 500) -> str:
    """One line for a Markdown paragraph or table cell that renders as just this text.

    Markup is escaped; a word joiner after `@`, `#` and in addresses stops mentions, references and links,
    which GitHub recognizes even where the character is escaped.
    """
    escaped = _MARKUP.sub(r"\\\1", html.escape(one_line(text, limit), quote=False))
    return _LINKS.sub(rf"\1{_JOINER}", escaped)


def code(text: str, limit: int = 300) -> str:
    """One line as a code span, also inside a table: GitHub resolves neither mentions nor links there."""
    inner = one_line(text, limit).replace("`", "'").replace("|", "\\|")
    return f"`{inner}`" if inner else ""


def fence(text: str, limit: int = 4000) -> str:
    """Several lines as a fenced block that the text cannot close; the tail is kept when it is too long."""
    body = plain(text)[-limit:].rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}text\n{body}\n{ticks}"

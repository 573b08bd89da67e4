"""Hostile text made harmless: no control sequences, no text-direction tricks, no Markdown of its own."""

from __future__ import annotations

import re

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS and other strings, up to their terminator
    r"|\x1b[@-Z\\-_]?",
    re.DOTALL,
)
_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029]")
# Controls but for tab and newline; what steers the text's direction, and makes it read as what it is not;
# surrogates, which UTF-8 cannot hold.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
# What would begin a heading, a list or a rule at the start of a line.
_BLOCK_START = re.compile(r"[-+#=]|[0-9]+(?=[.)](?: |$))")
_ENDS_CODE = re.compile(r"[`|\\]")
_ZERO_WIDTH_SPACE = "\u200b"

# CommonMark 0.31 section 2.5: an entity cannot stand for a character that has structural meaning.
_MARKDOWN = re.compile(r"[&<>`*\[\]|~\\!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# What GitHub turns into links to people, issues and addresses, wherever it stands.
_AUTOLINK = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=GH)(?=-\d)", re.IGNORECASE)


def clean(text: str) -> str:
    """`text` without terminal escape sequences; other unprintable characters become U+FFFD."""
    unified = _LINE_BREAK.sub("\n", _ESCAPE_SEQUENCES.sub("", text))
    return _UNPRINTABLE.sub("\ufffd", unified)


def one_line(text: str, limit: int | None = None) -> str:
    """`text`, cleaned, with each run of white space as one space, cut to `limit` characters."""
    line = " ".join(clean(text).split())
    return line if limit is None or len(line) <= limit else line[: limit - 1] + "…"


def markdown(text: str, limit: int | None = None) -> str:
    """`text` as one line of Markdown that shows exactly its characters, in a table cell too.

    At most `limit` characters of the text are shown.
    """
    # Links first: afterwards a # may be an entity's.
    unlinked = _AUTOLINK.sub(_ZERO_WIDTH_SPACE, one_line(text, limit))
    begun = _BLOCK_START.match(unlinked)
    start = begun.end() if begun else 0
    return _entities(unlinked[:start]) + _MARKDOWN.sub(
        lambda match: _entities(match.group()), unlinked[start:]
    )


def _entities(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def code(text: str, limit: int | None = None) -> str:
    """`text` as one line of monospaced Markdown, in a table cell too, cut to `limit` characters."""
    line = one_line(text, limit)
    # A code span takes everything literally, but for what ends it or the cell.
    return f"`{line}`" if line and not _ENDS_CODE.search(line) else f"<code>{markdown(line)}</code>"


def fenced(text: str) -> str:
    """`text` as a Markdown code block: the fence is longer than any run of backticks inside."""
    body = clean(text).strip("\n")
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{body}\n{fence}"

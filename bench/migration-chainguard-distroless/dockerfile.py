"""Reads a Dockerfile into stages and instructions, as the Dockerfile reference describes the format."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

INSTRUCTIONS = frozenset(
    ["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"]
)
INSTRUCTIONS |= {"ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
_FLAG = re.compile(r"--([a-z][a-z0-9-]*)(?:=(\"[^\"]*\"|\S*))?\s*")
_HEREDOC = re.compile(r"<<(?P<tabs>-?)(?P<quote>[\"']?)(?P<word>[A-Za-z_][A-Za-z0-9_]*)(?P=quote)")
_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_MAX_TEXT = 200_000


class DockerfileError(ValueError):
    """The text is not a Dockerfile; the message names the line."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: its flags, what follows them, and the bodies of its here-documents."""

    name: str
    flags: Mapping[str, str]
    value: str
    bodies: tuple[str, ...] = ()
    raw: str = ""

    @property
    def exec_form(self) -> tuple[str, ...] | None:
        """The words of a JSON list; None for the shell form."""
        return _json_words(self.value)

    @property
    def words(self) -> tuple[str, ...]:
        """The words, of either form."""
        listed = self.exec_form
        if listed is not None:
            return listed
        try:
            return tuple(shlex.split(self.value))
        except ValueError:
            return tuple(self.value.split())

    @property
    def script(self) -> str:
        """All that a RUN runs: its line and its here-documents."""
        return "\n".join([self.value, *self.bodies])


@dataclass(frozen=True)
class Stage:
    """A build stage: the image it starts from (arguments filled in), its name, and its instructions."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def all(self, *names: str) -> Iterator[Instruction]:
        """Its instructions of these kinds, in order."""
        return (one for one in self.instructions if one.name in names)

    def last(self, name: str) -> Instruction | None:
        """The last instruction of this kind, which is the one that counts."""
        return next((one for one in reversed(self.instructions) if one.name == name), None)


@dataclass(frozen=True)
class Dockerfile:
    """The stages, in order; the last is the image that is built."""

    stages: tuple[Stage, ...]

    @property
    def final(self) -> Stage:
        return self.stages[-1]

    def stage(self, reference: str) -> Stage | None:
        """The stage that `--from=reference` or `FROM reference` means."""
        for index, stage in enumerate(self.stages):
            if reference.lower() == stage.name.lower() != "" or reference == str(index):
                return stage
        return None


def parse(text: str) -> Dockerfile:
    """The Dockerfile.

    Raises:
        DockerfileError: an unknown instruction, one before the first FROM, or a here-document without end.
    """
    if len(text) > _MAX_TEXT:
        raise DockerfileError("too long")
    arguments: dict[str, str] = {}
    stages: list[tuple[str, str, list[Instruction]]] = []
    for one in _instructions(text):
        if one.name == "FROM":
            stages.append((*_from(one, arguments), []))
        elif stages:
            stages[-1][2].append(one)
        elif one.name == "ARG":
            arguments |= dict(_assignments(one.words, bare=True))
        else:
            raise DockerfileError(f"{one.name} before the first FROM")
    if not stages:
        raise DockerfileError("no FROM")
    names = [name.lower() for _, name, _ in stages if name]
    if len(set(names)) < len(names):
        raise DockerfileError("two stages have one name")
    return Dockerfile(tuple(Stage(base, name, tuple(found)) for base, name, found in stages))


def assignments(instruction: Instruction) -> dict[str, str]:
    """The variables of an ENV, ARG or LABEL."""
    words = instruction.words
    if instruction.name == "ENV" and len(words) > 1 and "=" not in words[0]:  # the old form: ENV name value
        return {words[0]: instruction.value.split(None, 1)[-1]}
    return dict(_assignments(words, bare=instruction.name == "ARG"))


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`text` with `$name`, `${name}` and `${name:-default}` filled in, as far as they are known."""

    def fill(found: re.Match[str]) -> str:
        name = found[1] or found[3]
        return variables.get(name) or found[2] or found[0]

    return _VARIABLE.sub(fill, text)


def _assignments(words: Sequence[str], bare: bool) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        yield name if equals or bare else "", value


def _from(one: Instruction, arguments: Mapping[str, str]) -> tuple[str, str]:
    words = expand(one.value, arguments).split()
    if len(words) == 1:
        return words[0], ""
    if len(words) == 3 and words[1].upper() == "AS":
        return words[0], words[2]
    raise DockerfileError(f"not a FROM: {one.value[:80]}")


def _instructions(text: str) -> Iterator[Instruction]:
    lines = text.splitlines()
    escape = _escape(lines)
    at = 0
    while at < len(lines):
        start = at
        logical, at = _logical_line(lines, at, escape)
        if not logical:
            continue
        word, _, rest = logical.partition(" ")
        name = word.upper()
        if name not in INSTRUCTIONS:
            raise DockerfileError(f"line {start + 1}: {word[:40]!r} is no instruction")
        bodies: list[str] = []
        for found in _HEREDOC.finditer(rest) if name in ("RUN", "COPY", "ADD") else ():
            body, at = _body(lines, at, found)
            bodies.append(body)
        flags, value = _flags(rest.strip()) if name != "ENV" else ({}, rest.strip())
        one = Instruction(name, flags, value, tuple(bodies), "\n".join(lines[start:at]))
        if name in ("ENV", "LABEL") and not all(_NAME.fullmatch(key) for key in assignments(one)):
            raise DockerfileError(f"line {start + 1}: not an assignment")
        yield one


def _escape(lines: Sequence[str]) -> str:
    """The escape character, which a directive on the first lines may change to a backtick."""
    for line in lines:
        found = _DIRECTIVE.fullmatch(line.strip())
        if found is None:
            return "\\"
        if found[1].lower() == "escape":
            return found[2]
    return "\\"


def _logical_line(lines: Sequence[str], at: int, escape: str) -> tuple[str, int]:
    """The instruction that starts at a line, its continuations joined; and the line after it."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if line.startswith("#") or (parts and not line):
            continue
        if not line.endswith(escape):
            parts.append(line)
            break
        parts.append(line.removesuffix(escape).rstrip())
    joined = " ".join(part for part in parts if part)
    return re.sub(r"^(\S+)\s+", r"\1 ", joined), at


def _body(lines: Sequence[str], at: int, opening: re.Match[str]) -> tuple[str, int]:
    for end in range(at, len(lines)):
        line = lines[end].lstrip("\t") if opening["tabs"] else lines[end]
        if line == opening["word"]:
            return "\n".join(lines[at:end]), end + 1
    raise DockerfileError(f"the here-document {opening['word']} has no end")


def _flags(rest: str) -> tuple[dict[str, str], str]:
    flags: dict[str, str] = {}
    while found := _FLAG.match(rest):
        flags[found[1]] = (found[2] or "").strip('"')
        rest = rest[found.end() :]
    return flags, rest


def _json_words(value: str) -> tuple[str, ...] | None:
    if not value.startswith("["):
        return None
    try:
        words = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    return tuple(words)

"""Systems under test that do not do the work; the rubric must give each of them nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
_FROM = re.compile(r"^FROM (?P<flags>(?:--\S+ )*)(?P<image>\S+)", re.MULTILINE | re.IGNORECASE)
_STARTED = re.compile(r"^(?:CMD|ENTRYPOINT|EXPOSE|ENV|WORKDIR).*$", re.MULTILINE)
_LIKELY = {"alpine": "static", "scratch": "static", "debian": "glibc-dynamic", "eclipse-temurin": "jre"}


def _text(case: Any) -> str:
    return (Path(case.input_path) / "Dockerfile").read_text(encoding="utf-8")


def _image(text: str) -> str:
    """The image of the final stage, by its own name or the likeliest, under Chainguard's."""
    last = list(_FROM.finditer(text))[-1]["image"]
    name = last.rpartition("/")[2].partition(":")[0]
    return f"cgr.dev/chainguard/{_LIKELY.get(name, name)}"


def _claim(dockerfile: str) -> Answer:
    return {"status": "migrated", "dockerfile": dockerfile}


def echo(case: Any) -> Answer:
    """The input, as it came."""
    return _claim(_text(case))


def nothing_but_a_claim(_case: Any) -> Answer:
    """Success, without a Dockerfile."""
    return {"status": "migrated"}


def no_need(_case: Any) -> Answer:
    """That there was nothing to do."""
    return {"status": "not-needed", "reason": "fine as it is"}


def give_up(_case: Any) -> Answer:
    """That nothing can be done."""
    return {"status": "not-possible", "reason": "too hard"}


def empty(_case: Any) -> Answer:
    """A Dockerfile without a line."""
    return _claim("")


def other_label(case: Any) -> Answer:
    """The names of the images replaced, and nothing else."""
    return _claim(_FROM.sub(r"FROM \g<flags>cgr.dev/chainguard/\g<image>", _text(case)))


def with_a_shell(case: Any) -> Answer:
    """All stages on the variant that has a shell and a package manager."""
    text = _text(case)
    return _claim(_FROM.sub(lambda found: f"FROM {found['flags']}{_image(text)}:latest-dev", text))


def nothing_in_it(case: Any) -> Answer:
    """The right image and the right command, without a file of the program."""
    text = _text(case)
    kept = "\n".join(_STARTED.findall(text[list(_FROM.finditer(text))[-1].end() :]))
    return _claim(f"FROM {_image(text)}:latest\n{kept}\nUSER nonroot\n")


def through_a_shell(case: Any) -> Answer:
    """The right image, all files of the context, and the command handed to a shell."""
    image = _image(_text(case))
    return _claim(f'FROM {image}:latest\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["/bin/sh", "-c", "start"]\n')


def look_alike(case: Any) -> Answer:
    """An image of somebody else's whose name has Chainguard's in it."""
    return _claim(_FROM.sub(r"FROM \g<flags>example.org/cgr.dev/chainguard/\g<image>", _text(case)))


def commented_out(case: Any) -> Answer:
    """A bare image, with the work in comments."""
    lines = "\n".join(f"# {line}" for line in _text(case).splitlines())
    return _claim(f'{lines}\nFROM {_image(_text(case))}:latest\nENTRYPOINT ["python"]\n')


def not_an_answer(_case: Any) -> Answer:
    """Parts of the wrong shape."""
    return {"status": "migrated", "dockerfile": ["FROM cgr.dev/chainguard/static"]}


CHEATS: tuple[Callable[[Any], Answer], ...] = (
    echo,
    nothing_but_a_claim,
    no_need,
    give_up,
    empty,
    other_label,
    with_a_shell,
    nothing_in_it,
    through_a_shell,
    look_alike,
    commented_out,
    not_an_answer,
)

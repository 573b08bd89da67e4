"""Writes the new Dockerfile: build stages on images with tools, and a final stage that only copies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dockerfile import Dockerfile, Stage
from ..stage_state import workdir
from . import images, packages, words
from .words import NotPossible

VENV = "/opt/venv"
_BUILD = "build-image"
_KEPT = ("ARG", "ENV", "LABEL", "STOPSIGNAL", "VOLUME", "EXPOSE")
_RUNTIME_ONLY = ("CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "USER", "VOLUME", "LABEL")
_OWNER = re.compile(r"--chown=\S+\s+")


def rewritten(dockerfile: Dockerfile) -> str:
    """The migrated Dockerfile.

    Raises:
        NotPossible: something in it has no counterpart that is known.
    """
    image = images.runtime(dockerfile)
    final = dockerfile.final
    split = not all(packages.is_needless(run) for run in final.all("RUN"))
    needed = [stage for stage in dockerfile.stages[:-1] if split or not _is_only_base(dockerfile, stage)]
    blocks = [_build_stage(dockerfile, stage, stage.name) for stage in needed]
    if split:
        blocks.append(_build_stage(dockerfile, final, _BUILD))
    blocks.append(list(_final_stage(dockerfile, image, split)))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _is_only_base(dockerfile: Dockerfile, stage: Stage) -> bool:
    """Whether a stage is there for the final one to start from, and for nothing else."""
    users = [one for one in dockerfile.stages if dockerfile.stage(one.base) is stage]
    copied = any(
        dockerfile.stage(one.flags.get("from", "-")) is stage
        for other in dockerfile.stages
        for one in other.all("COPY")
    )
    return users == [dockerfile.final] and not copied


def _build_stage(dockerfile: Dockerfile, stage: Stage, name: str) -> list[str]:
    parent = dockerfile.stage(stage.base)
    base = parent.name if parent else images.builder(stage.base)
    lines = [f"FROM {base} AS {name}" if name else f"FROM {base}"]
    runs = any(stage.all("RUN"))
    if runs and not (parent and any(parent.all("RUN"))):
        lines.append("USER root")
    if name == _BUILD and _is_python(dockerfile):
        lines += [f"RUN python -m venv {VENV}", f'ENV PATH="{VENV}/bin:$PATH"']
    for one in stage.instructions:
        if one.name == "RUN":
            run = packages.on_wolfi(one)
            lines += [run] if run else []
        elif one.name not in _RUNTIME_ONLY:
            lines.append(_without_owner(one.raw))
    return lines


def _final_stage(dockerfile: Dockerfile, image: str, split: bool) -> Iterator[str]:
    final = dockerfile.final
    folder = workdir(dockerfile, final)
    yield f"FROM {image}"
    for stage in _line(dockerfile):
        yield from (one.raw for one in stage.all(*_KEPT))
    if split and _is_python(dockerfile):
        yield f'ENV PATH="{VENV}/bin:$PATH"'
    if folder != "/":
        yield f"WORKDIR {folder}"
    yield from _copies(dockerfile, folder) if split else (_owned(one.raw) for one in final.all("COPY", "ADD"))
    health = final.last("HEALTHCHECK")
    line = words.health_check(health, _family(dockerfile)) if health else None
    if line:
        yield line
    yield f"USER {_user(final)}"
    yield from _started(final, folder)


def _copies(dockerfile: Dockerfile, folder: str) -> Iterator[str]:
    """What the split-off stage made, and files from outside of its folder."""
    if folder == "/":
        raise NotPossible("the files of the program lie in no folder of their own")
    if _is_python(dockerfile):
        yield f"COPY --from={_BUILD} {VENV} {VENV}"
    yield f"COPY --from={_BUILD} {folder} {folder}"
    for one in dockerfile.final.all("COPY", "ADD"):
        target = one.words[-1]
        if target.startswith("/") and not f"{target}/".startswith((f"{folder}/", "/tmp/")):
            if one.flags.get("from"):
                continue  # an input of the build, which ran here
            yield _owned(one.raw)


def _started(final: Stage, folder: str) -> Iterator[str]:
    entrypoint, command = words.command(final.last("ENTRYPOINT")), words.command(final.last("CMD"))
    if entrypoint:
        yield f"ENTRYPOINT {words.as_list(words.program(entrypoint, folder))}"
    else:
        first, *command_rest = words.program(command, folder)
        yield f"ENTRYPOINT {words.as_list([first])}"
        command = tuple(command_rest)
    if command:
        yield f"CMD {words.as_list(command)}"


def _user(final: Stage) -> str:
    """The user that the image had, if it is a number other than root's; else the image's own."""
    user = final.last("USER")
    number = user.value.partition(":")[0] if user else ""
    return user.value if user and number.isdigit() and int(number) else "nonroot"


def _line(dockerfile: Dockerfile) -> list[Stage]:
    line = [dockerfile.final]
    while (parent := dockerfile.stage(line[0].base)) is not None:
        line.insert(0, parent)
    return line


def _family(dockerfile: Dockerfile) -> str:
    return images.family(images.root_base(dockerfile, dockerfile.final))


def _is_python(dockerfile: Dockerfile) -> bool:
    return _family(dockerfile) == "python"


def _owned(raw: str) -> str:
    return _OWNER.sub("--chown=65532:65532 ", raw)


def _without_owner(raw: str) -> str:
    return _OWNER.sub("", raw)

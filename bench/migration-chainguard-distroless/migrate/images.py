"""Which Chainguard image takes the place of a public one."""

from __future__ import annotations

import posixpath

from ..dockerfile import Dockerfile, Stage
from .words import NotPossible

REGISTRY = "cgr.dev/chainguard/"
_FAMILIES = {
    "python": "python",
    "node": "node",
    "golang": "go",
    "rust": "rust",
    "maven": "maven",
    "gradle": "gradle",
    "openjdk": "java",
    "eclipse-temurin": "java",
    "amazoncorretto": "java",
    "alpine": "plain",
    "debian": "plain",
    "ubuntu": "plain",
    "busybox": "plain",
    "scratch": "plain",
}
_BUILDERS = {"java": "jdk", "plain": "wolfi-base"}
_RUNTIMES = {"python": "python", "node": "node", "java": "jre"}


def is_migrated(dockerfile: Dockerfile) -> bool:
    """Whether all stages are on Chainguard images already, the last on one without a shell."""
    foreign = [stage for stage in dockerfile.stages if not dockerfile.stage(stage.base)]
    on_chainguard = all(stage.base.startswith(REGISTRY) for stage in foreign)
    return on_chainguard and not dockerfile.final.base.endswith("-dev")


def root_base(dockerfile: Dockerfile, stage: Stage) -> str:
    """The image that a stage starts from in the end."""
    parent = dockerfile.stage(stage.base)
    return root_base(dockerfile, parent) if parent is not None and parent is not stage else stage.base


def family(base: str) -> str:
    """What an image is for.

    Raises:
        NotPossible: it is not known.
    """
    name = posixpath.basename(base.partition("@")[0]).partition(":")[0]
    if name not in _FAMILIES:
        raise NotPossible(f"no Chainguard image is known for {base}")
    return _FAMILIES[name]


def builder(base: str) -> str:
    """The image with a shell and tools for a build stage.

    Raises:
        NotPossible: the family of `base` is not known.
    """
    found = family(base)
    name = _BUILDERS.get(found, found)
    return f"{REGISTRY}{name}:latest" + ("" if name == "wolfi-base" else "-dev")


def runtime(dockerfile: Dockerfile) -> str:
    """The image without a shell for the final stage.

    Raises:
        NotPossible: its program is of a kind that no image is known for.
    """
    found = family(root_base(dockerfile, dockerfile.final))
    if found in _RUNTIMES:
        return f"{REGISTRY}{_RUNTIMES[found]}:latest"
    if found == "plain":
        return f"{REGISTRY}{'static' if _is_static(dockerfile) else 'glibc-dynamic'}:latest"
    raise NotPossible(f"the image is both built and run on {dockerfile.final.base}")


def _is_static(dockerfile: Dockerfile) -> bool:
    """Whether every program that is copied into the final stage was linked without a C library."""
    sources = {one.flags.get("from", "") for one in dockerfile.final.all("COPY")} - {""}
    stages = [stage for stage in map(dockerfile.stage, sources) if stage is not None]
    if not stages:
        raise NotPossible("what the image runs is not built here, so it is not known what it needs")
    return all(_links_nothing(stage) for stage in stages)


def _links_nothing(stage: Stage) -> bool:
    said = [one.value for one in stage.all("ENV")] + [one.script for one in stage.all("RUN")]
    return any("go build" in text for text in said) and any("CGO_ENABLED=0" in text for text in said)

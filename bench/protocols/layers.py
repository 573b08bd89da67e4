"""What every protocol here is made of: layers in order, expectations, and the one JSON object it prints.

A layer passes when all of its expectations hold. The first layer that does not pass ends the protocol, and
those after it are skipped: they rest on it. `fail` says that benchgov did the wrong thing, `blocked` that
nobody can say.
"""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchgov.canonical import Json
from benchgov.errors import BenchgovError, OutputError


class StoppedError(Exception):
    """A layer did not pass, so that the layers after it have nothing to stand on."""


class Layers:
    """The layers of one protocol and what they expect, as they are gone through.

    `folder` is an empty folder of the protocol's own; its path never shows in what is printed.
    """

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self.folder = folder
        self.verdicts = dict.fromkeys(names, "skipped")
        self.expectations: list[dict[str, Json]] = []

    @contextmanager
    def layer(self, name: str) -> Iterator[None]:
        """Go through the layer called `name`; raises StoppedError at its end when it did not pass."""
        if self.verdicts[name] != "skipped":
            raise ValueError(f"layer {name!r} is gone through twice")
        before = len(self.expectations)
        self.verdicts[name] = "blocked"
        try:
            yield
        except BenchgovError as error:
            if isinstance(error, OutputError):  # a disk without room says nothing about benchgov
                raise
            self.expect(f"{name}: nothing is refused that should go through", ok=False, detail=_told(error))
        held = all(one["ok"] for one in self.expectations[before:])
        self.verdicts[name] = "pass" if held else "fail"
        if not held:
            raise StoppedError(name)

    def expect(self, name: str, ok: bool, detail: object = "") -> None:
        """Note that `name` holds, or does not; `detail` (what was found instead) is kept when it does not."""
        text = "" if ok else str(detail).replace(str(self.folder), "<folder>")[:500]
        self.expectations.append({"name": name, "ok": bool(ok), "detail": text})

    def equal(self, name: str, found: object, wanted: object) -> None:
        """Expect that `found` is `wanted`."""
        self.expect(name, found == wanted, f"expected {wanted!r}, found {found!r}")

    def refused(
        self, name: str, call: Callable[[], object], error: type[BenchgovError], naming: str = ""
    ) -> None:
        """Expect that `call` raises `error`, with `naming` in what it says."""
        try:
            call()
        except error as found:
            self.expect(name, naming in _told(found), f"expected {naming!r} in: {_told(found)}")
        except BenchgovError as other:
            self.expect(name, ok=False, detail=f"expected {error.__name__}: {_told(other)}")
        else:
            self.expect(name, ok=False, detail=f"it went through; {error.__name__} was expected")

    def result(self, output: Json) -> dict[str, Json]:
        """The object that the protocol prints; `output` is None unless every layer passed."""
        verdicts = set(self.verdicts.values())
        overall = "fail" if "fail" in verdicts else "pass" if verdicts == {"pass"} else "blocked"
        return {
            "overall": overall,
            "ok": overall == "pass",
            "run_is_valid": overall != "blocked",
            "expectations": self.expectations,
            "layers": self.verdicts,
            "output": output,
        }


def _told(error: BenchgovError) -> str:
    return "; ".join((f"{type(error).__name__}: {error}", *error.details))


def play(protocol: Callable[..., Json], names: Sequence[str], folder: Path, **parts: Any) -> dict[str, Json]:
    """What `protocol` gives in the empty `folder`; `parts` stand in for parts of benchgov that it calls."""
    layers = Layers(names, folder.resolve())
    output: Json = None
    try:
        output = protocol(layers, **parts)
    except StoppedError:
        pass
    except (
        Exception
    ):  # whatever it is, the layer that it came from stays blocked, and standard error says why
        traceback.print_exc()
    return layers.result(output)


def main(protocol: Callable[..., Json], names: Sequence[str]) -> None:
    """Play `protocol` in a temporary folder, and print its result as one JSON object."""
    with tempfile.TemporaryDirectory(prefix="benchgov-protocol-") as name:
        result = play(protocol, names, Path(name))
    print(json.dumps(result, allow_nan=False))

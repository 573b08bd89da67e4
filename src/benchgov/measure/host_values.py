"""Inputs, outputs and callables as the measuring process (`host.py`) needs them; standard library only."""

# ruff: noqa: PTH123 (pathlib would add to the memory that commands are charged with)

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

Spec = dict[str, Any]
Reply = dict[str, Any]


class UnmeasurableError(Exception):
    """The benchmark cannot be measured; the message is the reason."""


def resolve(target: str) -> Callable[..., Any]:
    """Import `module:name.name`."""
    from importlib import import_module

    module, _, path = target.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    if not callable(found):
        raise UnmeasurableError(f"{target} is not callable")
    return found  # type: ignore[no-any-return]


def signature_of(function: Callable[..., Any]) -> Reply | None:
    """Names, kinds and annotations of the parameters; None for builtins that don't tell."""
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None

    def note(value: Any) -> str | None:
        if value is inspect.Signature.empty:
            return None
        return value if isinstance(value, str) else inspect.formatannotation(value)

    parameters = [[p.name, p.kind.name.lower(), note(p.annotation)] for p in signature.parameters.values()]
    return {"parameters": parameters, "returns": note(signature.return_annotation)}


def build_input(spec: Spec) -> Any:
    """The benchmark's input: what the input callable returns for the scale, or the JSON file's value."""
    given = spec["input"]
    if "callable" in given:
        scale = spec["scale"]
        return resolve(given["callable"])(*(() if scale is None else (scale,)))
    if "file" in given:
        with open(given["file"], encoding="utf-8") as stream:
            return json.load(stream)
    return None


def arguments(spec: Spec, value: Any) -> tuple[Any, ...]:
    """How the input becomes arguments, by the number of declared parameters.

    One parameter gets the whole input; several get an object's values by name, or a list's by
    position. Without an input the only parameter gets the scale.
    """
    names: list[str] = spec["parameters"]
    if not spec["input"]:
        return () if not names else (spec["scale"],)
    if len(names) == 1:
        return (value,)
    if isinstance(value, dict) and set(value) == set(names):
        return tuple(value[name] for name in names)
    if isinstance(value, (list, tuple)) and len(value) == len(names):
        return tuple(value)
    raise UnmeasurableError(
        f"the input does not give a value for each of the parameters ({', '.join(names)})"
    )


def encoded(value: Any) -> tuple[str, bytes]:
    """(`bytes` or `json`, the bytes) of a value that may be compared between variants."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes", bytes(value)
    _only_json(value)
    return "json", json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def _only_json(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise UnmeasurableError(
                    f"an object has a key of type {type(key).__name__}; JSON has only text keys"
                )
            _only_json(item)
    elif kind in (list, tuple):
        for item in value:
            _only_json(item)
    elif value is not None and kind not in (str, bool, int, float):
        raise UnmeasurableError(f"a value of type {kind.__name__} is neither JSON nor bytes")


def digest(value: Any) -> str | None:
    """A digest to see whether an input changed; None for values that have no JSON form."""
    try:
        kind, data = encoded(value)
    except (UnmeasurableError, ValueError, RecursionError):
        return None
    return named_digest(kind, data)


def named_digest(kind: str, data: bytes) -> str:
    """`<kind>:<SHA-256>`."""
    import hashlib  # loads OpenSSL: not in the process that starts commands

    return f"{kind}:{hashlib.sha256(data).hexdigest()}"


_INSTALLED = ("site-packages", "dist-packages")


def keep_apart(spec: Spec) -> None:
    """Where another work tree is measured in turn with this one: import from this one, not from that.

    What Python's own path has inside of either tree (an installation that leads into a checkout, PYTHONPATH)
    is looked for in this one, also by the programs that are started from here. Installed packages stay.
    """
    if not spec.get("apart"):
        return
    own, other = spec["apart"]
    found = []
    for index, entry in enumerate(sys.path):
        for root in (own, other):
            if entry and _below(entry, root):
                sys.path[index] = own + entry[len(root) :]
                found.append(sys.path[index])
    if found:
        before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        rest = [entry for entry in before if entry and not _below(entry, other) and entry not in found]
        os.environ["PYTHONPATH"] = os.pathsep.join(found + rest)


def stray_module(spec: Spec) -> str:
    """Why this process does not measure its own tree: a module was loaded from the other one."""
    if not spec.get("apart"):
        return ""
    other = spec["apart"][1]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and _below(os.path.realpath(file), other):
            return (
                f"module {name} was loaded from the work tree of the revision that it is compared with; let "
                "`build` install each revision, or put its folder on PYTHONPATH"
            )
    return ""


def _below(path: str, root: str) -> bool:
    """Whether `path` is of the sources in `root`, and not of a Python environment there."""
    if not (path + os.sep).startswith(root + os.sep):
        return False
    environments = [one for one in (sys.prefix, sys.base_prefix) if one.startswith(root + os.sep)]
    return not any(f"{os.sep}{name}" in path for name in _INSTALLED) and not any(
        path.startswith(one + os.sep) for one in environments
    )

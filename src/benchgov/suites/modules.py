"""Find the source file of a module without importing it, and the names that it defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path


def module_file(folder: Path, module: str) -> Path | None:
    """The file of dotted `module` below `folder`, or None."""
    base = folder.joinpath(*module.split("."))
    candidates = (base.with_name(base.name + ".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def starts_in(folder: Path, module: str) -> bool:
    """Whether `folder` has the top-level module or package of `module`, so that Python looks nowhere else."""
    top = folder / module.split(".", maxsplit=1)[0]
    return top.with_name(top.name + ".py").is_file() or (top / "__init__.py").is_file()


def installed_file(module: str, path: Sequence[str]) -> Path | None:
    """The source file of `module` on the import path `path`, or None (built in, a binary, not there)."""
    places: Sequence[str] | None = path
    spec = None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        if places is None:
            return None
        try:
            spec = PathFinder.find_spec(".".join(parts[:count]), places)
        except (ImportError, ValueError, OSError):
            return None
        if spec is None:
            return None
        places = spec.submodule_search_locations
    origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def top_level_names(source: bytes) -> frozenset[str] | None:
    """Names that a module's top level binds; None when that cannot be told without running it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = frozenset(_bound(tree.body))
    return None if {"*", "__getattr__"} & names else names


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from (name.asname or name.name.split(".")[0] for name in statement.names)
        else:
            # An assignment, or a block: whatever it stores below may be a module's name.
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id
                elif isinstance(node, ast.stmt) and node is not statement:
                    yield from _bound([node])

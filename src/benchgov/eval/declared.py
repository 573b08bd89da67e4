"""What a bench says of itself, read without running any of its code.

`registration.py` and `breakdown_keys.py` are parsed, never imported: the harness's own process runs nothing
that a bench's author wrote. What cannot be read so (a name that is computed) is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchgov.errors import (
    BenchFolderMissingError,
    InputError,
    TaskClassIncompleteError,
    TaskClassNotFoundError,
)
from benchgov.eval.vocabulary import SUT_PROCESSES, SutProcess
from benchgov.files import MAX_MANIFEST_BYTES, read_text
from benchgov.names import is_name
from benchgov.suggest import did_you_mean

REGISTRATION = "registration.py"
RUBRIC = "rubric.py"
BREAKDOWN_KEYS = "breakdown_keys.py"
FAILURE_MODES = "failure_modes.yaml"
CASES = "cases"
DIGESTS = "digests.yaml"
CASE_FILE = "case.toml"

_REGISTER = "register_task_class"


@dataclass(frozen=True)
class Declaration:
    """A registration as it is written: the name, the minimum numbers of cases by tier, the default SUT.

    `sut_process` is how that is run (`sut.spec.SutSpec`).
    """

    name: str
    path: Path
    min_cases_for_promotion: Mapping[str, int]
    sut: str | None
    line: int
    sut_process: SutProcess = "fresh"


def find_bench(name: str, bench_root: Path) -> Path:
    """The folder of the task class `name`.

    Raises:
        BenchFolderMissingError: `bench_root` is not there, or a registration names a task class without one.
        TaskClassNotFoundError: no task class has that name.
    """
    if not bench_root.is_dir():
        raise BenchFolderMissingError("there is no folder of benches", where=str(bench_root))
    folder = bench_root / name
    if is_name(name) and (folder / REGISTRATION).is_file():
        return folder
    known = sorted(path.parent.name for path in bench_root.glob(f"*/{REGISTRATION}"))
    for other in known:
        if name in registered_names(bench_root / other / REGISTRATION):
            raise BenchFolderMissingError(
                f"bench/{other} registers the task class {name!r}, whose own folder is not there",
                where=str(folder),
            )
    hint = did_you_mean(name, known)
    raise TaskClassNotFoundError(f"no task class {name!r}{hint}; registered: {', '.join(known) or 'none'}")


def declaration(bench_path: Path) -> Declaration:
    """The one registration of the bench in `bench_path`.

    Raises:
        TaskClassIncompleteError: there is none, or several; the name or an argument is not a literal, is of
            another type, or the name is not that of the folder.
    """
    path = bench_path / REGISTRATION
    calls = list(_registrations(parse_python(path)))
    if len(calls) != 1:
        raise _broken(path, 1, f"{len(calls)} calls of {_REGISTER}; a bench has exactly one")
    call = calls[0]
    given = {one.arg: one.value for one in call.keywords}
    name = _name(call, path)
    if name != bench_path.name:
        raise _broken(path, call.lineno, f"registers {name!r}, but its folder is {bench_path.name!r}")
    return Declaration(
        name=name,
        path=bench_path,
        min_cases_for_promotion=_minimums(given.get("min_cases_for_promotion"), path, call.lineno),
        sut=_sut(given.get("sut"), path, call.lineno),
        line=call.lineno,
        sut_process=_sut_process(given.get("sut_process"), path, call.lineno),
    )


def registered_names(path: Path) -> tuple[str, ...]:
    """The literal names that a registration gives; none when it cannot be read."""
    try:
        return tuple(_name(call, path) for call in _registrations(parse_python(path)))
    except TaskClassIncompleteError:
        return ()


def breakdown_keys(bench_path: Path) -> frozenset[str]:
    """The values of the StrEnum in `breakdown_keys.py`.

    Raises:
        TaskClassIncompleteError: there is no StrEnum, or several, or a member is not a literal.
    """
    path = bench_path / BREAKDOWN_KEYS
    enums = [node for node in parse_python(path).body if isinstance(node, ast.ClassDef) and _is_enum(node)]
    if len(enums) != 1:
        raise _broken(path, 1, f"{len(enums)} classes derived from StrEnum; exactly one was expected")
    keys = list(_members(enums[0], path))
    if len(set(keys)) != len(keys):
        raise _broken(path, enums[0].lineno, "two members have the same value")
    return frozenset(keys)


def parse_python(path: Path) -> ast.Module:
    """The syntax tree of a file of a bench.

    Raises:
        TaskClassIncompleteError: missing, too large, not UTF-8, or not Python.
    """
    try:
        return ast.parse(read_text(path, MAX_MANIFEST_BYTES), filename=str(path))
    except InputError as error:
        raise TaskClassIncompleteError(error.message, where=error.where) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise _broken(path, line, f"not Python: {getattr(error, 'msg', error)}") from error


def _registrations(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == _REGISTER:
            yield node


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _name(call: ast.Call, path: Path) -> str:
    value = _literal(call.args[0]) if call.args else None
    if not isinstance(value, str) or not is_name(value):
        raise _broken(path, call.lineno, f"the first argument of {_REGISTER} is not a literal name")
    return value


def _minimums(node: ast.expr | None, path: Path, line: int) -> Mapping[str, int]:
    value = _literal(node)
    if not isinstance(value, dict) or not all(
        isinstance(tier, str) and is_name(tier) and type(number) is int and number > 0
        for tier, number in value.items()
    ):
        raise _broken(path, line, "min_cases_for_promotion is not a literal of tiers and positive numbers")
    return MappingProxyType(value)


def _sut(node: ast.expr | None, path: Path, line: int) -> str | None:
    value = _literal(node)
    if node is not None and (not isinstance(value, str) or ":" not in value):
        raise _broken(path, line, "sut is not a literal `module:callable`")
    return value if isinstance(value, str) else None


def _sut_process(node: ast.expr | None, path: Path, line: int) -> SutProcess:
    value = "fresh" if node is None else _literal(node)
    for known in SUT_PROCESSES:
        if value == known:
            return known
    raise _broken(path, line, f"sut_process is not a literal, one of {', '.join(SUT_PROCESSES)}")


def _literal(node: ast.expr | None) -> object:
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _is_enum(node: ast.ClassDef) -> bool:
    return any(_called(base) == "StrEnum" for base in node.bases)


def _members(node: ast.ClassDef, path: Path) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield _member(target, statement.value, path)


def _member(target: ast.expr, value: ast.expr, path: Path) -> str:
    if isinstance(target, ast.Name) and isinstance(value, ast.Call) and _called(value.func) == "auto":
        return target.id.lower()  # as StrEnum does
    text = _literal(value)
    if not isinstance(target, ast.Name) or not isinstance(text, str):
        raise _broken(path, target.lineno, "a member of the StrEnum is not a literal text")
    return text


def _broken(path: Path, line: int, what: str) -> TaskClassIncompleteError:
    return TaskClassIncompleteError(what, where=f"{path}:{line}")

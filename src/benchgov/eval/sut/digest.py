"""The digest of a system under test: what its code says, found without importing any of it.

Of Python code that is the folder or package of its module, and in turn every module of the repository that
it imports by name. Code that imports something installed adds the list of all that is installed. What is
imported under a computed name is not seen.
"""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3

from benchgov.canonical import digest_of, file_digests
from benchgov.errors import EvalError
from benchgov.eval.sut.spec import SutSpec

OUTSIDE = frozenset({"cases", "tests", "__pycache__"})
"""Folders of a bench that are not the SUT's code."""

_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)
_INSTALLED_SUFFIXES = (".dist-info", ".egg-info")
_INSTALLED_FOLDERS = frozenset({"site-packages", "dist-packages"})
_PIECE = 1 << 20


def sut_digest(spec: SutSpec, root: Path, environ: Mapping[str, str]) -> str:
    """BLAKE3 of what `spec` runs, and of the Python that runs it; the same on machines with the same code.

    `root` is the repository's root, `environ` says where programs are found.

    Raises:
        EvalError: the module, or the program, is not found.
    """
    root = root.resolve()
    parts = _of_command(spec, root, environ) if spec.command else _of_callable(spec, root)
    return digest_of({**parts, "python": f"{platform.python_implementation()} {platform.python_version()}"})


def _of_callable(spec: SutSpec, root: Path) -> dict[str, Any]:
    code = _Code(root, [root])
    if not code.add(spec.module):
        raise EvalError(
            f"there is no module {spec.module!r}",
            remedy="Name it as the repository's root sees it: bench.NAME.sut:callable.",
        )
    return {"sut": spec.text, **code.facts()}


def _of_command(spec: SutSpec, root: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    program = shutil.which(spec.command[0], path=environ.get("PATH")) or _program_in(root, spec.command[0])
    if program is None:
        raise EvalError(f"there is no program {spec.command[0]!r}", remedy="Check --sut-command and PATH.")
    code = _Code(root, [root])
    words: list[Any] = [_file_digest(Path(program).resolve())]
    for before, word in zip(spec.command, spec.command[1:], strict=False):
        words.append(_word(word, root, code))
        if before == "-m":
            code.add(word)
    return {"command": words, **code.facts()}


def _program_in(root: Path, word: str) -> str | None:
    return str(root / word) if "/" in word and (root / word).is_file() else None


def _word(word: str, root: Path, code: _Code) -> Any:
    """An argument as it is, or, of a file of the repository, its path from the root and its content."""
    path = _existing(root, word)
    if path is None or not path.is_relative_to(root):
        return word
    if path.suffix == ".py":
        code.add_file(path)
    return [path.relative_to(root).as_posix(), _file_digest(path)]


def _existing(root: Path, word: str) -> Path | None:
    try:
        path = (root / word).resolve()
        return path if path.is_file() else None
    except (OSError, ValueError):  # too long for a name, or not one at all
        return None


def _file_digest(path: Path) -> str:
    return file_digests(path)[0]


@dataclass
class _Code:
    """The Python files of the repository that one module needs, and what else it names."""

    root: Path
    search: list[Path]
    files: dict[Path, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    uses_installed: bool = False

    def add(self, module: str) -> bool:
        """Take in what holds `module`; False when nothing does."""
        found = _locate(module, [*self.search, *map(Path, sys.path)])
        if found is None:
            return False
        if not self._is_own(found):
            self.uses_installed = self.uses_installed or not _is_standard(module)
            return True
        for path in _unit(found, self.root):
            self._read(path)
        return True

    def add_file(self, path: Path) -> None:
        """Take in a script; its own folder is where it imports from first."""
        self.search.insert(0, path.parent)
        self._read(path)

    def facts(self) -> dict[str, Any]:
        """The files by path with their digests, and what is installed, if any of them needs it."""
        files = {path.relative_to(self.root).as_posix(): digest for path, digest in self.files.items()}
        return {"files": files, "installed": _installed() if self.uses_installed else []}

    def _is_own(self, path: Path) -> bool:
        return path.is_relative_to(self.root) and not _INSTALLED_FOLDERS & set(path.parts)

    def _read(self, path: Path) -> None:
        if path in self.files:
            return
        hasher = blake3()
        with path.open("rb") as stream:
            data = stream.read() if path.suffix == ".py" else b""
            hasher.update(data)
            while piece := stream.read(_PIECE):
                hasher.update(piece)
        self.files[path] = hasher.hexdigest()
        for module in _imports(data):
            if module not in self.seen:
                self.seen.add(module)
                self._follow(module)

    def _follow(self, module: str) -> None:
        top = module.partition(".")[0]
        # The harness's own version is part of what a score is kept under.
        if top != "benchgov" and not _is_standard(top):
            found = self.add(module) or self.add(top)
            self.uses_installed = self.uses_installed or not found


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _imports(source: bytes) -> Iterator[str]:
    """The modules that import statements name, but for relative ones: their package is read as a whole."""
    for match in _IMPORT.finditer(source):
        if match[1] is not None:
            if not match[1].startswith(b"."):
                yield match[1].decode("utf-8", "replace")
        else:
            names = (name.split() for name in match[2].decode("utf-8", "replace").split(","))
            yield from (words[0] for words in names if words)


def _locate(module: str, search: Iterable[Path]) -> Path | None:
    """The file or folder that `module` would be imported from; of a name in a module, that module."""
    folders, found = list(search), None
    for name in module.split("."):
        step = _step(name, folders)
        if step is None:
            break
        found, folders = step
    else:
        return found
    return found if found is not None and found.is_file() else None


def _step(name: str, folders: Iterable[Path]) -> tuple[Path, list[Path]] | None:
    """What `name` is in the first folder that has it, and where its own submodules lie."""
    spaces = []
    for folder in folders:
        package = folder / name
        if (package / "__init__.py").is_file():
            return package / "__init__.py", [package]
        if (folder / f"{name}.py").is_file():
            return folder / f"{name}.py", []
        extension = next(folder.glob(f"{name}.*.so"), None) if folder.is_dir() else None
        if extension is not None:
            return extension, []
        if package.is_dir():
            spaces.append(package)
    return (spaces[0], spaces) if spaces else None


def _unit(found: Path, root: Path) -> Iterable[Path]:
    """The files that belong together with the module at `found`.

    Of a package, all of its topmost package; of a module in folders that are no packages (a bench), all of
    its folder; of one that lies in the root itself, only that.
    """
    folder = found if found.is_dir() else found.parent
    if folder == root:
        return [found] if found.is_file() else []
    while (folder.parent / "__init__.py").is_file() and folder.parent != root:
        folder = folder.parent
    return sorted(_files(folder))


def _files(folder: Path) -> Iterator[Path]:
    """Files that may be code or what code reads: prompts and tables count as much."""
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name in OUTSIDE or entry.name == "README.md":
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        elif entry.is_file() and entry.suffix != ".pyc":
            yield entry


def _installed() -> list[str]:
    """Names and versions of all that is installed, by the names of metadata folders: nothing is opened."""
    folders = {Path(place) for place in sys.path if Path(place).is_dir()}
    return sorted(
        {
            entry.stem
            for folder in folders
            for entry in folder.iterdir()
            if entry.suffix in _INSTALLED_SUFFIXES
        }
    )

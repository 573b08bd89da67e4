"""The protocol of a variant: the file that defines what it runs, and that file's digest.

It is, in this order: the variant's own `protocol`; the callable's module in the suite's folder; its
module elsewhere, repository-relative, or `<package>/<module path>` when it is installed; for a command,
also a source's, the first word that is a file of the repository; the manifest.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchgov.canonical import sha256_hex
from benchgov.files import inside, read_bytes
from benchgov.suites.manifest import Variant
from benchgov.suites.modules import installed_file, module_file
from benchgov.suites.placeholders import fill
from benchgov.suites.source import SourceSpec

_SITE_FOLDERS = {"site-packages", "dist-packages"}


class Protocols:
    """Looks protocols up for one suite; each file is read once. `config` are its config's placeholders."""

    def __init__(
        self,
        folder: Path,
        root: Path,
        manifest: str,
        import_path: Sequence[str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> None:
        self._folder, self._root, self._manifest = folder, root, manifest
        self._config = config or {}
        self._import_path = sys.path if import_path is None else import_path
        self._found: dict[str, tuple[str, str]] = {}

    def of(self, variant: Variant) -> tuple[str, str]:
        """(path, SHA-256) of what defines `variant`.

        Raises:
            InputError: the file cannot be read, or is larger than a document may be.
        """
        key = variant.protocol or (variant.callable or "").partition(":")[0] or repr(variant.command)
        if key not in self._found:
            name, path = self._file(variant)
            self._found[key] = (name, sha256_hex(read_bytes(path)))
        return self._found[key]

    def of_source(self, source: SourceSpec) -> tuple[str, str]:
        """(path, SHA-256) of what defines what `source` measures; raises as `of`."""
        if source.protocol is not None:
            name, path = self._named(inside(self._root, source.protocol))
        else:
            folder = self._folder if source.folder is None else inside(self._root, source.folder)
            name, path = self._of_command(source.command, folder)
        return name, sha256_hex(read_bytes(path))

    def _file(self, variant: Variant) -> tuple[str, Path]:
        if variant.protocol is not None:
            return self._named(inside(self._root, variant.protocol))
        if variant.callable is not None:
            module = variant.callable.partition(":")[0]
            path = module_file(self._folder, module) or installed_file(module, self._import_path)
            return self._default() if path is None else self._named(path.resolve(), module)
        return self._of_command(variant.command or (), self._folder)

    def _of_command(self, command: Sequence[str], folder: Path) -> tuple[str, Path]:
        values = {"python": "", "scale": "", "input": "", "output": "", "suite": str(self._folder)}
        values["root"] = str(self._root)
        for word in fill(command, {**values, **self._config}):
            path = (folder / word).resolve() if word and "\0" not in word else folder
            if path.is_relative_to(self._root) and path.is_file():
                return self._named(path)
        return self._default()

    def _named(self, path: Path, module: str = "") -> tuple[str, Path]:
        if path.is_relative_to(self._root) and not _SITE_FOLDERS & set(path.parts):
            return path.relative_to(self._root).as_posix(), path
        parts = module.split(".")
        package = path.name == "__init__.py"
        return "/".join([*parts, path.name] if package else [*parts[:-1], path.name]), path

    def _default(self) -> tuple[str, Path]:
        return self._manifest, self._root / self._manifest

"""GitHub's OpenAPI description, from the npm package that carries it, and requests held against it."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from tests.e2e.support import cache_folder, need, search_path

PACKAGE = "@octokit/openapi@23.0.2"
INTEGRITY = "sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
_MEMBER = "package/generated/api.github.com.json"


def description() -> dict[str, Any]:
    """The description of api.github.com. The package holds a dozen others, so only this file is unpacked."""
    kept = cache_folder() / f"{PACKAGE.rpartition('/')[2]}.json"
    with (cache_folder() / "openapi.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not kept.exists():
            _unpack(kept)
    return dict(json.loads(kept.read_bytes()))


def _unpack(target: Path) -> None:
    folder = cache_folder() / "openapi"
    folder.mkdir(exist_ok=True)
    environ = {**os.environ, "PATH": search_path()}
    command = [need("npm"), "pack", "--silent", "--pack-destination", str(folder), PACKAGE]
    subprocess.run(command, cwd=folder, check=True, env=environ, capture_output=True)
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert f"sha512-{digest}" == INTEGRITY, f"another package than the pinned one: sha512-{digest}"
    with tarfile.open(archive) as opened:
        member = opened.extractfile(_MEMBER)
        assert member is not None
        draft = target.with_suffix(".tmp")
        draft.write_bytes(member.read())
    draft.rename(target)
    archive.unlink()


class Api:
    """The operations of a description."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value
        self._paths = [(re.compile(_expression(path)), path) for path in value["paths"]]

    def faults(self, method: str, path: str, body: Any) -> list[str]:
        """What GitHub would not take of a request: no such operation, or what its schema refuses."""
        plain = path.partition("?")[0]
        operation = self._operation(method.lower(), plain)
        if operation is None:
            return [f"no operation {method} {plain}"]
        if body is None:
            return []
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return [f"{method} {plain} takes no body"]
        schema = {**content["schema"], "components": self._value["components"]}
        found = Draft202012Validator(schema).iter_errors(body)
        return [f"{method} {plain}: {error.message[:300]}" for error in found]

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        matching = [name for pattern, name in self._paths if pattern.match(path)]
        # A literal path is meant before one with a parameter in the same place.
        for name in sorted(matching, key=lambda name: name.count("{")):
            if method in self._value["paths"][name]:
                return dict(self._value["paths"][name][method])
        return None


def _expression(path: str) -> str:
    """A regular expression for the addresses of a path; names of files and refs have slashes."""
    parts = re.split(r"\{([^}]*)\}", path)
    names = [".+" if name in ("path", "ref") else "[^/]+" for name in parts[1::2]]
    literal = [re.escape(part) for part in parts[::2]]
    return "".join(part + name for part, name in zip(literal, [*names, "$"], strict=True))

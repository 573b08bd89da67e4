"""No name that somebody else chose leads out of its folder: manifests, archives, reports and stores are refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import Any

from benchgov import canonical, files, git
from benchgov.audit import chain
from benchgov.audit.store import record_path
from benchgov.baselines.store import BaselineStore
from benchgov.canonical import Json
from benchgov.config import Settings
from benchgov.errors import BenchgovError, BlockedError, InputError
from benchgov.gate.question import store_of
from benchgov.rim import Completed
from benchgov.suites.load import load_suite
from layers import Layers, main
from samples import HOST, clock, commit, entry, process, write

LAYERS = ("paths", "links", "archives", "names")
SUITE = """\
version: 1
suite: s
kind: measured
families: {f: {}}
benchmarks:
  - {id: b, family: f, signature: "()", variants: {v: {command: ["true"], protocol: "%s"}}}
"""


def protocol(layers: Layers, *, inside: Any = files.inside, export: Any = git.export) -> Json:
    """Good names beside bad ones; a secret outside stands for what must stay where it is."""
    root = layers.folder / "root"
    outside = layers.folder / "outside"
    write(outside, {"secret": "secret\n"})
    write(root, {"in/file": "plain\n"})
    with layers.layer("paths"):
        layers.equal("a path inside is one", inside(root, "in/../in/file"), root / "in" / "file")
        (root / "in" / "link").symlink_to(outside / "secret")
        for name in ("../outside/secret", str(outside / "secret"), "in/link", "in/\0file", "in/../../outside"):
            shown = name.replace(str(layers.folder), "").replace("\0", "NUL")
            layers.refused(f"{shown} is refused", lambda n=name: inside(root, n), InputError, "leaves")
        write(root, {"bench/s/suite.yaml": SUITE % "bench/s/suite.yaml"})
        layers.equal("a protocol inside is read", load_suite(root / "bench/s", root).manifest.suite, "s")
        write(root, {"bench/s/suite.yaml": SUITE % "../outside/secret"})
        load = lambda: load_suite(root / "bench/s", root)  # noqa: E731
        layers.refused("a protocol outside is refused", load, InputError, "leaves")
        far = Settings(bench_dir="../outside")
        layers.refused("so are baselines outside", lambda: store_of(root, far, "s"), InputError, "leaves")
    with layers.layer("links"):
        plain = layers.folder / "plain"
        write(plain, {"a": "1", "b/c": "2"})
        digest = canonical.tree_digest(plain)
        (plain / "link").symlink_to(outside / "secret")
        layers.refused("a folder with a link has no digest", lambda: canonical.tree_digest(plain), InputError)
        log = layers.folder / "log"
        first = chain.append(log, entry(1), host=HOST, now=clock).path
        moved = first.rename(layers.folder / "elsewhere.json")
        first.symlink_to(moved)
        found = chain.verify(log).divergence
        layers.equal("a record that is a link is no record", found.position if found else None, 1)
        pipe = record_path(log, HOST, 1)
        pipe.unlink()
        os.mkfifo(pipe)
        found = chain.verify(log).divergence
        layers.equal("nor is a pipe, which nobody waits for", found.position if found else None, 1)
    with layers.layer("archives"):
        repository = layers.folder / "repository"
        write(repository, {"bench/s/suite.yaml": "version: 1\n"})
        (repository / "bench/s/stolen").symlink_to(outside / "secret")
        commit(repository, {})
        target = layers.folder / "exported"
        target.mkdir()
        export(process, repository, "main", ["bench"], target)
        given = [path.relative_to(target).as_posix() for path in _files(target)]
        layers.equal("files of another revision come without its links", given, ["bench/s/suite.yaml"])
        forged = lambda: export(_forging, repository, "main", ["bench"], target)  # noqa: E731
        layers.refused("an archive that climbs out is refused", forged, InputError, "leaves")
        layers.expect("and has written nothing", not (layers.folder / "climbed").exists())
        option = lambda: export(process, repository, "--output=x", ["bench"], target)  # noqa: E731
        layers.refused("a revision that is an option is refused", option, BlockedError)
    with layers.layer("names"):
        store = BaselineStore(root / "baselines")
        for name in ("../x", "a/b", ".", "", "a\0"):
            shown = repr(name)
            layers.refused(f"{shown} is no regime", lambda n=name: store.read(n, "x"), BenchgovError)
        kept = (outside / "secret").read_text()
        layers.equal("what is outside was left alone", (kept, os.listdir(outside)), ("secret\n", ["secret"]))
    return {"tree": digest, "exported": given}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def _forging(command: Any, folder: Path, timeout: float) -> Completed:
    """Git, but for its archives, which climb out of the folder that they are unpacked in."""
    if command[1] != "archive":
        return process(command, folder, timeout)
    path = next(word for word in command if word.startswith("--output=")).removeprefix("--output=")
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("../climbed")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    return Completed(0, "", "")


if __name__ == "__main__":
    main(protocol, LAYERS)

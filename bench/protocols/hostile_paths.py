"""No name that somebody else chose leads out of its folder: not in manifests, archives or stores."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import Any

from layers import Layers, main
from samples import HOST, clock, commit, entry, process, write

from benchgov import canonical, files, git
from benchgov.audit import chain
from benchgov.baselines.store import BaselineStore
from benchgov.canonical import Json
from benchgov.config import Settings
from benchgov.errors import BlockedError, InputError
from benchgov.gate.question import store_of
from benchgov.rim import Completed
from benchgov.suites.load import load_suite

LAYERS = ("paths", "links", "archives", "names")
SUITE = """\
version: 1
suite: s
kind: measured
families: {f: {}}
benchmarks:
  - {id: b, family: f, signature: "()", variants: {v: {command: ["true"], protocol: "%s"}}}
"""


def protocol(
    layers: Layers, *, inside: Any = files.inside, export: Any = git.export, verify: Any = chain.verify
) -> Json:
    """Good names beside bad ones; a secret outside stands for what must stay where it is."""
    root, outside = layers.folder / "root", layers.folder / "outside"
    write(outside, {"secret": "secret\n"})
    write(root, {"in/file": "plain\n"})
    with layers.layer("paths"):
        _paths(layers, root, outside, inside)
    with layers.layer("links"):
        digest = _links(layers, outside, verify)
    with layers.layer("archives"):
        exported = _archives(layers, outside, export)
    with layers.layer("names"):
        store = BaselineStore(root / "baselines")
        for name in ("../x", "a/b", ".", "", "a\0"):
            call = lambda n=name: store.read(n, "20260102T030405Z-00000000")  # noqa: E731
            layers.refused(f"{name!r} is no regime", call, InputError, "not a regime's name")
        layers.equal("what is outside was left alone", (outside / "secret").read_text(), "secret\n")
    return {"tree": digest, "exported": exported}


def _paths(layers: Layers, root: Path, outside: Path, inside: Any) -> None:
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


def _links(layers: Layers, outside: Path, verify: Any) -> str:
    plain, log = layers.folder / "plain", layers.folder / "log"
    write(plain, {"a": "1", "b/c": "2"})
    digest = canonical.tree_digest(plain)
    (plain / "link").symlink_to(outside / "secret")
    layers.refused("a folder with a link has no digest", lambda: canonical.tree_digest(plain), InputError)
    record = log / chain.append(log, entry(1), host=HOST, now=clock).path
    layers.expect("a record that is a file verifies", verify(log).ok)
    record.symlink_to(record.rename(layers.folder / "elsewhere.json"))
    layers.expect("one that is a link does not", not verify(log).ok)
    record.unlink()
    os.mkfifo(record)
    layers.expect("nor does a pipe, which nobody waits for", not verify(log).ok)
    return digest


def _archives(layers: Layers, outside: Path, export: Any) -> list[str]:
    repository, target = layers.folder / "repository", layers.folder / "exported"
    (repository / "bench/s").mkdir(parents=True)
    (repository / "bench/s/stolen").symlink_to(outside / "secret")
    commit(repository, {"bench/s/suite.yaml": "version: 1\n"})
    target.mkdir()
    export(process, repository, "main", ["bench"], target)
    given = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir())
    layers.equal("files of another revision come without its links", given, ["bench/s/suite.yaml"])
    forged = lambda: export(_forging, repository, "main", ["bench"], target)  # noqa: E731
    layers.refused("an archive that climbs out is refused", forged, InputError, "leaves")
    layers.expect("and has written nothing", not (layers.folder / "climbed").exists())
    option = lambda: export(process, repository, "--output=x", ["bench"], target)  # noqa: E731
    layers.refused("a revision that is an option is refused", option, BlockedError)
    return given


def _forging(command: Any, folder: Path, timeout: float) -> Completed:
    """Git, but for its archives, which climb out of the folder that they are unpacked in."""
    if command[1] != "archive":
        done: Completed = process(command, folder, timeout)
        return done
    path = next(word for word in command if word.startswith("--output=")).removeprefix("--output=")
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("../climbed")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    return Completed(0, "", "")


if __name__ == "__main__":
    main(protocol, LAYERS)

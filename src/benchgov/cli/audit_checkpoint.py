"""`benchgov audit checkpoint` and `keygen`: the head of the log, for others to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchgov.audit.checkpoint import SignedCheckpoint
    from benchgov.audit.files import LogFiles
    from benchgov.audit.note import Signer
    from benchgov.audit.published import Published
    from benchgov.cli.common import Project

T = TypeVar("T")

store_option = click.option(
    "--store",
    metavar="LOG",
    help="Folder of the log, or git:BRANCH.  [default: audit.store of benchgov.yaml]",
)
host_option = click.option("--host", help="Which host's chain, where the log has several.")
file_type = click.Path(path_type=Path)
seen_option = click.option(
    "--seen",
    type=file_type,
    help="A file kept apart from the log that remembers the highest heads seen: going back is refused.",
)
attempts_option = click.option(
    "--attempts",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How often to try while others push first.",
)


@click.command("checkpoint")
@click.option("--key", type=file_type, help="Private key to sign with, as `audit keygen` writes it.")
@click.option("--origin", help="Name of the log, once and for ever.  [default: the key's name]")
@click.option("--against", type=file_type, help="A checkpoint kept elsewhere, which the log must extend.")
@click.option("--cosigned", type=file_type, help="A witness's copy of a checkpoint: keep its signatures.")
@click.option("--incremental", is_flag=True, help="Verify only the records since the last checkpoint.")
@click.option("--out", type=file_type, help="Write a copy here.")
@click.option("--all", "every", is_flag=True, help="Every host's, and then the root log's over all of them.")
@click.option("--push", metavar="REMOTE", help="Fetch the log's branch first, and push it afterwards.")
@attempts_option
@seen_option
@host_option
@store_option
@config_option
@format_option
def checkpoint(output_format: str, **given: Any) -> int:
    """Publish the head of the log: how many records, and the root of the Merkle tree over them.

    It is a C2SP checkpoint: keep a copy where those who write the log cannot reach it. The chain, every
    record and every tile are verified first. A checkpoint never goes back: a log that is shorter than the
    last one, or has another root at its size, is refused, and both heads are kept as evidence.

    With --all every host gets a checkpoint, and so does the root log, a tree over these.

    Exit codes: 0 published, or unchanged; 5 the log is not what was published; 65 there is no log.

    \b
    Example:
      benchgov audit checkpoint --out anchor.txt
      benchgov audit checkpoint --key audit.key --against anchor.txt
    """
    from benchgov.audit.seen import watching
    from benchgov.cli.audit_collect import log_files

    project = open_project(given["config_file"])
    log = log_files(project, given)

    def publish() -> tuple[SignedCheckpoint, dict[str, Any]]:
        if given["every"]:
            return _publish_all(project, log, given)
        done, host = _publish(project, log, given, given["host"])
        return done.checkpoint, _as_json(host, done)

    with watching(given["seen"], log):
        published, told = _landed(log, given, publish)
    if given["out"]:
        _copy_out(given["out"], published)
    if output_format == "table":
        project.rim.stdout.write(str(published))
    else:
        print_json(project.rim, told)
    return 0


def _landed(log: LogFiles, given: dict[str, Any], publish: Callable[[], T]) -> T:
    """What `publish` publishes; on a branch that is pushed in one commit, and again after a lost race."""
    from benchgov.audit.attempts import persist
    from benchgov.cli.audit_collect import pace_of

    if not given["push"]:
        return publish()

    def write() -> T:
        with log.locked():
            return publish()

    return persist(write, pace_of(given), remedy="Nothing was published: run it again.")[0]


def _publish(
    project: Project, log: LogFiles, given: dict[str, Any], wanted: str | None
) -> tuple[Published, str]:
    """Verify and publish one host's checkpoint."""
    from benchgov.audit import published
    from benchgov.audit.verification import verify, verify_since

    host = published.choose_host(log, wanted)
    signer = signer_of(given["key"])
    if given["cosigned"]:
        published.adopt(log, host, published.read_checkpoint(given["cosigned"]))
    # Without an earlier checkpoint there is nothing to go on from.
    last = published.newest(log, host) if given["incremental"] else None
    if last is None and (divergence := verify(log).divergence):
        raise divergence.error()
    tree = published.host_tree(log, host)
    if last:
        published.require_extends(log, host, tree, last)
        if divergence := verify_since(log, host, last.head):
            raise divergence.error()
    else:
        published.examine(log, host, tree)
    if given["against"]:
        published.require_extends(log, host, tree, published.read_checkpoint(given["against"]))
    origin = given["origin"] or _origin(log, host, signer, project.rim.environ)
    return published.publish(log, host, tree, origin=origin, signer=signer), host


def _publish_all(
    project: Project, log: LogFiles, given: dict[str, Any]
) -> tuple[SignedCheckpoint, dict[str, Any]]:
    """Publish every host's checkpoint, and take them up in the root log; its own, and what to say of it."""
    from benchgov.audit import root_log
    from benchgov.audit.store import list_hosts, require_store
    from benchgov.errors import UsageError

    alone = [name for name in ("host", "cosigned", "against", "origin") if given[name]]
    if alone:
        raise UsageError(f"--{alone[0]} is about one host; --all about all")
    require_store(log)
    signer = signer_of(given["key"])
    hosts = {}
    for host in list_hosts(log).names:
        published, _ = _publish(
            project, log, {**given, "origin": _host_origin(log, host, signer, project)}, host
        )
        hosts[host] = published.checkpoint.head.size
    origin = _root_origin(log, signer, project.rim.environ)
    done = root_log.extend(log, origin=origin, signer=signer)
    head = done.checkpoint.head
    return done.checkpoint, {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "added": list(done.added),
        "new": done.new,
        "checkpoint": str(done.checkpoint),
        "hosts": hosts,
    }


def signer_of(key: Path | None) -> Signer | None:
    """The private key in a file."""
    if key is None:
        return None
    from benchgov.audit.note import parse_signer
    from benchgov.files import read_text

    return parse_signer(read_text(key, limit=4096))


def _copy_out(path: Path, checkpoint: SignedCheckpoint) -> None:
    from benchgov.files import write_atomic

    write_atomic(path, str(checkpoint).encode())


def _host_origin(log: LogFiles, host: str, signer: Signer | None, project: Project) -> str:
    """As `_origin`; but a key that signs for many logs names the host, too."""
    from benchgov.audit.published import newest

    if signer and newest(log, host) is None:
        return f"{signer.name}/{host}"
    return _origin(log, host, signer, project.rim.environ)


def _root_origin(log: LogFiles, signer: Signer | None, environ: Mapping[str, str]) -> str:
    from benchgov.audit.root_log import published

    last = published(log)
    if last:
        return last.head.origin
    return signer.name if signer else _made_origin(environ)


def _origin(store: LogFiles, host: str, signer: Signer | None, environ: Mapping[str, str]) -> str:
    """The name that the log has already; else the key's; else one made of the repository and the host."""
    from benchgov.audit.published import newest

    last = newest(store, host)
    if last:
        return last.head.origin
    if signer:
        return signer.name
    return f"{_made_origin(environ)}/{host}"


def _made_origin(environ: Mapping[str, str]) -> str:
    server = environ.get("GITHUB_SERVER_URL", "").rpartition("//")[2]
    parts = [server, environ.get("GITHUB_REPOSITORY", ""), "benchgov-audit"]
    return "/".join(part for part in parts if part)


def _as_json(host: str, done: Published) -> dict[str, Any]:
    head = done.checkpoint.head
    return {
        "host": host,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "signed_by": [signature.name for signature in done.checkpoint.note.signatures],
        "new": done.new,
        "checkpoint": str(done.checkpoint),
    }


@click.command("keygen")
@click.argument("name")
@click.option("--out", type=file_type, required=True, help="File for the private key; it must not exist yet.")
@click.option("--witness", is_flag=True, help="For a witness: print the public half of its co-signatures.")
@format_option
def keygen(name: str, out: Path, witness: bool, output_format: str) -> int:
    """Make an Ed25519 key that signs checkpoints, and print its public half.

    NAME goes into every signature: a name such as example.com/our-log, without spaces or plus signs. The
    private key is for whoever publishes checkpoints; who writes records should not have it.

    Exit codes: 0 made; 64 the name cannot be one; 74 the file exists already, or cannot be written.

    \b
    Example:
      benchgov audit keygen example.com/our-log --out audit.key
    """
    import secrets

    from benchgov.audit.note import Signer, is_key_name
    from benchgov.errors import OutputError, UsageError
    from benchgov.files import create_exclusive
    from benchgov.rim import real_rim

    if not is_key_name(name):
        raise UsageError(f"not a name for a key: {name!r}; it has neither spaces nor plus signs")
    signer = Signer(name, secrets.token_bytes(32))
    if not create_exclusive(out, f"{signer.private}\n".encode(), mode=0o600):
        raise OutputError("exists already, and a key is never replaced", where=str(out))
    rim = real_rim()
    public = signer.cosigner if witness else signer.verifier
    if output_format == "json":
        print_json(rim, {"name": name, "public_key": str(public), "file": str(out)})
    else:
        rim.stdout.write(f"{public}\n")
    return 0

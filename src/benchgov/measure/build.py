"""Run a suite's `build` step in a work tree, before anything of it runs, and record what it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchgov import report
from benchgov.canonical import blake3_hex, digest_of, file_digests
from benchgov.errors import InputError
from benchgov.files import inside
from benchgov.measure.bench import Tree
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.session import STDERR_TAIL, SampleError, Session, Specification, host_environ, printable
from benchgov.suites.build import Build
from benchgov.suites.parameters import placeholder_values
from benchgov.suites.placeholders import fill


@dataclass(frozen=True)
class Fault:
    """Why nothing of a tree can be measured, and the end of what was said."""

    reason: str
    stderr_tail: str = ""


def build(tree: Tree, *, skip: bool = False) -> report.Build | Fault | None:
    """Run the suite's `build` in its folder: what it made, or why it failed; None when there is none.

    With `skip` the command is not run; its outputs must be there. What it leaves running is ended, as after
    a command that is measured.
    """
    wanted = tree.suite.manifest.build
    if wanted is None:
        return None
    try:
        printed = None if skip else _run(wanted, tree)
        made = _outputs(wanted, tree.suite.root) if wanted.outputs else None
    except SampleError as error:
        return Fault(f"`build` failed: {error.reason}", error.stderr_tail)
    return report.Build(
        command=wanted.command,
        outputs=wanted.outputs,
        output_digest=made,
        printed_digest=printed,
        skipped=skip,
    )


def _run(wanted: Build, tree: Tree) -> str:
    """The digest of what the command printed; raises SampleError, without the paths of this machine."""
    values = {"python": tree.python, "suite": str(tree.suite.folder), "root": str(tree.suite.root)}
    specification = Specification(
        folder=tree.suite.folder,
        path=(),
        target=None,
        argv=fill(wanted.command, values | placeholder_values(tree.environ)),
        input={},
        scale=None,
        parameters=(),
        isolation="process",
        exit_code=0,
    )
    environ = host_environ(tree.environ, wanted.env)
    with scratch_folder() as scratch:
        try:
            with Session(specification, python=tree.python, environ=environ, scratch=scratch) as session:
                session.prepared(wanted.timeout_seconds)
                reply, printed = session.output(wanted.timeout_seconds, "`build`")
                if reply["exit_code"] == 0:
                    return blake3_hex(printed)
                tail = session.stderr_tail() or printable(printed[-STDERR_TAIL:].decode("utf-8", "replace"))
                raise SampleError(f"exit code {reply['exit_code']}", tail)
        except SampleError as error:
            reason, tail = (
                text.replace(str(scratch), "<scratch>").replace(str(tree.suite.root), ".")
                for text in (error.reason, error.stderr_tail)
            )
            raise SampleError(reason, tail) from error


def _outputs(wanted: Build, root: Path) -> str:
    """The digest of every output's path and content; raises SampleError when one is not there."""
    found = []
    for name in wanted.outputs:
        try:
            path = inside(root, name)
            found.append([name, file_digests(path)[0]])
        except (InputError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error.message
            raise SampleError(f"output {name}: {reason}") from error
    return digest_of(found)

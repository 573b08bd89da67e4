"""Run a suite's `prepare` command in a work tree, before anything of it is measured."""

from __future__ import annotations

from dataclasses import dataclass

from benchgov.measure.bench import Tree
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.session import STDERR_TAIL, SampleError, Session, Specification, host_environ, printable
from benchgov.suites.placeholders import fill


@dataclass(frozen=True)
class Fault:
    """Why nothing of a tree can be measured, and the end of what was said."""

    reason: str
    stderr_tail: str = ""


def prepare(tree: Tree) -> Fault | None:
    """Run the suite's `prepare` in its folder; None when there is none, or when it ended with 0.

    What it leaves running is ended, as after a command that is measured.
    """
    wanted = tree.suite.manifest.prepare
    if wanted is None:
        return None
    values = {"python": tree.python, "suite": str(tree.suite.folder), "root": str(tree.suite.root)}
    specification = Specification(
        folder=tree.suite.folder,
        path=(),
        target=None,
        argv=fill(wanted.command, values),
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
                reply, printed = session.output(wanted.timeout_seconds, "`prepare`")
                if reply["exit_code"] == 0:
                    return None
                tail = session.stderr_tail() or printable(printed[-STDERR_TAIL:].decode("utf-8", "replace"))
                fault = Fault(f"exit code {reply['exit_code']}", tail)
        except SampleError as error:
            fault = Fault(error.reason, error.stderr_tail)
        reason, tail = (
            text.replace(str(scratch), "<scratch>").replace(str(tree.suite.root), ".")
            for text in (fault.reason, fault.stderr_tail)
        )
    return Fault(f"`prepare` failed: {reason}", tail)

"""Handlers for the tests of the fork server."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LOADED_BY = os.getpid()


def prepare(setup: Any) -> Any:
    """The handler; or what `setup` asks for instead."""
    if setup == "fail":
        raise RuntimeError("cannot be prepared")
    if setup == "print":
        print("on standard output")  # noqa: T201
        print("on standard error", file=sys.stderr)  # noqa: T201
        raise RuntimeError("printed enough")
    if setup == "vanish":
        os._exit(0)
    if setup == "linger":
        linger("mark-unused")
    return handle


def linger(mark: str) -> int:
    """Start a process in a session of its own; its number."""
    command = [sys.executable, "-I", "-S", "-c", "import time; print(flush=True); time.sleep(300)", mark]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


def handle(question: dict[str, Any]) -> Any:
    """Do as the question says."""
    [(what, argument)] = question.items()
    return ACTIONS[what](argument)


def _kill(pid: int) -> bool:
    os.kill(pid, 0)
    return True


def _connect(port: int) -> bool:
    socket.create_connection(("127.0.0.1", port), 5).close()
    return True


def _write(path: str) -> bool:
    Path(path).write_text("written")
    return True


ACTIONS: dict[str, Any] = {
    "echo": lambda value: value,
    "pids": lambda _: [os.getpid(), os.getppid(), LOADED_BY],
    "environ": os.environ.get,
    "folder": lambda _: str(Path.cwd()),
    "sleep": time.sleep,
    "linger": linger,
    "kill": _kill,
    "connect": _connect,
    "write": _write,
    "read": lambda path: Path(path).read_text(),
    "list": lambda path: sorted(os.listdir(path)),
    "run": lambda command: subprocess.run(command, check=True, capture_output=True, text=True).stdout,
    "hash": hash,
    "end_server": lambda _: os.kill(os.getppid(), 9),
    "surrogate": lambda _: "\ud800",
    "set": lambda _: {1},
}

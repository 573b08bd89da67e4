"""Systems under test for the tests of the harness. It is copied into a repository and imported there only."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchgov.eval import canary, cost_tag


def number(case: Any) -> int:
    return int((case.input_path / "number.txt").read_text())


def act(case: Any) -> Any:
    return globals()[(case.input_path / "act.txt").read_text()](case)


def double(case: Any) -> dict[str, Any]:
    return {"double": 2 * number(case), "cost_usd": 0.25}


async def double_later(case: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"double": 2 * number(case)}


def surroundings(case: Any) -> dict[str, Any]:
    Path("scratch.txt").write_text("mine")
    with tempfile.NamedTemporaryFile() as stream:
        temporary = stream.name
    return {
        "cwd": str(Path.cwd()),
        "input_path": str(case.input_path),
        "names": sorted(os.listdir()),
        "temporary": temporary,
        "expected_there": case.expected_path.exists(),
        "environ": dict(os.environ),
        "tag": cost_tag.current_tag(),
        "canary": canary.mint(),
        "entry": cost_tag.entry(0.5, "wf"),
    }


def tag_of_a_child(case: Any) -> dict[str, Any]:
    time.sleep(0.05)
    code = "import os; print(os.environ['BENCHGOV_BENCH_INVOCATION_TAG'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {"own": cost_tag.current_tag(), "child": done.stdout.strip()}


def chatty(case: Any) -> dict[str, Any]:
    sys.stdout.write("from Python\n")
    subprocess.run(["echo", "from a program"], check=True)
    os.write(1, b'{"nonce": "", "answer": {}}\n')
    return double(case)


def raises(case: Any) -> dict[str, Any]:
    raise LookupError("no such\nadvisory")


def exits(case: Any) -> dict[str, Any]:
    sys.exit(3)


def exits_hard(case: Any) -> dict[str, Any]:
    os._exit(0)


def returns_text(case: Any) -> Any:
    return "double"


def returns_nan(case: Any) -> dict[str, Any]:
    return {"double": float("nan")}


def returns_object(case: Any) -> dict[str, Any]:
    return {"double": object()}


def returns_itself(case: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    answer["double"] = answer
    return answer


def returns_debt(case: Any) -> dict[str, Any]:
    return {"double": 2, "cost_usd": -1.0}


def returns_bomb(case: Any) -> dict[str, Any]:
    value: Any = 1
    for _ in range(500):
        value = [value]
    return {"double": value}


def returns_without_end(case: Any) -> dict[str, Any]:
    return {"double": "x" * (17 << 20)}


def flaky(case: Any) -> dict[str, Any]:
    if (
        os.fork() == 0
    ):  # what the lane's folder holds is wiped between attempts, so the parent's memory counts
        os._exit(0)
    marks = Path(os.environ["MARKS"])
    (marks / str(len(os.listdir(marks)))).touch()
    if len(os.listdir(marks)) < 3:
        raise ConnectionError("try again")
    return double(case)


async def ignores_cancellation(case: Any) -> dict[str, Any]:
    while True:
        try:
            await asyncio.sleep(3600)
        except BaseException:
            continue


def ignores_signals(case: Any) -> dict[str, Any]:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=time.sleep, args=(3600,)).start()
    if "MARKS" in os.environ:
        Path(os.environ["MARKS"], "asked").touch()
    time.sleep(3600)
    return {}


def _daemon(mark: str) -> None:
    """A process that left its group and its session, holds all pipes open, and ignores what it can."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.execvp("sleep", ["sleep", mark])


def leaves_daemon(case: Any) -> dict[str, Any]:
    _daemon("31536001")
    return double(case)


def hangs_with_daemon(case: Any) -> dict[str, Any]:
    _daemon("31536002")
    time.sleep(3600)
    return {}


def floods_stdout(case: Any) -> dict[str, Any]:
    while True:
        os.write(1, b"x" * 65536)


def kills_parents(case: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pid in case_pids(case):
        for what, call in (("kill", os.kill), ("group", os.killpg)):
            found[f"{what} {pid}"] = tried(partial(call, pid, signal.SIGTERM))
        found[f"environ {pid}"] = tried(Path(f"/proc/{pid}/environ").read_text)
        found[f"mem {pid}"] = tried(partial(open, f"/proc/{pid}/mem", "rb"))
    return found


def kills_its_server(case: Any) -> dict[str, Any]:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)
    return {}


def stops_its_server(case: Any) -> dict[str, Any]:
    os.kill(os.getppid(), signal.SIGSTOP)
    return double(case)


def case_pids(case: Any) -> list[int]:
    return [int(line) for line in (case.input_path / "pids.txt").read_text().split()]


def tried(call: Callable[[], Any]) -> str:
    try:
        return f"got {call()}"
    except OSError as error:
        return type(error).__name__


def reads(case: Any) -> dict[str, Any]:
    paths = (case.input_path / "paths.txt").read_text().splitlines()
    found = {f"read {path}": tried(Path(path).read_text) for path in paths}
    for path in paths:
        os.symlink(path, "link")
        found[f"link {path}"] = tried(Path("link").read_text)
        Path("link").unlink()
    return found


def writes(case: Any) -> dict[str, Any]:
    found = {}
    for path in (case.input_path / "paths.txt").read_text().splitlines():
        found[f"write {path}"] = tried(partial(Path(path, "planted").write_text, "{}"))
        found[f"folder {path}"] = tried(Path(path, "folder").mkdir)
        found[f"move {path}"] = tried(partial((case.input_path / "paths.txt").rename, f"{path}/planted"))
        found[f"gone {path}"] = tried(partial(Path(path).rename, f"{path}-gone"))
    return found


def mounts(case: Any) -> dict[str, Any]:
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.mount(b"none", str(case.input_path).encode(), b"tmpfs", 0, None)
    return {
        "mount": failed,
        "unshare": libc.unshare(0x10000000),
        "ptrace": libc.ptrace(16, os.getppid(), 0, 0),
    }


def connects(case: Any) -> dict[str, Any]:
    host, port = (case.input_path / "address.txt").read_text().split()
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        return {"heard": connection.recv(5).decode()}


def reads_ancestors(case: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"own": dict(os.environ)}
    pid, read = os.getpid(), 0
    while pid > 1:
        text = tried(Path(f"/proc/{pid}/environ").read_text)
        read += text.startswith("got")
        found[str(pid)] = text
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return {"read": read, **found}


def writes_answer(case: Any) -> dict[str, Any]:
    """To every descriptor that is open, since one of them may be the harness's."""
    line = (case.input_path / "line.txt").read_bytes() + b"\n"
    for number in range(3, 20):
        try:
            os.write(number, line)
        except OSError:
            continue
    return double(case)


def bombs(case: Any) -> dict[str, Any]:
    """128 processes, each the leader of a session of its own."""
    for _ in range(7):
        if os.fork() == 0:
            os.setsid()
    os.execvp("sleep", ["sleep", "31536004"])


def runs_away(case: Any) -> dict[str, Any]:
    """A process that forks and ends, again and again: its number is old when it is read."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if os.fork():
            os._exit(0)
        os.setsid()
    return {}


def asks_model(case: Any) -> dict[str, Any]:
    """Weaves its canary into the prompt, as a SUT of a language model does."""
    address = (case.input_path / "address.txt").read_text()
    prompt = (case.input_path / "prompt.txt").read_text().encode() + canary.mint().encode()
    request = urllib.request.Request(f"{address}/v1/complete?n=1", data=prompt, headers={"x-api-key": "hush"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return {"answer": response.read().decode()}


def swallows_misses(case: Any) -> dict[str, Any]:
    try:
        return asks_model(case)
    except Exception:
        return {"answer": "made up"}


def goes_around(case: Any) -> dict[str, Any]:
    """Another program, which knows nothing of the cassette."""
    address = (case.input_path / "address.txt").read_text()
    code = f"import urllib.request; urllib.request.urlopen('{address}', data=b'x', timeout=5)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return {"refused": "PermissionError" in done.stderr, "status": done.returncode}


def litters(case: Any) -> dict[str, Any]:
    """Leaves what cannot be entered, links out, and says what it found of the case before."""
    found = {"names": sorted(os.listdir(case.input_path.parent.parent))}
    closed = Path("closed")
    (closed / "inner").mkdir(parents=True)
    (closed / "inner").chmod(0)
    closed.chmod(0)
    os.symlink("/", "root")
    return found


_asked: list[str] = []
_context: contextvars.ContextVar[str] = contextvars.ContextVar("of_the_sut", default="")
_kept: list[Any] = []


def whoami(case: Any) -> dict[str, Any]:
    """The process that answers, and what of earlier cases is there."""
    _asked.append(case.case_id)
    os.umask(mask := os.umask(0o22))
    found = {
        "pid": os.getpid(),
        "asked": list(_asked),
        "context": _context.get(),
        "cwd": str(Path.cwd()),
        "environ": dict(os.environ),
        "tag": cost_tag.current_tag(),
        "names": sorted(os.listdir()),
        "umask": mask,
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "alarm": signal.getitimer(signal.ITIMER_REAL),
        "handler": str(signal.getsignal(signal.SIGUSR1)),
        "limit": resource.getrlimit(resource.RLIMIT_NOFILE),
        "hash": str(hash("a text")),
    }
    _context.set(case.case_id)
    return found


def leaves(case: Any) -> dict[str, Any]:
    left, found = (case.input_path / "left.txt").read_text(), whoami(case)
    LEFT[left]()
    return found


def _leave_thread() -> None:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()


def _leave_umask() -> None:
    os.umask(0)


def _leave_program() -> None:
    _kept.append(subprocess.Popen(["sleep", "31536005"], start_new_session=True))


def _leave_removed_folder() -> None:
    os.chdir(tempfile.mkdtemp())
    Path.cwd().rmdir()


LEFT: dict[str, Callable[[], Any]] = {
    "thread": _leave_thread,
    "program": _leave_program,
    "file": lambda: os.open("/dev/null", os.O_RDONLY),
    "socket": lambda: _kept.append(socket.socket()),
    "folder": lambda: os.chdir("/"),
    "removed folder": _leave_removed_folder,
    "variable": lambda: os.environ.update({"LEFT": "behind"}),
    "tag": lambda: os.environ.update({cost_tag.TAG_VARIABLE: "another"}),
    "lost variable": lambda: os.environ.pop("HOME"),
    "umask": _leave_umask,
    "limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    "handler": lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN),
    "mask": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]),
    "alarm": lambda: signal.alarm(3600),
    "session": os.setsid,
    "priority": lambda: os.nice(1),
}


def ends(case: Any) -> dict[str, Any]:
    what = (case.input_path / "how.txt").read_text()
    if what.isdigit():
        os.kill(os.getpid(), int(what))
        time.sleep(3600)
    if what == "segfault":
        ctypes.string_at(0)
    os._exit(0 if what == "well" else 3)


def prints(case: Any) -> dict[str, Any]:
    """Without an end of line, by Python, by a library in C, and by who kept standard output."""
    text = (case.input_path / "text.txt").read_text()
    sys.stdout.write(f"python {text}")
    ctypes.CDLL(None).printf(f"library {text}".encode())
    return whoami(case)


def _look_untouched() -> None:
    """Let this process find itself as it was, whatever becomes of it."""
    from benchgov.eval.isolation import worker

    worker.footprint = Same  # type: ignore[assignment,attr-defined]


class Same:
    def __ne__(self, other: object) -> bool:
        return False


def hides_program(case: Any) -> dict[str, Any]:
    """One that is not found by its own process."""
    _look_untouched()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "31536006"])
        os.execvp("sleep", ["sleep", "31536006"])
    return whoami(case)


def answers_later(case: Any) -> dict[str, Any]:
    """Keeps standard output, and writes to it while the next case is asked."""
    _look_untouched()
    kept = os.dup(1)

    def write() -> None:
        while True:
            os.write(kept, b'{"nonce": "", "answer": {"json": "{}"}}')

    threading.Thread(target=write, daemon=True).start()
    return whoami(case)


def plants_link(case: Any) -> dict[str, Any]:
    """Where the next case's input is to be written: a link to what is the harness's alone to write."""
    _look_untouched()
    lane = case.input_path.parent.parent
    (lane / "case").rename(lane / "moved")
    (lane / "case").symlink_to((lane / "moved" / "input" / "victim.txt").read_text())
    return {}


if (Path(__file__).parent / "broken.txt").exists():
    raise ImportError("the model is not installed")

"""Forks that leave out what Python does in a fork for threads, where there are none."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import os
from benchgov.eval.isolation import forking

forking.watch()

def said(what):
    read, write = os.pipe()
    child = forking.fork()
    if child == 0:
        os.write(write, repr(what()).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    return eval(os.read(read, 1000))

def plain_forks():
    '''How many of the next forks are not Python's own.'''
    made, fork = [], os.fork
    os.fork = lambda: made.append(1) or fork()
    said(int)
    os.fork = fork
    return 1 - len(made)
"""


def _printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each fork is Python's own")
def test_a_process_with_one_thread_forks_without_ado() -> None:
    """What modules of the standard library register for threads and logs is no reason for more."""
    assert (
        _printed("import threading, logging, random, concurrent.futures.thread; print(plain_forks())") == "1"
    )


def test_forks_draw_different_random_numbers() -> None:
    """From each other, and from who forked them; `random` is seeded as it is by `os.fork`."""
    code = "import random; print(len({random.random(), *(said(random.random) for _ in range(4))}))"
    assert _printed(code) == "5"


def test_what_another_module_wants_done_in_a_fork_is_done() -> None:
    """Then a fork is Python's own."""
    code = "SEEN = []; os.register_at_fork(after_in_child=lambda: SEEN.append(1)); "
    assert _printed(code + "print(said(lambda: SEEN), plain_forks())") == "[1] 0"


def test_who_watches_twice_takes_notice_once() -> None:
    """A server is forked from a process that watched before it."""
    assert _printed("forking.watch(); import threading, random; print(plain_forks())") == "1"


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
def test_a_python_that_was_customised_forks_as_ever(name: str) -> None:
    """What that registered was registered before anybody watched."""
    code = f"import sys; sys.modules[{name!r}] = sys; forking.watch.cache_clear(); forking.watch(); "
    assert _printed(code + "print(plain_forks())") == "0"


def test_a_process_with_threads_forks_as_ever() -> None:
    """Locks that another thread holds are made anew; also for a thread that `threading` does not know."""
    code = "import _thread, time; _thread.start_new_thread(time.sleep, (60,)); time.sleep(0.1); "
    assert _printed(code + "print(plain_forks())") == "0"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each fork is Python's own")
def test_a_fork_that_is_refused_is_an_error() -> None:
    """With the reason that the kernel gave."""
    code = """
import resource
os.setuid(12345) if os.getuid() == 0 else None
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    forking.fork()
except OSError as error:
    print(type(error).__name__, "fork" in str(error))
"""
    assert _printed(code) == "BlockingIOError True"

"""Attacks that use the machine up, or stay on it."""

# ruff: noqa: PTH102, PTH103, PTH123

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchgov.eval import BenchCase

Given = Mapping[str, Any]


def daemon(case: BenchCase, given: Given) -> bool:
    subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)", given["mark"]],
        start_new_session=True,
    )
    return False


def daemon_holding_pipes(case: BenchCase, given: Given) -> bool:
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    return False


def fork_bomb(case: BenchCase, given: Given) -> bool:
    for _ in range(7):  # 128 processes, in sessions of their own
        os.fork()
        os.setsid() if os.getpid() != os.getsid(0) else None
    time.sleep(600)
    return True


def memory(case: BenchCase, given: Given) -> bool:
    kept = [bytearray(256 * 1024 * 1024) for _ in range(64)]
    return bool(kept)


def shared_mapping(case: BenchCase, given: Given) -> bool:
    import mmap

    return bool(mmap.mmap(-1, 16 * 1024**3))


def time_of_the_clock(case: BenchCase, given: Given) -> bool:
    time.sleep(600)
    return True


def time_of_the_processor(case: BenchCase, given: Given) -> bool:
    while True:
        pass


def flood_standard_output(case: BenchCase, given: Given) -> bool:
    while True:
        os.write(1, b"x" * 65536)


def flood_standard_error(case: BenchCase, given: Given) -> bool:
    while True:
        sys.stderr.write("x" * 65536)


def flood_by_print(case: BenchCase, given: Given) -> bool:
    while True:
        print("x" * 65536)  # noqa: T201


def large_file(case: BenchCase, given: Given) -> bool:
    with open("large", "wb") as stream:
        for _ in range(64):
            stream.write(b"x" * 1024 * 1024)
    return True


def many_files(case: BenchCase, given: Given) -> bool:
    for number in range(10_000_000):
        Path(str(number)).write_bytes(b"")
    return True


def deep_folders(case: BenchCase, given: Given) -> bool:
    for _ in range(1_200):
        os.mkdir("d")
        os.chdir("d")
    time.sleep(given["pause"])
    return False


def closed_folder(case: BenchCase, given: Given) -> bool:
    os.makedirs("closed/inner")
    os.mkdir("closed/locked", 0o000)
    return False


def lingering_thread(case: BenchCase, given: Given) -> bool:
    threading.Thread(target=time.sleep, args=(600,)).start()
    return False


def open_files(case: BenchCase, given: Given) -> bool:
    kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(100_000)]
    return bool(kept)


ATTACKS = {
    function.__name__: function
    for function in (
        daemon, daemon_holding_pipes, fork_bomb, memory, shared_mapping, time_of_the_clock,
        time_of_the_processor, flood_standard_output, flood_standard_error, flood_by_print, large_file,
        many_files, deep_folders, closed_folder, lingering_thread, open_files,
    )
}  # fmt: skip

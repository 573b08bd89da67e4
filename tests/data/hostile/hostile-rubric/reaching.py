"""Attacks that reach for what is not the rubric's: the harness, other processes, files, the network."""

# ruff: noqa: PTH101, PTH108, PTH116, PTH123

import ctypes
import os
import resource
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchgov.eval import BenchCase

Given = Mapping[str, Any]


def environment(case: BenchCase, given: Given) -> bool:
    return "ANTHROPIC_API_KEY" in os.environ or any(
        "secret-in-the-environment" in v for v in os.environ.values()
    )


def environment_of_the_harness(case: BenchCase, given: Given) -> bool:
    return b"=" in Path(f"/proc/{given['harness']}/environ").read_bytes()


def environment_of_another(case: BenchCase, given: Given) -> bool:
    return b"secret-in-the-environment" in Path(f"/proc/{given['bystander']}/environ").read_bytes()


def memory_of_the_harness(case: BenchCase, given: Given) -> bool:
    with open(f"/proc/{given['harness']}/mem", "rb"):
        return True


def memory_by_system_call(case: BenchCase, given: Given) -> bool:
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.process_vm_readv(given["harness"], vector, 1, vector, 1, 0)
    return ctypes.get_errno() not in {1, 3}  # EPERM, and ESRCH where it cannot even be seen


def trace(case: BenchCase, given: Given) -> bool:
    return bool(ctypes.CDLL(None).ptrace(16, given["harness"], 0, 0) == 0)  # PTRACE_ATTACH


def signal_to_the_harness(case: BenchCase, given: Given) -> bool:
    os.kill(given["harness"], 0)
    return True


def signal_by_descriptor(case: BenchCase, given: Given) -> bool:
    signal.pidfd_send_signal(os.pidfd_open(given["harness"]), 0)  # type: ignore[arg-type]
    return True


def signal_to_its_server(case: BenchCase, given: Given) -> bool:
    os.kill(os.getppid(), 0)
    return True


def limits_of_the_harness(case: BenchCase, given: Given) -> bool:
    resource.prlimit(given["harness"], resource.RLIMIT_CPU)
    return True


def priority_of_the_harness(case: BenchCase, given: Given) -> bool:
    os.setpriority(os.PRIO_PROCESS, given["harness"], os.getpriority(os.PRIO_PROCESS, 0))
    return True


def tcp(case: BenchCase, given: Given) -> bool:
    socket.create_connection(("127.0.0.1", given["tcp"]), 1).close()
    return True


def udp(case: BenchCase, given: Given) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"out", ("127.0.0.1", given["udp"]))
    return True


def unix_socket(case: BenchCase, given: Given) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(given["unix"])
    return True


def abstract_socket(case: BenchCase, given: Given) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("\0" + given["abstract"])
    return True


def socket_pair(case: BenchCase, given: Given) -> bool:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"out", given["datagrams"])
    return other is not None


def read_another_case(case: BenchCase, given: Given) -> bool:
    return "secret" in Path(given["bench"], "cases", "other", "expected", "answer.json").read_text()


def list_the_cases(case: BenchCase, given: Given) -> bool:
    return bool(os.listdir(Path(given["bench"], "cases")))


def read_a_file(case: BenchCase, given: Given) -> bool:
    return bool(Path(given["file"]).read_bytes())


def write_a_file(case: BenchCase, given: Given) -> bool:
    with open(given["file"], "ab"):
        return True


def make_a_file(case: BenchCase, given: Given) -> bool:
    Path(given["file"] + ".made").write_text("here")
    return True


def truncate_a_file(case: BenchCase, given: Given) -> bool:
    os.truncate(given["file"], os.stat(given["file"]).st_size)
    return True


def remove_a_file(case: BenchCase, given: Given) -> bool:
    os.unlink(given["spare"])
    return True


def write_its_bench(case: BenchCase, given: Given) -> bool:
    with open(Path(given["bench"], "rubric.py"), "ab"):
        return True


def write_its_case(case: BenchCase, given: Given) -> bool:
    with open(case.expected_path / "answer.json", "ab"):
        return True


def change_a_mode(case: BenchCase, given: Given) -> bool:
    os.chmod(given["file"], 0o644)
    return True


def change_a_time(case: BenchCase, given: Given) -> bool:
    os.utime(given["file"], (1, 1))
    return True


def see_that_a_file_is_there(case: BenchCase, given: Given) -> bool:
    return Path(given["file"]).exists()


def link_out(case: BenchCase, given: Given) -> bool:
    os.symlink(given["folder"], "link")
    return True


def shared_memory(case: BenchCase, given: Given) -> bool:
    identifier = ctypes.CDLL(None).shmget(0, 4096, 0o1600)
    return bool(identifier >= 0 and ctypes.CDLL(None).shmctl(identifier, 0, None) == 0)


def another_program(case: BenchCase, given: Given) -> bool:
    os.execv("/bin/sh", ["sh", "-c", "exit 0"])


def program_in_memory(case: BenchCase, given: Given) -> bool:
    return os.memfd_create("program") >= 0


def new_namespace(case: BenchCase, given: Given) -> bool:
    return bool(ctypes.CDLL(None).unshare(0x10000000) == 0)  # CLONE_NEWUSER


ATTACKS = {
    function.__name__: function
    for function in (
        environment, environment_of_the_harness, environment_of_another, memory_of_the_harness,
        memory_by_system_call, trace, signal_to_the_harness, signal_by_descriptor, signal_to_its_server,
        limits_of_the_harness, priority_of_the_harness, tcp, udp, unix_socket, abstract_socket, socket_pair,
        read_another_case, list_the_cases, read_a_file, write_a_file, make_a_file, truncate_a_file,
        remove_a_file, write_its_bench, write_its_case, change_a_mode, change_a_time,
        see_that_a_file_is_there, link_out, shared_memory, another_program, program_in_memory,
        new_namespace,
    )
}  # fmt: skip

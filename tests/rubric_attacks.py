"""What a hostile rubric tries (`tests/data/hostile`), and which level of isolation stops it.

The tests hold the levels to it, and the table in `docs/guides/isolation.md` to this.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LEVELS = ("subprocess", "landlock", "bubblewrap", "container")
NO_SCORE = "rubric.malformed_output"
HARMLESS = "harmless"
REFUSED = ("PermissionError", "FileNotFoundError", "Read-only file system", "ProcessLookupError")

FLOOR = frozenset({"subprocess"})


@dataclass(frozen=True)
class Attack:
    """One attack: how it ends where it is stopped, and the levels that do not stop it.

    `ends` is the code of the failure, or `harmless`: the case gets the score 0 as it should. `why` are
    words of which the failure's detail holds one.
    """

    name: str
    what: str
    ends: str = NO_SCORE
    why: tuple[str, ...] = REFUSED
    open_at: frozenset[str] = frozenset()
    timeout: float = 20.0


@dataclass(frozen=True)
class Group:
    """Attacks with one aim."""

    title: str
    attacks: tuple[Attack, ...] = field(default_factory=tuple)


def _open(name: str, what: str, ends: str = NO_SCORE, *, at: frozenset[str] = FLOOR) -> Attack:
    return Attack(name, what, ends, open_at=at)


def _answer(name: str, what: str, ends: str = NO_SCORE, why: str = "", timeout: float = 20.0) -> Attack:
    return Attack(name, what, ends, (why,), timeout=timeout)


GROUPS = (
    Group(
        "Secrets and other processes",
        (
            Attack("environment", "reads an API key from its own environment", HARMLESS),
            Attack("environment_of_the_harness", "reads `/proc/<harness>/environ`"),
            _open("environment_of_another", "reads `/proc/<pid>/environ` of another process of the user"),
            Attack("memory_of_the_harness", "opens `/proc/<harness>/mem`"),
            Attack("memory_by_system_call", "reads the harness's memory with `process_vm_readv`", HARMLESS),
            Attack("trace", "attaches to the harness with `ptrace`", HARMLESS),
            _open("signal_to_the_harness", "signals the harness"),
            _open("signal_by_descriptor", "signals the harness through a pidfd"),
            _open("signal_to_its_server", "signals the process it was forked from"),
            _open("limits_of_the_harness", "sets the harness's limits with `prlimit`"),
            _open("priority_of_the_harness", "sets the harness's priority"),
            _open("shared_memory", "makes System V shared memory, which outlives it", HARMLESS),
            _open("new_namespace", "enters a user namespace of its own", HARMLESS),
            _open("another_program", "executes another program"),
            _open("program_in_memory", "makes a file in memory to execute"),
        ),
    ),
    Group(
        "Network",
        (
            _open("tcp", "connects to a TCP port"),
            _open("udp", "sends a UDP datagram"),
            _open("unix_socket", "connects to a Unix socket by its path (`docker.sock`)"),
            _open("abstract_socket", "connects to an abstract Unix socket"),
            _open("socket_pair", "sends to a path through one end of a socket pair"),
        ),
    ),
    Group(
        "Files",
        (
            _open("read_another_case", "reads the expected answer of another case"),
            _open("list_the_cases", "lists the cases"),
            _open("read_a_file", "reads a file of the repository or the home folder"),
            _open("write_a_file", "writes to one"),
            _open("make_a_file", "makes one"),
            _open("truncate_a_file", "cuts one off"),
            _open("remove_a_file", "removes one"),
            _open("write_its_bench", "writes to its bench"),
            Attack("write_its_case", "writes to its case (on the floor: to the copy)", open_at=FLOOR),
            _open("change_a_mode", "changes a file's mode"),
            _open("change_a_time", "changes a file's times"),
            _open(
                "see_that_a_file_is_there",
                "finds out whether a path exists",
                HARMLESS,
                at=frozenset({"subprocess", "landlock"}),
            ),
            _open("link_out", "makes a link to a folder outside, for the clean-up to follow"),
        ),
    ),
    Group(
        "Using the machine up, and staying",
        (
            Attack("daemon", "leaves a program running in a session of its own", open_at=FLOOR),
            Attack("daemon_holding_pipes", "leaves a fork that holds its pipes open", open_at=FLOOR),
            Attack("fork_bomb", "forks, and forks again", open_at=FLOOR, timeout=1.0),
            _answer("memory", "takes 16 GiB of memory", why="MemoryError"),
            _answer("shared_mapping", "maps 16 GiB that is shared", why="Cannot allocate memory"),
            _answer("time_of_the_clock", "sleeps", "rubric.timeout", timeout=0.4),
            _answer("time_of_the_processor", "computes for ever", "rubric.timeout", timeout=0.4),
            _answer("flood_standard_output", "writes to standard output for ever", "rubric.output_limit"),
            _answer("flood_standard_error", "writes to standard error for ever", "rubric.output_limit"),
            _answer("flood_by_print", "prints for ever", "rubric.output_limit"),
            _answer("large_file", "writes a file of 64 MiB", why="File too large"),
            _answer("many_files", "makes files for ever", "rubric.output_limit"),
            _answer("deep_folders", "nests folders 1,200 deep", "rubric.output_limit"),
            _answer("closed_folder", "leaves folders that cannot be entered", HARMLESS),
            _answer("lingering_thread", "leaves a thread running", HARMLESS),
            _answer("open_files", "opens 100,000 files", why="Too many open files"),
        ),
    ),
    Group(
        "The answer",
        (
            _answer("two_answers", "answers twice", why="Extra data"),
            _answer("print_before_the_answer", "writes to standard output before its answer"),
            _answer("wrong_nonce", "answers with the nonce of another case", "rubric.wrong_nonce"),
            _answer("nan_by_hand", "answers NaN", why="NaN"),
            _answer("nan", "returns a score of NaN", why="ValueError"),
            _answer("negative_zero", "returns −0.0", "rubric.score_invalid", "score: "),
            _answer("too_much", "returns 1.5", "rubric.score_invalid", "score: "),
            _answer("words_for_values", 'answers `"yes"` for true', "rubric.score_invalid", "passed: "),
            _answer("deep_json", "answers JSON that is 200,000 levels deep", why="nested too deeply"),
            _answer("deep_json_in_the_score", "hides it in a score", why="nested too deeply"),
            _answer("huge_json", "answers 2 MiB of JSON", "rubric.output_limit"),
            _answer("duplicate_keys", "gives two scores in one answer", why="duplicate key"),
            _answer("pickled", "answers with a pickle", why="not one JSON document"),
            _answer("no_answer", "ends without an answer", why="empty"),
            _answer("leave", "raises SystemExit", why="SystemExit"),
            _answer("fail", "raises an exception", why="RuntimeError: the rubric failed"),
            _answer("abort", "aborts", "rubric.killed", "signal"),
            _answer("segmentation_fault", "reads address 0", "rubric.killed", "signal"),
            _answer("answer_at_exit", "writes more in an `atexit` handler", HARMLESS),
            _answer("no_exit", "replaces `os._exit`", why="exit code"),
            _answer("patched_json", "replaces what writes JSON, and `sys.stdout`"),
            _answer(
                "lying_subclass",
                "returns a subclass that writes other fields",
                "rubric.score_invalid",
                "llm_",
            ),
            _answer(
                "smuggled_key", "adds a model's confidence to the breakdown", "rubric.unknown_breakdown_key"
            ),
            _answer("smuggled_code", "adds it as a failure mode", "rubric.unknown_failure_mode"),
            _answer("closed_descriptors", "closes all descriptors", why="exit code"),
            _answer("swapped_descriptors", "points standard output elsewhere", why="empty"),
            _answer("claimed_isolation", "claims a stronger isolation, and costs", HARMLESS),
        ),
    ),
)

ATTACKS = tuple(attack for group in GROUPS for attack in group.attacks)


def table() -> str:
    """Which level stops what, as Markdown."""
    lines = []
    for group in GROUPS:
        lines += [
            f"### {group.title}",
            "",
            "| a rubric that … | " + " | ".join(f"`{level}`" for level in LEVELS),
        ]
        lines[-1] += " | where it is stopped, the case is |"
        lines += ["|---|" + "---|" * (len(LEVELS) + 1)]
        lines += [_row(attack) for attack in group.attacks]
        lines += [""]
    return "\n".join(lines)


def _row(attack: Attack) -> str:
    marks = ["**open**" if level in attack.open_at else "stopped" for level in LEVELS]
    end = "scored as if it had not been tried" if attack.ends == HARMLESS else f"`{attack.ends}`"
    return f"| {attack.what} | {' | '.join(marks)} | {end} |"

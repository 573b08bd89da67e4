"""The log on a branch: files without a checkout, all or nothing, and hostile content refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from tests.collect_builders import BRANCH, git

from benchgov.audit.files import NotARecordError
from benchgov.audit.git_files import GitFiles
from benchgov.audit.opening import open_branch
from benchgov.errors import BlockedError, InputError, LostRaceError, OutputError, TamperError
from benchgov.git_branch import find_repository, require_branch_name
from benchgov.rim import run_process

PATH = "hosts/a/records/000000000001.json"


def make_tree(folder: Path, *lines: str) -> str:
    """A tree with these `ls-tree` lines, whatever they say."""
    return git(folder, "mktree", "--missing", data="".join(f"{line}\n" for line in lines).encode())


def make_branch(folder: Path, tree: str) -> None:
    """Put a commit with `tree` on the log's branch."""
    git(folder, "update-ref", f"refs/heads/{BRANCH}", git(folder, "commit-tree", tree, "-m", "made by hand"))


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_death_between_commit_and_branch_leaves_the_log_as_it_was(
    tmp_path: Path, now: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """For the first commit and for later ones, in both formats of Git's objects; the next append goes on."""
    git(tmp_path, "init", "--quiet", f"--object-format={form}", "repository")
    repository = tmp_path / "repository"
    for number in (1, 2, 3):
        dying = open_branch(BRANCH, repository, run_process, now)
        monkeypatch.setattr(dying.branch, "move", lambda old, new: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            dying.create(f"hosts/a/lost-{number}", b"x")
        assert "refs/benchgov/staged" in git(repository, "for-each-ref", "--format=%(refname)")
        open_branch(BRANCH, repository, run_process, now).create(f"hosts/a/{number}", b"x")

    listed = git(repository, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert listed == [".gitattributes", "hosts/a/1", "hosts/a/2", "hosts/a/3"]
    assert git(repository, "rev-list", "--count", BRANCH) == "3"
    assert git(repository, "for-each-ref", "--format=%(refname)") == f"refs/heads/{BRANCH}"
    assert len(git(repository, "rev-parse", BRANCH)) == {"sha1": 40, "sha256": 64}[form]


@pytest.fixture
def files(git_repo: Path, now: Callable[[], datetime]) -> GitFiles:
    """The log of a repository that has none yet."""
    return open_branch(BRANCH, git_repo, run_process, now)


def test_what_is_written_is_one_commit_without_a_checkout(files: GitFiles, git_repo: Path) -> None:
    """Everything of one lock lands together; the work tree and the index are not touched."""
    assert not files.present()
    with files.locked():
        assert files.create(PATH, b"one\n")
        assert not files.create(PATH, b"other\n")
        files.replace("hosts/a/checkpoint", b"1\n")
        assert files.kind("hosts/a/records") == "folder"
        assert files.commit is None

    assert git(git_repo, "rev-list", "--count", BRANCH) == "1"
    assert git(git_repo, "show", f"{BRANCH}:{PATH}") == "one"
    assert git(git_repo, "show", f"{BRANCH}:.gitattributes") == "* -text"
    assert git(git_repo, "status", "--porcelain", "--ignored") == ""
    assert dict(files.entries("hosts")) == {"a": "folder"}
    assert dict(files.entries("hosts/a")) == {"records": "folder", "checkpoint": "file"}
    assert files.where(PATH) == f"{BRANCH}:{PATH}"
    assert files.read_part(PATH, 1, 2) == b"ne"


def test_an_orphan_branch_shares_nothing_with_the_code(files: GitFiles, git_repo: Path) -> None:
    """The first commit has no parent, and later ones continue it."""
    for number in (1, 2, 3):
        files.create(f"hosts/a/{number}", b"x")

    assert git(git_repo, "rev-list", "--count", BRANCH) == "3"
    assert git(git_repo, "rev-list", "--max-parents=0", BRANCH) != git(git_repo, "rev-parse", "HEAD")
    assert git(git_repo, "for-each-ref", "--format=%(refname)", "refs/benchgov") == ""


def test_removed_files_are_gone_and_hints_are_in_no_commit(files: GitFiles, git_repo: Path) -> None:
    """Hints stay in memory, and a folder without files is none."""
    files.create(PATH, b"one\n")
    files.note("hosts/a/end", b"1\n")
    files.note("hosts/a/end", b"2\n")
    with files.locked():
        files.create("hosts/a/sealed/000", b"one\n")
        files.remove(PATH)
        assert files.kind(PATH) is None
        assert list(files.entries("hosts/a/records")) == []

    assert files.read("hosts/a/end") == b"1\n2\n"
    assert git(git_repo, "ls-tree", "-r", "--name-only", BRANCH).splitlines() == [
        ".gitattributes",
        "hosts/a/sealed/000",
    ]
    with pytest.raises(NotARecordError, match="no such file"):
        files.read(PATH)


def test_an_error_discards_everything_but_evidence_of_a_fork(files: GitFiles, git_repo: Path) -> None:
    """Nothing of a failed append lands; heads that contradict each other do."""

    def fail(error: BaseException) -> None:
        with files.locked():
            files.create(PATH, b"one\n")
            files.create("hosts/a/forks/1-aa", b"head\n")
            raise error

    for error in (InputError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            fail(error)
    assert not files.present()
    with pytest.raises(TamperError):
        fail(TamperError("two heads"))

    assert "hosts/a/forks/1-aa" in git(git_repo, "ls-tree", "-r", "--name-only", BRANCH)
    assert files.kind(PATH) is None


def test_a_branch_that_moved_meanwhile_is_not_overwritten(
    files: GitFiles, git_repo: Path, now: Callable[[], datetime]
) -> None:
    """Somebody else's commit stays; the loser is told, and can do it again."""
    files.create("hosts/a/1", b"x")

    def write_while_somebody_else_does() -> None:
        with files.locked():
            files.create("hosts/a/2", b"ours")
            make_branch(git_repo, git(git_repo, "rev-parse", f"{BRANCH}^{{tree}}"))

    with pytest.raises(LostRaceError, match="moved meanwhile"):
        write_while_somebody_else_does()

    files.create("hosts/a/2", b"again")
    assert open_branch(BRANCH, git_repo, run_process, now).read("hosts/a/2") == b"again"


def test_a_branch_that_is_checked_out_is_left_alone(files: GitFiles, git_repo: Path, tmp_path: Path) -> None:
    """Its work tree would otherwise look as if somebody had changed every file."""
    files.create("hosts/a/1", b"x")
    git(git_repo, "worktree", "add", "--quiet", str(tmp_path / "log"), BRANCH)

    with pytest.raises(BlockedError, match="checked out"):
        files.create("hosts/a/2", b"x")


def test_a_clone_reads_the_branch_of_its_origin(
    files: GitFiles, git_repo: Path, tmp_path: Path, now: Callable[[], datetime]
) -> None:
    """A fresh clone has no local branch; a local branch that is older does not hide the newer one."""
    files.create("hosts/a/1", b"x")
    git(tmp_path, "clone", "--quiet", str(git_repo), "clone")
    clone = open_branch(BRANCH, tmp_path / "clone", run_process, now)
    assert clone.read("hosts/a/1") == b"x"

    clone.create("hosts/a/2", b"ahead")
    assert clone.read("hosts/a/2") == b"ahead"
    git(git_repo, "fetch", "--quiet", str(tmp_path / "clone"), f"{BRANCH}:{BRANCH}")
    files.create("hosts/a/3", b"newer")
    git(tmp_path / "clone", "fetch", "--quiet")
    assert open_branch(BRANCH, tmp_path / "clone", run_process, now).read("hosts/a/3") == b"newer"


def test_two_logs_on_one_branch_are_tamper(
    files: GitFiles, git_repo: Path, tmp_path: Path, now: Callable[[], datetime]
) -> None:
    """Where neither continues the other, neither is chosen."""
    files.create("hosts/a/1", b"x")
    git(tmp_path, "clone", "--quiet", str(git_repo), "clone")
    clone = open_branch(BRANCH, tmp_path / "clone", run_process, now)
    clone.create("hosts/a/2", b"here")
    files.create("hosts/a/2", b"there")
    git(tmp_path / "clone", "fetch", "--quiet")

    with pytest.raises(TamperError, match="two logs on one branch"):
        open_branch(BRANCH, tmp_path / "clone", run_process, now).present()


@pytest.mark.parametrize(("mode", "kind"), [("120000", "blob"), ("160000", "commit")])
def test_links_and_submodules_are_no_files(files: GitFiles, git_repo: Path, mode: str, kind: str) -> None:
    """They are refused wherever they stand, and never followed."""
    link = git(git_repo, "hash-object", "-w", "--stdin", data=b"/etc/passwd")
    oid = link if kind == "blob" else git(git_repo, "rev-parse", "HEAD")
    inner = make_tree(git_repo, f"{mode} {kind} {oid}\tlink")
    make_branch(git_repo, make_tree(git_repo, f"040000 tree {inner}\thosts"))
    assert dict(files.entries("hosts")) == {"link": "other"}
    with pytest.raises(NotARecordError, match="a symbolic link or a submodule"):
        files.read("hosts/link")
    assert files.kind("hosts/link/records") is None

    make_branch(git_repo, make_tree(git_repo, f"{mode} {kind} {oid}\thosts"))
    with pytest.raises(InputError, match="'hosts' is a symbolic link or a submodule"):
        list(files.entries("hosts"))


def test_odd_names_are_shown_as_strangers(files: GitFiles, git_repo: Path) -> None:
    """Names that no file system has, or that are not UTF-8, neither break reading nor become paths."""
    blob = git(git_repo, "hash-object", "-w", "--stdin", data=b"x")
    git(git_repo, "config", "core.protectNTFS", "false")
    raw = b"".join(
        b"100644 %s\0" % name + bytes.fromhex(blob) for name in (b"..", b".git", b"a\nb", b"\xff\xfe")
    )
    tree = git(git_repo, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=raw)
    make_branch(git_repo, make_tree(git_repo, f"040000 tree {tree}\thosts"))

    assert [name for name, _ in files.entries("hosts")] == ["..", ".git", "a\nb", "\udcff\udcfe"]


@pytest.mark.parametrize(
    "raw", [b"100644 a\0short", b"nospace\0" + bytes(20), b"100644 a", b"100644 a\0%b100644 a\0%b"]
)
def test_a_broken_tree_is_one_clear_line(files: GitFiles, git_repo: Path, raw: bytes) -> None:
    """Truncated, malformed, or with a name twice."""
    raw = raw.replace(b"%b", bytes(20))
    tree = git(git_repo, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=raw)
    make_branch(git_repo, make_tree(git_repo, f"040000 tree {tree}\thosts"))

    with pytest.raises(InputError):
        list(files.entries("hosts"))


def test_a_huge_file_is_not_read(files: GitFiles, git_repo: Path) -> None:
    """What is over the limit is refused by its size; reading goes on afterwards."""
    files.create("hosts/a/1", b"x" * 5000)
    files.create("hosts/a/2", b"good")
    assert files.present()

    with pytest.raises(NotARecordError, match="more than 4,096 bytes"):
        files.read("hosts/a/1", 4096)
    assert files.read("hosts/a/2") == b"good"


def test_a_missing_object_is_one_clear_line(files: GitFiles, git_repo: Path) -> None:
    """A repository that lost an object is not an empty log."""
    files.create("hosts/a/1", b"only here")
    oid = git(git_repo, "rev-parse", f"{BRANCH}:hosts/a/1")
    (git_repo / ".git/objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(InputError, match="cannot be read: missing"):
        files.read("hosts/a/1")


def test_another_process_reads_the_same_commit_and_writes_nothing(files: GitFiles) -> None:
    """What goes to another process is the commit, not the branch."""
    files.create("hosts/a/1", b"first")
    copy = pickle.loads(pickle.dumps(files))
    files.replace("hosts/a/1", b"second")

    assert copy.read("hosts/a/1") == b"first"
    with pytest.raises(AssertionError):
        copy.create("hosts/a/2", b"x")


def test_names_and_places_that_are_none(tmp_path: Path, files: GitFiles) -> None:
    """A name that Git would take for an option or a range, a folder without Git, a path with a quote."""
    for name in ("-x", "a..b", "a b", "", "a.lock", "/a"):
        with pytest.raises(InputError, match="not the name of a branch"):
            require_branch_name(name)
    with pytest.raises(InputError, match="not a Git repository"):
        find_repository(run_process, tmp_path)
    with pytest.raises(OutputError, match="not a path of the log"):
        files.create('hosts/"a', b"x")


def test_a_repository_that_cannot_be_written(files: GitFiles, git_repo: Path) -> None:
    """Git's own reason is given, and nothing lands."""
    files.create("hosts/a/1", b"x")
    (git_repo / ".git/refs/heads" / f"{BRANCH}.lock").touch()

    with pytest.raises(LostRaceError, match=r"\.lock"):
        files.create("hosts/a/2", b"x")
    assert files.kind("hosts/a/2") is None

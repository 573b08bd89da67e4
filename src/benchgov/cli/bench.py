"""`benchgov bench`: begin a bench, add cases to it, and keep their digests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.cli.common import Project
    from benchgov.eval.redigest import Redigested
    from benchgov.eval.scaffold import CaseDraft

file_or_folder = click.Path(path_type=Path)
bench_root_option = click.option(
    "--bench-root", type=file_or_folder, help="Folder of the benches.  [default: bench_dir]"
)
CHOICES = {
    "disposition": ("positive", "negative", "ambiguous"),
    "difficulty": ("easy", "medium", "hard"),
    "source": ("curated", "outcome-ledger-derived", "regression-converted"),
    "curation_class": ("held-out", "rag-corpus-derived"),
}
"""What a case says of itself, the default first, but for the difficulty, which is in the middle."""


@click.group(no_args_is_help=True)
def bench() -> None:
    """Begin the bench of a task class, add cases to it, and keep the digests of its cases.

    docs/guides/first-bench.md goes from nothing to the first score in five minutes.
    """


@bench.command("new")
@click.argument("task_class")
@bench_root_option
@config_option
def new(task_class: str, bench_root: Path | None, config_file: Path | None) -> int:
    """Begin a bench: registration, rubric, system under test, and tests that pass.

    Nothing is overwritten. Exit codes: 0 it is there now; 1 there was one; 64 not a name.

    \b
    Example:
      benchgov bench new summarise-logs
    """
    from benchgov.eval.scaffold import new_bench

    project = open_project(config_file)
    folder = new_bench(task_class, _bench_root(project, bench_root))
    shown = _shown(project, folder)
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        project.rim.stdout.write(f"{_shown(project, path)}\n")
    project.rim.stderr.write(
        f"next: benchgov bench case {task_class} --ref WHAT-IT-IS-FROM, then edit {shown}\n"
    )
    return 0


@bench.command("case")
@click.argument("task_class")
@click.option("--cve", help="The vulnerability that it is about, such as CVE-2024-21538.")
@click.option("--ref", help="What it is from: an advisory, a commit, a ticket.")
@click.option("--id", "case_id", help="Its id.  [default: the next number, and what it is from]")
@click.option("--disposition", type=click.Choice(CHOICES["disposition"]), help="Whether to act is right.")
@click.option("--difficulty", type=click.Choice(CHOICES["difficulty"]), help="How hard it is.")
@click.option("--source", type=click.Choice(CHOICES["source"]), help="Where it comes from.")
@click.option("--curation-class", type=click.Choice(CHOICES["curation_class"]), help="May a SUT know it?")
@click.option("--commit-sha", help="The commit that it was taken from; needed unless it is curated.")
@click.option("--cassette", "cassette_path", help="Its HTTP cassette, below the bench.")
@click.option(
    "--input", "given", multiple=True, type=file_or_folder, help="File or folder to copy into input/."
)
@click.option(
    "--expected", "wanted", multiple=True, type=file_or_folder, help="File or folder to copy into expected/."
)
@bench_root_option
@config_option
def case(task_class: str, cve: str | None, ref: str | None, **given: Any) -> int:
    """Add a case to a bench: case.toml, input/, expected/, its canary pin, and its digest.

    On a terminal it asks for what no option said. Without --input and --expected it writes input/task.json
    and expected/answer.json to fill in; `bench digest --write` then takes note of what you wrote.

    Exit codes: 0 added; 3 or 4 there is no such bench; 6 no case is like that; 64 wrong usage; 74 it exists.

    \b
    Example:
      benchgov bench case vuln-remediation --cve CVE-2024-21538 --input package.json --expected expected/
    """
    from benchgov.errors import UsageError
    from benchgov.eval.scaffold import add_case, is_cve

    if (cve is None) == (ref is None):
        raise UsageError("say what the case is from: --cve or --ref, and one of them")
    if cve is not None and not is_cve(cve):
        raise UsageError(f"not the identifier of a vulnerability: {cve!r} (as in CVE-2024-21538)")
    project = open_project(given.pop("config_file"))
    root = _bench_root(project, given.pop("bench_root"))
    draft = _draft(project, str(cve or ref), given)
    folder, _ = add_case(task_class, root, draft, project.rim.now())
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        project.rim.stdout.write(f"{_shown(project, path)}\n")
    if not (draft.given and draft.wanted):
        after = f"benchgov bench digest {task_class} --write"
        project.rim.stderr.write(f"next: fill in input/ and expected/, then {after}\n")
    return 0


@bench.command("digest")
@click.argument("task_class")
@click.option("--write", is_flag=True, help="Write the digests that were found.")
@bench_root_option
@format_option
@config_option
def digest(
    task_class: str, write: bool, bench_root: Path | None, output_format: str, config_file: Path | None
) -> int:
    """Show which cases are not what their digests say, file by file where Git can tell.

    A digest is a curator's word that a case was looked at: review what is listed before `--write`.

    Exit codes: 0 all are as written, or are now; 6 some are not.

    \b
    Example:
      benchgov bench digest vuln-remediation
      benchgov bench digest vuln-remediation --write
    """
    from benchgov.eval.declared import CASES, DIGESTS, find_bench
    from benchgov.eval.redigest import written_digests
    from benchgov.files import write_atomic
    from benchgov.git import changed_since

    project = open_project(config_file)
    folder = find_bench(task_class, _bench_root(project, bench_root))
    found = written_digests(
        folder, changed=lambda reference, one: changed_since(project.rim.run, reference, one)
    )
    if write and found.differing:
        write_atomic(folder / CASES / DIGESTS, found.text.encode())
    if output_format == "json":
        _print_states(project, found, written=write)
    else:
        _show(project, found)
        same = len(found.cases) - len(found.differing)
        state = "written" if write else "not written" if found.differing else "as written"
        project.rim.stderr.write(f"{same} of {len(found.cases)} cases unchanged; digests {state}\n")
    return 6 if found.differing and not write else 0


def _print_states(project: Project, found: Redigested, *, written: bool) -> None:
    cases = [
        {
            "case": one.case_id,
            "state": one.state,
            "written": one.written,
            "found": one.found,
            "files": list(one.files),
        }
        for one in found.cases
    ]
    print_json(project.rim, {"cases": cases, "written": written})


def _show(project: Project, found: Redigested) -> None:
    for one in found.differing:
        project.rim.stdout.write(f"{one.state:9} {one.case_id}\n")
        if one.state == "changed":
            project.rim.stdout.write(f"          {one.written} → {one.found}\n")
        for line in one.files:
            project.rim.stdout.write(f"          {line}\n")


def _draft(project: Project, ref: str, given: dict[str, Any]) -> CaseDraft:
    """What the options say, and on a terminal what the curator answers; the defaults elsewhere."""
    from benchgov.eval.scaffold import CaseDraft

    cwd = project.rim.cwd
    given["given"] = tuple(cwd / path for path in given["given"])
    given["wanted"] = tuple(cwd / path for path in given["wanted"])
    said = {key: value for key, value in given.items() if value}
    if project.rim.stdout.isatty() and sys.stdin.isatty():
        said |= {key: _ask(key, choices) for key, choices in CHOICES.items() if not given[key]}
    return CaseDraft(ref, **said)


def _ask(key: str, choices: tuple[str, ...]) -> Any:
    from benchgov.eval.scaffold import CaseDraft

    default = getattr(CaseDraft, key)
    return click.prompt(key.replace("_", " "), type=click.Choice(choices), default=default, err=True)


def _bench_root(project: Project, given: Path | None) -> Path:
    return project.rim.cwd / given if given else project.root / project.settings.bench_dir


def _shown(project: Project, path: Path) -> str:
    return str(path).removeprefix(f"{project.root}/")

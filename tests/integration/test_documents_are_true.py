"""What README and guides show is what runs: workflows, manifests, commands, files and make targets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from tests.e2e.consumer import COLLECT, MATRIX, PAIRED, STEPS, WHOLE_PIPELINE

from benchgov.adapters.registry import BUILT_IN
from benchgov.cli.main import COMMANDS, cli
from benchgov.documents import parse_yaml, yaml_model
from benchgov.suites.manifest import Manifest
from benchgov.suites.source import SourceEntry

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(path: Path) -> list[str]:
    """The YAML blocks of a page."""
    return BLOCK.findall(path.read_text(encoding="utf-8"))


def shown_steps(text: str) -> list[tuple[str, dict[str, Any]]]:
    """(action without its version, inputs) of every step that uses an action; any suite counts as one."""
    document = yaml.safe_load(text)
    jobs = document["jobs"].values() if "jobs" in document else [document]
    used = [step for job in jobs for step in job["steps"] if "uses" in step]
    return [(step["uses"].split("@")[0], _any_suite(step.get("with", {}))) for step in used]


def _any_suite(inputs: dict[str, Any]) -> dict[str, Any]:
    suite = inputs.get("suite") or inputs.get("artifact-pattern", "").removeprefix("benchgov-")[:-2]
    return {
        name: value.replace(suite, "any") if suite and name in ("suite", "artifact-pattern") else value
        for name, value in inputs.items()
    }


@pytest.mark.parametrize("page", ["README.md", "docs/guides/workflow.md"])
def test_the_shown_workflow_is_the_one_that_is_run(page: str) -> None:
    """The first workflow of the page has the steps, inputs and permissions of the end-to-end test's."""
    shown = blocks(ROOT / page)[0]
    assert shown_steps(shown) == shown_steps(WHOLE_PIPELINE)
    jobs = [next(iter(yaml.safe_load(text)["jobs"].values())) for text in (shown, WHOLE_PIPELINE)]
    assert jobs[0]["permissions"] == jobs[1]["permissions"]


def test_the_shown_steps_are_those_that_are_run() -> None:
    """The guide's step-by-step workflow is the end-to-end test's."""
    assert shown_steps(blocks(ROOT / "docs/guides/workflow.md")[1]) == shown_steps(STEPS)


def test_the_shown_matrix_is_the_one_that_is_run() -> None:
    """The guide's workflow over many jobs is the end-to-end test's: jobs, needs, matrix, permissions."""
    texts = (blocks(ROOT / "docs/guides/sharding.md")[0], MATRIX)
    assert shown_steps(texts[0]) == shown_steps(texts[1])
    shown, run = map(yaml.safe_load, texts)
    for job in (*shown["jobs"].values(), *run["jobs"].values()):
        del job["steps"]
    assert shown == run


def test_the_shown_collector_is_the_one_that_is_run() -> None:
    """The guide's workflow is the end-to-end test's, but for the suite's name and the step that prints."""
    texts = (blocks(ROOT / "docs/guides/audit-branch.md")[0], COLLECT.replace("demo", "core"))
    shown, run = map(yaml.safe_load, texts)
    del run["jobs"]["audit"]["steps"][-1], run["jobs"]["audit"]["steps"][-1]["id"]
    assert shown == run


def test_the_shown_steps_against_a_base_are_those_that_are_run() -> None:
    """The guide's steps for a pull request and its base are the end-to-end test's."""
    manifest, shown = blocks(ROOT / "docs/guides/paired.md")
    assert shown_steps(shown) == [
        (name, {key: 20 if key == "max-minutes" else value for key, value in inputs.items()})
        for name, inputs in shown_steps(PAIRED)
    ]
    assert yaml_model(parse_yaml(manifest, "paired.md"), Manifest).build is not None


def test_the_workflow_fits_into_a_few_lines() -> None:
    """Adding benchgov to a workflow takes ten lines from `jobs:` on."""
    text = blocks(ROOT / "README.md")[0]
    assert len(text[text.index("jobs:") :].splitlines()) <= 10


@pytest.mark.parametrize("page", ["README.md", "docs/guides/suites.md"])
def test_the_shown_manifests_are_valid(page: str) -> None:
    """Each manifest that is shown passes validation."""
    manifests = [text for text in blocks(ROOT / page) if "benchmarks:\n" in text and "kind:" in text]
    assert manifests
    for text in manifests:
        yaml_model(parse_yaml(text, page), Manifest)


LANGUAGES = ROOT / "docs/guides/languages.md"


def test_every_popular_language_has_a_suite_and_a_workflow(tmp_path: Path) -> None:
    """Seven sections, each with a valid manifest for a known tool, and a workflow that GitHub takes."""
    sections = LANGUAGES.read_text(encoding="utf-8").split("\n## ")[1:]
    titles = [section.partition("\n")[0] for section in sections]
    assert titles == ["Python", "Go", "Rust", "Java", "C++", "JavaScript", ".NET"]
    files = []
    for number, section in enumerate(sections):
        suite, workflow = BLOCK.findall(section)
        manifest = yaml_model(parse_yaml(suite, titles[number]), Manifest)
        sources = [entry.source for entry in manifest.benchmarks if isinstance(entry, SourceEntry)]
        assert [source.tool in BUILT_IN for source in sources] == [True]
        assert shown_steps(workflow)[-1] == shown_steps(WHOLE_PIPELINE)[-1]
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(workflow, encoding="utf-8")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*check, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_tool_has_a_row_in_the_guide() -> None:
    """What `benchgov tools` lists is explained in docs/guides/tools.md, and the README says how many."""
    table = (ROOT / "docs/guides/tools.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z0-9-]+", " ".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE))))
    assert set(BUILT_IN) <= named
    assert f"each of {len(BUILT_IN)} tools" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*PAGES, *GUIDES], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_page_names_exists(page: Path) -> None:
    """Every `benchgov` command, `make` target and repository path that a page names is there."""
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for target in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", text, re.MULTILINE):
        assert set(filter(None, target)) <= targets, target
    for name, inner in re.findall(r"`benchgov ([a-z-]+)(?: ([a-z-]+))?[ `]", text):
        if name.startswith("-"):  # an option
            continue
        assert name in COMMANDS, name
        command = cli.get_command(click.Context(cli), name)
        if inner and isinstance(command, click.Group):
            assert command.get_command(click.Context(command), inner), f"{name} {inner}"
    for path in re.findall(r"`((?:docs|src|tests|bench)/[\w./-]+)`", text):
        # What readers make is not there.
        if not path.startswith(
            ("tests/data", "bench/core/baselines", "bench/log-level", "docs/benchmarks/tier_")
        ):
            assert (ROOT / path).exists(), path

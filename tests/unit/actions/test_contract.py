"""action.yml, the typed inputs and outputs, and the documentation say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchgov.actions.inputs import default_text, input_name, output_step, variable_of
from benchgov.actions.reference import render_reference
from benchgov.actions.registry import ACTIONS, PIPELINE_INPUTS, PIPELINE_OUTPUTS, module_of

ROOT = Path(__file__).resolve().parents[3]
START = re.compile(
    r'^d=\$\(cd -P "\$GITHUB_ACTION_PATH" && pwd\); while \[ ! -f "\$d/actions/launch\.sh" \] && '
    r'\[ "\$d" != / \]; do d=\$\(dirname "\$d"\); done; sh "\$d/actions/launch\.sh" ([a-z-]+)$'
)
FILES = sorted([ROOT / "action.yml", *ROOT.glob("actions/*/action.yml")])


def load(path: Path) -> dict[str, Any]:
    """An action.yml."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def launches(action: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(action that is launched, its step) of every step that runs something."""
    found = []
    for step in action["runs"]["steps"]:
        if "run" in step:
            match = START.match(step["run"])
            assert match, f"not the one line that finds the launcher: {step['run']}"
            found.append((match[1], step))
    return found


def test_every_action_has_a_folder_and_a_link() -> None:
    """`uses: org/benchgov/<name>@v1` works through a relative link that stays inside the repository."""
    assert {path.parent.name for path in ROOT.glob("actions/*/action.yml")} == set(ACTIONS)
    for name in ACTIONS:
        assert (ROOT / name).is_symlink(), name
        assert (ROOT / name).readlink() == Path("actions") / name


@pytest.mark.parametrize("name", ACTIONS)
def test_inputs_agree(name: str) -> None:
    """Same names, descriptions, defaults and requirements in action.yml and in the model."""
    declared = load(ROOT / "actions" / name / "action.yml")["inputs"]
    fields = module_of(name).Inputs.model_fields

    assert fields
    assert list(declared) == [input_name(field) for field in fields]
    for field, info in fields.items():
        entry = declared[input_name(field)]
        assert entry["description"] == info.description
        assert entry["required"] is info.is_required()
        assert entry.get("default", "") == default_text(info)


@pytest.mark.parametrize("name", ACTIONS)
def test_outputs_agree(name: str) -> None:
    """Every output of the model is declared, and taken from the step as a plain string."""
    action = load(ROOT / "actions" / name / "action.yml")
    fields = module_of(name).Outputs.model_fields

    assert fields
    assert list(action["outputs"]) == [input_name(field) for field in fields]
    for field, info in fields.items():
        entry = action["outputs"][input_name(field)]
        assert entry["description"] == info.description
        assert entry["value"] == f"${{{{ steps.{output_step(info)}.outputs.{input_name(field)} }}}}"


@pytest.mark.parametrize("name", ACTIONS)
def test_every_input_reaches_the_program_through_env(name: str) -> None:
    """Each input is an INPUT_* variable of the step, so that the model sees and checks all of them."""
    ((launched, step),) = launches(load(ROOT / "actions" / name / "action.yml"))

    assert launched == name
    expected = {
        variable_of(field): f"${{{{ inputs.{input_name(field)} }}}}"
        for field in module_of(name).Inputs.model_fields
    }
    assert {key: value for key, value in step["env"].items() if key.startswith("INPUT_")} == expected


def test_the_pipeline_passes_on_inputs_of_the_five() -> None:
    """The root action's inputs are theirs, with the same description and default."""
    action = load(ROOT / "action.yml")

    assert list(action["inputs"]) == [input_name(field) for field in PIPELINE_INPUTS]
    for field, owner in PIPELINE_INPUTS.items():
        info = module_of(owner).Inputs.model_fields[field]
        entry = action["inputs"][input_name(field)]
        assert (entry["description"], entry["required"]) == (info.description, info.is_required())
        assert entry.get("default", "") == default_text(info)
    assert list(action["outputs"]) == [input_name(field) for field in PIPELINE_OUTPUTS]
    for field, owner in PIPELINE_OUTPUTS.items():
        assert action["outputs"][input_name(field)]["description"] == (
            module_of(owner).Outputs.model_fields[field].description
        )


def test_the_pipeline_launches_the_five_in_order_and_publishes_last() -> None:
    """Each step gets inputs that its model knows: the root action's, or what an earlier step gave."""
    action = load(ROOT / "action.yml")
    steps = launches(action)
    ids = [step["id"] for step in action["runs"]["steps"]]

    assert [name for name, _ in steps] == [*list(ACTIONS)[:5], "compare-thresholds"]
    passed = set()
    for name, step in steps:
        known = {variable_of(field): input_name(field) for field in module_of(name).Inputs.model_fields}
        earlier = ids[: ids.index(step["id"])]
        for variable, value in step["env"].items():
            handed = re.fullmatch(r"\$\{\{ steps\.([a-z]+)\.outputs\.[a-z-]+ \}\}", value)
            if handed:
                assert handed[1] in earlier
            elif (variable, value) != ("INPUT_PUBLISH", "false"):
                assert value == f"${{{{ inputs.{known[variable]} }}}}"
                passed.add(known[variable])
    assert passed == set(action["inputs"])


def test_the_verdict_is_published_when_there_is_something_to_link_to() -> None:
    """The artifact is uploaded, and the comparison recorded, before the comment is written."""
    steps = load(ROOT / "action.yml")["runs"]["steps"]

    assert [step["id"] for step in steps[-4:]] == ["audit", "dossier", "keep", "publish"]
    environ = steps[-1]["env"]
    assert environ["INPUT_ARTIFACT_URL"] == "${{ steps.keep.outputs.artifact-url }}"
    assert environ["INPUT_AUDIT_RECORD"] == "${{ steps.audit.outputs.head }}"


def test_only_comparing_sees_the_token() -> None:
    """Benchmarks never run in a process that was given the token."""
    with_token = {name for name, step in launches(load(ROOT / "action.yml")) if "TOKEN" in str(step["env"])}

    assert with_token == {"compare-thresholds"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_actions_are_safe_to_use(path: Path) -> None:
    """No expression in a script, POSIX sh, third parties by commit, hidden folders uploaded."""
    for step in load(path)["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("shell", "sh") == "sh"
        if "uses" in step:
            assert re.fullmatch(r"actions/(?:(?:up|down)load-artifact|attest)@[0-9a-f]{40}", step["uses"])
        if "upload-artifact" in step.get("uses", ""):
            assert step["with"]["include-hidden-files"] is True
    pins = re.findall(r"uses: \S+@\S+(.*)", path.read_text(encoding="utf-8"))
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", comment) for comment in pins)


def test_the_reference_page_is_current() -> None:
    """docs/reference/actions.md is what the models say; `make docs` writes it."""
    page = (ROOT / "docs" / "reference" / "actions.md").read_text(encoding="utf-8")

    assert page.endswith(render_reference())
    for name in ACTIONS:
        for field in module_of(name).Inputs.model_fields:
            assert f"| `{input_name(field)}` |" in page


def test_every_description_can_stand_in_a_table() -> None:
    """No pipe outside of code, no newline, and never empty."""
    count = 0
    for name in ACTIONS:
        module = module_of(name)
        for info in [*module.Inputs.model_fields.values(), *module.Outputs.model_fields.values()]:
            assert info.description
            assert not re.search(r"[|\n]", info.description)
            count += 1
    assert count > len(ACTIONS)

"""The reference page of the actions, rendered from their typed inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic.fields import FieldInfo

from benchgov.actions.inputs import default_text, input_name
from benchgov.actions.registry import ACTIONS, PIPELINE_INPUTS, PIPELINE_OUTPUTS, module_of

_PIPELINE = (
    "The whole pipeline in one step: verify-env, run-bench, compare-thresholds, append-audit, render-dossier."
)


def render_reference() -> str:
    """The page, as Markdown."""
    inputs = [(name, module_of(action).Inputs.model_fields[name]) for name, action in PIPELINE_INPUTS.items()]
    outputs = [
        (name, module_of(action).Outputs.model_fields[name]) for name, action in PIPELINE_OUTPUTS.items()
    ]
    parts = [
        "# Actions\n",
        "Inputs are strings; an empty one means the default. Outputs are plain strings.\n",
        _section("org/benchgov@v1", _PIPELINE, inputs, outputs),
    ]
    for name, (_, purpose) in ACTIONS.items():
        module = module_of(name)
        parts.append(
            _section(
                f"org/benchgov/{name}@v1",
                purpose,
                module.Inputs.model_fields.items(),
                module.Outputs.model_fields.items(),
            )
        )
    return "\n".join(parts)


def _section(
    uses: str, purpose: str, inputs: Iterable[tuple[str, FieldInfo]], outputs: Iterable[tuple[str, FieldInfo]]
) -> str:
    input_rows = [
        f"| `{input_name(name)}` | {field.description} | {_default(field)} |" for name, field in inputs
    ]
    output_rows = [f"| `{input_name(name)}` | {field.description} |" for name, field in outputs]
    return "\n".join(
        [
            f"## `{uses}`\n\n{purpose}\n",
            "| input | meaning | default |\n|---|---|---|",
            *input_rows,
            "\n| output | meaning |\n|---|---|",
            *output_rows,
            "",
        ]
    )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    text = default_text(field)
    return f"`{text}`" if text else ""

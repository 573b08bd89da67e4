"""INPUT_* variables → typed inputs. What every action's inputs and outputs have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from benchgov.errors import UsageError
from benchgov.text import one_line


def _boolean(value: Any) -> Any:
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value
    raise ValueError("expected `true` or `false`, in lower case")


def _lines(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(line.strip() for line in value.splitlines() if line.strip())
    return value


def _count(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("expected a whole number")
    return value


Flag = Annotated[bool, BeforeValidator(_boolean)]
Lines = Annotated[tuple[str, ...], BeforeValidator(_lines)]
Count = Annotated[int, BeforeValidator(_count)]

ArtifactUrl = Annotated[
    str,
    Field(description="address of the artifact, where it was uploaded", json_schema_extra={"step": "keep"}),
]
"""An output that the step which uploads gives, and not the program."""


class ActionInputs(BaseModel):
    """Inputs of one action: field `fail_on_blocked` is input `fail-on-blocked`, INPUT_FAIL_ON_BLOCKED.

    Unset and empty mean the default, as GitHub hands an input that is not given to a composite action's
    step as an empty string.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: Annotated[str, Field(description="settings file; default `benchgov.yaml` at the root")] = ""
    working_directory: Annotated[
        str, Field(description="folder of the checkout, where it is not the workspace itself")
    ] = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """The inputs that `environ` holds.

        Raises:
            UsageError: one detail per input that is missing or not what is expected.
        """
        given = {name: environ.get(variable_of(name), "").strip() for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value})
        except ValidationError as error:
            faults = [_fault(fault) for fault in error.errors(include_url=False)]
            raise UsageError(
                "; ".join(faults), where="inputs", remedy="See docs/reference/actions.md."
            ) from error


class ActionOutputs(BaseModel):
    """Outputs of one action, all plain strings; an output that does not apply is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_outputs(self) -> dict[str, str]:
        """Output name → value, of those that the program gives."""
        fields = type(self).model_fields
        return {
            input_name(name): str(value)
            for name, value in self.model_dump().items()
            if output_step(fields[name]) == "benchgov"
        }


def input_name(field: str) -> str:
    """`fail_on_blocked` → `fail-on-blocked`."""
    return field.replace("_", "-")


def variable_of(field: str) -> str:
    """`fail_on_blocked` → `INPUT_FAIL_ON_BLOCKED`."""
    return "INPUT_" + field.upper()


def default_text(field: FieldInfo) -> str:
    """An input's default as it stands in action.yml."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default" in extra:
        return str(extra["default"])
    default = field.get_default()
    if field.is_required() or default in (None, ()):
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def output_step(field: FieldInfo) -> str:
    """The id of the step of action.yml that gives an output."""
    extra = field.json_schema_extra
    return str(extra["step"]) if isinstance(extra, dict) and "step" in extra else "benchgov"


def _fault(fault: Any) -> str:
    name = input_name(str(fault["loc"][0]))
    if fault["type"] == "missing":
        return f"`{name}` is required"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"`{name}`: {message}, found {one_line(str(fault['input']), 80)!r}"

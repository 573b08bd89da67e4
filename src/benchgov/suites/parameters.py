"""The `config` of a suite: free-form values (mode, depth, solver), typed by its `config_schema`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError, model_validator

from benchgov.canonical import canonical_json
from benchgov.documents import Location
from benchgov.errors import BenchgovError, InputError, UsageError
from benchgov.suggest import did_you_mean
from benchgov.suites.part import Part

VARIABLE = "BENCHGOV_CONFIG"
"""The environment variable in which everything that a suite runs finds its config, as JSON."""

PREFIX = "config."
"""In front of a value's name in a placeholder: `{config.depth}`."""

MAX_TEXT = 1000
_MAX_EXACT = 2**53 - 1

Value = StrictBool | StrictInt | StrictFloat | StrictStr
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Values = Mapping[str, Value]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


class Parameter(Part):
    """One value's type, what it may be, and its default; without a default it must be given."""

    type: Literal["string", "integer", "number", "boolean"]
    description: str = ""
    enum: tuple[Value, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    default: Value | None = None

    @model_validator(mode="after")
    def _sound(self) -> Parameter:
        if self.type in {"string", "boolean"} and not (self.minimum is None and self.maximum is None):
            raise ValueError(f"a {self.type} has no minimum or maximum")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum must not be above maximum")
        for one in self.enum:
            if problem := self._not_of_type(one):
                raise ValueError(f"enum: {problem}")
        if self.default is not None and (problem := self.problem(self.default)):
            raise ValueError(f"default: {problem}")
        return self

    def problem(self, value: Value) -> str:
        """Why `value` is not one of these; empty when it is."""
        if problem := self._not_of_type(value):
            return problem
        if self.enum and not any(value == one and type(value) is type(one) for one in self.enum):
            return f"{value!r} is not one of {', '.join(map(repr, self.enum))}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._out_of_range(value)
        return ""

    def parsed(self, text: str) -> Value:
        """`text`, from a command line, as a value of this type; raises ValueError."""
        if self.type == "string":
            return text
        if self.type == "boolean":
            if text in {"true", "false"}:
                return text == "true"
            raise ValueError("true or false was expected")
        number = float(text)
        return int(text) if self.type == "integer" or text.lstrip("+-").isdigit() else number

    def _not_of_type(self, value: Value) -> str:
        is_bool = isinstance(value, bool)
        if not isinstance(value, _TYPES[self.type]) or is_bool != (self.type == "boolean"):
            return f"{value!r} is not of type {self.type}"
        if isinstance(value, str) and (len(value) > MAX_TEXT or "\0" in value):
            return f"a text of at most {MAX_TEXT} characters, without NUL, was expected"
        if isinstance(value, float) and not math.isfinite(value):
            return f"{value!r} is not a number that JSON knows"
        if isinstance(value, int) and abs(value) > _MAX_EXACT:
            return f"{value!r} is not a number that JSON carries exactly"
        return ""

    def _out_of_range(self, value: float) -> str:
        if self.minimum is not None and value < self.minimum:
            return f"{value!r} is below {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"{value!r} is above {self.maximum:g}"
        return ""


Schema = Mapping[str, Parameter]


def config_faults(schema: Any, values: Any) -> Iterator[tuple[Location, str]]:
    """Faults of a manifest's `config` under its `config_schema`, as far as both can be read."""
    known: dict[str, Parameter] = {}
    for name, item in (schema if isinstance(schema, dict) else {}).items():
        try:
            known[name] = Parameter.model_validate(item)
        except ValidationError:
            return  # said as a fault of the schema
    given = values if isinstance(values, dict) else {}
    for name, value in given.items():
        if name not in known:
            yield ("config", str(name)), f"not in `config_schema`{did_you_mean(str(name), known)}"
        elif isinstance(value, (bool, int, float, str)) and (problem := known[name].problem(value)):
            yield ("config", name), problem
    for name, parameter in known.items():
        if name not in given and parameter.default is None:
            yield ("config_schema", name), "has no default, and `config` does not give it"


def resolve(schema: Schema, values: Values, overrides: Values) -> dict[str, Value]:
    """Every value, by name: the default, the manifest's, or an override, which wins.

    Raises:
        InputError: an override is not in the schema, or not what the schema allows.
    """
    for name, value in overrides.items():
        if name not in schema:
            raise InputError(f"config: the suite has no {name!r}{did_you_mean(name, schema)}")
        if problem := schema[name].problem(value):
            raise InputError(f"config: {name}: {problem}")
    defaults = {name: one.default for name, one in schema.items() if one.default is not None}
    found = {**defaults, **values, **overrides}
    return {name: found[name] for name in sorted(found)}


def parse_settings(schema: Schema, texts: Sequence[str]) -> dict[str, Value]:
    """`NAME=VALUE`, as `--set` takes it, each value of its type; raises UsageError."""
    found: dict[str, Value] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in schema:
            hint = did_you_mean(name, schema) or f"; its config has: {', '.join(schema) or 'nothing'}"
            raise UsageError(f"--set {text}: NAME=VALUE of the suite's config was expected{hint}")
        if name in found:
            raise UsageError(f"--set {name}: given twice")
        try:
            found[name] = schema[name].parsed(value)
        except ValueError as error:
            raise UsageError(f"--set {text}: {schema[name].type} was expected ({error})") from error
    return _allowed(schema, found)


def _allowed(schema: Schema, found: dict[str, Value]) -> dict[str, Value]:
    try:
        resolve(schema, {}, found)
    except BenchgovError as error:
        raise UsageError(f"--set: {error.message.removeprefix('config: ')}") from error
    return found


def with_config(environ: Mapping[str, str], values: Values) -> dict[str, str]:
    """`environ` with the config for everything that the suite runs; without one, without the variable."""
    kept = {name: value for name, value in environ.items() if name != VARIABLE}
    return {**kept, VARIABLE: canonical_json(dict(values)).decode()} if values else kept


def placeholder_values(environ: Mapping[str, str]) -> dict[str, str]:
    """`config.<name>` → text, of the config that `environ` carries."""
    return as_placeholders(json.loads(environ.get(VARIABLE, "{}")))


def as_placeholders(values: Values) -> dict[str, str]:
    """`config.<name>` → text: a text as it is, anything else as JSON."""
    return {
        PREFIX + name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def placeholder_names(schema: Any) -> tuple[str, ...]:
    """`config.<name>` for every name of a schema."""
    return tuple(f"{PREFIX}{name}" for name in schema) if isinstance(schema, dict) else ()

"""Strict JSON and YAML: duplicate keys, NaN and deep nesting are refused, and faults name their line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from benchgov.errors import BenchgovError, InputError
from benchgov.files import MAX_DOCUMENT_BYTES, MAX_MANIFEST_BYTES, decode, read_text
from benchgov.suggest import did_you_mean

if TYPE_CHECKING:
    import yaml

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]

_MAX_YAML_DEPTH = 40


def parse_json(text: str, where: str) -> Any:
    """The value of a JSON document.

    Raises:
        InputError: empty, cut off, duplicate key, NaN or Infinity, nested too deeply; names the line.
    """
    if not text.strip():
        raise InputError("the file is empty; a JSON document was expected", where=where)
    try:
        value = _quickly(text)
        return _decode(text) if value is None else value
    except json.JSONDecodeError as error:
        # A text that breaks inside a string is said to do so where the string starts.
        cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        reason = "the document is cut off" if cut_off else error.msg
        raise InputError(reason, where=f"{where}:{error.lineno}:{error.colno}") from error
    except RecursionError as error:
        raise InputError("nested too deeply", where=where) from error
    except ValueError as error:
        raise InputError(str(error), where=where) from error


def _quickly(text: str) -> Any:
    """The value of `text`, sooner than `json` gives it; None where that must decide, or say why not.

    The quick parser keeps the last of equal keys. Where it has left one out, the value, written again, has
    fewer quotation marks than the text; unless the text writes some of its own as numbers.
    """
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="keys")
        is_whole = text.count('"') == to_json(value).count(b'"') and "\\u0022" not in text
    except (ValueError, TypeError):  # not JSON; a surrogate alone, which is not UTF-8
        return None
    return value if is_whole else None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"duplicate key {twice!r}")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


# Made once: `json.loads` would make a decoder for every document.
_decode = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant).decode


def load_json_model(path: Path, model: type[Model], limit: int = MAX_DOCUMENT_BYTES) -> Model:
    """Read a JSON file as `model`.

    Raises:
        InputError: as `parse_json`, or with one detail per fault of the document.
    """
    return json_model(read_text(path, limit), model, str(path))


def json_model(text: str, model: type[Model], where: str) -> Model:
    """Read JSON text as `model`; raises `InputError` as `load_json_model`."""
    value = parse_json(text, where)
    _check_schema_version(value, model, where)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _invalid(error, model, where, {}) from error


def published_model(data: bytes, model: type[Model], where: str) -> Model:
    """Read as `model` what benchgov published and whose digest was just verified: no key is there twice.

    Raises:
        InputError: as `json_model`.
    """
    try:
        return model.model_validate_json(data)
    except ValidationError:
        return json_model(decode(data, where), model, where)  # which says what is wrong


def _check_schema_version(value: Any, model: type[BaseModel], where: str) -> None:
    """Say first, and alone, that another version was met: every further fault would only confuse."""
    field = model.model_fields.get("schema_version")
    if field is None or not isinstance(value, dict):
        return
    found = value.get("schema_version")
    if type(found) is not int or found != 1:
        raise InputError(
            f"schema_version is {found!r}; this benchgov reads exactly 1",
            where=where,
            remedy="Use the benchgov release that wrote the file, or write it again with this one.",
        )


@dataclass(frozen=True)
class YamlDocument:
    """A parsed YAML file: `value`, and the 1-based line of every node by its path."""

    value: Any
    lines: Mapping[Location, int]
    where: str

    def line(self, location: Location) -> int:
        """The line of `location`, or of its nearest parent that has one."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def load_yaml(path: Path, limit: int = MAX_MANIFEST_BYTES) -> YamlDocument:
    """Read a YAML file with the line of every node.

    Raises:
        InputError: as `read_text`; not YAML; duplicate key; alias; a tag other than the plain ones.
    """
    return parse_yaml(read_text(path, limit), str(path))


def parse_yaml(text: str, where: str) -> YamlDocument:
    """Parse YAML text; raises `InputError` as `load_yaml`."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        _refuse_bombs(text, where)
        root = loader.get_single_node()
        if root is None:
            raise InputError("the file is empty; a YAML mapping was expected", where=where)
        lines: dict[Location, int] = {}
        _note_lines(root, (), lines, where)
        return YamlDocument(loader.construct_document(root), lines, where)
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(error, where) from error
    finally:
        loader.dispose()


def _refuse_bombs(text: str, where: str) -> None:
    """Refuse aliases and deep nesting before anything is built: they make a small file a huge value."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise InputError("YAML aliases are not read", where=f"{where}:{_line(event)}")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_YAML_DEPTH:
            raise InputError("nested too deeply", where=f"{where}:{_line(event)}")


def _line(marked: Any) -> int:
    return int(marked.start_mark.line) + 1


def _note_lines(node: yaml.Node, at: Location, lines: dict[Location, int], where: str) -> None:
    import yaml

    lines[at] = _line(node)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, (*at, index), lines, where)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, item in node.value:
            name = str(key.value)
            if name in seen:
                raise InputError(
                    f"duplicate key {name!r}, first on line {seen[name]}", where=f"{where}:{_line(key)}"
                )
            seen[name] = _line(key)
            _note_lines(item, (*at, name), lines, where)
            lines[(*at, name)] = _line(key)


def _not_yaml(error: Exception, where: str) -> InputError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return InputError(f"not valid YAML: {problem}", where=f"{where}:{mark.line + 1}" if mark else where)


def yaml_model(
    document: YamlDocument, model: type[Model], failure: type[BenchgovError] = InputError
) -> Model:
    """Read a YAML document as `model`; every fault at once, each with file and line.

    Raises:
        BenchgovError: of type `failure`, with one detail per fault.
    """
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        raise _invalid(error, model, document.where, document, failure) from error


def _invalid(
    error: ValidationError,
    model: type[BaseModel],
    where: str,
    document: YamlDocument | Mapping[str, Any],
    failure: type[BenchgovError] = InputError,
) -> BenchgovError:
    faults = _real_faults(error.errors(include_url=False, include_context=True))
    details = sorted({describe_fault(fault, model, where, document) for fault in faults}, key=_by_line)
    count = "1 fault" if len(details) == 1 else f"{len(details)} faults"
    return failure(f"not a valid {model.__name__} ({count})", where=where, details=details)


def _real_faults(faults: Sequence[Any]) -> list[Any]:
    """Without "too short" for a collection that is so only because its items are at fault themselves."""
    places = [tuple(fault["loc"]) for fault in faults]

    def follows(place: Location) -> bool:
        return any(len(other) > len(place) and other[: len(place)] == place for other in places)

    return [fault for fault in faults if fault["type"] != "too_short" or not follows(tuple(fault["loc"]))]


def _by_line(detail: str) -> tuple[int, str]:
    parts = detail.split(":", 2)
    return (int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0, detail)


def describe_fault(
    fault: Mapping[str, Any],
    model: type[BaseModel],
    where: str,
    document: YamlDocument | Mapping[str, Any],
) -> str:
    """One line for one pydantic fault: `file:line: path: what, found …; did you mean …?`."""
    location: Location = tuple(fault["loc"])
    path = ".".join(map(str, location)) or "document"
    place = f"{where}:{document.line(location)}" if isinstance(document, YamlDocument) else where
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = "unknown key" + did_you_mean(str(location[-1]), _sibling_keys(model, location))
    elif fault["type"] == "missing":
        message = "required, but not there"
    else:
        message += _found(fault.get("input"))
    return f"{place}: {path}: {message}"


def _found(value: Any) -> str:
    if isinstance(value, (str, int, float, bool)) or value is None:
        text = repr(value)
        return f" (found {text if len(text) <= 60 else text[:57] + '...'})"
    return ""


def _sibling_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that are known where `location` ends, found by walking the model's JSON schema."""
    schema = model.model_json_schema()
    nodes = [schema]
    for step in location[:-1]:
        nodes = [found for node in nodes for found in _descend(node, step, schema)]
    return [key for node in nodes for key in _resolve(node, schema).get("properties", {})]


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else node


def _descend(node: dict[str, Any], step: int | str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    node = _resolve(node, schema)
    choices = node.get("anyOf", []) + node.get("oneOf", [])
    found = [deeper for choice in choices for deeper in _descend(choice, step, schema)]
    if isinstance(step, int):
        return [*found, node["items"]] if isinstance(node.get("items"), dict) else found
    if step in node.get("properties", {}):
        return [*found, node["properties"][step]]
    extra = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return found + [values for values in extra if isinstance(values, dict)]

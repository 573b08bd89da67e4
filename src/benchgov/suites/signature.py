"""Signatures as text, `(name, name) -> type`: parsed, normalized and held against each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """One parameter; `kind` is the name that `inspect.Parameter.kind` gives it, in lower case."""

    name: str
    kind: str
    annotation: str | None = None


@dataclass(frozen=True)
class Signature:
    """Parameters in order, and what is returned; annotations are None where none is given."""

    parameters: tuple[Parameter, ...]
    returns: str | None = None

    def agrees(self, other: Signature) -> bool:
        """Whether names, order and kinds are equal, and annotations too where both sides give them."""
        return (
            len(self.parameters) == len(other.parameters)
            and all(map(_parameters_agree, self.parameters, other.parameters))
            and _annotations_agree(self.returns, other.returns)
        )

    def __str__(self) -> str:
        return f"({', '.join(_written(self.parameters))})" + (f" -> {self.returns}" if self.returns else "")


def parse_signature(text: str) -> Signature:
    """The signature that `text` declares, e.g. `(items: list[int], key) -> list[int]`.

    Raises:
        ValueError: it is not a Python-style signature.
    """
    try:
        body = ast.parse(f"def _{text.strip()}: ...").body
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise ValueError(f"not a signature like `(name, name) -> type`: {text!r}") from error
    function = body[0]
    if len(body) != 1 or not isinstance(function, ast.FunctionDef) or not text.lstrip().startswith("("):
        raise ValueError(f"not a signature like `(name, name) -> type`: {text!r}")
    return Signature(tuple(_declared(function.args)), _annotation(function.returns))


def signature_from_json(data: Mapping[str, Any]) -> Signature:
    """What `measure/host.py` found: `{"parameters": [[name, kind, annotation]], "returns": annotation}`."""
    parameters = (Parameter(name, kind, _normalized(note)) for name, kind, note in data["parameters"])
    return Signature(tuple(parameters), _normalized(data["returns"]))


def _parameters_agree(one: Parameter, other: Parameter) -> bool:
    return (one.name, one.kind) == (other.name, other.kind) and _annotations_agree(
        one.annotation, other.annotation
    )


def _annotations_agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _declared(arguments: ast.arguments) -> Iterator[Parameter]:
    groups = (
        ("positional_only", arguments.posonlyargs),
        ("positional_or_keyword", arguments.args),
        ("var_positional", [arguments.vararg]),
        ("keyword_only", arguments.kwonlyargs),
        ("var_keyword", [arguments.kwarg]),
    )
    for kind, group in groups:
        for argument in group:
            if argument is not None:
                yield Parameter(argument.arg, kind, _annotation(argument.annotation))


def _written(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    prefix = {"var_positional": "*", "var_keyword": "**"}
    kinds = [parameter.kind for parameter in parameters]
    for index, parameter in enumerate(parameters):
        if parameter.kind == "keyword_only" and not {"keyword_only", "var_positional"} & set(kinds[:index]):
            yield "*"
        note = f": {parameter.annotation}" if parameter.annotation else ""
        yield prefix.get(parameter.kind, "") + parameter.name + note
        if parameter.kind == "positional_only" and kinds[index + 1 : index + 2] != ["positional_only"]:
            yield "/"


class _Normalizer(ast.NodeTransformer):
    """One spelling per type: `typing.Optional[int]`, `Optional[int]` and `int | None` are the same."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Name(node.attr, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):  # a forward reference
            return self.visit(ast.parse(node.value, mode="eval").body)  # type: ignore[no-any-return]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if name == "Optional":
            return ast.BinOp(node.slice, ast.BitOr(), ast.Constant(None))
        if name == "Union":
            return _union(node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])
        if name in {"List", "Dict", "Set", "Tuple", "FrozenSet", "Type"}:
            node.value = ast.Name(name.lower(), ast.Load())
        return node


def _union(members: list[ast.expr]) -> ast.expr:
    result = members[0]
    for member in members[1:]:
        result = ast.BinOp(result, ast.BitOr(), member)
    return result


def _annotation(node: ast.expr | None) -> str | None:
    return None if node is None else _normalized(ast.unparse(node))


def _normalized(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return ast.unparse(_Normalizer().visit(ast.parse(text, mode="eval").body))
    except (SyntaxError, RecursionError, ValueError):
        return text

"""The package talks to no language model: no SDK of one is imported anywhere in it, nor by starting it."""

from __future__ import annotations

import ast
from pathlib import Path

import benchgov

SDKS = {
    "anthropic",
    "cohere",
    "google",
    "langchain",
    "langgraph",
    "litellm",
    "llama_index",
    "mistralai",
    "ollama",
    "openai",
    "transformers",
}


def imported(tree: ast.AST) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
        ):
            found |= {str(one.value).split(".")[0] for one in node.args if isinstance(one, ast.Constant)}
    return found


def test_no_module_imports_an_sdk_of_a_language_model() -> None:
    """By any form of import whose name can be read."""
    modules = sorted(Path(benchgov.__file__).parent.rglob("*.py"))
    assert len(modules) > 100
    texts = {path: path.read_text("utf-8") for path in modules}
    suspect = {path: text for path, text in texts.items() if any(sdk in text for sdk in SDKS)}
    guilty = {str(path): sdks for path, text in suspect.items() if (sdks := imported(ast.parse(text)) & SDKS)}
    assert not guilty


def test_such_an_import_would_be_found() -> None:
    """The walk sees plain, nested, aliased and dynamic imports."""
    for line in (
        "import openai.types as x",
        "def f():\n    from anthropic import y",
        "import_module('litellm')",
        "importlib.import_module('ollama.x')",
    ):
        assert imported(ast.parse(line)) & SDKS

"""Loading a suite: every fault at once, by file and line; selection; placeholders; modules."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from benchgov.errors import InputError, UsageError
from benchgov.suites.load import Suite, load_suite
from benchgov.suites.manifest import Benchmark
from benchgov.suites.modules import installed_file, top_level_names
from benchgov.suites.placeholders import fill, placeholders_in
from benchgov.suites.select import select

GOOD = """\
version: 1
suite: demo
kind: measured
families: {sort: {}, text: {}}
benchmarks:
  - id: canonical-small
    family: sort
    signature: (n) -> int
    scale: [10, 1000000]
    features: {n: scale}
    variants: {only: {callable: 'work:double'}}
  - id: canonical-large
    family: text
    signature: () -> str
    variants: {only: {command: 'echo x'}}
  - id: chain
    family: text
    signature: () -> str
    variants: {only: {command: 'echo x'}}
"""


def write(root: Path, manifest: str, name: str = "demo") -> Path:
    """A suite with one module, `work`."""
    folder = root / "bench" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.yaml").write_text(manifest)
    (folder / "work.py").write_text("def double(n): return 2 * n\n")
    return folder


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """The good suite."""
    return load_suite(write(tmp_path, GOOD), tmp_path)


def faults(root: Path, manifest: str) -> tuple[str, ...]:
    """What is wrong with a manifest."""
    with pytest.raises(InputError) as caught:
        load_suite(write(root, manifest), root)
    return caught.value.details


def one(**changes: str) -> str:
    """A manifest with one benchmark of which these keys are replaced or added."""
    keys = {
        "id": "a",
        "family": "sort",
        "signature": "(n) -> int",
        "variants": "{only: {callable: 'work:double'}}",
    }
    lines = "\n".join(f"    {key}: {value}" for key, value in {**keys, **changes}.items())
    return f"version: 1\nsuite: demo\nkind: measured\nfamilies: {{sort: {{}}}}\nbenchmarks:\n  -\n{lines}\n"


def test_a_good_suite_knows_its_path_and_lines(suite: Suite) -> None:
    """Paths are repository-relative, lines are 1-based and those of the benchmark's own entry."""
    assert suite.path == "bench/demo/suite.yaml"
    assert [suite.line(item.id) for item in suite.manifest.benchmarks] == [6, 12, 16]
    assert len(suite.sha256) == 64


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    """Shape faults and cross faults come together, sorted by line."""
    manifest = textwrap.dedent(
        """\
        version: 1
        suite: other
        kind: measured
        families: {sort: {}}
        benchmarks:
          - id: a
            family: sorts
            signature: (n -> int
            runs: 2
            variants: {only: {callable: 'work:double'}}
          - id: b
            family: sorts
            signature: (n -> int
            variants: {only: {callable: 'work:doubel'}}
          - id: a
            family: sort
            signature: () -> int
            surprise: 1
            variants: {only: {command: 'echo'}}
        """
    )
    found = faults(tmp_path, manifest)
    lines = [int(detail.split(":")[1]) for detail in found]
    assert lines == sorted(lines)
    text = "\n".join(found)
    for wanted in (
        ":2: suite: is 'other', but the suite's folder is 'demo'",
        ":9: benchmarks.0.runs:",
        ":12: benchmarks.1.family: family 'sorts' is not among `families`; did you mean 'sort'?",
        ":13: benchmarks.1.signature: not a signature",
        "module 'work' has no 'doubel'; did you mean 'double'?",
        ":15: benchmarks.2.id: duplicate id 'a'",
        ":18: benchmarks.2.surprise: unknown key",
    ):
        assert wanted in text


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"features": "{n: scale}"}, "features.n: is `scale`, but the benchmark has no scale"),
        ({"input": "{file: ../../../etc/passwd}"}, "leaves the repository"),
        ({"input": "{file: /etc/passwd}"}, "leaves the repository"),
        ({"input": "{file: missing.json}"}, "no such file: 'missing.json'"),
        ({"input": "{callable: 'wrok:f'}"}, "no module 'wrok' in the suite's folder; did you mean 'work'?"),
        ({"variants": "{a: {callable: 'work.deep:f'}}"}, "no module 'work.deep' in the suite's folder"),
        ({"variants": "{a: {callable: 'work:double', protocol: ../x}}"}, "leaves the repository"),
        ({"variants": "{a: {callable: 'work:double', signature: '(m) -> int'}}"}, "declares (m) -> int"),
        ({"variants": "{a: {callable: 'work:double', signature: 'm'}}"}, "not a signature"),
        ({"variants": "{a: {command: 'x {scael}'}}"}, "unknown placeholder {scael}; did you mean 'scale'?"),
        ({"variants": "{a: {command: 'x {zzz}'}}"}, "known are python, scale, input, suite"),
        ({"variants": "{a: {command: 'x {scale}'}}"}, "no scale"),
        ({"variants": "{a: {command: 'x {input}'}}"}, "no input"),
        ({"variants": "{a: {command: 'x'}}", "isolation": "shared"}, "a command is one iteration"),
    ],
)
def test_cross_faults(tmp_path: Path, changes: dict[str, str], wanted: str) -> None:
    """What no single field shows is found, and said in one line."""
    (found,) = faults(tmp_path, one(**changes))
    assert wanted in found
    assert found.startswith("bench/demo/suite.yaml:")


def test_a_suite_that_is_not_there_is_named_with_its_neighbours(tmp_path: Path) -> None:
    """A mistyped suite gets a suggestion."""
    write(tmp_path, GOOD)
    with pytest.raises(InputError, match="no such suite: 'dmeo'; did you mean 'demo'"):
        load_suite(tmp_path / "bench" / "dmeo", tmp_path)


def test_a_suite_folder_linked_from_outside_is_refused(tmp_path: Path) -> None:
    """A suite lies in the repository, links included."""
    write(tmp_path / "elsewhere", GOOD)
    root = tmp_path / "repo"
    (root / "bench").mkdir(parents=True)
    (root / "bench" / "demo").symlink_to(tmp_path / "elsewhere" / "bench" / "demo")
    with pytest.raises(InputError, match="leaves the repository"):
        load_suite(root / "bench" / "demo", root)


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ([], ["canonical-small", "canonical-large", "chain"]),
        (["chain", "canonical-small"], ["canonical-small", "chain"]),
        (["family:text"], ["canonical-large", "chain"]),
        (["canonical-*"], ["canonical-small", "canonical-large"]),
    ],
)
def test_selection_is_in_manifest_order(suite: Suite, patterns: list[str], wanted: list[str]) -> None:
    """Ids, families and globs select; the order is the manifest's."""
    assert [item.id for item in select(suite, patterns)] == wanted


def test_a_scale_can_be_selected_and_a_wider_pattern_wins(suite: Suite) -> None:
    """`id@scale` keeps that scale, in any spelling; an id beside it keeps all."""

    def scales(*patterns: str) -> tuple[float, ...]:
        first = select(suite, patterns)[0]
        assert isinstance(first, Benchmark)
        return first.scale

    assert scales("canonical-small@1e6") == (1000000,)
    assert scales("canonical-small@10", "canonical-*") == (10, 1000000)
    assert scales("canonical-*", "canonical-small@10") == (10, 1000000)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [("chian", "'chain'"), ("family:txt", "'family:text'"), ("canonical-small@11", "'canonical-small@10'")],
)
def test_a_pattern_that_matches_nothing_is_a_usage_error(suite: Suite, pattern: str, hint: str) -> None:
    """Nothing selected is never a pass, and the nearest known name is shown."""
    with pytest.raises(UsageError, match=hint):
        select(suite, [pattern])


def test_placeholders() -> None:
    """Known names are replaced everywhere in a word; doubled braces are literal."""
    command = ("{python}", "a{scale}b", "{{print}}", "{print $1}")
    assert placeholders_in(command) == ("python", "scale")
    assert fill(command, {"python": "py", "scale": "7"}) == ("py", "a7b", "{print}", "{print $1}")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (
            b"import os as o\nfrom a import b\nx = 1\nclass C: pass\nif x:\n  def f(): pass\n",
            {"o", "b", "x", "C", "f"},
        ),
        (b"from a import *\n", None),
        (b"def __getattr__(n): pass\n", None),
        (b"def (", None),
    ],
)
def test_top_level_names(source: bytes, names: set[str] | None) -> None:
    """Names are told without running the module, or not at all."""
    assert top_level_names(source) == names


def test_installed_modules_are_found_without_importing_them(tmp_path: Path) -> None:
    """Packages are walked on the given path; what has no source has no file."""
    package = tmp_path / "pack" / "inner"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("raise RuntimeError\n")
    assert installed_file("pack.inner", [str(tmp_path)]) == package / "__init__.py"
    assert installed_file("pack.none", [str(tmp_path)]) is None
    assert installed_file("pack.inner.deep.er", [str(tmp_path)]) is None

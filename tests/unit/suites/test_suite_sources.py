"""Sources in a manifest: their faults, their selection, and the rules by which names find a family."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchgov.errors import InputError, UsageError
from benchgov.suites.load import Suite, load_suite
from benchgov.suites.select import fits, select
from benchgov.suites.source import LogPattern, SourceEntry

HEAD = """\
version: 1
suite: demo
kind: measured
families:
  io: {match: [Read, Write]}
  text: {match: ^text}
  plain: {}
benchmarks:
"""
GOOD = (
    HEAD
    + """\
  - id: own
    family: plain
    signature: ()
    variants: {only: {command: 'echo x'}}
  - id: go
    source: {command: 'go test -bench .'}
  - id: py
    family: plain
    description: What pytest measures.
    rename: {'^tests/': '', 'size=(\\d+)': 'n\\1'}
    warmup: 3
    runs: 8
    timeout_seconds: 5
    source:
      tool: pytest-benchmark
      command: ['{python}', -m, pytest, '--benchmark-json={output}/a.json']
      files: ['{output}/*.json', 'kept/b.json']
      env: {HOME: '{output}'}
      samples: tool
      folder: bench
      protocol: bench/demo/suite.yaml
"""
)


def load(root: Path, manifest: str) -> Suite:
    """The suite `demo` with this manifest."""
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.yaml").write_text(manifest)
    return load_suite(folder, root)


def one(root: Path, source: str, **more: str) -> tuple[str, ...]:
    """The faults of a manifest with this one source."""
    keys = "".join(f"    {key}: {value}\n" for key, value in more.items())
    with pytest.raises(InputError) as caught:
        load(root, f"{HEAD}  - id: a\n    source: {source}\n{keys}")
    return caught.value.details


def test_sources_stand_beside_benchmarks_with_variants(tmp_path: Path) -> None:
    """Either kind is read as what it is; what a source leaves out has its default."""
    own, go, py = load(tmp_path, GOOD).manifest.benchmarks
    assert (own.id, own.family) == ("own", "plain")
    assert isinstance(go, SourceEntry)
    assert isinstance(py, SourceEntry)
    assert go.source.command == ("go", "test", "-bench", ".")
    assert (go.family, go.source.tool, go.source.samples, go.source.patterns) == (
        *("from-group", "auto", "process"),
        (),
    )
    assert py.source.patterns == (LogPattern("*.json", True), LogPattern("kept/b.json", False))
    assert list(py.rename.items()) == [("^tests/", ""), (r"size=(\d+)", r"n\1")]


def test_family_rules_are_in_the_manifest_s_order(tmp_path: Path) -> None:
    """One rule for each expression, so that the first that fits can win."""
    rules = load(tmp_path, GOOD).manifest.family_rules()
    assert rules == (("Read", "io"), ("Write", "io"), ("^text", "text"))


@pytest.mark.parametrize(
    ("source", "more", "wanted"),
    [
        ("{}", {}, "source.command: required, but not there"),
        ("{command: ls, tol: go}", {}, "source.tol: unknown key; did you mean 'tool'?"),
        ("{command: []}", {}, "source.command: Tuple should have at least 1 item"),
        ('{command: "a \'b"}', {}, "not a command line"),
        ('{command: "a\\0b"}', {}, "NUL"),
        ('{command: ls, env: {"A=B": c}}', {}, "the name of a variable"),
        ('{command: ls, env: {A: "c\\0"}}', {}, "NUL"),
        ("{command: 'x {scale}'}", {}, "source.command: unknown placeholder {scale}"),
        (
            "{command: x, env: {A: '{pyton}'}}",
            {},
            "env.A: unknown placeholder {pyton}; did you mean 'python'?",
        ),
        ("{command: x, files: '{output}/a'}", {}, "neither the command nor `env` names {output}"),
        ("{command: x, files: ../a}", {}, "leaves the folder"),
        ("{command: x, files: a/../../b}", {}, "leaves the folder"),
        ("{command: x, files: /etc/passwd}", {}, "leaves the folder"),
        ("{command: '{output}', files: '{output}//etc/passwd'}", {}, "leaves the folder"),
        ("{command: '{output}', files: '{output}/../a'}", {}, "leaves the folder"),
        ("{command: '{output}', files: '{output}/'}", {}, "is not the name of a file"),
        ("{command: x, files: ''}", {}, "is not the name of a file"),
        ("{command: x, files: 'a**/b'}", {}, "alone between slashes"),
        ("{command: x, files: 'a/**'}", {}, "not at the end"),
        (f"{{command: x, files: {'a' * 300}}}", {}, "longer than the name of a file"),
        ("{command: x, files: .}", {}, "is not the name of a file"),
        ('{command: x, files: "a\\0"}', {}, "is not the name of a file"),
        ("{command: x, files: 'a/{output}/b'}", {}, "only {output} may stand there"),
        ("{command: x, folder: nowhere}", {}, "source.folder: no such folder: 'nowhere'"),
        ("{command: x, folder: ../..}", {}, "source.folder: path '../..' leaves the repository"),
        ("{command: x, protocol: none.py}", {}, "source.protocol: no such file"),
        ("{command: x, samples: all}", {}, "source.samples: Input should be 'process' or 'tool'"),
        ("{command: x, tool: 'a b'}", {}, "source.tool: String should match"),
        (
            "{command: x}",
            {"family": "palin"},
            "family 'palin' is not among `families`; did you mean 'plain'?",
        ),
        ("{command: x}", {"runs": "4"}, "runs: Input should be greater than or equal to 5"),
        ("{command: x}", {"warmup": "1"}, "warmup: Input should be greater than or equal to 2"),
        ("{command: x}", {"timeout_seconds": ".inf"}, "timeout_seconds"),
        ("{command: x}", {"rename": "{'(': x}"}, "'(' is not a regular expression"),
        ("{command: x}", {"rename": "{a: '\\2'}"}, "is not a replacement"),
        ("{command: x}", {"variants": "{v: {command: x}}"}, "either `variants` or a `source`"),
        ("{command: x}", {"scale": "[1]"}, "scale: unknown key"),
        ("3", {}, "source: Input should be a valid dictionary"),
    ],
)
def test_a_fault_of_a_source_is_named_with_its_place(
    tmp_path: Path, source: str, more: dict[str, str], wanted: str
) -> None:
    """Nothing else is at fault, and the line is the source's."""
    details = one(tmp_path, source, **more)
    assert len(details) == 1
    assert wanted in details[0]
    assert int(details[0].split(":")[1]) >= 9


def test_a_family_s_expression_that_is_none_is_a_fault(tmp_path: Path) -> None:
    """Named with its line, beside the faults of entries."""
    with pytest.raises(InputError) as caught:
        load(tmp_path, GOOD.replace("^text", "'(text'").replace("id: go", "id: a/b"))
    assert [detail.split(": ")[0:2] for detail in caught.value.details] == [
        ["bench/demo/suite.yaml:6", "families.text.match"],
        ["bench/demo/suite.yaml:13", "benchmarks.1.id"],
    ]


def test_from_group_cannot_be_a_family_of_the_same_name(tmp_path: Path) -> None:
    """It would be one or the other."""
    with pytest.raises(InputError) as caught:
        load(tmp_path, GOOD.replace("  plain: {}", "  plain: {}\n  from-group: {}"))
    assert "stands for the tool's groups" in caught.value.details[0]


def test_an_entry_is_a_mapping(tmp_path: Path) -> None:
    """What is neither kind says what an entry is."""
    with pytest.raises(InputError) as caught:
        load(tmp_path, HEAD + "  - 3\n")
    assert "an entry is a mapping, with `variants` or a `source`" in caught.value.details[0]


def test_ids_are_unique_among_both_kinds(tmp_path: Path) -> None:
    """A source cannot have the id of a benchmark with variants."""
    with pytest.raises(InputError) as caught:
        load(tmp_path, GOOD.replace("id: go", "id: own"))
    assert "duplicate id 'own', first in benchmarks.0" in caught.value.details[0]


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ([], ["own", "go", "py"]),
        (["py"], ["py"]),
        (["py/test_a[1]"], ["py"]),
        (["*"], ["own", "go", "py"]),
        (["*/BenchmarkRead"], ["own", "go", "py"][1:]),
        (["family:plain"], ["own", "go", "py"]),
        (["family:io"], ["go", "py"]),
        (["family:somebody-s-group"], ["go"]),
    ],
)
def test_a_source_is_selected_when_it_may_yield_what_fits(
    tmp_path: Path, patterns: list[str], wanted: list[str]
) -> None:
    """By its id, by what stands before the first `/`, or by a family that it may have."""
    assert [entry.id for entry in select(load(tmp_path, GOOD), patterns)] == wanted


@pytest.mark.parametrize("pattern", ["py@10", "pyy/test", "family:palin@2", "own/x"])
def test_a_pattern_that_no_source_can_meet_is_refused(tmp_path: Path, pattern: str) -> None:
    """A source has no scales."""
    suite = load(
        tmp_path,
        GOOD.replace("    source: {command: 'go test -bench .'}", "    family: io\n    source: {command: x}"),
    )
    with pytest.raises(UsageError, match="matches"):
        select(suite, [pattern])


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ([], True),
        (["py"], True),
        (["p*"], True),
        (["py/test_a[1]"], True),
        (["py/test_?[[]1]"], True),
        (["py/test_b"], False),
        (["family:io"], True),
        (["family:text"], False),
        (["py/test_b", "family:io"], True),
    ],
)
def test_what_a_source_yields_is_held_against_the_patterns(
    tmp_path: Path, patterns: list[str], wanted: bool
) -> None:
    """By the whole id, literally or as a glob, or by the family that it has in the end."""
    entry = load(tmp_path, GOOD).manifest.benchmarks[2]
    assert isinstance(entry, SourceEntry)
    assert fits(entry, "py/test_a[1]", "io", patterns) is wanted

"""Protocols in a manifest: what an entry says, what is at fault, and how they are selected."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchgov.errors import InputError, UsageError
from benchgov.measure.plan import Plan, SamplingFlags, plan_suite
from benchgov.suites.load import Suite, load_suite
from benchgov.suites.protocol import ProtocolEntry
from benchgov.suites.select import select

HEAD = "version: 1\nsuite: demo\nkind: {kind}\nfamilies: {{f: {{}}, g: {{}}}}\nbenchmarks:\n"
ONE = '  - {id: one, family: f, command: "{python} {suite}/one.py", timeout_seconds: 5}\n'
TWO = "  - {id: two, family: g, callable: 'two:run'}\n"
MEASURED = "  - {id: m, family: f, signature: (), variants: {v: {callable: 'two:run'}}}\n"


def load(root: Path, benchmarks: str, kind: str = "protocols") -> Suite:
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("print({})\n")
    (folder / "two.py").write_text("def run():\n    return {}\n")
    (folder / "suite.yaml").write_text(HEAD.format(kind=kind) + benchmarks)
    return load_suite(folder, root)


def fault(root: Path, benchmarks: str, kind: str = "protocols") -> str:
    with pytest.raises(InputError) as caught:
        load(root, benchmarks, kind)
    return "\n".join(caught.value.details)


def test_a_protocol_is_planned_with_its_source_file(tmp_path: Path) -> None:
    """The file is found in the command, or is the callable's module; each is digested."""
    plan = plan_suite(load(tmp_path, ONE + TWO), sampling=SamplingFlags(timeout_seconds=None))
    assert [(one.key, one.protocol, one.timeout_seconds) for one in plan.protocols] == [
        ("one/protocol", "bench/demo/one.py", 5.0),
        ("two/protocol", "bench/demo/two.py", 60.0),
    ]
    assert len({one.protocol_sha256 for one in plan.protocols}) == 2
    assert plan.steps == 2
    listed = plan.to_json()["protocols"]
    assert [one.get("command", one.get("callable")) for one in listed] == [
        ["{python}", "{suite}/one.py"],
        "two:run",
    ]


def test_a_pin_that_the_source_does_not_have_refuses_it(tmp_path: Path) -> None:
    """The plan says why; nothing is raised, so that the others run."""
    pinned = ONE.replace("timeout_seconds: 5", f"protocol_sha256: '{'0' * 64}'")
    plan = plan_suite(load(tmp_path, pinned + TWO))
    assert "has changed" in plan.protocols[0].refusal
    assert "the manifest pins 0000" in plan.protocols[0].refusal
    assert not plan.protocols[1].refusal


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("one", ["one"]), ("family:g", ["two"]), ("*o*", ["one", "two"])],
)
def test_protocols_are_selected_as_benchmarks_are(tmp_path: Path, pattern: str, found: list[str]) -> None:
    """By id, glob and family."""
    assert [item.id for item in select(load(tmp_path, ONE + TWO), [pattern])] == found


def test_a_protocol_has_no_scale(tmp_path: Path) -> None:
    """`id@scale` matches none."""
    with pytest.raises(UsageError, match="matches 'one@3'"):
        select(load(tmp_path, ONE), ["one@3"])


@pytest.mark.parametrize(
    ("benchmarks", "kind", "said"),
    [
        (ONE, "measured", "'one' is a protocol, and the suite's kind is 'measured'"),
        (MEASURED, "protocols", "'m' is not a protocol, and the suite's kind is 'protocols'"),
        (ONE.replace("command:", "comand:"), "protocols", "comand: unknown key"),
        (
            ONE.replace("timeout", "callable: 'two:run', timeout"),
            "protocols",
            "either a callable or a command",
        ),
        (TWO.replace("two:run", "two:walk"), "protocols", "module 'two' has no 'walk'"),
        (ONE.replace("{suite}", "{scale}"), "protocols", "unknown placeholder {scale}"),
        (ONE.replace("family: f", "family: h"), "protocols", "family 'h' is not among"),
        (ONE.replace("timeout", "protocol: ../x.py, timeout"), "protocols", "leaves the repository"),
        (ONE.replace("timeout", "protocol: bench/demo/no.py, timeout"), "protocols", "no such file"),
        (ONE.replace("timeout", "protocol_sha256: abc, timeout"), "protocols", "protocol_sha256"),
        (ONE.replace("5}", "-1}"), "protocols", "timeout_seconds"),
        (ONE + ONE, "protocols", "duplicate id 'one'"),
        (
            "  - {id: one, family: f, source: {}, variants: {}}\n",
            "measured",
            "either `variants` or a `source`",
        ),
    ],
)
def test_a_fault_is_named(tmp_path: Path, benchmarks: str, kind: str, said: str) -> None:
    """With what is wrong with it."""
    assert said in fault(tmp_path, benchmarks, kind)


def test_an_entry_stays_what_it_is(tmp_path: Path) -> None:
    """A suite of protocols holds protocols, also after it was read once more."""
    manifest = load(tmp_path, ONE + TWO).manifest
    assert all(isinstance(entry, ProtocolEntry) for entry in manifest.benchmarks)
    assert type(manifest).model_validate(manifest.model_dump(exclude_unset=True)) == manifest


def test_the_suites_deadline_holds_where_a_protocol_has_none(tmp_path: Path) -> None:
    """And the command line's wins over both."""
    plan: Plan = plan_suite(load(tmp_path, ONE + TWO), sampling=SamplingFlags(timeout_seconds=7))
    assert [one.timeout_seconds for one in plan.protocols] == [7, 7]

"""The rubric tells a remedy from everything that only looks like one; the SUT earns what it earns."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchgov.eval import BenchScore
from benchgov.eval.loader import load_cases, load_task_class

BENCH = Path(__file__).resolve().parents[1]
PACKAGE = f"bench.{BENCH.name}"
CASES = {case.case_id: case for case in load_cases(load_task_class(BENCH.name, BENCH.parent))}
UNSOLVED = ("011-cve-2022-25857-snakeyaml", "014-cve-2021-3803-nth-check")

rubric = import_module(f"{PACKAGE}.rubric").VulnRemediationRubric()
remediate = import_module(f"{PACKAGE}.sut").remediate
versions = import_module(f"{PACKAGE}.remedy.versions")
admitted = import_module(f"{PACKAGE}.scoring.ranges").admitted
cheats = import_module(f"{PACKAGE}.tests.cheats").CHEATS

LODASH = "002-cve-2021-23337-lodash"
REQUESTS = "003-cve-2023-32681-requests"
SMALLVEC = "013-cve-2021-25900-smallvec"


def score(name: str, answer: dict[str, Any]) -> BenchScore:
    found: BenchScore = rubric.score(CASES[name], answer)
    return found


def changed(name: str, path: str, old: str, new: str) -> BenchScore:
    """The score of the SUT's right answer with one thing in it changed."""
    case = CASES[name]
    answer = remediate(case)
    text = answer["files"].get(path) or (case.input_path / path).read_text(encoding="utf-8")
    assert old in text
    answer["files"][path] = text.replace(old, new)
    return score(name, answer)


@pytest.mark.parametrize("cheat", cheats, ids=lambda cheat: cheat.__name__)
def test_a_cheat_gets_nothing(cheat: Callable[[Any], dict[str, Any]]) -> None:
    """No case gives any part of a score to a system that does not do the work."""
    for name, case in CASES.items():
        found = score(name, cheat(case))
        assert (found.passed, found.score) == (False, 0.0), name
        assert not any(found.breakdown.values()), name


@pytest.mark.parametrize(
    ("name", "path", "old", "new", "code"),
    [
        (LODASH, "package.json", '"chalk": "^2.4.2"', '"chalk": "^2.4.1"', "scope.changed"),
        (LODASH, "package-lock.json", '"version": "4.17.21"', '"version": "4.17.20"', "agreement.broken"),
        (LODASH, "package-lock.json", '"version": "4.17.21"', '"version": "4.17.99"', "version.unreleased"),
        (LODASH, "package-lock.json", '"version": "4.17.21"', '"version": "4.17.10"', "version.downgraded"),
        (LODASH, "package-lock.json", "v2kDEe57", "AAAAAAAA", "integrity.wrong"),
        (LODASH, "package.json", '"lodash": "^4.17.21"', '"lodash": "^4.17.15"', "agreement.broken"),
        (LODASH, "package.json", "{\n", "{\n\n\n\n\n\n\n\n\n\n\n\n\n", "formatting.noisy"),
        (
            LODASH,
            "package.json",
            '"private": true,',
            '"private": true, "private": true,',
            "project.unreadable",
        ),
        (LODASH, "package.json", "}", "", "project.unreadable"),
        (REQUESTS, "requirements.txt", "==2.31.0", ">=2.31.0", "integrity.wrong"),
        (REQUESTS, "requirements.txt", "942c5a75", "942c5a76", "integrity.wrong"),
        (REQUESTS, "requirements.txt", "idna==3.4", "idna==3.3", "scope.changed"),
        (SMALLVEC, "Cargo.lock", ' "smallvec 1.6.1"', ' "smallvec 1.6.0"', "agreement.broken"),
        (SMALLVEC, "Cargo.lock", 'version = "1.6.1"', 'version = "1.7.0"', "version.not-minimal"),
        ("004-cve-2021-44228-log4j-core", "pom.xml", "runtime", "test", "scope.changed"),
        ("004-cve-2021-44228-log4j-core", "pom.xml", "5.8.2", "5.9.0", "scope.changed"),
        ("010-cve-2022-42889-commons-text", "pom.xml", "3.9", "3.12.0", "scope.changed"),
        ("005-cve-2020-35381-jsonparser", "go.sum", "2PnMjfWD", "AAAAAAAA", "integrity.wrong"),
        ("017-cve-2020-27813-websocket", "go.mod", " // indirect", "", "scope.changed"),
        ("012-cve-2022-24713-regex", "Cargo.toml", ', "unicode-perl"', "", "scope.changed"),
        ("015-cve-2021-44906-minimist", "package.json", '"minimist": "0.2.4"', "", "agreement.broken"),
        ("007-cve-2022-24999-qs", "package.json", "1.19.2", "1.20.0", "needless.change"),
    ],
)
def test_one_thing_wrong_is_found_and_named(name: str, path: str, old: str, new: str, code: str) -> None:
    """A right answer with one thing in it changed loses for that one thing."""
    found = changed(name, path, old, new)
    assert code in [mode.code for mode in found.failure_modes]
    assert found.score < 1


def test_a_locked_copy_without_the_override_it_needs_does_not_pass() -> None:
    """A copy that its parent's requirement shuts out would be undone by the next installation."""
    case = CASES["015-cve-2021-44906-minimist"]
    answer = remediate(case)
    del answer["files"]["package.json"]
    found: BenchScore = rubric.score(case, answer)
    assert not found.passed
    assert found.breakdown["agreement"] == 0


def test_half_of_the_copies_is_worth_less() -> None:
    """One of two locked copies mended is a partial score, and no pass."""
    found = changed(SMALLVEC, "Cargo.lock", 'version = "0.6.14"', 'version = "0.6.13"')
    assert not found.passed
    assert found.breakdown["fixed"] == 0.5
    assert 0 < found.score < 1


def test_another_way_to_fix_is_as_good() -> None:
    """Two ways that the SUT does not know, a property for a parent and an override across majors, pass."""
    spring = CASES[UNSOLVED[0]]
    pom = (spring.input_path / "pom.xml").read_text(encoding="utf-8")
    property_ = "<java.version>17</java.version>"
    fixed = pom.replace(property_, f"{property_}\n    <snakeyaml.version>1.31</snakeyaml.version>")
    answer = {"status": "remediated", "installed": ["1.30"], "files": {"pom.xml": fixed}}
    assert rubric.score(spring, answer).score == 1

    npm = CASES[UNSOLVED[1]]
    texts = {path.name: path.read_text(encoding="utf-8") for path in npm.input_path.iterdir()}
    digest = json.loads(texts["versions.json"])["hashes"]["2.0.1"]
    lock = json.loads(texts["package-lock.json"])
    old = lock["packages"]["node_modules/nth-check"]
    lock_text = texts["package-lock.json"].replace(old["integrity"], digest).replace('"1.0.2"', '"2.0.1"')
    manifest = texts["package.json"].replace("  }\n}", '  },\n  "overrides": {"nth-check": "2.0.1"}\n}')
    files = {"package.json": manifest, "package-lock.json": lock_text}
    found = rubric.score(npm, {"status": "remediated", "installed": ["1.0.2"], "files": files})
    assert found.passed
    assert found.score == 1


def test_the_index_and_the_expected_answers_agree_with_the_orders() -> None:
    """Releases are listed in their ecosystem's order, and the affected ones are those in the ranges."""
    for name, case in CASES.items():
        read = {path.name: path for path in (*case.input_path.iterdir(), *case.expected_path.iterdir())}
        advisory, index, answer = (
            json.loads(read[part].read_text(encoding="utf-8"))
            for part in ("advisory.json", "versions.json", "answer.json")
        )
        ecosystem, releases = index["ecosystem"], index["releases"]
        assert (advisory["ecosystem"], advisory["package"]) == (ecosystem, index["package"])
        keys = [versions.key(ecosystem, release) for release in releases]
        assert all(low < high for low, high in pairwise(keys)), name
        affected = [one for one in releases if versions.is_affected(ecosystem, one, advisory["ranges"])]
        assert affected == answer["affected"], name
        assert set(answer["installed"]) <= set(releases), name
        assert set(index["hashes"]) <= set(releases), name


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        (
            "npm",
            "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.10",
        ),
        ("Cargo", "0.6.9 0.6.14 1.0.0-alpha.2 1.0.0 1.10.0"),
        ("PyPI", "1.0.dev1 1.0a1 1.0rc1 1.0 1.0.post1 1.1 1!0.1"),
        ("Maven", "2.0-alpha1 2.0-beta9 2.0-rc1 2.0-SNAPSHOT 2.0 2.0-sp1 2.0.1 2.9 2.12.7 2.12.7.1 2.13"),
        (
            "Go",
            "v0.0.0-20150717181359-44718f8a89b0 v1.0.2 v1.3.1-0.20190301021747-ccb9e902956d v1.3.1 v3.2.0",
        ),
    ],
)
def test_versions_are_ordered_as_their_ecosystem_does(ecosystem: str, ascending: str) -> None:
    """The orders of SemVer, PEP 440, Maven and Go, as their specifications give them."""
    keys = [versions.key(ecosystem, version) for version in ascending.split()]
    assert all(low < high for low, high in pairwise(keys))


def test_equal_maven_versions_are_equal() -> None:
    """Zeros and release words at the end mean nothing."""
    keys = [versions.key("Maven", version) for version in ("1", "1.0", "1.0.0", "1.0-final", "1-ga")]
    assert all(one == keys[0] for one in keys)


@pytest.mark.parametrize(
    ("ecosystem", "requirement", "wanted"),
    [
        ("npm", "^1.2.0", "1.2.0 1.2.4 1.3.0"),
        ("npm", "~1.2.1", "1.2.4"),
        ("npm", "1.2.x || >=2.0.0", "1.2.0 1.2.4 2.0.0"),
        ("npm", ">=1.2.4 <2.0.0", "1.2.4 1.3.0"),
        ("npm", "*", "0.2.3 1.2.0 1.2.4 1.3.0 2.0.0"),
        ("npm", "latest", ""),
        ("Cargo", "1.2", "1.2.0 1.2.4 1.3.0"),
        ("Cargo", "0.2", "0.2.3"),
        ("Cargo", "=1.2.4", "1.2.4"),
        ("PyPI", "~=1.2.0", "1.2.0 1.2.4"),
        ("PyPI", "==1.*,!=1.3", "1.2.0 1.2.4"),
        ("PyPI", ">1.2,<2", "1.2.4 1.3.0"),
        ("Maven", "1.2.4", "1.2.4"),
        ("Maven", "[1.2,2)", ""),
    ],
)
def test_requirements_let_in_what_they_say(ecosystem: str, requirement: str, wanted: str) -> None:
    """Carets, tildes, wildcards and bounds; what cannot be read lets nothing in."""
    releases = ["0.2.3", "1.2.0", "1.2.4", "1.3.0", "2.0.0"]
    assert admitted(ecosystem, requirement, releases) == wanted.split()

"""Pins, the fingerprint, the verdict and the difference."""

from __future__ import annotations

import pytest

from benchgov.config import EnvironmentConfig, Probe
from benchgov.environment.pinned import checks, difference, fingerprint, judge, unified_diff
from benchgov.environment.pins import PROPERTIES, probes_of, satisfies
from benchgov.errors import ConfigError
from benchgov.report import Facts

FACTS = Facts(
    os="ubuntu-22.04",
    kernel="6.5.0-1018-azure",
    image="ubuntu22-20250105.1.0",
    arch="x86_64",
    cpu_model="AMD EPYC 7763",
    cpu_count=4,
    memory_mb=15990,
    python="3.11.7",
    tools={"rustc": "1.92.0", "z3": "not found"},
)


@pytest.mark.parametrize(
    ("name", "pin", "found", "ok"),
    [
        ("rustc", "1.92.0", "1.92.0", True),
        ("rustc", "1.92", "1.92.0", False),
        ("rustc", "1.92.*", "1.92.0", True),
        ("rustc", "1.92.*", "1.92", True),
        ("rustc", "1.92.*", "1.920", False),
        ("rustc", ">=1.90,<2", "1.92.0", True),
        ("rustc", ">=1.90", "1.94.0-nightly", False),
        ("rustc", ">=1", "not found", False),
        ("rustc", ">=0", "unreadable: exit status 1", False),
        ("python", ">=3.11,<3.15", "3.15.0rc1", False),
        ("python", ">=3.11", "PyPy 3.11.1", False),
        ("python", ">=3.11", "3.14.0rc1", True),
        ("cpu_count", ">=4", "16", True),
        ("memory_mb", ">=16000", "15990", False),
        ("kernel", ">=6.5,<6.6", "6.5.0-1018-azure", True),
        ("kernel", ">=6.5", "unknown", False),
        ("cpu_model", "AMD EPYC*", "AMD EPYC 7763", True),
        ("cpu_model", "AMD EPYC*", "Intel Xeon", False),
        ("os", "ubuntu-22.04", "ubuntu-24.04", False),
    ],
)
def test_a_pin_is_exact_a_specifier_or_a_prefix(name: str, pin: str, found: str, ok: bool) -> None:
    """What cannot be read as a version satisfies no specifier."""
    assert satisfies(name, pin, found) is ok


@pytest.mark.parametrize(
    ("pins", "fault"),
    [
        ({"pyhton": "3.11"}, "environment.pins.pyhton: neither a property nor a tool; did you mean 'python'"),
        ({"rustc": ">=1.x"}, "environment.pins.rustc: not a version specifier (found '>=1.x'"),
        ({"python": "=3.11"}, "environment.pins.python: not a version specifier"),
        ({"os": ">=22.04"}, "environment.pins.os: os is not a version"),
        ({"rustc": " "}, "environment.pins.rustc: empty"),
        ({"docker:-x": "sha256:00"}, "environment.pins.docker:-x: not an image name"),
    ],
)
def test_a_pin_that_cannot_hold_is_a_configuration_error(pins: dict[str, str], fault: str) -> None:
    """Each fault names its key; judging refuses as gathering does."""
    with pytest.raises(ConfigError) as caught:
        judge(FACTS, EnvironmentConfig(pins=pins))
    assert caught.value.details[0].startswith(fault)


def test_all_faults_are_reported_at_once() -> None:
    """Two bad pins and a probe with a property's name are three details."""
    config = EnvironmentConfig(
        pins={"rustc": ">=x", "nothing": "1"}, probes={"kernel": Probe(command=("uname", "-r"))}
    )
    with pytest.raises(ConfigError, match="3 faults") as caught:
        probes_of(config)
    assert len(caught.value.details) == 3


def test_pinned_tools_and_configured_probes_are_probed() -> None:
    """Properties need no probe; a configured probe replaces the default one."""
    own = Probe(command=("my-rustc", "-V"))
    config = EnvironmentConfig(
        pins={"python": "3.11.7", "rustc": "1.92.0", "docker:alpine": "sha256:0*"},
        probes={"rustc": own, "solver": Probe(command=("solver",))},
    )
    probes = probes_of(config)
    assert list(probes) == ["docker:alpine", "rustc", "solver"]
    assert probes["rustc"] == own


def test_all_pins_hold() -> None:
    """The gate passes, and the diff is empty."""
    config = EnvironmentConfig(pins={"os": "ubuntu-22.04", "rustc": "1.92.*"})
    assert judge(FACTS, config).gate == "pass"
    assert unified_diff(checks(FACTS, config)) == ""


def test_no_pin_is_unpinned_and_not_a_pass() -> None:
    """Without pins nothing is authoritative."""
    assert judge(FACTS, EnvironmentConfig()).gate == "unpinned"


def test_drift_names_each_property_that_is_not_as_pinned() -> None:
    """In the order of the table, with wanted and found; a tool that was not probed is not recorded."""
    config = EnvironmentConfig(pins={"z3": "4.12.5", "os": "ubuntu-24.04", "arch": "x86_64", "go": "1.22.1"})
    environment = judge(FACTS, config)
    assert environment.gate == "drift"
    assert [(one.name, one.wanted, one.found) for one in environment.drift] == [
        ("os", "ubuntu-24.04", "ubuntu-22.04"),
        ("z3", "4.12.5", "not found"),
        ("go", "1.22.1", "not recorded"),
    ]
    assert unified_diff(checks(FACTS, config)).splitlines() == [
        "--- wanted",
        "+++ found",
        "@@ -1,4 +1,4 @@",
        "-os: ubuntu-24.04",
        "+os: ubuntu-22.04",
        " arch: x86_64",
        "-z3: 4.12.5",
        "-go: 1.22.1",
        "+z3: not found",
        "+go: not recorded",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"os": "debian-12"},
        {"kernel": "6.6.0"},
        {"image": "none"},
        {"arch": "arm64"},
        {"cpu_model": "Intel Xeon"},
        {"cpu_count": 2},
        {"memory_mb": 8000},
        {"python": "3.12.0"},
        {"tools": {"rustc": "1.93.0", "z3": "not found"}},
        {"tools": {}},
    ],
)
def test_every_property_and_tool_is_in_the_fingerprint(change: dict[str, object]) -> None:
    """A change of any of them changes the fingerprint, and shows in the difference."""
    other = FACTS.model_copy(update=change)
    assert fingerprint(other) != fingerprint(FACTS)
    assert difference(FACTS, other)


def test_the_cases_above_cover_every_field_of_the_facts() -> None:
    """A field added to the facts must be considered for the fingerprint."""
    assert set(Facts.model_fields) == {*PROPERTIES, "tools"}


def test_a_few_megabytes_are_the_same_machine() -> None:
    """Memory counts in whole GB, and the difference agrees with the fingerprint."""
    other = FACTS.model_copy(update={"memory_mb": 15987})
    assert fingerprint(other) == fingerprint(FACTS)
    assert difference(FACTS, other) == ()


def test_the_difference_names_tools_that_only_one_side_recorded() -> None:
    """Either side may lack one."""
    other = FACTS.model_copy(update={"tools": {"rustc": "1.92.0", "go": "1.22.1"}, "memory_mb": 32000})
    assert [(one.name, one.wanted, one.found) for one in difference(FACTS, other)] == [
        ("memory_gb", "16", "31"),
        ("z3", "not found", "not recorded"),
        ("go", "not recorded", "1.22.1"),
    ]


def test_the_fingerprint_is_stable_across_releases() -> None:
    """Baselines are keyed by it, so the value for these facts is fixed."""
    assert fingerprint(FACTS) == "blake3:5bb5553adf47c1a6b54ece00a42d2d95bf3dc377faecfc0c898dfa3488cd1c33"

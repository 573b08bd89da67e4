"""The store on disk: published once, verified at every read, activated by index."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.builders import NOW
from tests.gate_builders import FACTS, drafted, metric, report, run

from benchgov.baselines.model import Baseline
from benchgov.baselines.store import BaselineStore, read_baseline
from benchgov.baselines.verify import verify
from benchgov.errors import InputError, OutputError, TamperError
from benchgov.report import Report

OTHER = FACTS.model_copy(update={"cpu_model": "Other", "os": "debian-11"})
NEAR = FACTS.model_copy(update={"kernel": "6.2"})


@pytest.fixture
def store(tmp_path: Path) -> BaselineStore:
    """An empty store."""
    return BaselineStore(tmp_path / "bench/demo/baselines")


def _publish(store: BaselineStore, *reports: Report, days: int = 0) -> Baseline:
    made = drafted(*(reports or (report(),)), now=NOW + timedelta(days=days))
    store.publish(made.baseline, made.raw)
    return made.baseline


def _folder(store: BaselineStore, one: Baseline) -> Path:
    return store.folder / one.regime / one.baseline_id


def test_what_is_published_is_read_back_with_its_raw_samples(store: BaselineStore) -> None:
    """Same value, and the samples come from raw/ on demand."""
    made = _publish(store, report(run("a", metric([5, 1, 3, 2, 4]))))
    stored = store.read("default", made.baseline_id)
    assert stored.baseline == made
    assert stored.samples("a/fast", "wall_time") == (5.0, 1.0, 3.0, 2.0, 4.0)
    with pytest.raises(KeyError):
        stored.samples("a/fast", "other")
    assert sorted(path.name for path in _folder(store, made).iterdir()) == [
        "baseline.json",
        "checksums.json",
        "raw",
    ]


def test_published_means_immutable(store: BaselineStore) -> None:
    """A second publication of the same id is refused, and changes nothing."""
    made = drafted(report())
    folder = store.publish(made.baseline, made.raw)
    before = {path: path.read_bytes() for path in folder.rglob("*.json")}
    with pytest.raises(OutputError, match="never replaced"):
        store.publish(made.baseline, {"report-001.json": b"other"})
    assert {path: path.read_bytes() for path in folder.rglob("*.json")} == before
    assert len(list(folder.parent.iterdir())) == 1


@pytest.mark.parametrize("name", ["baseline.json", "checksums.json", "raw/report-001.json"])
def test_one_flipped_bit_is_found_in_every_file(store: BaselineStore, name: str) -> None:
    """At every read; the file is named."""
    made = _publish(store)
    path = _folder(store, made) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(TamperError) as caught:
        store.read("default", made.baseline_id)
    named = path if name != "checksums.json" else _folder(store, made)  # there a name may have been hit
    assert str(named) in "\n".join(caught.value.details)


def test_extra_missing_and_linked_files_are_found(store: BaselineStore, tmp_path: Path) -> None:
    """All of them at once."""
    folder = _folder(store, _publish(store))
    raw = folder / "raw/report-001.json"
    elsewhere = tmp_path / "elsewhere.json"
    raw.rename(elsewhere)
    raw.symlink_to(elsewhere)
    (folder / "notes.txt").write_text("x")
    (folder / "empty").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(TamperError) as caught:
        read_baseline(folder)
    details = "\n".join(caught.value.details)
    for expected in ("report-001.json: not a regular file", "notes.txt: not one of", "empty: not one of"):
        assert expected in details
    raw.unlink()
    with pytest.raises(TamperError, match="not what was published") as caught:
        read_baseline(folder)
    assert "report-001.json: missing" in "\n".join(caught.value.details)


def test_a_linked_baseline_folder_is_refused(store: BaselineStore) -> None:
    """What a link points to is not what was published here."""
    folder = _folder(store, _publish(store))
    moved = folder.with_name("moved")
    folder.rename(moved)
    folder.symlink_to(moved, target_is_directory=True)
    with pytest.raises(TamperError):
        read_baseline(folder)


def test_a_raw_report_changed_after_the_read_is_found_when_it_is_asked_for(store: BaselineStore) -> None:
    """Samples are verified again when they are loaded."""
    made = _publish(store)
    stored = store.read("default", made.baseline_id)
    (_folder(store, made) / "raw/report-001.json").write_text("{}")
    with pytest.raises(TamperError, match="raw report"):
        stored.samples("parse/fast", "wall_time")


def _forge(folder: Path, **changes: object) -> Path:
    """Edit baseline.json, and make checksums.json fit: what a careful forger would do."""
    from benchgov.baselines.checksums import describe

    path = folder / "baseline.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **changes}))
    names = ["baseline.json", "raw/report-001.json"]
    files = {name: (folder / name).read_bytes() for name in names}
    (folder / "checksums.json").write_bytes(describe(files).to_bytes())
    return folder


def test_a_change_of_content_and_checksums_together_is_found_by_the_id(store: BaselineStore) -> None:
    """The id follows from the content."""
    folder = _forge(_folder(store, _publish(store)), default_threshold=5000.0)
    with pytest.raises(TamperError, match="does not give the id"):
        read_baseline(folder)


def test_aggregates_that_do_not_follow_from_the_raw_reports_are_found(store: BaselineStore) -> None:
    """Even when the id was made to fit as well."""
    made = _publish(store)
    entries = made.to_json()["entries"]
    entries[0]["metrics"][0]["value"] = 1e9
    forged = made.model_copy(
        update={"entries": Baseline.model_validate({**made.to_json(), "entries": entries}).entries}
    )
    forged = forged.model_copy(update={"baseline_id": forged.content_id()})
    raw = (_folder(store, made) / "raw/report-001.json").read_bytes()
    store.publish(forged, {"report-001.json": raw})
    verified = verify(store)
    assert verified.baselines == 2
    assert len(verified.tampered) == 1
    assert "aggregates do not follow" in verified.tampered[0]


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0])
def test_only_version_1_is_read(store: BaselineStore, version: object) -> None:
    """Older and newer alike are refused by number."""
    folder = _forge(_folder(store, _publish(store)), schema_version=version)
    with pytest.raises(InputError, match="reads exactly 1"):
        read_baseline(folder)


def test_a_baseline_moved_to_another_regime_is_found(store: BaselineStore) -> None:
    """Its own words say where it belongs."""
    made = _publish(store)
    (store.folder / "other").mkdir()
    _folder(store, made).rename(store.folder / "other" / made.baseline_id)
    with pytest.raises(TamperError, match="moved here from default"):
        store.read("other", made.baseline_id)


@pytest.mark.parametrize("name", ["../../x", "/etc", "", "20260131T120000Z-0000000g"])
def test_ids_and_regimes_cannot_leave_the_store(store: BaselineStore, name: str) -> None:
    """Nothing outside is ever opened."""
    with pytest.raises(InputError, match="not a baseline id"):
        store.read("default", name)
    with pytest.raises(InputError, match="not a regime"):
        store.ids(name + "/..")


def test_activation_is_an_explicit_step(store: BaselineStore) -> None:
    """Publishing moves nothing; activating writes the index."""
    first = _publish(store)
    assert store.index("default") is None
    assert store.active("default", report().environment).baselines == ()
    store.activate(first)
    second = _publish(store, report(run("parse", metric([200.0] * 5))), days=1)
    applied = store.active("default", report().environment)
    assert [one.baseline for one in applied.baselines] == [first]
    store.activate(second)
    applied = store.active("default", report().environment)
    assert [one.baseline for one in applied.baselines] == [second]


def test_a_baseline_of_a_selection_replaces_only_its_own_runs(store: BaselineStore) -> None:
    """The others keep theirs; a whole one replaces all."""
    whole = _publish(store, report(run("a"), run("b")))
    part = _publish(store, report(run("b", metric([7.0] * 5)), selection=("b",)), days=1)
    store.activate(whole)
    store.activate(part)
    applied = store.active("default", report().environment)
    assert {key: one.stored.baseline.baseline_id for key, one in applied.runs.items()} == {
        "a/fast": whole.baseline_id,
        "b/fast": part.baseline_id,
    }
    newer = _publish(store, report(run("a")), days=2)
    store.activate(newer)
    assert list(store.active("default", report().environment).runs) == ["a/fast"]


def test_the_nearest_machine_is_the_one_that_differs_least(store: BaselineStore) -> None:
    """Used for showing the difference, never for judging."""
    far, near = _publish(store, report(facts=OTHER)), _publish(store, report(facts=NEAR), days=1)
    store.activate(near)
    store.activate(far)
    found = store.active("default", report().environment)
    assert (found.baselines, found.nearest) == ((), near)


def test_other_regimes_are_named(store: BaselineStore) -> None:
    """A mistyped regime can be seen."""
    store.activate(_publish(store, report(regime="alloc_v2")))
    assert store.active("default", report().environment).regimes == ("alloc_v2",)


def test_an_active_baseline_that_is_gone_is_tampering(store: BaselineStore) -> None:
    """Not "no baseline"."""
    made = _publish(store)
    store.activate(made)
    _folder(store, made).rename(store.folder / "default" / ".hidden")
    with pytest.raises(TamperError, match="gone"):
        store.active("default", report().environment)


def test_an_index_that_says_something_untrue_is_refused(store: BaselineStore) -> None:
    """Another regime, another environment, a run that the baseline does not have."""
    made = _publish(store, report(facts=OTHER))
    index = store.activate(made).to_json()
    path = store.folder / "default/index.json"
    environment = report().environment
    path.write_text(json.dumps({**index, "regime": "x"}))
    with pytest.raises(InputError, match="regime 'x'"):
        store.active("default", environment)
    path.write_text(
        json.dumps({**index, "active": {environment.fingerprint: {"baseline": made.baseline_id}}})
    )
    with pytest.raises(InputError, match="another environment"):
        store.active("default", environment)
    runs = {"baseline": None, "runs": {"nothing/here": made.baseline_id}}
    path.write_text(json.dumps({**index, "active": {made.fingerprint: runs}}))
    with pytest.raises(InputError, match="no run 'nothing/here'"):
        store.active("default", report(facts=OTHER).environment)
    assert any("no run" in line for line in verify(store).invalid)


def test_verification_finds_what_does_not_belong_there(store: BaselineStore) -> None:
    """Stray files between baselines; names with a dot are left alone."""
    _publish(store)
    assert verify(store).tampered == verify(store).invalid == ()
    (store.folder / "default/notes.txt").write_text("x")
    (store.folder / "notes.txt").write_text("x")
    (store.folder / "default/.tmp").write_text("x")
    assert len(verify(store).invalid) == 2


def test_the_index_reads_well_in_a_diff(store: BaselineStore) -> None:
    """Indented and sorted, one fact a line."""
    store.activate(_publish(store))
    text = (store.folder / "default/index.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"

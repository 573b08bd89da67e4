"""A published baseline stays what it was: one bit, an overwrite or a forged checksum is found or refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from layers import Layers, main
from samples import drafted, flip, report

from benchgov.baselines import verify as verification
from benchgov.baselines.checksums import describe
from benchgov.baselines.store import BaselineStore
from benchgov.canonical import Json
from benchgov.errors import InputError, OutputError, TamperError

LAYERS = ("published", "activated", "immutable", "tampered")


def protocol(layers: Layers, *, verify: Any = verification.verify, store: Any = BaselineStore) -> Json:
    """Publish once, then try everything on copies."""
    home = layers.folder / "baselines"
    draft = drafted(report())
    published = store(home)
    with layers.layer("published"):
        folder = published.publish(draft.baseline, draft.raw)
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        wanted = ["baseline.json", "checksums.json", "raw/report-001.json"]
        layers.equal("its files are there", names, wanted)
        verified = verify(published)
        state = (verified.baselines, verified.tampered, verified.invalid)
        layers.equal("it verifies", state, (1, (), ()))
    with layers.layer("activated"):
        nothing = published.active("default", report().environment)
        layers.expect("publishing activates nothing", not nothing.baselines)
        published.activate(draft.baseline)
        active = published.active("default", report().environment)
        layers.equal(
            "what was activated is active", [one.baseline for one in active.baselines], [draft.baseline]
        )
        other = published.active("another", report().environment)
        layers.expect("in its own regime only", not other.baselines and other.regimes == ("default",))
    with layers.layer("immutable"):
        again = lambda: published.publish(draft.baseline, draft.raw)  # noqa: E731
        layers.refused("it is never overwritten", again, OutputError, "never replaced")
        layers.expect(
            "and nothing half-written is left", [path.name for path in _folders(home)] == [folder.name]
        )
    with layers.layer("tampered"):
        for number, name in enumerate(names):
            copy = _copy(home, layers.folder / f"bit-{number}")
            flip(copy / folder.relative_to(home) / name)
            layers.expect(f"one flipped bit of {name} is found", not _sound(verify(store(copy))))
        moved = _copy(home, layers.folder / "moved")
        (moved / "default").rename(moved / "laxer")
        read = lambda: store(moved).read("laxer", draft.baseline.baseline_id)  # noqa: E731
        layers.refused("a baseline in another regime's folder is refused", read, TamperError, "moved")
        forged = _copy(home, layers.folder / "forged")
        _forge(forged / folder.relative_to(home))
        read = lambda: store(forged).read("default", draft.baseline.baseline_id)  # noqa: E731
        layers.refused("new checksums do not hide a new content", read, TamperError, "does not give the id")
        gone = _copy(home, layers.folder / "gone")
        shutil.rmtree(gone / folder.relative_to(home))
        use = lambda: store(gone).active("default", report().environment)  # noqa: E731
        layers.refused("an active baseline that is gone is not passed over", use, TamperError, "gone")
        read = lambda: published.read("default", "../default")  # noqa: E731
        layers.refused("an id that is a path is refused", read, InputError)
    return {"files": names, "thresholds": draft.baseline.thresholds, "entries": len(draft.baseline.entries)}


def _folders(home: Path) -> list[Path]:
    return [path for path in (home / "default").iterdir() if path.is_dir()]


def _copy(home: Path, target: Path) -> Path:
    return Path(shutil.copytree(home, target))


def _sound(verified: verification.Verified) -> bool:
    return not (verified.tampered or verified.invalid)


def _forge(folder: Path) -> None:
    """Make the baseline ten times as slow, and its checksums fit."""
    path = folder / "baseline.json"
    content = json.loads(path.read_bytes())
    content["entries"][0]["metrics"][0]["value"] *= 10
    path.write_text(json.dumps(content))
    raw = {f"raw/{one.name}": one.read_bytes() for one in (folder / "raw").iterdir()}
    files = {"baseline.json": path.read_bytes(), **raw}
    (folder / "checksums.json").write_bytes(describe(files).to_bytes())


if __name__ == "__main__":
    main(protocol, LAYERS)

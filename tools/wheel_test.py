"""Build the wheel, install it without this checkout in a new environment, and use it there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = """\
version: 1
suite: smoke
kind: measured
families: {all: {}}
benchmarks:
  - {id: sum, family: all, signature: "() -> int", variants: {plain: {command: "{python} -c print(1)"}}}
"""


def run(*command: str | Path, cwd: Path, expect: int = 0) -> str:
    """Run a command and return what it printed; any other exit code ends the test with its output."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != expect:
        sys.exit(f"{command}: exit {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> int:
    """Build, look inside, install with the locked dependencies of this environment, run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
        (wheel,) = folder.glob("benchgov-*.whl")
        check_contents(wheel)
        python = install(wheel, folder / "env")
        use(python, folder / "repository")
    print("wheel: built, installed alone, and ran")
    return 0


def check_contents(wheel: Path) -> None:
    """The package, its type marker and its templates are in the wheel, and nothing else is."""
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("benchgov/py.typed", "benchgov/cli/main.py", "benchgov/measure/host.py"):
        assert needed in names, f"{needed} is missing from the wheel"
    assert any(name.startswith("benchgov/dossier/templates/") for name in names)
    strangers = [name for name in names if not name.startswith(("benchgov/", "benchgov-"))]
    assert not strangers, strangers


def install(wheel: Path, target: Path) -> Path:
    """A new environment with the wheel; dependencies come from this environment's site-packages."""
    venv.create(target, with_pip=False, symlinks=True)
    python = target / "bin" / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run(python, "-c", code, cwd=ROOT).strip())
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    here = Path(run(sys.executable, "-c", code, cwd=ROOT).strip())
    for entry in here.iterdir():
        if "benchgov" not in entry.name and not (site / entry.name).exists() and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)
    return python


def use(python: Path, repository: Path) -> None:
    """Measure a suite in a repository that has nothing to do with the checkout."""
    suite = repository / "bench" / "smoke"
    suite.mkdir(parents=True)
    (suite / "suite.yaml").write_text(MANIFEST, encoding="utf-8")
    where = run(python, "-P", "-c", "import benchgov; print(benchgov.__file__)", cwd=repository)
    assert str(ROOT / "src") not in where, where
    assert "benchgov" in run(python, "-P", "-m", "benchgov", "--version", cwd=repository)
    run(python, "-P", "-m", "benchgov", "run", "smoke", cwd=repository)
    assert (repository / ".benchgov" / "out" / "report.json").is_file()
    run(python, "-P", "-m", "benchgov", "dossier", "render", cwd=repository)
    run(python, "-P", "-m", "benchgov", "run", "none", cwd=repository, expect=2)


if __name__ == "__main__":
    sys.exit(main())

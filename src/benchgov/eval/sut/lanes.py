"""Lanes: servers of a system under test, each with a folder of its own and one case at a time."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchgov.canonical import Json
from benchgov.eval.isolation.copies import Copies, wipe
from benchgov.eval.isolation.forkserver import ForkServer, Program
from benchgov.eval.isolation.limits import Limits
from benchgov.eval.isolation.starter import Starter
from benchgov.eval.sut.answer import EXCEPTION, MAX_ANSWER_BYTES, SutFailure
from benchgov.eval.sut.confinement import sut_confinement
from benchgov.eval.sut.spec import SutSpec

MAX_LOG_BYTES = 16 * 1024 * 1024

_ESCAPED = 4  # the answer of a callable comes as a JSON string, where a character may take that many bytes
_END_SECONDS = 10.0
_LOADED = "loaded"
"""The folder for temporary files that loading the SUT made: they are there as long as it is."""
_CASE = "case"
_TARGET = "benchgov.eval.sut.child:prepare"


@dataclass(frozen=True, slots=True)
class Lane:
    """A server, the folder that it may write, and what it is given there for a case."""

    server: ForkServer
    folder: Path
    copies: Copies

    def tidy(self) -> bool:
        """Leave nothing in the folder but the copies that are to be written over; whether that is so."""
        clean = self.copies.tidy()
        left = set(os.listdir(self.folder)) - {_LOADED}
        if left:
            self.server.close()  # while its processes run, they could put links there
        return clean and all(wipe(self.folder / name) for name in left)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the lanes of one SUT have in common."""

    spec: SutSpec
    root: Path
    environ: Mapping[str, str]
    deny: tuple[Path, ...]
    confined: bool
    starter: Starter

    @property
    def limits(self) -> Limits:
        """Bounds of what a SUT prints; it may use up whatever else it needs, until its time is over."""
        return Limits(
            cpu_seconds=None,
            memory_bytes=None,
            file_bytes=None,
            open_files=None,
            output_bytes=MAX_ANSWER_BYTES if self.spec.command else _ESCAPED * MAX_ANSWER_BYTES,
            error_bytes=MAX_LOG_BYTES,
            disk_bytes=None,
        )

    def server(self, folder: Path, *, cassettes: bool) -> ForkServer:
        """A server that may write `folder`; it is started by its first question."""
        spec, root = self.spec, self.root.resolve()
        setup: dict[str, Json] = {"command": list(spec.command)}
        if not spec.command:
            setup = {"root": str(root), "module": spec.module, "name": spec.name, "cassettes": cassettes}
        confinement = None
        if self.confined:
            confinement = sut_confinement(root, folder, deny=self.deny, writes=spec.writes)
        reused = spec.process == "reused"
        environ = {"TMPDIR": str(folder / _LOADED)}
        program = Program(_TARGET, setup, confinement, self.limits, reused=reused, environ=environ)
        return ForkServer(program, self.starter)


class Lanes:
    """As many lanes as there are cases at the same time. Safe from many threads."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._work = Path(tempfile.mkdtemp(prefix="benchgov-sut-")).resolve()
        self._lock = threading.Condition()
        self._idle: list[Lane] = []
        self._busy: list[Lane] = []
        self._made = 0
        self._closed = False

    @contextmanager
    def lane(self, *, cassettes: bool) -> Iterator[Lane]:
        """A lane for one case; a new one has loaded what replays cassettes if `cassettes`.

        Raises:
            SutFailure: the lanes are closed.
        """
        lane = self._take(cassettes=cassettes)
        try:
            yield lane
        finally:
            self._give_back(lane)

    def close(self) -> None:
        """End every process of the SUT; who waits for an answer gets none, and is waited for."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for lane in busy:
            lane.server.interrupt()
        for lane in idle:
            lane.server.close()
        with self._lock:
            self._lock.wait_for(lambda: not self._busy, _END_SECONDS)
        wipe(self._work)

    def _take(self, *, cassettes: bool) -> Lane:
        with self._lock:
            if self._closed:
                raise SutFailure(EXCEPTION, "the run has ended")
            lane = self._idle.pop() if self._idle else self._new(cassettes=cassettes)
            self._busy.append(lane)
            return lane

    def _new(self, *, cassettes: bool) -> Lane:
        self._made += 1
        folder = self._work / f"lane-{self._made}"
        (folder / _LOADED).mkdir(parents=True)
        copies = Copies(folder / _CASE, self._work / f"copies-{self._made}")
        return Lane(self._setting.server(folder, cassettes=cassettes), folder, copies)

    def _give_back(self, lane: Lane) -> None:
        """Keep the lane for another case, if nothing that this one made is left in its folder."""
        clean = lane.tidy()
        if not clean or self._closed:
            lane.server.close()
        with self._lock:
            self._busy.remove(lane)
            if clean and not self._closed:
                self._idle.append(lane)
            self._lock.notify_all()

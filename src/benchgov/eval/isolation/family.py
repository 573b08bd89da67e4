"""Who is there below a keeper, seen from the harness: to look is cheaper than to ask the keeper to sweep."""

from __future__ import annotations

from benchgov.eval.isolation.sweep import known_children


class Family:
    """A keeper, its worker, what that has loaded, and up to `answering` processes that answer again."""

    def __init__(self, keeper: int, answering: int) -> None:
        """Look at who is there when the worker has loaded.

        Raises:
            OSError: the kernel does not tell.
            ValueError: the keeper has another number of children than one.
        """
        self._keeper = keeper
        self._answering = answering
        (self._worker,) = known_children(keeper)
        self._loaded = frozenset(known_children(self._worker))

    def is_alone(self) -> bool:
        """Whether nobody else is there; where that cannot be told, not."""
        try:
            # From below upwards: who loses its parent meanwhile goes up to the keeper, who is looked at last.
            answering = self._new()
            below = any(known_children(pid) for pid in answering)
            beside = known_children(self._keeper) != [self._worker]
            return not below and not beside and len(answering) <= self._answering
        except OSError:
            return False

    def has_stray(self) -> bool:
        """Whether the worker has children that it does not know of: a process may choose its own parent's."""
        try:
            return len(self._new()) > self._answering
        except OSError:
            return False

    def _new(self) -> set[int]:
        return set(known_children(self._worker)) - self._loaded

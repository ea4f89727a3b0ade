"""Stages that run side by side, with bounded queues between them and a count of their work."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

ItemT = TypeVar("ItemT")

_WAIT_S: Final = 0.2
"""Waiting stages look this often whether they shall stop."""


_waited = threading.local()
"""Seconds that the current thread has waited for room in channels."""


class StoppedError(Exception):
    """The run is stopping; raised in stages that wait."""


@dataclass(slots=True)
class StageStatistics:
    """What a stage has done.

    Attributes:
        name: of the stage.
        items: that it has handled.
        busy_s: time that it worked.
        dropped: items that it had to leave out.
        most_waiting: items that waited for it at the same time.
    """

    name: str
    items: int = 0
    busy_s: float = 0.0
    dropped: int = 0
    most_waiting: int = 0

    def describe(self, elapsed_s: float) -> str:
        """One line for people.

        Args:
            elapsed_s: since the run began.
        """
        share = 100 * self.busy_s / max(elapsed_s, 1e-9)
        left_out = f", {self.dropped} left out" if self.dropped else ""
        return f"{self.name}: {self.items} items, busy {share:.0f} %{left_out}"


class Channel(Generic[ItemT]):
    """A queue between two stages, bounded by the number and the size of what waits in it."""

    def __init__(
        self, stop: threading.Event, *, max_items: int, max_bytes: int | None = None
    ) -> None:
        """An empty channel.

        Args:
            stop: set when the run stops.
            max_items: that wait.
            max_bytes: of all that wait together; None for no bound.
        """
        self._stop, self._max_items, self._max_bytes = stop, max_items, max_bytes
        self._items: deque[tuple[ItemT, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self.most_waiting = 0

    def __len__(self) -> int:
        """Items that wait."""
        return len(self._items)

    def _is_full(self, size: int) -> bool:
        too_large = self._max_bytes is not None and self._bytes + size > self._max_bytes
        return len(self._items) >= self._max_items or (too_large and bool(self._items))

    def put(self, item: ItemT, size: int = 0) -> None:
        """Add an item; waits until there is room.

        Raises:
            StoppedError: if the run stops meanwhile.
        """
        began_s = time.perf_counter()
        with self._changed:
            while self._is_full(size):
                if self._stop.is_set():
                    raise StoppedError
                self._changed.wait(_WAIT_S)
            self._add_item(item, size)
        _waited.seconds = _waiting_time() + time.perf_counter() - began_s

    def offer(self, item: ItemT, size: int = 0) -> bool:
        """Add an item if there is room; whether there was."""
        with self._changed:
            if self._is_full(size):
                return False
            self._add_item(item, size)
            return True

    def _add_item(self, item: ItemT, size: int) -> None:
        self._items.append((item, size))
        self._bytes += size
        self.most_waiting = max(self.most_waiting, len(self._items))
        self._changed.notify_all()

    def get(self, timeout_s: float | None = None) -> ItemT | None:
        """The next item; None when none came in time.

        Args:
            timeout_s: None waits as long as the run goes on.

        Raises:
            StoppedError: if the run stops and nothing waits.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not self._items:
                if self._stop.is_set():
                    raise StoppedError
                left_s = _WAIT_S if deadline_s is None else deadline_s - time.monotonic()
                if left_s <= 0:
                    return None
                self._changed.wait(min(left_s, _WAIT_S))

            # There is room for another one now.
            item, size = self._items.popleft()
            self._bytes -= size
            self._changed.notify_all()
            return item


class Stage:
    """A thread that handles what comes through a channel."""

    def __init__(
        self,
        name: str,
        work: Callable[["Stage"], None],
        *,
        stop: threading.Event,
        on_failure: Callable[[str, Exception], None],
    ) -> None:
        """Not started yet.

        Args:
            name: of the stage.
            work: runs until it is done, and counts with `measure`.
            stop: set when the run stops.
            on_failure: called with the name and what was raised.
        """
        self.statistics = StageStatistics(name)
        self._work, self._stop, self._on_failure = work, stop, on_failure
        self._thread = threading.Thread(target=self._run_work, name=f"live-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait until it has ended; whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def measure(self, function: Callable[[], Any], items: int = 1) -> Any:
        """Call a function, and count its time as work, but for waiting for room in channels."""
        started_s, waited_s = time.perf_counter(), _waiting_time()
        try:
            return function()
        finally:
            elapsed_s = time.perf_counter() - started_s
            self.statistics.busy_s += elapsed_s - (_waiting_time() - waited_s)
            self.statistics.items += items

    def _run_work(self) -> None:
        try:
            self._work(self)
        except StoppedError:
            return
        except Exception as error:
            self._on_failure(self.statistics.name, error)


def _waiting_time() -> float:
    return float(getattr(_waited, "seconds", 0.0))


def find_bottleneck(statistics: Iterable[StageStatistics]) -> StageStatistics | None:
    """The stage that has worked longest; None without stages."""
    return max(statistics, key=lambda item: item.busy_s, default=None)

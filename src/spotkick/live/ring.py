"""The newest features of a stream, in bounded memory."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError

Rows = npt.NDArray[Any]


class FeatureRing:
    """Keeps the last rows of a track that grows; frame numbers count from the start of the stream.

    Rows lie in one array with room for twice as many as are kept, so that most appends move
    nothing.
    """

    def __init__(
        self, dim: int, capacity: int, *, first: int = 0, blank_ends: bool = False
    ) -> None:
        """An empty ring.

        Args:
            dim: values per row.
            capacity: rows that are kept at least.
            first: number of the first frame that will be appended.
            blank_ends: beyond the ends of the stream there are zeros, as for token ids, and no
                copies.
        """
        self._rows = np.zeros((2 * capacity, dim), dtype=np.float32)
        self._capacity, self._blank_ends = capacity, blank_ends
        self._begin, self._count, self._first = 0, 0, first

    @property
    def first(self) -> int:
        """Number of the oldest frame that is kept."""
        return self._first

    @property
    def end(self) -> int:
        """One past the number of the newest frame."""
        return self._first + self._count

    def append(self, rows: Rows) -> None:
        """Add the frames that follow.

        Args:
            rows: (frames, dim).

        Raises:
            InputError: if a row holds NaN or infinity.
        """
        if not np.isfinite(rows).all():
            raise InputError(
                f"features of frames {self.end} to {self.end + len(rows) - 1} hold NaN or infinity"
            )
        for row in rows:
            if self._begin + self._count == len(self._rows):
                self._make_room()
            self._rows[self._begin + self._count] = row
            self._count += 1

    def _make_room(self) -> None:
        """Move the newest rows to the front of the array."""
        kept = self._capacity
        self._first += self._count - kept
        self._rows[:kept] = self._rows[-kept:]
        self._begin, self._count = 0, kept

    def replace(self, first: int, rows: Rows) -> None:
        """Correct frames that are there, and add those that follow them.

        Text is corrected so: the neighbours of a token may be spoken later. Rows older than the
        ring are left out.

        Args:
            first: number of the first frame, at most `end`.
            rows: (frames, dim).

        Raises:
            InputError: if frames between the newest one and the first of these are missing.
        """
        if first > self.end:
            raise InputError(f"frames {self.end} to {first - 1} of a stream are missing")

        # Rows that are kept are overwritten in place.
        known = min(self.end - first, len(rows))
        skipped = max(0, self._first - first)
        if skipped < known:
            place = self._begin + first + skipped - self._first
            self._rows[place : place + known - skipped] = rows[skipped:known]
        self.append(rows[known:])

    def rows(self, index: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Rows of some frames; beyond the ends see ``blank_ends``.

        Args:
            index: frame numbers of any shape.

        Returns:
            (..., dim).

        Raises:
            InputError: if the ring is empty, or a frame is no longer kept.
        """
        if not self._count:
            raise InputError("no frame of the stream has been read")

        # Only the ends of the stream may be passed, not the end of what is kept.
        clipped = index.clip(0, self.end - 1)
        if int(clipped.min()) < self._first:
            raise InputError(
                f"frame {int(clipped.min())} of the stream is no longer kept; the oldest is "
                f"{self._first}"
            )
        found: npt.NDArray[np.float32] = self._rows[clipped - self._first + self._begin]
        if self._blank_ends:
            found[index != clipped] = 0
        return found

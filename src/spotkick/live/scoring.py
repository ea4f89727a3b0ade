"""Scores of a stream: at any time what ``spotkick spot`` would give if the period ended now.

Each frame is scored again while more of what follows it becomes known, until no further frame can
change it. Then it is settled, and equal to what spotting the whole period gives.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.chunks import plan_chunks
from spotkick.encoding.spots import decode_spots
from spotkick.live.ring import FeatureRing
from spotkick.prediction import ChunkNetwork, ChunkOutput, SpottingSetup
from spotkick.prediction.decoding import Candidates

_FREE_MARGIN: Final = 2
"""Frames by which chunks of a network of free length overlap more than they must."""


@dataclass(frozen=True, slots=True)
class ScoreWindow:
    """Outputs for the newest frames.

    Attributes:
        first: number of the first frame.
        scores: (frames, classes).
        displacements: (frames, classes); None for networks without.
        spots: of the spotting module, with frame numbers of the stream; None without one.
    """

    first: int
    scores: npt.NDArray[np.float32]
    displacements: npt.NDArray[np.float64] | None = None
    spots: Candidates | None = None

    @property
    def end(self) -> int:
        """One past the number of the last frame."""
        return self.first + len(self.scores)

    def put(self, other: "ScoreWindow") -> "ScoreWindow":
        """This window up to where another one begins, and that one behind it."""
        kept = max(0, other.first - self.first)
        moves = other.displacements
        if moves is not None and self.displacements is not None:
            moves = np.concatenate([self.displacements[:kept], moves])
        spots = other.spots
        if spots is not None and self.spots is not None:
            own = select_spots(self.spots, self.spots.frames < other.first)
            spots = Candidates(
                np.concatenate([own.frames, spots.frames]),
                np.concatenate([own.classes, spots.classes]),
                np.concatenate([own.confidences, spots.confidences]),
            )
        scores = np.concatenate([self.scores[:kept], other.scores])
        return ScoreWindow(min(self.first, other.first), scores, moves, spots)

    def drop_before(self, first: int) -> "ScoreWindow":
        """Without the frames before a number."""
        surplus = max(0, first - self.first)
        if not surplus:
            return self
        moves, spots = self.displacements, self.spots
        return ScoreWindow(
            self.first + surplus,
            self.scores[surplus:].copy(),
            None if moves is None else moves[surplus:].copy(),
            None if spots is None else select_spots(spots, spots.frames >= first),
        )


class Scored(NamedTuple):
    """What is known of a stream.

    Attributes:
        window: outputs for its newest frames, as if the period ended now.
        settled: frames before this number do not change any more.
    """

    window: ScoreWindow
    settled: int


class LiveScores:
    """Runs a network on the end of a stream, and keeps the outputs for its newest frames.

    A network of fixed length is run on the chunks that spotting the whole period cuts, and on the
    ones with which the period would end. Scores of one of free length do not depend on where
    chunks begin, so that short ones are enough.
    """

    def __init__(self, network: ChunkNetwork, setup: SpottingSetup, *, kept: int) -> None:
        """Start without frames.

        Args:
            network: runs chunks.
            setup: geometry and classes.
            kept: settled frames whose outputs are kept.
        """
        self._network, self._setup, self._kept = network, setup, kept
        self._is_free = has_free_length(network)
        self._stride = setup.chunk_frames - 2 * setup.border_frames
        self._pad = setup.border_frames if setup.pad_period else 0
        self._next_chunk = 0
        self._settled = 0
        self._done = ScoreWindow(0, np.zeros((0, len(setup.classes)), dtype=np.float32))

    @property
    def reach_frames(self) -> int:
        """Frames that a ring must keep for this network."""
        return 2 * self._setup.chunk_frames + self._kept

    @property
    def settling_frames(self) -> int:
        """Frames that follow one when it is settled."""
        setup = self._setup
        if self._is_free:
            return setup.border_frames
        return setup.chunk_frames - setup.border_frames - self._pad

    def resume(self, ring: FeatureRing) -> None:
        """Go on with the frames of a ring whose first ones may be gone."""
        if not ring.first:
            return
        border = self._setup.border_frames
        self._next_chunk = -(-(ring.first + self._pad) // self._stride)
        first = self._next_chunk * self._stride - self._pad + border
        self._settled = ring.first + border if self._is_free else first
        self._done = ScoreWindow(self._settled, self._done.scores)

    def read(
        self, ring: FeatureRing, *, stable: int | None = None, is_over: bool = False
    ) -> Scored:
        """Score what is new in a ring.

        Args:
            ring: features, with at least one frame.
            stable: frames from this number on may still be corrected; None for none.
            is_over: no frame will follow.
        """
        stable = ring.end if stable is None else stable
        view = self._read_free(ring, stable) if self._is_free else self._read_planned(ring)
        if is_over:
            return Scored(view, ring.end)
        self._done = self._done.drop_before(self._settled - self._kept)
        return Scored(view.drop_before(self._done.first), self._settled)

    def _read_planned(self, ring: FeatureRing) -> ScoreWindow:
        setup, end = self._setup, ring.end
        frames, border = setup.chunk_frames, setup.border_frames

        # Chunks of the plan of the whole period, as soon as all of their frames are there.
        while (start := self._next_chunk * self._stride - self._pad) + frames <= end:
            first = start + border if self._next_chunk else 0
            part = self._run_chunk(ring, start, frames, keep=(first, start + self._stride + border))
            self._done = self._done.put(part)
            self._next_chunk += 1

        # The chunks that would follow if the period ended now; they hold copies of its last frame.
        plan = plan_chunks(end, frames, border, pad_period=setup.pad_period)
        view = self._done
        for number in range(min(self._next_chunk, len(plan) - 1), len(plan)):
            start = int(plan.starts[number]) - self._pad
            keep = (int(start + plan.keep_from[number]), int(start + plan.keep_to[number]))
            view = view.put(self._run_chunk(ring, start, frames, keep=keep))

        # However long the period is, its last chunk replaces nothing before.
        self._settled = max(self._settled, min(self._done.end, end - self.settling_frames))
        return view

    def _read_free(self, ring: FeatureRing, stable: int) -> ScoreWindow:
        border, end = self._setup.border_frames, ring.end
        first = max(self._settled, self._done.first, ring.first + (border if ring.first else 0))
        start = max(ring.first, first - border - _FREE_MARGIN)

        # A period shorter than a chunk is extended by copies of its last frame.
        copies = min(max(0, self._setup.chunk_frames - end), border + _FREE_MARGIN)
        part = self._run_chunk(ring, start, end - start + copies, keep=(first, end))
        self._done = self._done.put(part)
        self._settled = max(self._settled, min(stable, end) - border)
        return self._done

    def _run_chunk(
        self, ring: FeatureRing, start: int, frames: int, *, keep: tuple[int, int]
    ) -> ScoreWindow:
        """Outputs of one chunk for some of its frames.

        Args:
            ring: features.
            start: number of the first frame of the chunk; may lie before 0.
            frames: its length.
            keep: first frame that is kept, and the one behind the last.
        """
        index = start + np.arange(frames)
        output = self._network(ring.rows(index)[None])

        # (kept frames, classes)
        first = max(keep[0], self._done.first)
        inside = slice(first - start, max(keep[1], first) - start)
        moves = output.displacements
        return ScoreWindow(
            first,
            output.scores[0, inside],
            None if moves is None else moves[0, inside].astype(np.float64),
            self._find_spots(output, start, (first, keep[1])),
        )

    def _find_spots(
        self, output: ChunkOutput, start: int, keep: tuple[int, int]
    ) -> Candidates | None:
        if not output.spots.shape[1]:
            return None
        decoded = decode_spots(output.spots, self._setup.chunk_frames)
        spots = Candidates(
            decoded.frames[0] + start,
            decoded.classes[0],
            decoded.confidences[0].astype(np.float64),
        )
        return select_spots(spots, (spots.frames >= keep[0]) & (spots.frames < keep[1]))


def select_spots(spots: Candidates, chosen: npt.NDArray[np.bool_]) -> Candidates:
    """Some of the spots; ``chosen`` is (spots,)."""
    return Candidates(spots.frames[chosen], spots.classes[chosen], spots.confidences[chosen])


def has_free_length(network: Any) -> bool:
    """Whether a network takes chunks of any length, as those on tokens do."""
    shape = getattr(network, "input_shape", None)
    return shape is not None and isinstance(shape[1], str)

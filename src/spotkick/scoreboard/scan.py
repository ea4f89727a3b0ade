"""Read the scoreboard of a whole video: find its place in a few frames, then read it again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.reporter import Reporter, SilentReporter
from spotkick.scoreboard.place import PlaceReader, ScoreboardPlace, locate_scoreboard
from spotkick.scoreboard.readings import Reading, make_reading
from spotkick.scoreboard.text_reader import Image, TextReader
from spotkick.video.clock_reading import read_clock
from spotkick.video.decode import sample_video
from spotkick.video.key_frames import measure_key_frame_gap, read_frame_near, read_key_frames

NUM_LOOKS: Final = 24
"""Frames in which the place of the scoreboard is searched."""

INTERVAL_S: Final = 4.0
"""The scoreboard is read this often."""

_SPARSE_S: Final = 12.0
"""Where key frames are rarer, frames between them are decoded, too."""

_SHORT_S: Final = 60.0
"""A file this short is read at `_SHORT_RATE`, every frame decoded."""

_SHORT_RATE: Final = Fraction(2)


@dataclass(frozen=True, slots=True)
class ScoreboardScan:
    """What was read in a file.

    Attributes:
        duration_s: length of the file.
        place: where the scoreboard stands; None where there is none.
        readings: in order of time.
        num_frames: frames that were looked at.
    """

    duration_s: float
    place: ScoreboardPlace | None
    readings: tuple[Reading, ...]
    num_frames: int


def scan_scoreboard(
    path: Path,
    reader: TextReader,
    *,
    interval_s: float = INTERVAL_S,
    reporter: Reporter | None = None,
) -> ScoreboardScan:
    """Read the scoreboard over the length of a video.

    Args:
        path: video file.
        reader: recognises text.
        interval_s: distance of readings.
        reporter: shows the progress.

    Raises:
        InputError: if the file cannot be used.
    """
    shown = reporter or SilentReporter()
    duration_s = float(read_clock(path).duration_s)
    place = locate_scoreboard(_spread_frames(path, duration_s), reader)
    if place is None:
        return ScoreboardScan(duration_s, None, (), NUM_LOOKS)

    # The place is known: read it again and again.
    place_reader = PlaceReader(place, reader)
    readings: list[Reading] = []
    count = 0
    with shown.task(f"reading the scoreboard of {path.name}", duration_s, "s") as progress:
        for seconds, image in _read_frames(path, duration_s, interval_s):
            count += 1
            board = place_reader.read(image)
            if board is not None:
                readings.append(make_reading(seconds, board))
            progress.update(seconds)
    return ScoreboardScan(duration_s, place, tuple(readings), count)


def _spread_frames(path: Path, duration_s: float) -> list[Image]:
    """Frames from all over the file, leaving out its very ends."""
    if duration_s <= _SHORT_S:
        step = Fraction(NUM_LOOKS) / max(Fraction(round(1000 * duration_s), 1000), Fraction(1))
        return [sample.image for sample in sample_video(path, min(step, _SHORT_RATE))]
    times = [duration_s * (0.04 + 0.92 * index / (NUM_LOOKS - 1)) for index in range(NUM_LOOKS)]
    found = [read_frame_near(path, time_s) for time_s in times]
    return _of_one_size([image for _, image in (item for item in found if item is not None)])


def _of_one_size(images: Sequence[Image]) -> list[Image]:
    """The images that have the size of most."""
    shapes = [image.shape for image in images]
    usual = max(set(shapes), key=shapes.count, default=None)
    return [image for image in images if image.shape == usual]


def _read_frames(path: Path, duration_s: float, interval_s: float) -> Iterator[tuple[float, Image]]:
    if duration_s <= _SHORT_S:
        for sample in sample_video(path, _SHORT_RATE):
            yield sample.frame_s, sample.image
    elif measure_key_frame_gap(path) <= max(_SPARSE_S, interval_s):
        yield from read_key_frames(path, min_gap_s=interval_s)
    else:
        for sample in sample_video(path, 1 / Fraction(interval_s)):
            yield sample.frame_s, sample.image

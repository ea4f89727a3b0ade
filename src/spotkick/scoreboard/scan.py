"""Read the scoreboard of a whole video: find its place in a few frames, then read it there.

Long files are read at wide steps first, and again only where readings do not fit each other (see
`spotkick.scoreboard.refinement`), so that the time is spent on kick-offs and goals.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeVar

from spotkick.reporter import Reporter, SilentReporter
from spotkick.scoreboard.board import Scoreboard
from spotkick.scoreboard.clock_lines import find_clock_lines, measure_speed
from spotkick.scoreboard.frame_source import FrameSource, open_frame_source
from spotkick.scoreboard.place import PlaceReader, ScoreboardPlace, agree_on_place, is_certain
from spotkick.scoreboard.readings import Reading, make_reading
from spotkick.scoreboard.refinement import find_gaps, sharpen_line
from spotkick.scoreboard.still import read_scoreboard
from spotkick.scoreboard.text_reader import Image, TextReader
from spotkick.video.clock_reading import read_clock
from spotkick.video.decode import sample_video
from spotkick.video.key_frames import open_frame_finder

NUM_LOOKS: Final = (8, 16, 24, 40)
"""Frames in which the place of the scoreboard is searched: more where fewer do not agree."""

INTERVAL_S: Final = 4.0
"""Around changes the scoreboard is read this often."""

NUM_CHECKS: Final = 6
"""In so many frames the fields of the scoreboard are compared with a search of the whole frame."""

COARSE_S: Final = 20.0
"""It is read this often where nothing changes ..."""

MIN_STEPS: Final = 60
"""... and at least so many times in a file, down to `INTERVAL_S`."""

_SHORT_S: Final = 60.0
"""A file this short is read at `_SHORT_RATE`, every frame decoded."""

_SHORT_RATE: Final = Fraction(2)

_SHORT_LOOKS: Final = 12
"""The place of the scoreboard is searched in so many frames of a short file."""

Frame = tuple[float, Image]
"""Seconds from the first frame of the file, image."""

Result = TypeVar("Result")


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
        interval_s: distance of readings where the clock or the score changes.
        reporter: shows the progress.

    Raises:
        InputError: if the file cannot be used.
    """
    shown = reporter or SilentReporter()
    duration_s = float(read_clock(path).duration_s)
    with ThreadPoolExecutor(reader.threads) as pool:
        worker = _Worker(pool, reader)
        if duration_s <= _SHORT_S:
            return _scan_short(path, duration_s, worker)
        place, seen, num_looks = _locate(path, duration_s, worker)
        if place is None:
            return ScoreboardScan(duration_s, None, (), num_looks)
        place = PlaceReader(place, reader).check(seen)
        with open_frame_source(path, place.region, interval_s=interval_s) as source:
            scan = _PlaceScan(source, place, worker)
            with shown.task(f"reading the scoreboard of {path.name}", duration_s, "s") as task:
                scan.read_steps(duration_s, interval_s, task.update)
            scan.refine(interval_s)
            scan.sharpen()
    return ScoreboardScan(duration_s, place, scan.readings(), num_looks + scan.num_looks)


class _Worker:
    """Applies a function to frames, some at the same time, results in order."""

    def __init__(self, pool: ThreadPoolExecutor, reader: TextReader) -> None:
        self.reader = reader
        self._pool = pool

    def map(
        self, read: Callable[[Image], Result], frames: Iterable[Frame]
    ) -> Iterator[tuple[float, Result]]:
        """(time, result) of each frame; only as many frames as there are threads are held."""
        waiting: deque[tuple[float, Future[Result]]] = deque()
        for seconds, image in frames:
            waiting.append((seconds, self._pool.submit(read, image)))
            if len(waiting) > self.reader.threads:
                first_s, result = waiting.popleft()
                yield first_s, result.result()
        for first_s, result in waiting:
            yield first_s, result.result()


def _scan_short(path: Path, duration_s: float, worker: _Worker) -> ScoreboardScan:
    """Read a short file: every frame is decoded anyway."""

    def frames() -> Iterator[Frame]:
        return ((s.frame_s, s.image) for s in sample_video(path, _SHORT_RATE))

    # the place is searched in some of the frames that are read later
    step = max(1, round(duration_s * float(_SHORT_RATE) / _SHORT_LOOKS))
    chosen = (frame for number, frame in enumerate(frames()) if number % step == 0)
    looks = list(_read_whole(chosen, worker))
    boards = [board for _, board in looks if board]
    place = agree_on_place(boards, len(looks), looks[0][0].shape) if looks else None
    if place is None:
        return ScoreboardScan(duration_s, None, (), len(looks))
    readings = dict(worker.map(_reading_of(place, worker.reader), frames()))
    made = [make_reading(seconds, board) for seconds, board in readings.items() if board]
    return ScoreboardScan(duration_s, place, tuple(made), len(readings))


def _reading_of(place: ScoreboardPlace, reader: TextReader) -> Callable[[Image], Scoreboard | None]:
    return PlaceReader(place, reader).read


def _read_whole(
    frames: Iterable[Frame], worker: _Worker
) -> Iterator[tuple[Image, Scoreboard | None]]:
    """Each frame with its scoreboard; frames of another shape than the first are left out."""
    shapes: list[tuple[int, ...]] = []

    def alike() -> Iterator[Frame]:
        for seconds, image in frames:
            shapes.append(image.shape)
            if image.shape == shapes[0]:
                yield seconds, image

    reader = worker.reader
    for _, found in worker.map(lambda image: (image, read_scoreboard(image, reader)), alike()):
        yield found


def _locate(
    path: Path, duration_s: float, worker: _Worker
) -> tuple[ScoreboardPlace | None, list[tuple[Image, Scoreboard]], int]:
    """Where the scoreboard stands, some frames that show one, and how many were looked at."""
    boards: list[Scoreboard | None] = []
    seen: list[tuple[Image, Scoreboard]] = []
    place: ScoreboardPlace | None = None
    with open_frame_finder(path) as finder:
        for number, count in enumerate(NUM_LOOKS):
            if place is not None and (
                number == len(NUM_LOOKS) - 1 or is_certain(place, len(boards))
            ):
                break

            # Times spread over the file, leaving out its very ends, none of them twice.
            fresh = range(len(boards), count)
            times = [duration_s * (0.04 + 0.92 * _spread(index)) for index in fresh]
            looks = (finder.read_key_frame(time) for time in times)
            shape: tuple[int, ...] = ()
            for image, board in _read_whole((look for look in looks if look), worker):
                shape = image.shape
                boards.append(board)
                if board is not None and len(seen) < NUM_CHECKS:
                    seen.append((image, board))
            if not shape:
                break
            place = agree_on_place([board for board in boards if board], len(boards), shape)
    return place, seen, len(boards)


def _spread(index: int) -> float:
    """Place ``index`` of a sequence that fills 0 to 1 evenly wherever it is stopped.

    Source: the low-discrepancy sequence of the golden ratio.
    """
    return (0.5 + index * 0.6180339887498949) % 1.0


class _PlaceScan:
    """Reads a file at the place of its scoreboard, and remembers what was read."""

    def __init__(self, source: FrameSource, place: ScoreboardPlace, worker: _Worker) -> None:
        self.num_looks = 0
        self._source, self._worker = source, worker
        self._read = _reading_of(place, worker.reader)
        self._found: dict[float, Reading | None] = {}
        self._sharp: list[Reading] = []

    def readings(self) -> tuple[Reading, ...]:
        """Everything that was read, in order of time."""
        found = [*(r for r in self._found.values() if r is not None), *self._sharp]
        return tuple(sorted(found, key=lambda reading: reading.file_s))

    def read_steps(
        self, duration_s: float, interval_s: float, progress: Callable[[float], None]
    ) -> None:
        """Read the whole file at wide steps."""
        step_s = max(interval_s, min(COARSE_S, duration_s / MIN_STEPS))
        count = int(duration_s / step_s) + 1
        self._look_at([step_s * number for number in range(count)], progress)

    def refine(self, interval_s: float) -> None:
        """Look again where readings do not fit each other."""
        if measure_speed(r for r in self._found.values() if r is not None).counts_down:
            return
        closed: set[tuple[float, float]] = set()
        while gaps := [gap for gap in find_gaps(self._found, interval_s) if gap not in closed]:
            self._look_at([(first + second) / 2 for first, second in gaps])
            closed |= set(gaps)

    def sharpen(self) -> None:
        """Find when exactly the clock steps, once for each line of readings."""
        for line in find_clock_lines(self.readings()):
            self._sharp += sharpen_line(line, self._look_exactly)

    def _look_at(
        self, times: Iterable[float], progress: Callable[[float], None] = lambda _: None
    ) -> None:
        for seconds, board in self._worker.map(self._read, self._frames(times)):
            self.num_looks += 1
            self._found[seconds] = None if board is None else make_reading(seconds, board)
            progress(seconds)

    def _frames(self, times: Iterable[float]) -> Iterator[Frame]:
        """Frames at these times that were not looked at before."""
        last_s = -1.0
        for time in times:
            frame = self._source.read(time)
            if frame is not None and frame[0] != last_s and frame[0] not in self._found:
                last_s = frame[0]
                yield frame

    def _look_exactly(self, seconds: float) -> Reading | None:
        frame = self._source.read_exactly(seconds)
        if frame is None:
            return None
        self.num_looks += 1
        board = self._read(frame[1])
        return None if board is None else make_reading(frame[0], board)

"""What the scoreboard says while a match goes on: clock, breaks, goals that are taken back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Final

from spotkick.live.messages import EndOfStream, Note, Sample
from spotkick.live.stages import Channel, Stage
from spotkick.scoreboard.board import Scoreboard
from spotkick.scoreboard.place import PlaceReader, agree_on_place
from spotkick.scoreboard.still import read_scoreboard
from spotkick.scoreboard.text_reader import Image, TextReader

SCOREBOARD_RATE: Final = Fraction(1, 4)
"""Frames per second in which the scoreboard is read, as far as there is time."""

HIDDEN_S: Final = 60.0
"""A scoreboard that was not seen for so long is reported: replays hide it for shorter."""

CONFIRMATIONS: Final = 2
"""A score or a clock counts when so many readings in a row agree."""

NUM_LOOKS: Final = 8
"""Whole frames in which the place of the scoreboard is searched before it is agreed on."""

SAME_CLOCK_S: Final = 3.0
"""Two readings of a running clock agree when their kick-offs lie this close."""

Score = tuple[int, int]


@dataclass(slots=True)
class ScoreboardWatcher:
    """Turns readings into notes; a state machine without images.

    Attributes:
        score: goals of both teams, once confirmed.
        is_shown: whether a scoreboard is in sight; None before it was looked for long enough.
    """

    score: Score | None = None
    is_shown: bool | None = None
    _seen_s: float | None = None
    _began_s: float | None = None
    _candidate: Score | None = None
    _agreed: int = 0
    _kick_off_s: float | None = None
    _told_kick_off_s: float | None = None

    def add(self, stream_s: float, board: Scoreboard | None) -> list[Note]:
        """Take a reading.

        Args:
            stream_s: when the frame was shown.
            board: None where no scoreboard was read.
        """
        self._began_s = stream_s if self._began_s is None else self._began_s
        if board is None:
            return self._count_miss(stream_s)
        notes = []
        if self.is_shown is False:
            notes.append(Note("scoreboard", stream_s, "the scoreboard is back"))
        self.is_shown, self._seen_s = True, stream_s
        return [*notes, *self._read_clock(stream_s, board), *self._read_score(stream_s, board)]

    def _count_miss(self, stream_s: float) -> list[Note]:
        last_s = self._began_s if self._seen_s is None else self._seen_s
        if self.is_shown is False or last_s is None or stream_s - last_s < HIDDEN_S:
            return []
        self.is_shown = False
        text = f"no scoreboard for {HIDDEN_S:.0f} s: a break, or advertisements"
        return [Note("no-scoreboard", stream_s, text)]

    def _read_clock(self, stream_s: float, board: Scoreboard) -> list[Note]:
        """Where the clock would have been 0, when two readings in a row agree and that is new."""
        if board.clock_s is None or board.minute_only:
            return []
        kick_off_s, before_s = stream_s - board.clock_s, self._kick_off_s
        self._kick_off_s = kick_off_s
        if before_s is None or abs(kick_off_s - before_s) > SAME_CLOCK_S:
            return []
        told_s = self._told_kick_off_s
        if told_s is not None and abs(kick_off_s - told_s) <= SAME_CLOCK_S:
            return []
        self._told_kick_off_s = kick_off_s
        minutes, seconds = divmod(board.clock_s, 60)
        text = f"the match clock shows {minutes}:{seconds:02d}"
        details = {"clock_s": board.clock_s, "clock_zero_s": round(kick_off_s, 1)}
        return [Note("match-clock", stream_s, text, details)]

    def _read_score(self, stream_s: float, board: Scoreboard) -> list[Note]:
        if board.score is None:
            return []
        self._agreed = self._agreed + 1 if board.score == self._candidate else 1
        self._candidate = board.score
        if self._agreed < CONFIRMATIONS or board.score == self.score:
            return []
        before, self.score = self.score, board.score
        if before is None:
            return []
        fewer = sum(board.score) < sum(before)
        state = "score-taken-back" if fewer else "score"
        text = f"the score is {board.score[0]}:{board.score[1]}" + (
            f", taken back from {before[0]}:{before[1]}" if fewer else ""
        )
        return [Note(state, stream_s, text, {"old": list(before), "new": list(board.score)})]


@dataclass(slots=True)
class ScoreboardStage:
    """Reads the scoreboard in samples of the stream.

    Attributes:
        samples: whole frames at `SCOREBOARD_RATE`.
        reader: recognises text.
        report: called with notes for the user.
        watcher: turns readings into notes.
    """

    samples: Channel[Sample | EndOfStream]
    reader: TextReader
    report: Callable[[Note], None]
    watcher: ScoreboardWatcher = field(default_factory=ScoreboardWatcher)
    _boards: list[Scoreboard] = field(default_factory=list)
    _seen: list[tuple[Image, Scoreboard]] = field(default_factory=list)
    _looks: int = 0
    _place: PlaceReader | None = None

    def run(self, stage: Stage) -> None:
        """Read until the stream is over; the work of a stage."""
        while not isinstance(sample := self.samples.get(), EndOfStream):
            if sample is None:
                continue
            board = stage.measure(partial(self._read_board, sample.image))
            for note in self.watcher.add(float(sample.number / SCOREBOARD_RATE), board):
                self.report(note)

    def _read_board(self, image: Image) -> Scoreboard | None:
        """Search the whole frame until the place is known, then look there alone."""
        if self._place is not None:
            return self._place.read(image)
        board = read_scoreboard(image, self.reader)
        self._looks += 1
        if board is not None:
            self._boards.append(board)
            self._seen = [*self._seen, (image, board)][-CONFIRMATIONS:]
        if len(self._boards) >= NUM_LOOKS:
            place = agree_on_place(self._boards, self._looks, image.shape)
            if place is not None:
                checked = PlaceReader(place, self.reader).check(self._seen)
                self._place = PlaceReader(checked, self.reader)
            self._boards, self._looks = self._boards[-1:], 1
        return board

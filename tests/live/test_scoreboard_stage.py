from collections.abc import Sequence

from spotkick.live.scoreboard_stage import ScoreboardWatcher
from spotkick.scoreboard.board import Scoreboard


def board(clock_s: int | None, score: tuple[int, int] | None) -> Scoreboard:
    return Scoreboard(
        clock_s, False, None, None, "HOM", "AWA", score, box=(0, 0, 1, 1), text_height=10.0,
        confidence=0.9,
    )  # fmt: skip


def states(readings: Sequence[tuple[float, Scoreboard | None]]) -> list[tuple[float, str]]:
    watcher = ScoreboardWatcher()
    return [(n.stream_s, n.state) for time, read in readings for n in watcher.add(time, read)]


def test_watcher_break_is_told_once_and_its_end_too() -> None:
    readings: list[tuple[float, Scoreboard | None]] = [(4.0 * n, None) for n in range(50)]
    readings += [(200.0, board(10, None)), (204.0, board(14, None))]
    assert states(readings) == [
        (60.0, "no-scoreboard"), (200.0, "scoreboard"), (204.0, "match-clock")
    ]  # fmt: skip


def test_watcher_short_replay_is_no_break() -> None:
    shown = [(4.0 * n, board(None, (0, 0))) for n in range(3)]
    hidden = [(12.0 + 4 * n, None) for n in range(10)]
    assert not states([*shown, *hidden, (56.0, board(None, (0, 0)))])


def test_watcher_score_counts_when_two_readings_agree() -> None:
    scores = [(0, 0), (0, 0), (7, 0), (0, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0)]
    found = states([(4.0 * n, board(None, score)) for n, score in enumerate(scores)])
    assert found == [(20.0, "score"), (32.0, "score-taken-back")]


def test_watcher_clock_is_told_again_when_it_starts_anew() -> None:
    readings = [(4.0 * n, board(4 * n + 1, None)) for n in range(5)]
    readings += [(100.0 + 4 * n, board(2700 + 4 * n, None)) for n in range(3)]
    assert [time for time, _ in states(readings)] == [4.0, 104.0]

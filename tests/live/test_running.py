"""Whole runs on small streams: against spotting the file, through faults, and after a stop."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from spotkick.errors import InputError
from spotkick.live.addresses import UnsupportedSourceError
from spotkick.live.events import LiveEvent
from spotkick.live.journal import Journal
from spotkick.pipelines.live import standing_actions
from spotkick.video.decode import sample_video
from support.live_networks import describe, spot_whole
from support.live_runs import NETWORK, SETUP, grey_features, make_run
from support.streams import play_packets, write_stream


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live") / "stream.ts"
    write_stream(path, 50)
    return path


@pytest.fixture(autouse=True)
def never_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotkick.live.reading.BACK_OFF_S", (0.0,))


def features_of(path: Path) -> np.ndarray:
    samples = list(sample_video(path, Fraction(2), size_px=(64, 48)))
    return grey_features(np.array([sample.image.astype(float).mean() for sample in samples]))


def found_in(out: Path) -> list[tuple[str, int, float]]:
    rows = describe(standing_actions(Journal(out / "events.jsonl").events()))
    return [(label, position, round(confidence, 3)) for label, position, confidence in rows]


def expected_of(features: np.ndarray) -> list[tuple[str, int, float]]:
    rows = spot_whole(NETWORK, SETUP, features)
    return [(label, position, round(confidence, 3)) for label, position, confidence in rows]


class CountingPlayer:
    """Plays files, a connection each; ten seconds pass with each attempt to connect."""

    def __init__(self, paths: list[Path]) -> None:
        self.attempts, self.play = 0, play_packets(paths)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        self.attempts += 1
        return self.play(*args, **kwargs)

    def wall(self) -> float:
        return 10.0 * self.attempts


def once(path: Path) -> Callable[..., Any]:
    return play_packets([path])


def assert_close(
    found: list[tuple[str, int, float]], expected: list[tuple[str, int, float]]
) -> None:
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    np.testing.assert_allclose([row[2] for row in found], [row[2] for row in expected], atol=2e-3)


@pytest.mark.parametrize("is_live", [False, True], ids=["file", "stream"])
def test_run_of_a_stream_ends_with_the_actions_of_its_file(
    stream: Path, tmp_path: Path, is_live: bool
) -> None:
    make_run(tmp_path, once(stream), is_live=is_live).run()
    expected = expected_of(features_of(stream))
    assert len(expected) > 5
    assert_close(found_in(tmp_path), expected)


@pytest.mark.parametrize("stops", [(3,), (9, 14, 18)], ids=["once", "often"])
def test_run_that_is_killed_and_goes_on_publishes_as_if_it_was_not(
    stream: Path, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    make_run(tmp_path / "whole", once(stream), is_live=False).run()
    for stop in stops:

        def kill(event: LiveEvent, stop: int = stop) -> None:
            if event.sequence >= stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            make_run(tmp_path / "cut", once(stream), is_live=False, sink=kill).run()
    make_run(tmp_path / "cut", once(stream), is_live=False).run()

    assert_close(found_in(tmp_path / "cut"), found_in(tmp_path / "whole"))
    published = [
        e.id for e in Journal(tmp_path / "cut" / "events.jsonl").events() if e.kind == "publish"
    ]
    assert len(published) == len(set(published))


def test_run_connection_that_breaks_and_repeats_loses_and_doubles_nothing(
    stream: Path, tmp_path: Path
) -> None:
    parts = [tmp_path / f"{number}.ts" for number in range(2)]
    write_stream(parts[0], 35)
    write_stream(parts[1], 22, first=280, start_s=28)
    play = CountingPlayer(parts)
    make_run(tmp_path / "out", play, wall=play.wall, give_up_s=15.0).run()
    assert_close(found_in(tmp_path / "out"), expected_of(features_of(stream)))
    notes = [e.details for e in Journal(tmp_path / "out" / "events.jsonl").events() if e.details]
    assert [note["state"] for note in notes if "state" in note] == [
        "signal-lost", "signal", "signal-lost"
    ]  # fmt: skip


def test_run_clock_that_leaps_goes_on_behind_what_passed(tmp_path: Path) -> None:
    parts = [tmp_path / "a.ts", tmp_path / "b.ts"]
    write_stream(parts[0], 20)
    write_stream(parts[1], 20, first=300, start_s=5000)
    play = CountingPlayer(parts)
    make_run(tmp_path / "out", play, wall=play.wall, give_up_s=15.0).run()
    first, second = features_of(parts[0]), features_of(parts[1])
    gap = np.repeat(first[-1:], 20, axis=0)
    expected = expected_of(np.concatenate([first, gap, second]))
    found = found_in(tmp_path / "out")
    assert len(found) >= len(expected) - 2
    near = [
        any(label == other[0] and abs(position - other[1]) <= 1000 for other in expected)
        for label, position, _ in found
    ]
    assert np.mean(near) > 0.8


def test_run_stream_that_cannot_be_opened_gives_up(tmp_path: Path) -> None:
    run = make_run(tmp_path, play_packets([]))
    run.run()
    assert not found_in(tmp_path)


def test_run_file_that_cannot_be_opened_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        make_run(tmp_path, play_packets([]), is_live=False).run()


def test_run_stream_that_can_never_be_opened_is_one_error(tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UnsupportedSourceError("srt://host: built without srt://")

    with pytest.raises(InputError, match="built without"):
        make_run(tmp_path, refuse, give_up_s=1e9).run()


def test_run_file_without_a_packet_is_one_error(stream: Path, tmp_path: Path) -> None:
    def open_spent(*_: object, **__: object) -> Any:
        container = av.open(str(stream))
        list(container.demux())
        return container

    with pytest.raises(InputError, match="no packet can be read"):
        make_run(tmp_path, open_spent, is_live=False).run()


def test_run_damaged_packets_are_left_out(stream: Path, tmp_path: Path) -> None:
    data = bytearray(stream.read_bytes())
    rng = np.random.default_rng(0)
    for packet in rng.integers(40, len(data) // 188 - 40, 12):
        data[188 * packet + 8 : 188 * packet + 60] = rng.bytes(52)
    broken = tmp_path / "broken.ts"
    broken.write_bytes(bytes(data))
    make_run(tmp_path / "out", lambda *_, **__: av.open(str(broken)), is_live=False).run()
    assert len(found_in(tmp_path / "out")) > 3

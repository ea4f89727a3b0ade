"""Every reader over every hard file: one answer, exact to the frame."""

import io
import warnings
from collections.abc import Iterator
from fractions import Fraction

import av
import pytest

from spotkick.errors import SpotkickWarning
from spotkick.video.clock_reading import measure_clock, read_clock
from spotkick.video.cut_points import plan_cut
from spotkick.video.decode import sample_video
from spotkick.video.probe import probe
from spotkick.video.reader import open_media
from spotkick.video.stills import frame_at
from spotkick.viewer.thumbnails import ThumbnailMaker
from support.hard_videos import HARD_VIDEOS, HardVideo
from support.pattern_video import read_number

pytestmark = pytest.mark.filterwarnings(f"ignore::{SpotkickWarning.__module__}.SpotkickWarning")


@pytest.fixture(scope="module", params=HARD_VIDEOS)
def hard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> HardVideo:
    return HARD_VIDEOS[request.param](tmp_path_factory.mktemp(request.param))


def half_seconds(hard: HardVideo) -> Iterator[float]:
    return (k / 2 for k in range(int(2 * hard.duration_s)))


def test_probe_of_hard_file_gives_length(hard: HardVideo) -> None:
    info = probe(hard.path)
    assert info.duration_s == pytest.approx(hard.duration_s, abs=0.04)
    assert info.nominal_rate == hard.rate


def test_sample_video_of_hard_file_shows_what_is_on(hard: HardVideo) -> None:
    got = [read_number(sample.image) for sample in sample_video(hard.path, Fraction(2))]
    wanted = [hard.frame_on(second) for second in half_seconds(hard)]
    assert got[: len(wanted)] == wanted
    assert len(got) - len(wanted) in (0, 1)


def test_sample_video_of_hard_file_from_the_middle_shows_what_is_on(hard: HardVideo) -> None:
    start_s = hard.duration_s / 2 + 0.31
    stretch = sample_video(hard.path, Fraction(5), start_s=start_s, end_s=start_s + 0.6)
    got = [read_number(sample.image) for sample in stretch]
    assert got == [hard.frame_on(start_s + k / 5) for k in range(3)]


def test_frame_at_of_hard_file_shows_what_is_on(hard: HardVideo) -> None:
    for second in (0.02, 1.04, 0.7 * hard.duration_s + 0.013, hard.duration_s - 0.01):
        assert read_number(frame_at(hard.path, second)) == hard.frame_on(second)


def test_thumbnail_of_hard_file_shows_what_is_on(hard: HardVideo) -> None:
    second = int(hard.duration_s) - 0.5
    data = ThumbnailMaker().thumbnail_at(hard.path, round(1000 * second))
    with av.open(io.BytesIO(data)) as container:
        (frame,) = container.decode(video=0)
    assert read_number(frame.to_ndarray(format="rgb24")) == hard.frame_on(second)


def test_plan_cut_of_hard_file_finds_the_frames_that_are_read(hard: HardVideo) -> None:
    start_s = hard.duration_s - 1.22
    cut = plan_cut(hard.path, start_s, hard.duration_s - 0.3)
    with open_media(hard.path) as media:
        media.seek(cut.start_s)
        got = [
            read_number(frame.to_ndarray(format="rgb24"))
            for frame, ticks in media.frames_in_ticks()
            if cut.start_ticks <= ticks < cut.end_ticks
        ]
    first = hard.frame_on(float(cut.start_s) + 0.001)
    assert got == list(range(first, first + cut.num_frames))
    assert float(cut.start_s) - start_s < 1 / hard.rate
    assert cut.duration_s == pytest.approx(cut.num_frames / hard.rate, abs=0.002)


def test_seek_of_hard_file_arrives_at_or_before_every_time(hard: HardVideo) -> None:
    with open_media(hard.path) as media:
        for second in (hard.duration_s - 0.2, 0.31, hard.duration_s / 2):
            media.seek(second)
            times = {}
            for frame, time_s in media.frames():
                times[float(time_s)] = read_number(frame.to_ndarray(format="rgb24"))
                if time_s > second:
                    break
            assert min(times) <= second
            shown = max(time for time in times if time <= second + 0.001)
            assert times[shown] == hard.frame_on(second)


def test_measure_clock_of_hard_file_agrees_with_read_clock(hard: HardVideo) -> None:
    clock, measured = read_clock(hard.path), measure_clock(hard.path)
    assert measured.report.is_measured
    assert measured.start_ticks == clock.start_ticks
    assert measured.duration_s == clock.duration_s


def test_warnings_of_hard_file_name_joints_and_gaps_only_where_there_are_some(
    hard: HardVideo,
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(sample_video(hard.path, Fraction(1)))
    text = " ".join(str(warning.message) for warning in caught)
    stem = hard.path.stem
    assert ("as if recordings were joined" in text) == (stem in {"back", "forward", "three"})
    assert ("signal was lost" in text) == (stem == "gap")
    assert ("no end mark" in text) == (stem == "live")
    assert "truncated" not in text
    assert "damaged" not in text

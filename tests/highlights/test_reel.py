import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.actions import Action
from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError, MissingExtraError, SpotkickWarning
from spotkick.highlights.captions import draw_caption
from spotkick.highlights.choosing import choose, propose_clips
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list import make_source
from spotkick.highlights.otio import write_otio
from spotkick.highlights.reel import (
    describe,
    make_title,
    plan_parts,
    render,
    total_s,
    write_poster,
)
from spotkick.highlights.shots import find_shot_changes
from spotkick.video.images import to_image
from spotkick.video.probe import probe
from spotkick.video.reel_look import ReelLook
from spotkick.video.stills import frame_at
from support.pattern_video import Pattern, read_number, write_pattern_video


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> dict[int, PeriodVideo]:
    folder = tmp_path_factory.mktemp("match")
    videos = {}
    for period in (1, 2):
        path = folder / f"{period}_224p.mkv"
        write_pattern_video(path, Pattern(1500, size_px=(96, 64), group_frames=50, beeps_s=(10.0,)))
        videos[period] = PeriodVideo.from_file(probe(path))
    return videos


def probe_image(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        return container.streams.video[0].width, container.streams.video[0].height


ACTIONS = (
    Action("Goal", 1, 20_000, 0.9),
    Action("Goal", 2, 30_000, 0.8),
    Action("Yellow card", 2, 48_000, 0.7),
)
CONFIG = HighlightsConfig(lead_s={"Goal": (3, 4), "Yellow card": (2, 2)})


def test_render_two_halves_frames_and_events_are_exact(
    tmp_path: Path, halves: dict[int, PeriodVideo]
) -> None:
    clips = propose_clips(ACTIONS, None, halves, CONFIG)
    chosen = choose(clips, 15, halves, CONFIG, snap=False)
    assert [clip.main.label for clip in chosen] == ["Goal", "Goal"]
    parts = plan_parts(chosen, halves)
    assert total_s(parts) == 14
    render(tmp_path / "reel.mp4", parts)
    with av.open(str(tmp_path / "reel.mp4")) as container:
        numbers = [
            read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)
        ]
    assert numbers == [*range(17 * 25, 24 * 25), *range(27 * 25, 34 * 25)]
    edits = describe("match", chosen, parts, halves)
    assert [(event.source_in, event.source_frames, event.record_in) for event in edits.events] == [
        (425, 175, 0),
        (675, 175, 175),
    ]
    write_poster(tmp_path / "poster.jpg", chosen, halves)
    assert read_number(frame_at(tmp_path / "poster.jpg", 0)) == 21 * 25


@pytest.mark.parametrize(
    ("aspect", "rotation_deg", "size_px"),
    [
        (Fraction(64, 45), 0, (136, 64)),
        (Fraction(64, 45), 90, (64, 136)),
        (Fraction(1), 0, (96, 64)),
    ],
)
def test_write_poster_frames_of_any_pixels_have_the_shape_as_shown(
    tmp_path: Path, aspect: Fraction, rotation_deg: int, size_px: tuple[int, int]
) -> None:
    path = tmp_path / "a.mp4"
    pattern = Pattern(50, size_px=(96, 64), sample_aspect=aspect, rotation_deg=rotation_deg)
    write_pattern_video(path, pattern)
    videos = {1: PeriodVideo.from_file(probe(path))}
    chosen = propose_clips((Action("Goal", 1, 1000, 0.9),), None, videos, CONFIG)
    write_poster(tmp_path / "poster.jpg", chosen, videos)
    poster, shown = probe_image(tmp_path / "poster.jpg"), size_px
    assert abs(poster[0] / poster[1] - shown[0] / shown[1]) < 0.03


def test_plan_parts_one_file_counts_from_period_starts(
    halves: dict[int, PeriodVideo],
) -> None:
    info = halves[1].stretches[0].info
    videos = {1: PeriodVideo.from_file(info, 2, 32), 2: PeriodVideo.from_file(info, 35)}
    actions = (
        Action("Goal", 1, 10_000, 0.9),
        Action("Goal", 1, 31_000, 0.9),
        Action("Goal", 2, 5_000, 0.9),
    )
    clips = propose_clips(actions, None, videos, CONFIG)
    parts = plan_parts(choose(clips, 100, videos, CONFIG, snap=False), videos)
    assert [float(part.cut.start_s) for part in parts] == [9, 37]


def test_propose_and_choose_nothing_possible_raises(halves: dict[int, PeriodVideo]) -> None:
    with pytest.raises(InputError, match="no spot reaches its threshold"):
        propose_clips([], None, halves)
    with pytest.raises(InputError, match="1 candidates lie outside"):
        propose_clips([Action("Goal", 3, 0, 0.9)], None, halves)
    with pytest.raises(InputError, match="no room for the shortest clip"):
        choose(propose_clips(ACTIONS, None, halves, CONFIG), 3, halves, CONFIG)


def write_shots(path: Path, starts: list[int], num_frames: int = 200) -> None:
    """A panning texture that changes completely at the given pictures."""
    rng = np.random.default_rng(2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
        for n in range(num_frames):
            if n in (0, *starts):
                coarse = rng.integers(0, 255, (9, 32, 3), dtype=np.uint8)
                scene = coarse.repeat(8, axis=0).repeat(16, axis=1)
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(scene[:, n % 200 : n % 200 + 128]), format="rgb24"
            )
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_find_shot_changes_planted_changes_are_found(tmp_path: Path) -> None:
    write_shots(tmp_path / "a.mp4", [60, 110, 160])
    assert find_shot_changes(tmp_path / "a.mp4", 1.5, 5.0) == pytest.approx([60 / 25, 110 / 25])
    assert find_shot_changes(tmp_path / "a.mp4", 2.5, 4.0) == []


def test_choose_snapping_clip_starts_with_a_shot(tmp_path: Path) -> None:
    write_shots(tmp_path / "a.mp4", [60, 160])
    videos = {1: PeriodVideo.from_file(probe(tmp_path / "a.mp4"))}
    config = HighlightsConfig(lead_s={"Goal": (2, 2)}, snap_s=1)
    (clip,) = choose(
        propose_clips([Action("Goal", 1, 4_000, 0.9)], None, videos, config), 10, videos, config
    )
    assert (clip.start_s, clip.end_s) == (pytest.approx(2.4), pytest.approx(6.4))


def test_draw_caption_any_size_fits_the_frame() -> None:
    for size in ((96, 64), (398, 224), (1280, 720)):
        overlay = draw_caption("7:52 · Goal, Yellow card, a very long text " * 5, size)
        high, wide = overlay.luma.shape
        assert overlay.left_px + wide <= size[0]
        assert overlay.top_px + high <= size[1]
        assert [side % 2 for side in (high, wide, overlay.left_px, overlay.top_px)] == [0] * 4
        assert overlay.luma.max() > 200
        assert 0.5 < overlay.opacity.min() <= overlay.opacity.max() <= 1


def test_extras_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, halves: dict[int, PeriodVideo]
) -> None:
    for name in ("opentimelineio", "scenedetect", "PIL"):
        monkeypatch.setitem(sys.modules, name, None)
    clips = propose_clips(ACTIONS, None, halves, CONFIG)
    edits = describe("x", clips, plan_parts(clips, halves), halves)
    with pytest.raises(MissingExtraError, match=r"spotkick\[highlights\]"):
        write_otio(edits)
    with pytest.raises(MissingExtraError, match="scenedetect"):
        find_shot_changes(halves[1].stretches[0].info.path, 1, 2)
    with pytest.raises(MissingExtraError, match="pillow"):
        draw_caption("x", (96, 64))


def test_describe_invalid_timecode_counts_from_zero_with_warning(
    halves: dict[int, PeriodVideo],
) -> None:
    from dataclasses import replace

    known = replace(halves[1].stretches[0].info, timecode="10:00:00:00")
    assert make_source(known).start_frame == 900_000
    videos = {1: PeriodVideo.from_file(replace(halves[1].stretches[0].info, timecode="yesterday"))}
    clips = propose_clips(ACTIONS[:1], None, videos, CONFIG)
    with pytest.warns(SpotkickWarning, match="counted from zero"):
        edits = describe("x", clips, plan_parts(clips, videos), videos)
    assert edits.events[0].source.start_frame == 0
    assert edits.rate == Fraction(25)


def test_write_reel_title_covers_the_first_seconds_only(
    tmp_path: Path, halves: dict[int, PeriodVideo]
) -> None:
    clips = propose_clips(ACTIONS[:1], None, halves, CONFIG)
    parts = plan_parts(clips, halves)
    title = make_title("Αθήνα - Київ 2 : 1 a very long name of a cup that needs lines", parts)
    assert title.luma.shape == (64, 96)
    render(tmp_path / "reel.mp4", parts, title=title)
    frames = [to_image(frame, None) for frame in decode_all(tmp_path / "reel.mp4")]
    assert len(frames) == 175
    bright = [float(frame.mean()) for frame in frames]
    assert np.mean(bright[:74]) < 0.7 * np.mean(bright[76:])
    assert [read_number(frame) for frame in frames[75:]] == list(range(425 + 75, 425 + 175))


def decode_all(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_write_reel_follow_keeps_size_and_number_of_frames(
    tmp_path: Path, halves: dict[int, PeriodVideo]
) -> None:
    clips = propose_clips(ACTIONS[:1], None, halves, CONFIG)
    look = ReelLook(Fraction(1), follow=True)
    render(tmp_path / "reel.mp4", plan_parts(clips, halves, look=look), look=look)
    frames = decode_all(tmp_path / "reel.mp4")
    assert {(frame.width, frame.height) for frame in frames} == {(64, 64)}
    assert len(frames) == 175


def test_write_reel_hdr_source_stays_hdr(tmp_path: Path) -> None:
    path = tmp_path / "1_hdr.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, 16, 9
        context.color_range = 1
        for number in range(100):
            frame = av.VideoFrame(64, 64, "yuv420p10le")
            for plane in frame.planes:
                plane.update(bytes([0, 2]) * (plane.buffer_size // 2))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    info = probe(path)
    assert info.hdr == "PQ"
    videos = {1: PeriodVideo.from_file(info)}
    clips = propose_clips((Action("Goal", 1, 2_000, 0.9),), None, videos, CONFIG)
    render(tmp_path / "reel.mp4", plan_parts(clips, videos))
    reel = probe(tmp_path / "reel.mp4")
    assert reel.hdr == "PQ"

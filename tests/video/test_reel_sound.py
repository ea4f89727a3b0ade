"""Which sound a reel has: the one that players choose, a given track, or all."""

import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.video.cut import write_reel
from spotkick.video.cut_points import plan_cut
from spotkick.video.probe import probe
from spotkick.video.reel_parts import ReelPart
from spotkick.video.stream_copy import copy_reel

RATE_HZ = 48_000


def write_tracks(path: Path, tones_hz: list[float], *, codec: str = "aac") -> None:
    """Five seconds of video with a track for each tone; 0 is silence."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "25"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        tracks = []
        for _ in tones_hz:
            track = container.add_stream(codec, rate=RATE_HZ)
            track.layout = "mono"
            tracks.append(track)
        for number in range(125):
            image = np.full((64, 96, 3), number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            for track, tone_hz in zip(tracks, tones_hz, strict=True):
                times = np.arange(1920 * number, 1920 * (number + 1)) / RATE_HZ
                wave = (0.5 * np.sin(2 * np.pi * tone_hz * times)).astype(np.float32)
                sound = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
                sound.rate, sound.pts = RATE_HZ, 1920 * number
                sound.time_base = Fraction(1, RATE_HZ)
                container.mux(track.encode(sound))
        for stream in (video, *tracks):
            container.mux(stream.encode(None))


def tones_of(path: Path) -> list[int]:
    """Frequency of each track, rounded to 10 Hz; 0 for silence."""
    found = []
    with av.open(str(path)) as container:
        count = len(container.streams.audio)
    for index in range(count):
        with av.open(str(path)) as container:
            stream = container.streams.audio[index]
            samples = np.concatenate([f.to_ndarray()[0] for f in container.decode(stream)])
        middle = samples[RATE_HZ // 2 : RATE_HZ]
        spectrum = np.abs(np.fft.rfft(middle))
        loud = np.abs(middle).max() > 0.01
        found.append(
            int(round(float(spectrum.argmax()) * RATE_HZ / len(middle), -1)) if loud else 0
        )
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.mov"
    write_tracks(path, [0, 400, 900])
    return path


def test_write_reel_silent_track_warns_and_names_the_others(source: Path, tmp_path: Path) -> None:
    parts = [ReelPart(plan_cut(source, 1, 3))]
    with pytest.warns(SpotkickWarning, match="silent; .* tracks 1, 2, 3, choose one with --sound"):
        write_reel(tmp_path / "reel.mp4", parts)
    assert tones_of(tmp_path / "reel.mp4") == [0]


@pytest.mark.parametrize(("sound", "expected"), [(2, [400]), (3, [900]), ("all", [0, 400, 900])])
def test_write_reel_chosen_tracks_are_in_the_reel(
    source: Path, tmp_path: Path, sound: int, expected: list[int]
) -> None:
    parts = [ReelPart(plan_cut(source, 1, 2)), ReelPart(plan_cut(source, 3, 4))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_reel(tmp_path / "reel.mp4", parts, sound=sound)
    assert tones_of(tmp_path / "reel.mp4") == expected
    with av.open(str(tmp_path / "reel.mp4")) as container:
        lengths = [float(s.duration * s.time_base) for s in container.streams.audio]
    assert lengths == pytest.approx([2.0] * len(expected), abs=0.03)


def test_copy_reel_all_tracks_are_copied(source: Path, tmp_path: Path) -> None:
    copy_reel(tmp_path / "reel.mov", [ReelPart(plan_cut(source, 1, 3))], sound="all")
    assert tones_of(tmp_path / "reel.mov") == [0, 400, 900]


def test_write_reel_missing_track_raises(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3 sound tracks, no number 4"):
        write_reel(tmp_path / "reel.mp4", [ReelPart(plan_cut(source, 1, 2))], sound=4)
    assert not (tmp_path / "reel.mp4").exists()


def test_write_reel_sound_without_decoder_warns(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_tracks(path, [400])
    data = path.read_bytes().replace(b"mp4a", b"zzz9").replace(b"esds", b"free")
    path.write_bytes(data)
    assert not probe(path).has_audio
    with pytest.warns(SpotkickWarning, match="no decoder for the sound"):
        write_reel(tmp_path / "reel.mp4", [ReelPart(plan_cut(path, 1, 2))])
    assert tones_of(tmp_path / "reel.mp4") == []
    with pytest.warns(SpotkickWarning, match="no decoder for the sound"):
        copy_reel(tmp_path / "copy.mp4", [ReelPart(plan_cut(path, 1, 2))])


@pytest.mark.parametrize("codec", ["dvvideo", "wmv2"])
def test_copy_reel_codec_that_the_container_cannot_hold_raises(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.avi"
    size = (720, 576) if codec == "dvvideo" else (96, 64)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for _ in range(50):
            image = np.zeros((size[1], size[0], 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=f"{codec} cannot be copied into .mp4"):
        copy_reel(tmp_path / "reel.mp4", [ReelPart(plan_cut(path, 0, 1))])
    assert sorted(tmp_path.iterdir()) == before


def test_copy_reel_transport_stream_keeps_the_late_sound_of_each_clip(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    write_tracks(path, [400])
    parts = copy_reel(
        tmp_path / "reel.mp4", [ReelPart(plan_cut(path, 1, 2)), ReelPart(plan_cut(path, 3, 4))]
    )
    length_s = float(sum(part.cut.duration_s for part in parts))
    with av.open(str(tmp_path / "reel.mp4")) as container:
        track = container.streams.audio[0]
        times = [float(p.pts * p.time_base) for p in container.demux(track) if p.size]
    gaps = np.diff(times)
    assert gaps.max() < 0.05
    assert times[-1] > length_s - 0.06


def test_write_reel_pixel_aspect_is_kept_and_other_shapes_get_bars(tmp_path: Path) -> None:
    for name, size, aspect in (("a.mp4", (720, 576), (64, 45)), ("b.mp4", (160, 120), (1, 1))):
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
            for _ in range(25):
                image = np.full((size[1], size[0], 3), 200, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
    parts = [ReelPart(plan_cut(tmp_path / name, 0, 0.4)) for name in ("a.mp4", "b.mp4")]
    write_reel(tmp_path / "reel.mp4", parts)
    info = probe(tmp_path / "reel.mp4")
    assert (info.width_px, info.height_px, info.sample_aspect) == (720, 576, Fraction(64, 45))
    with av.open(str(tmp_path / "reel.mp4")) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert frames[0].min() > 180
    # 4:3 in 16:9: bars of an eighth of the width
    assert frames[-1][:, :86].max() < 30
    assert frames[-1][:, 94:626].min() > 180
    assert frames[-1][:, 634:].max() < 30

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from spotkick.errors import InputError
from spotkick.video.decode import sample_video
from spotkick.video.opening import open_video
from spotkick.video.probe import probe
from spotkick.video.programmes import read_programmes
from spotkick.video.reader import open_media
from spotkick.video.streams import choose_nominal_rate, find_tag
from support.media_files import Tone, merge_programmes, write_with_tones
from support.pattern_video import draw_number, read_number

DEFAULT, DESCRIPTIVE = int(Disposition.default), int(Disposition.visual_impaired)


@pytest.mark.parametrize(
    ("name", "tones", "chosen"),
    [
        ("a.mp4", [Tone(300), Tone(900)], 1),
        ("a.mkv", [Tone(300), Tone(900, DEFAULT)], 2),
        ("a.mkv", [Tone(300, DEFAULT | DESCRIPTIVE), Tone(900), Tone(600)], 2),
        ("a.ts", [Tone(300), Tone(900)], 1),
    ],
)
def test_probe_several_sound_tracks_takes_default_then_first(
    tmp_path: Path, name: str, tones: Sequence[Tone], chosen: int
) -> None:
    write_with_tones(tmp_path / name, tones)
    info = probe(tmp_path / name)
    assert [track.number for track in info.audio_tracks] == list(range(1, len(tones) + 1))
    assert info.audio_index == info.audio_tracks[chosen - 1].index
    for number in range(1, len(tones) + 1):
        wanted = probe(tmp_path / name, audio_track=number)
        assert wanted.audio_index == wanted.audio_tracks[number - 1].index


def test_probe_sound_track_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write_with_tones(tmp_path / "a.mp4", [Tone(300)])
    with pytest.raises(InputError, match="has 1 sound tracks, no number 2"):
        probe(tmp_path / "a.mp4", audio_track=2)


@pytest.mark.parametrize("codec", [b"zzz9", b"ac-4", b"mhm1"])
@pytest.mark.parametrize("tones", [[Tone(300)], [Tone(300), Tone(900)]])
def test_probe_sound_without_decoder_is_tolerated(
    tmp_path: Path, codec: bytes, tones: Sequence[Tone]
) -> None:
    write_with_tones(tmp_path / "a.mp4", tones)
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(data.replace(b"mp4a", codec, 1).replace(b"esds", b"skip", 1))
    info = probe(tmp_path / "a.mp4")
    assert not info.audio_tracks[0].is_decodable
    assert info.has_audio == (len(tones) > 1)
    assert len(list(sample_video(tmp_path / "a.mp4", Fraction(2)))) == 4
    with pytest.raises(InputError, match="no decoder for sound track 1"):
        probe(tmp_path / "a.mp4", audio_track=1)


def write_programmes(folder: Path) -> Path:
    """Programme 1 small with default sound, programme 2 larger."""
    parts = []
    for number, size_px in ((1, (96, 64)), (2, (192, 128))):
        parts.append(folder / f"{number}.ts")
        options = {
            "mpegts_service_id": str(number),
            "mpegts_pmt_start_pid": str(4096 * number // 4),
            "mpegts_start_pid": str(256 + 1024 * number),
        }
        write_with_tones(
            parts[-1],
            [Tone(300 * number)],
            first_number=1000 * number,
            size_px=size_px,
            options=options,
        )
    merge_programmes(folder / "both.ts", parts)
    return folder / "both.ts"


def test_choose_audio_stream_takes_programme_of_the_video(tmp_path: Path) -> None:
    path = write_programmes(tmp_path)
    first, second = read_programmes(path)
    assert not first & second
    with open_media(path) as media:
        assert media.video.id in second
        assert media.audio is not None
        assert media.audio.id in second
    images = [sample.image for sample in sample_video(path, Fraction(2))]
    assert [read_number(image) for image in images] == [2000, 2012, 2025, 2037]


def test_read_programmes_other_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 40)
    assert read_programmes(tmp_path / "a.bin") == ()


def write_with_cover(path: Path, cover_codec: str, *, cover_first: bool) -> None:
    """A video and a larger stream of one image that nothing marks as a cover."""
    with av.open(str(path), "w") as container:
        streams = {}
        for kind in ("cover", "video") if cover_first else ("video", "cover"):
            if kind == "cover":
                stream = container.add_stream(cover_codec, rate=25)
                stream.width, stream.height = 384, 256
                stream.pix_fmt = "yuvj420p" if cover_codec == "mjpeg" else "yuv420p"
            else:
                stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
                stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
            streams[kind] = stream
        cover = av.VideoFrame.from_ndarray(np.zeros((256, 384, 3), np.uint8), format="rgb24")
        cover.pts = 0
        container.mux([*streams["cover"].encode(cover), *streams["cover"].encode(None)])
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(draw_number(number, (96, 64)), format="rgb24")
            frame.pts = number
            container.mux(streams["video"].encode(frame))
        container.mux(streams["video"].encode(None))


@pytest.mark.parametrize(
    ("name", "codec", "cover_first"),
    [("a.mkv", "mjpeg", False), ("a.mp4", "libx264", True), ("a.ts", "mpeg2video", True)],
)
def test_open_video_unmarked_cover_is_not_the_video(
    tmp_path: Path, name: str, codec: str, cover_first: bool
) -> None:
    write_with_cover(tmp_path / name, codec, cover_first=cover_first)
    with open_video(tmp_path / name) as (_, stream):
        assert stream.width == 96
    images = [sample.image for sample in sample_video(tmp_path / name, Fraction(5))]
    assert [read_number(image) for image in images] == list(range(0, 50, 5))


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_probe_image_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    codec = {"png": "png", "jpg": "mjpeg", "bmp": "bmp"}[suffix]
    pix_fmt = {"png": "rgb24", "jpg": "yuvj420p", "bmp": "bgr24"}[suffix]
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = 96, 64, pix_fmt
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(draw_number(1, (96, 64)), format="rgb24")
    frame = frame.reformat(format=pix_fmt)
    frame.pts = 0
    path.write_bytes(b"".join(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)]))
    with pytest.raises(InputError, match="an image, not a video"):
        probe(path)
    with pytest.raises(InputError, match="an image, not a video"):
        list(sample_video(path, Fraction(2)))


@pytest.mark.parametrize(
    ("average", "guessed", "nominal"),
    [
        ("25", "25", "25"),
        ("269700/8999", "30000/1001", "30000/1001"),  # 600 ticks a second
        ("989/33", "1000", "30000/1001"),  # rounded to milliseconds
        ("53385000/899899", "60000/1001", "60000/1001"),  # a few frames dropped
        ("30000/797", "60", "60"),  # variable
        ("30000/797", "90000", "50"),
        ("53385000/899899", "90000", "60000/1001"),  # dropped frames, rate not found
        ("53385000/899899", None, "60000/1001"),
        ("29.5", "1000", "30000/1001"),
        ("38400000/1536041", "25", "25"),  # joined copies
        ("30", "30", "30"),
        ("30000/1001", "30000/1001", "30000/1001"),
        ("1", "1", "1"),
        ("12", "12", "12"),
        ("120", "120", "120"),
        ("15", None, "15"),
        ("200", "200", "200"),
    ],
)
def test_choose_nominal_rate(average: str, guessed: str | None, nominal: str) -> None:
    found = choose_nominal_rate(Fraction(average), Fraction(guessed) if guessed else None)
    assert found == Fraction(nominal)


@pytest.mark.parametrize("name", ["TIMECODE", "Timecode", "timecode"])
def test_find_tag_case_does_not_matter(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.metadata[name] = "10:00:00:00"
        frame = av.VideoFrame.from_ndarray(draw_number(0, (96, 64)), format="rgb24")
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with open_video(path) as (_, stream):
        assert find_tag(stream, "timecode") == "10:00:00:00"
        assert find_tag(stream, "timecodes") == ""
    assert probe(path).timecode == "10:00:00:00"

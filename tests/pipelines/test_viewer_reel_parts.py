"""Reels of several matches: one file whose frames, chapters, captions and lists belong together."""

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.datasets.period_video import PeriodVideo
from spotkick.highlights.config import HighlightsConfig
from spotkick.pipelines.viewer_reel_parts import short_name
from spotkick.pipelines.viewer_reels import HighlightReels
from spotkick.video.images import to_image
from spotkick.video.probe import probe
from spotkick.video.reader import open_media
from spotkick.viewer.reels import Reel, ReelClip, ReelMoment, ReelSource
from support.pattern_video import Pattern, read_number, write_pattern_video

MAKER = HighlightReels(HighlightsConfig.parse({"spot_threshold": 0.0, "snap_s": 0}, "test"))
FIRST = "league/2025-2026/2026-01-10 - 15-00 Northport 2 - 1 Eastvale"
SECOND = "cup/西港 2 - 0 南门"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReelSource]:
    """Two matches whose videos differ in size, rate, codec and sound."""
    folder = tmp_path_factory.mktemp("matches")
    small = Pattern(250, size_px=(192, 128), beeps_s=(2.0, 6.0))
    write_pattern_video(folder / "1_a.mp4", small)
    large = Pattern(
        300, size_px=(320, 180), rate=Fraction(30), codec="mpeg2video", first_number=1000
    )
    write_pattern_video(folder / "2_b.ts", large)
    return {
        "one": ReelSource(FIRST, {1: PeriodVideo.from_file(probe(folder / "1_a.mp4"))}),
        "two": ReelSource(SECOND, {2: PeriodVideo.from_file(probe(folder / "2_b.ts"))}),
    }


def clip_of(match: str, period: int, start_s: float, end_s: float, team: str = "") -> ReelClip:
    moment = ReelMoment("Goal", (start_s + end_s) / 2, 0.9, team=team)
    return ReelClip(period, start_s, end_s, "Goal", moments=(moment,), match=match)


CLIPS = (
    clip_of("two", 2, 4.0, 6.0),
    clip_of("one", 1, 5.0, 7.0, team="home"),
    clip_of("two", 2, 1.0, 2.0),
)


def numbers_of(path: Path) -> list[int | None]:
    with open_media(path) as media:
        return [read_number(to_image(frame, None)) for frame, _ in media.frames()]


def runs_of(numbers: Sequence[int | None]) -> list[tuple[int, int]]:
    """First and last number of each stretch of rising numbers."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if number is None:
            continue
        if found and found[-1][1] <= number <= found[-1][1] + 2:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def test_render_clips_of_several_matches_are_one_file(
    sources: dict[str, ReelSource], tmp_path: Path
) -> None:
    reel = Reel("matches", CLIPS, sources)
    planned = MAKER.plan(reel, float)
    made = MAKER.render(reel, tmp_path, float)
    path = tmp_path / "matches-reel.mp4"
    info = probe(path)
    assert (info.width_px, info.height_px) == (320, 180)
    assert info.duration_s == pytest.approx(5.0, abs=0.1)
    assert made.note.startswith("no ALE")  # a format of one frame rate

    # The frames of each clip, in the order of the list; the smaller match lies between black bars.
    runs = runs_of(numbers_of(path))
    assert runs == [(1120, 1179), (125, 174), (1030, 1059)]
    assert frame_at(path, 3.0)[:, :20].mean() < 24

    # What the page previews is what is cut.
    assert [(clip.match, clip.start_s, clip.end_s) for clip in planned] == [
        ("two", 4.0, 6.0),
        ("one", 5.0, 7.0),
        ("two", 1.0, 2.0),
    ]
    with av.open(str(path)) as container:
        chapters = [chapter["metadata"]["title"] for chapter in container.chapters()]
        has_sound = bool(container.streams.audio)
    assert chapters == [
        "Goal (45:05) · 西港 2 - 0 南门",
        "Goal (0:06) · Northport 2 - 1 Eastvale",
        "Goal (45:01) · 西港 2 - 0 南门",
    ]
    assert has_sound


def frame_at(path: Path, second: float) -> np.ndarray:
    with open_media(path) as media:
        media.seek(second)
        return next(to_image(frame, None) for frame, at_s in media.frames() if at_s >= second)


def test_edit_lists_of_several_matches_name_each(
    sources: dict[str, ReelSource], tmp_path: Path
) -> None:
    MAKER.edit_lists(Reel("matches", CLIPS, sources), tmp_path, float)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "matches-reel.csv").read_text())))
    assert [(row["clip"], row["video"], row["period"]) for row in rows] == [
        ("1", "2_b.ts", "2"),
        ("2", "1_a.mp4", "1"),
        ("3", "2_b.ts", "2"),
    ]
    assert [row["title"] for row in rows] == [
        "Goal · 西港 2 - 0 南门",
        "Goal · Northport 2 - 1 Eastvale",
        "Goal · 西港 2 - 0 南门",
    ]
    assert [float(row["source_start_s"]) for row in rows] == pytest.approx([4, 5, 1], abs=0.05)
    assert [float(row["reel_start_s"]) for row in rows] == pytest.approx([0, 2, 4], abs=0.05)


def test_render_captions_are_burnt_into_each_clip(
    sources: dict[str, ReelSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    from spotkick.pipelines import viewer_reel_parts

    draw = viewer_reel_parts.draw_caption

    def record(text: str, size_px: tuple[int, int]) -> object:
        texts.append(text)
        return draw(text, size_px)

    monkeypatch.setattr(viewer_reel_parts, "draw_caption", record)
    plain, captioned = tmp_path / "plain", tmp_path / "captioned"
    plain.mkdir()
    captioned.mkdir()
    clips = (clip_of("two", 2, 4.0, 4.5), clip_of("one", 1, 5.0, 5.5, team="أهلي"))
    MAKER.render(Reel("matches", clips, sources), plain, float)
    MAKER.render(
        Reel("matches", clips, sources, ("clock", "team", "match", "title")), captioned, float
    )
    assert texts == [
        "西港 2 - 0 南门 · 45:04 · Goal",
        "Northport 2 - 1 Eastvale · 0:05 · Goal · أهلي",
    ]

    # Frames differ at the lower left, and nowhere else.
    for second in (0.2, 0.8):
        without, with_caption = (
            frame_at(folder / "matches-reel.mp4", second).astype(int)
            for folder in (plain, captioned)
        )
        changed = np.abs(without - with_caption).max(axis=2) > 40
        rows, columns = np.nonzero(changed)
        assert len(rows) > 200
        assert rows.min() > 180 * 0.8
        assert columns.min() < 20


def test_render_captions_of_letters_without_a_font_are_noted(
    sources: dict[str, ReelSource], tmp_path: Path
) -> None:
    clip = ReelClip(1, 5.0, 5.4, "Goal", name="\U000e1234\U0001f9ff𐀀", match="one")
    made = MAKER.render(Reel("matches", (clip,), sources, ("title",)), tmp_path, float)
    assert "no font has these letters of the captions" in made.note


@pytest.mark.parametrize(
    ("match", "short"),
    [
        (FIRST, "Northport 2 - 1 Eastvale"),
        ("2026-01-10 Northport", "Northport"),
        ("2026-01-10", "2026-01-10"),
        ("final", "final"),
    ],
)
def test_short_name_drops_folders_and_date(match: str, short: str) -> None:
    assert short_name(match) == short

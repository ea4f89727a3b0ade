"""The viewer's reels: proposals, a real rendering, and edit lists for other programs."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import MissingExtraError
from spotkick.formats.scores import MatchScores
from spotkick.highlights.config import HighlightsConfig
from spotkick.pipelines import viewer_reels as reels
from spotkick.pipelines.viewer_reels import HighlightReels
from spotkick.video.probe import probe
from spotkick.viewer.jobs import JobCancelledError
from spotkick.viewer.reels import Reel, ReelClip, ReelMoment, ReelSource
from support.pattern_video import Pattern, write_pattern_video

MATCH = "league/season/A & B: 1 - 0"
ACTIONS = MatchActions(
    MATCH,
    (
        Action("Goal", 1, 20_000, 0.9),
        Action("Corner", 1, 12_000, 0.9),
        Action("Goal", 2, 8_000, 0.8),
    ),
)
CONFIG = {
    "spot_threshold": 0.0,
    "lead_s": {"Goal": (2, 3), "Corner": (2, 2)},
    "apart_s": 5,
    "snap_s": 0,
}
MAKER = HighlightReels(HighlightsConfig.parse(CONFIG, "test"))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[int, PeriodVideo]:
    folder = tmp_path_factory.mktemp("halves")
    for period in (1, 2):
        write_pattern_video(
            folder / f"{period}_64p.mp4", Pattern(750, size_px=(96, 64), group_frames=50)
        )
    return {period: PeriodVideo.from_file(probe(folder / f"{period}_64p.mp4")) for period in (1, 2)}


def one_match(clips: Sequence[ReelClip], videos: Mapping[int, PeriodVideo]) -> Reel:
    return Reel(MATCH, tuple(clips), {"": ReelSource(MATCH, videos)})


def scores_with_peak(at_s: float) -> MatchScores:
    values = np.zeros((60, 2), np.float32)
    values[round(2 * at_s), 0] = 0.9
    return MatchScores(MATCH, ("Goal", "Corner"), Fraction(2), {1: values})


def chosen(clips: Sequence[ReelClip]) -> list[tuple[str, int, float, float]]:
    return [(clip.label, clip.period, clip.start_s, clip.end_s) for clip in clips if clip.chosen]


def test_propose_duration_decides_what_is_chosen(videos: dict[int, PeriodVideo]) -> None:
    everything = MAKER.propose(ACTIONS, (), None, videos, 60)
    assert chosen(everything) == [
        ("Corner", 1, 10.0, 14.0),
        ("Goal", 1, 18.0, 23.0),
        ("Goal", 2, 6.0, 11.0),
    ]
    assert everything[1].moments == (ReelMoment("Goal", 20.0, 0.9),)
    assert chosen(MAKER.propose(ACTIONS, (), None, videos, 10)) == [
        ("Goal", 1, 18.0, 23.0),
        ("Goal", 2, 6.0, 11.0),
    ]
    assert chosen(MAKER.propose(ACTIONS, (), None, videos, 5)) == [("Goal", 1, 18.0, 23.0)]
    nothing_fits = MAKER.propose(ACTIONS, (), None, videos, 1)
    assert len(nothing_fits) == 3
    assert chosen(nothing_fits) == []
    assert MAKER.propose(MatchActions(MATCH, ()), (), None, videos, 60) == ()


def test_propose_rejected_peak_is_left_out(videos: dict[int, PeriodVideo]) -> None:
    actions = MatchActions(MATCH, (Action("Goal", 1, 20_000, 0.9),))
    found = MAKER.propose(actions, (), scores_with_peak(4), videos, 60)
    assert [clip.label for clip in found] == ["Possible goal", "Goal"]
    assert not found[0].moments[0].spotted
    rejected = (Action("Goal", 1, 6_000, 0.4),)
    assert [
        clip.label for clip in MAKER.propose(actions, rejected, scores_with_peak(4), videos, 60)
    ] == ["Goal"]
    elsewhere = (Action("Goal", 2, 4_000), Action("Corner", 1, 4_000), Action("Goal", 1, 9_500))
    assert len(MAKER.propose(actions, elsewhere, scores_with_peak(4), videos, 60)) == 2


def test_render_reel_and_all_lists_are_written(
    videos: dict[int, PeriodVideo], tmp_path: Path
) -> None:
    clips = [clip for clip in MAKER.propose(ACTIONS, (), None, videos, 10) if clip.chosen]
    shares: list[float] = []
    made = MAKER.render(one_match(clips, videos), tmp_path, shares.append)
    assert [path.name for path in made.files] == [
        *(
            f"A-B-1-0-reel.{kind}"
            for kind in ("mp4", "edl", "fcpxml", "otio", "vtt", "csv", "json")
        ),
        *(f"A-B-1-0-reel.{kind}" for kind in ("xml", "ale", "markers.edl", "markers.csv", "jpg")),
    ]
    assert made.note == ""
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert probe(tmp_path / "A-B-1-0-reel.mp4").duration_s == pytest.approx(10, abs=0.04)
    edl = (tmp_path / "A-B-1-0-reel.edl").read_text()
    assert "00:00:18:00 00:00:23:00 01:00:00:00 01:00:05:00" in edl
    assert "00:00:06:00 00:00:11:00 01:00:05:00 01:00:10:00" in edl
    rows = list(csv.DictReader(io.StringIO((tmp_path / "A-B-1-0-reel.csv").read_text())))
    assert [(row["label"], row["score"], row["spotted"]) for row in rows] == [
        ("Goal", "0.9", "True"),
        ("Goal", "0.8", "True"),
    ]
    (track,) = json.loads((tmp_path / "A-B-1-0-reel.otio").read_text())["tracks"]["children"]
    assert [clip["name"] for clip in track["children"]] == ["Goal", "Goal"]


def test_edit_lists_clip_without_moments_is_cut(
    videos: dict[int, PeriodVideo], tmp_path: Path
) -> None:
    reel = one_match([ReelClip(2, 1.0, 3.0, "Something")], videos)
    made = MAKER.edit_lists(reel, tmp_path, float)
    assert not any(path.suffix == ".mp4" for path in made.files)
    assert "Something" in (tmp_path / "A-B-1-0-reel.edl").read_text()


def test_edit_lists_failing_list_is_noted_and_others_written(
    videos: dict[int, PeriodVideo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(kind: str, path: Path, *_: object) -> None:
        if kind == "otio":
            raise MissingExtraError("opentimelineio", "highlights", "writing OTIO")
        path.write_text(kind)

    monkeypatch.setattr(reels, "write_list", write)
    reel = one_match([ReelClip(2, 1.0, 3.0, "Goal")], videos)
    made = MAKER.edit_lists(reel, tmp_path, float)
    kinds = [path.name.partition("reel.")[2] for path in made.files]
    assert kinds[:5] == ["edl", "fcpxml", "vtt", "csv", "json"]
    assert kinds[5:] == ["xml", "ale", "markers.edl", "markers.csv"]
    assert made.note.startswith("no OTIO: writing OTIO needs the package 'opentimelineio'")


def test_render_cancelled_leaves_nothing(videos: dict[int, PeriodVideo], tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        if share > 0.3:
            raise JobCancelledError

    reel = one_match(MAKER.propose(ACTIONS, (), None, videos, 60), videos)
    with pytest.raises(JobCancelledError):
        MAKER.render(reel, tmp_path, cancel)
    assert list(tmp_path.iterdir()) == []


def test_shot_changes_found_and_clips_snap_to_them(tmp_path: Path) -> None:
    write_shots_video(tmp_path / "1_64p.mp4", changes_s=(15.0, 31.0, 52.4), length_s=60)
    video = PeriodVideo.from_file(probe(tmp_path / "1_64p.mp4"))
    shares: list[float] = []
    assert MAKER.finds_shots
    assert MAKER.shot_changes(video, shares.append) == pytest.approx([15.0, 31.0, 52.4], abs=0.11)
    assert shares == pytest.approx([0, 1 / 3, 2 / 3])
    snapping = HighlightReels()
    clips = [ReelClip(1, 14.2, 20.0, "Goal", moments=(ReelMoment("Goal", 17.0, 0.9),))]
    made = snapping.edit_lists(one_match(clips, {1: video}), tmp_path, float)
    (row,) = json.loads(next(path for path in made.files if path.suffix == ".json").read_text())[
        "clips"
    ]
    assert row["start_s"] == pytest.approx(15.0, abs=0.11)


def write_shots_video(path: Path, *, changes_s: Sequence[float], length_s: float) -> None:
    import av

    rate = 10
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=rate, options={"preset": "ultrafast", "g": "50"}
        )
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(round(length_s * rate)):
            shot = sum(number >= round(change * rate) for change in changes_s)
            colour = ((20, 20, 20), (230, 230, 230), (20, 20, 20), (230, 30, 30))[shot]
            picture = np.tile(np.array(colour, np.uint8), (64, 96, 1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def test_plan_own_order_names_and_trimmed_ends_are_kept(
    videos: dict[int, PeriodVideo], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_changes(_: PeriodVideo, first_s: float, last_s: float) -> list[float]:
        return [(first_s + last_s) / 2 + 0.4]

    monkeypatch.setattr(reels, "can_find_shots", lambda: True)
    monkeypatch.setattr(reels, "find_period_changes", find_changes)
    maker = HighlightReels(HighlightsConfig.parse({**CONFIG, "snap_s": 2}, "test"))
    late = ReelClip(2, 8.0, 12.0, "Goal", moments=(ReelMoment("Goal", 10.0, 0.9),))
    trimmed = ReelClip(1, 5.0, 9.0, "Corner", name="The start", exact=True)
    shares: list[float] = []
    planned = maker.plan(one_match([late, trimmed], videos), shares.append)
    assert [(clip.period, clip.label) for clip in planned] == [(2, "Goal"), (1, "The start")]
    assert (planned[1].start_s, planned[1].end_s) == (5.0, 9.0)
    assert planned[0].start_s == pytest.approx(8.4)
    assert shares

    # In order of time, without changes by hand, clips that touch become one.
    touching = [ReelClip(1, 5.0, 9.0, "Corner"), ReelClip(1, 9.0, 12.0, "Goal")]
    assert len(maker.plan(one_match(touching, videos), float)) == 1
    assert len(maker.plan(one_match(touching[::-1], videos), float)) == 2

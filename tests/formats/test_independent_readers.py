"""Every format, three ways: what is written is read by others, samples are read, losses add up."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from pympi import Elan

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import SpotkickWarning
from spotkick.formats.audacity import write_audacity_segments
from spotkick.formats.capabilities import fit
from spotkick.formats.convert import convert
from spotkick.formats.detect import detect_format
from spotkick.formats.elan import write_elan_segments
from spotkick.formats.format import Format, ReadOptions
from spotkick.formats.registry import FORMATS, writable_formats
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.tables import write_table
from support.format_readers import READERS, FoundAction, coverage_table
from support.format_samples import SAMPLES

RATE = Fraction(25)
MATCHES = (
    MatchActions(
        "cup/final",
        (
            Action("Goal", 1, 61_240, 0.5, "home", Visibility.VISIBLE),
            Action("Corner", 1, 2_700_001, 1.0, "away", Visibility.NOT_SHOWN),
            Action("Goal", 2, 0, 0.25),
        ),
    ),
    MatchActions("cup/semi", (Action("Corner", 2, 3_725_999, 0.75, "home"),)),
)
VIDEOS = (
    VideoSegments("final/1", None, (Segment(0.0, 0.0, "Kick-off"), Segment(1.52, 9.24, "Attack"))),
    VideoSegments("final/2", None, (Segment(5.04, 12.0, "Attack"), Segment(5.2, 5.2, "Goal"))),
)
SPECIAL_SEGMENTS = (
    Segment(0.0, 0.0, "Kick-off"),
    Segment(1.5, 9.25, "Attack <left> & right"),
    Segment(5.001, 12.0, "Attack <left> & right"),
    Segment(3725.999, 3725.999, "Tor für Köln 日本"),
)
SPECIAL_ACTIONS = (
    Action("Goal", 1, 61_234, 0.5, "home", Visibility.VISIBLE, (("player", "Ann, B."),)),
    Action('Yellow->red card "2"', 2, 2_700_001, 1.0, "away", Visibility.NOT_SHOWN),
    Action("Corner", 2, 0, 0.25),
)
NEEDS_LENGTH = ("elan", "sportscode")
"""Formats whose annotations need a length, which a spot has not."""


def path_for(form: Format, folder: Path) -> Path:
    """Where a set of several recordings is written."""
    one_file = not form.capabilities.one_match and form.suffix and not form.file_name
    return folder / f"set{form.suffix}" if one_file else folder / "set"


def found_in(matches: Iterable[MatchActions]) -> list[FoundAction]:
    """What matches are in the form of the other readers."""
    return sorted(
        FoundAction(
            f"{match.match}/{action.period}",
            action.label,
            action.position_ms / 1000,
            None,
            action.confidence,
        )
        for match in matches
        for action in match.actions
    )


def found_in_videos(videos: Iterable[VideoSegments]) -> list[FoundAction]:
    """The same for segments, with their ends."""
    return sorted(
        FoundAction(video.video, item.label, item.start_s, item.end_s, item.score)
        for video in videos
        for item in video.segments
    )


def assert_same(read: Sequence[FoundAction], expected: Sequence[FoundAction]) -> None:
    """The same actions; times to the millisecond, ends and scores where both state them."""
    assert [(row.recording, row.label) for row in read] == [
        (row.recording, row.label) for row in expected
    ]
    for ours, theirs in zip(read, expected, strict=True):
        assert ours.start_s == pytest.approx(theirs.start_s, abs=1.01e-3)
        if ours.end_s is not None and theirs.end_s is not None:
            assert ours.end_s == pytest.approx(theirs.end_s, abs=1.01e-3)
        if ours.score is not None and theirs.score is not None:
            assert ours.score == pytest.approx(theirs.score, abs=1e-9)


def test_formats_each_has_an_independent_reader_and_a_sample() -> None:
    assert set(READERS) == set(FORMATS)
    assert set(SAMPLES) == set(FORMATS)
    assert coverage_table() in (Path(__file__).parents[2] / "docs/formats.md").read_text()


@pytest.mark.parametrize("name", writable_formats())
def test_write_actions_independent_reader_finds_the_same(name: str, tmp_path: Path) -> None:
    form = FORMATS[name]
    fitted, _ = fit(MATCHES, form.capabilities, RATE)
    path = path_for(form, tmp_path)
    form.write(path, fitted, RATE)
    assert_same(sorted(READERS[name].read(path, RATE)), found_in(fitted))


@pytest.mark.parametrize(
    "name", [name for name, form in writable_formats().items() if form.capabilities.intervals]
)
def test_write_segments_independent_reader_finds_the_same_ends(name: str, tmp_path: Path) -> None:
    form = FORMATS[name]
    path = path_for(form, tmp_path)
    form.write_segments(path, VIDEOS, RATE)
    read = sorted(READERS[name].read(path, RATE))
    expected = found_in_videos(VIDEOS)
    if name in NEEDS_LENGTH:
        expected = [
            replace(row, end_s=None if row.end_s == row.start_s else row.end_s) for row in expected
        ]
    assert_same(read, expected)


def test_write_elan_segments_pympi_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "final.eaf"
    write_elan_segments(path, [VideoSegments("final", None, SPECIAL_SEGMENTS)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        document = Elan.Eaf(str(path))
    found = [
        (start, end, value or tier)
        for tier in document.get_tier_names()
        for start, end, value in document.get_annotation_data_for_tier(tier)
    ]

    # An annotation needs a length, which a spot has not.
    wanted = sorted(
        (round(1000 * item.start_s), item.label, round(1000 * item.end_s))
        for item in SPECIAL_SEGMENTS
    )
    assert sorted((start, value) for start, _, value in found) == [row[:2] for row in wanted]
    ends = {(start, value): end for start, end, value in found}
    assert all(ends[row[0], row[1]] == row[2] for row in wanted if row[2] > row[0])
    assert all(end > start for start, end, _ in found)
    (media,) = document.media_descriptors
    assert Path(media["MEDIA_URL"]).stem == "final"


@pytest.mark.parametrize("name", list(SAMPLES))
def test_read_sample_of_the_publisher_independent_reader_finds_the_same(
    name: str, tmp_path: Path
) -> None:
    form = FORMATS[name]
    path = SAMPLES[name].write(tmp_path)
    assert detect_format(path) == name
    options = ReadOptions(frame_rate=RATE)
    if form.segment_reader is None:
        ours = found_in(form.read(path, options))
    else:
        ours = found_in_videos(form.read_segments(path, options))
    theirs = sorted(READERS[name].read(path, RATE))
    assert theirs
    if name == "provider-events":
        ours = [row for row in ours if row.label in {found.label for found in theirs}]
    if not any("/" in row.recording and row.recording[-1] in "12" for row in theirs):
        ours = [replace(row, recording=row.recording.removesuffix("/1")) for row in ours]
    assert_same(ours, theirs)


@pytest.mark.parametrize("name", list(SAMPLES))
def test_convert_sample_counts_what_a_table_does_not_hold(name: str, tmp_path: Path) -> None:
    path = SAMPLES[name].write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        report = convert(path, tmp_path / "out/x.csv", frame_rate=RATE)
    assert {loss.field: loss.count for loss in report.losses} == SAMPLES[name].lost


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_write_table_pandas_reads_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"final{suffix}"
    write_table(path, (MatchActions("final", SPECIAL_ACTIONS),))
    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    assert list(table["label"]) == [action.label for action in SPECIAL_ACTIONS]
    assert list(table["period"]) == [action.period for action in SPECIAL_ACTIONS]
    assert list(table["position_ms"]) == [action.position_ms for action in SPECIAL_ACTIONS]
    assert list(table["confidence"]) == [action.confidence for action in SPECIAL_ACTIONS]
    teams = [team if isinstance(team, str) and team else None for team in table["team"]]
    assert teams == [action.team for action in SPECIAL_ACTIONS]
    assert table[table.columns[-1]][0] == "Ann, B."


def test_write_audacity_segments_pandas_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "final.txt"
    write_audacity_segments(path, [VideoSegments("final", None, SPECIAL_SEGMENTS)])
    table = pd.read_csv(path, sep="\t", header=None, names=["start", "end", "label"], quoting=3)
    rows = sorted(table.itertuples(index=False, name=None))
    assert rows == sorted((item.start_s, item.end_s, item.label) for item in SPECIAL_SEGMENTS)

"""What a conversion reports as lost is what is found to differ when its target is read."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.formats.activitynet import write_activitynet_segments
from spotkick.formats.convert import ConversionReport, convert
from spotkick.formats.format import Format, ReadOptions
from spotkick.formats.registry import FORMATS, writable_formats
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.tables import write_table

RATE = Fraction(25)
DETAILS = (("player", "Ann, B."),)
MATCHES = (
    MatchActions(
        "cup/final",
        (
            Action("a", 1, 61_240, 0.5, "home", Visibility.VISIBLE, DETAILS),
            Action("b", 1, 2_700_001, 1.0, "away", Visibility.NOT_SHOWN),
            Action("c", 2, 999, 0.25, None, None, DETAILS),
            Action("d", 2, -40, 0.125),
        ),
    ),
    MatchActions("cup/semi", (Action("e", 2, 3_725_000, 0.75, "home"),)),
)
UNSCORED = (MatchActions("cup/final", (Action("a", 1, 1480), Action("b", 2, 40, team="left"))),)
VIDEOS = (
    VideoSegments("x/1", 90.5, (Segment(1.517, 9.253, "a"), Segment(2.0, 2.0, "b")), "training"),
    VideoSegments("x/2", 80.0, (Segment(3.0, 4.0, "c"), Segment(5.0, 5.013, "d")), "testing"),
)


def convert_into(form: Format, source: Path, folder: Path) -> tuple[ConversionReport, Path]:
    one_file = not form.capabilities.one_match and form.suffix and not form.file_name
    target = folder / f"set{form.suffix}" if one_file else folder / "set"
    return convert(source, target, to=form.name, frame_rate=RATE), target


def counted(report: ConversionReport) -> Counter[str]:
    """Losses by what they concern; every reason to move a position counts as one kind."""
    counts: Counter[str] = Counter()
    for loss in report.losses:
        counts[loss.field.split(" ")[0]] += loss.count
    return counts


def found_to_differ(before: tuple[MatchActions, ...], after: list[MatchActions]) -> Counter[str]:
    """Fields that are not what they were, by the kinds of `counted`; labels tell actions apart."""
    written = {action.label: action for match in after for action in match.actions}
    differing: Counter[str] = Counter()
    for action in (action for match in before for action in match.actions):
        read = written[action.label]
        differing["position"] += read.position_ms != action.position_ms
        differing["team"] += read.team != action.team
        differing["visibility"] += read.visibility != action.visibility
        differing["detail"] += read.details != action.details
        kind = "missing" if action.confidence is None else "confidence"
        differing[kind] += read.confidence != action.confidence
    return +differing


@pytest.mark.parametrize("name", writable_formats())
@pytest.mark.parametrize("matches", [MATCHES, UNSCORED], ids=["scored", "unscored"])
def test_convert_counts_what_differs_in_the_target(
    name: str, matches: tuple[MatchActions, ...], tmp_path: Path
) -> None:
    source = tmp_path / "source.parquet"
    write_table(source, matches)
    report, target = convert_into(FORMATS[name], source, tmp_path / "out")
    after = list(FORMATS[name].read(target, ReadOptions(frame_rate=RATE)))
    assert counted(report) == found_to_differ(matches, after)


@pytest.mark.parametrize(
    "name", [name for name, form in writable_formats().items() if form.capabilities.intervals]
)
def test_convert_segments_counts_ends_that_differ_in_the_target(name: str, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    write_activitynet_segments(source, VIDEOS)
    report, target = convert_into(FORMATS[name], source, tmp_path / "out")
    after = FORMATS[name].read_segments(target, ReadOptions(frame_rate=RATE))
    read = {segment.label: segment for video in after for segment in video.segments}
    before = [segment for video in VIDEOS for segment in video.segments]
    lost = counted(report)
    assert lost["end"] == sum(
        round(1000 * read[item.label].end_s) != round(1000 * item.end_s) for item in before
    )
    assert lost["position"] == sum(
        round(1000 * read[item.label].start_s) != round(1000 * item.start_s) for item in before
    )
    assert lost["duration"] == sum(video.duration_s is None for video in after)
    assert lost["subset"] == sum(video.subset is None for video in after)

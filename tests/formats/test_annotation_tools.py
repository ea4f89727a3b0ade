"""Files of annotation tools, as the tools or independent libraries write them."""

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
import textgrid
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import Action, MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.formats.audacity import read_audacity_segments, write_audacity_segments
from spotkick.formats.convert import convert
from spotkick.formats.detect import detect_format
from spotkick.formats.format import ReadOptions
from spotkick.formats.reading import read_actions
from spotkick.formats.registry import FORMATS
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.text_grid import read_text_grid_segments
from spotkick.formats.youtube import write_chapters

word = st.text(st.sampled_from('abÄ日 "1.5]'), min_size=1, max_size=8).map(
    lambda text: " ".join(text.split())
)


@st.composite
def tiers(draw: st.DrawFn) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Tiers of intervals (start and end in ms, label) without overlap, within ten seconds."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        cuts = sorted(draw(st.sets(st.integers(0, 9_999), max_size=6)))
        spans = [
            (start, end, draw(word.filter(bool)))
            for start, end in zip(cuts[::2], cuts[1::2], strict=False)
        ]
        made.append((f"tier {number}", spans))
    return made


@given(drawn=tiers())
@settings(deadline=None, max_examples=25)
def test_read_text_grid_agrees_with_the_library_that_wrote_it(
    drawn: list[tuple[str, list[tuple[int, int, str]]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    grid = textgrid.TextGrid(maxTime=10.0)
    for name, spans in drawn:
        tier = textgrid.IntervalTier(name, maxTime=10.0)
        for start, end, label in spans:
            tier.add(start / 1000, end / 1000, label)
        grid.append(tier)
    path = tmp_path_factory.mktemp("grid") / "x.TextGrid"
    grid.write(str(path))
    (video,) = read_text_grid_segments(path)
    expected = [
        Segment(start / 1000, end / 1000, label)
        for _, spans in drawn
        for start, end, label in spans
    ]
    assert (list(video.segments), video.duration_s) == (expected, 10.0)
    assert detect_format(path) == "textgrid"


def test_read_text_grid_short_form_and_points_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n10\n<exists>\n2\n'
        '"IntervalTier"\n"Play"\n0\n10\n2\n0\n2.5\n""\n2.5\n10\n"Attack ""left"""\n'
        '"TextTier"\n"Goal"\n0\n10\n1\n7.25\n"Goal"\n'
    )
    unread: Counter[str] = Counter()
    (video,) = read_text_grid_segments(path, unread=unread)
    assert video.segments == (Segment(2.5, 10.0, 'Attack "left"'), Segment(7.25, 7.25, "Goal"))
    assert +unread == {"name of tier 'Play' beside a label": 1}


def test_read_text_grid_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text('"ooTextFile"\n"TextGrid"\n0\n10\n<exists>\n1\n"IntervalTier"\n"a"\n0\n10\n3\n')
    with pytest.raises(InputError, match="ends before its last tier"):
        read_text_grid_segments(path)


def test_read_audacity_track_of_the_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "final.txt"
    path.write_text("1.500000\t1.500000\tGoal\n62,25\t70,0\tAttack, left\n\\\t100.0\t8000.0\n")
    unread: Counter[str] = Counter()
    assert read_audacity_segments(path, unread=unread) == (
        VideoSegments(
            "final", None, (Segment(1.5, 1.5, "Goal"), Segment(62.25, 70.0, "Attack, left"))
        ),
    )
    assert unread == {"frequencies of a label": 1}


def test_write_audacity_segments_keep_their_ends(tmp_path: Path) -> None:
    video = VideoSegments("final", None, (Segment(1.25, 9.5, "Attack"), Segment(3.0, 3.0, "Goal")))
    write_audacity_segments(tmp_path / "final.txt", [video])
    assert read_audacity_segments(tmp_path / "final.txt") == (video,)


def test_write_chapters_begin_at_zero(tmp_path: Path) -> None:
    actions = (Action("Goal", 1, 3_725_900), Action("Kick-off", 1, 61_000))
    convert_from = tmp_path / "x.csv"
    FORMATS["csv"].write(convert_from, (MatchActions("x", actions),), Fraction(25))
    convert(convert_from, tmp_path / "x.txt", to="chapters")
    text = (tmp_path / "x.txt").read_text()
    assert text == "0:00 Start of the video\n1:01 Kick-off\n1:02:05 Goal\n"
    write_chapters(tmp_path / "y.txt", [VideoSegments("y", None, (Segment(0, 0, "Kick-off"),))])
    assert (tmp_path / "y.txt").read_text() == "0:00 Kick-off\n"


def test_read_chapters_of_a_description_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("0:00 - Intro\nOur sponsor\n(12:34) Goal 1-0\n1:02:05 Full time\n")
    assert [(a.label, a.position_ms) for a in read_actions(path)[0]] == [
        ("Intro", 0),
        ("Goal 1-0", 754_000),
        ("Full time", 3_725_000),
    ]


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
  <meta><task><name>t</name><source>season/final.mp4</source>
    <frame_filter>step=5</frame_filter></task></meta>
  <track id="0" label="Attack">
    <box frame="10" outside="0" xtl="1" ytl="1" xbr="2" ybr="2">
      <attribute name="side">left</attribute></box>
    <box frame="30" outside="1" xtl="1" ytl="1" xbr="2" ybr="2"/>
    <box frame="40" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/>
  </track>
  <image id="50" name="f50"><tag label="Goal" source="manual"/></image>
  <image id="55" name="f55"><tag label="Goal" source="manual"/></image>
</annotations>
"""


def test_read_cvat_tracks_and_tags_are_segments(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(CVAT)
    options = ReadOptions(frame_rate=Fraction(25))
    (video,) = FORMATS["cvat"].read_segments(path, options)
    assert video == VideoSegments(
        "season/final",
        None,
        (Segment(0.4, 1.2, "Attack"), Segment(1.6, 1.8, "Attack"), Segment(2.0, 2.4, "Goal")),
    )
    assert options.unread == {"place in the image": 3, "attribute": 1}
    with pytest.raises(InputError, match="CVAT counts frames and does not state their rate"):
        FORMATS["cvat"].read(path)


def test_read_cvat_project_of_several_tasks_is_refused(tmp_path: Path) -> None:
    task = "<task><id>1</id><source>a.mp4</source></task>"
    text = "<annotations><meta><project><tasks>%s</tasks></project></meta></annotations>"
    (tmp_path / "one.xml").write_text(text % task)
    (tmp_path / "two.xml").write_text(text % (task * 2))
    options = ReadOptions(frame_rate=Fraction(25))
    assert [
        video.video for video in FORMATS["cvat"].read_segments(tmp_path / "one.xml", options)
    ] == ["a"]
    with pytest.raises(InputError, match="one task is needed, this project has 2"):
        FORMATS["cvat"].read_segments(tmp_path / "two.xml", options)


def test_read_label_studio_min_timelines_and_sound_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    tasks = [
        {
            "video": "/data/upload/1/ab12cd34-final.mp4",
            "events": [
                {"ranges": [{"start": 26, "end": 26}], "timelinelabels": ["Goal"]},
                {"ranges": [{"start": 51, "end": 75}], "timelinelabels": ["Attack"]},
            ],
            "note": "good match",
            "id": 1,
            "annotator": 1,
            "annotation_id": 2,
        },
        {
            "audio": "crowd.wav",
            "label": [{"start": 1.5, "end": 2.5, "channel": 0, "labels": ["Cheer"]}],
            "id": 2,
            "annotator": 1,
            "annotation_id": 3,
        },
    ]
    path.write_text(json.dumps(tasks))
    options = ReadOptions(frame_rate=Fraction(25))
    assert FORMATS["label-studio-min"].read_segments(path, options) == (
        VideoSegments("final", None, (Segment(1.0, 1.0, "Goal"), Segment(2.0, 3.0, "Attack"))),
        VideoSegments("crowd", None, (Segment(1.5, 2.5, "Cheer"),)),
    )
    assert options.unread == {"field 'note' of the source": 1}
    with pytest.raises(InputError, match="their rate is not known"):
        FORMATS["label-studio-min"].read(path)


def test_read_label_studio_min_rate_of_the_task_counts(tmp_path: Path) -> None:
    region = {"ranges": [{"start": 26, "end": 26}], "timelinelabels": ["Goal"]}
    task = {"video": "a.mp4", "fps": 50, "events": [region], "annotator": 1, "annotation_id": 2}
    (tmp_path / "x.json").write_text(json.dumps([task]))
    options = ReadOptions(frame_rate=Fraction(25))
    (video,) = FORMATS["label-studio-min"].read_segments(tmp_path / "x.json", options)
    assert video.segments == (Segment(0.5, 0.5, "Goal"),)
    assert not +options.unread


@pytest.mark.parametrize(
    "name",
    [
        *("events", "annotations", "predictions", "labels", "videos", "data", "num_frames", "fps"),
        *("database", "results", "samples", "transcription", "meta", "audio", "url", "ranges"),
    ],
)
def test_read_segments_label_studio_min_with_any_name_of_a_control_tag_is_read(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    made = {"annotator": 1, "annotation_id": 2}
    region = {"ranges": [{"start": 26, "end": 26}], "timelinelabels": ["Goal"]}
    path.write_text(json.dumps([{"video": "final.mp4", name: [region], "id": 1, **made}]))
    assert detect_format(path) == "label-studio-min"
    assert FORMATS[detect_format(path)].read_segments(
        path, ReadOptions(frame_rate=Fraction(25))
    ) == (VideoSegments("final", None, (Segment(1.0, 1.0, "Goal"),)),)

    # Without a region in it, too: such a match has no action.
    path.write_text(json.dumps([{"video": "final.mp4", name: [], "id": 1, **made}]))
    assert detect_format(path) == "label-studio-min"


def test_read_fiftyone_samples_detections_of_every_field_are_read(tmp_path: Path) -> None:
    sample = {
        "filepath": "data/final.mp4",
        "metadata": {"_cls": "VideoMetadata", "frame_rate": 25.0, "duration": 60.0},
        "events": {
            "_cls": "TemporalDetections",
            "detections": [
                {"_cls": "TemporalDetection", "label": "Goal", "support": [26, 26]},
                {"label": "Attack", "support": [51, 75], "confidence": 0.5},
            ],
        },
        "half": {"_cls": "TemporalDetection", "label": "1st", "support": [1, 100]},
        "tags": ["train"],
    }
    (tmp_path / "samples.json").write_text(json.dumps({"samples": [sample]}))
    assert detect_format(tmp_path) == "fiftyone-samples"
    assert FORMATS["fiftyone-samples"].read_segments(tmp_path) == (
        VideoSegments(
            "data/final",
            60.0,
            (
                Segment(1.0, 1.0, "Goal"),
                Segment(2.0, 3.0, "Attack", 0.5),
                Segment(0.0, 4.0, "1st"),
            ),
        ),
    )


def test_convert_towards_a_format_that_is_only_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,label\n1,Goal\n")
    with pytest.raises(ConfigError, match="format 'cvat' is only read; written are"):
        convert(tmp_path / "x.csv", tmp_path / "y.xml", to="cvat")
